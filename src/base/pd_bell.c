/* The bell's file. It is made whole under another name and then given its own, so that nobody meets
 * it half-made, and it is never cut: a mapping of it stays good. */
#include "base/pd_bell.h"
#include "base/pd_log.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "pdbell1\n"

typedef struct face_t {
    char magic[8];
    apr_uint64_t count;
} face_t;

struct pd_bell_t {
    face_t *face;
    int fd; /* keeps the lock of who made it; else -1 */
};

static apr_status_t unmap(void *data)
{
    pd_bell_t *bell = data;
    munmap(bell->face, sizeof *bell->face);
    if (bell->fd >= 0) {
        close(bell->fd);
    }
    return APR_SUCCESS;
}

/* Ours, a whole bell, and nobody else's to write? */
static apr_status_t check(int fd)
{
    struct stat info;
    face_t found;
    if (fstat(fd, &info)) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) || info.st_uid != geteuid()) {
        return APR_EACCES;
    }
    if (info.st_size != (off_t)sizeof found || pread(fd, &found, sizeof found, 0) != sizeof found ||
        memcmp(found.magic, MAGIC, sizeof found.magic) != 0) {
        return APR_EACCES;
    }
    return APR_SUCCESS;
}

/* link() gives the name only where it is free: of two makers one wins, and the other opens his. */
static void make_file(const char *path, apr_pool_t *p)
{
    const face_t fresh = {MAGIC, 0};
    char *name = apr_pstrcat(p, path, ".XXXXXX", NULL);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (write(fd, &fresh, sizeof fresh) == (ssize_t)sizeof fresh) {
        (void)!link(name, path);
    }
    unlink(name);
    close(fd);
}

static int open_file(const char *path)
{
    return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static int open_or_make(const char *path, apr_pool_t *p)
{
    int fd = open_file(path);
    if (fd < 0 && errno == ENOENT) {
        make_file(path, p);
        fd = open_file(path);
    }
    return fd;
}

/* Waits for whoever has taken it for himself alone: to go on without would be to work on what he
 * is about to replace. It takes as long as his work does, so the log says why nothing answers. */
static int hold(int fd, const char *path)
{
    int failed = flock(fd, LOCK_SH | LOCK_NB);
    if (failed && errno == EWOULDBLOCK) {
        pd_log(PD_LOG_WARNING, 0,
               "PD0857: %s is taken: a pdportalctl (restore) is at work; this process waits until "
               "it is done",
               path);
    }
    while (failed && (errno == EWOULDBLOCK || errno == EINTR)) {
        failed = flock(fd, LOCK_SH);
    }
    return !failed;
}

apr_status_t pd_bell_open(pd_bell_t **bell, const char *path, int make, apr_pool_t *p)
{
    int fd = make ? open_or_make(path, p) : open_file(path);
    *bell = NULL;
    if (fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    apr_status_t status = check(fd);
    void *face = MAP_FAILED;
    if (!status) {
        face = mmap(NULL, sizeof(face_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        status = face == MAP_FAILED ? APR_FROM_OS_ERROR(errno) : APR_SUCCESS;
    }
    if (status || !make || !hold(fd, path)) {
        close(fd);
        fd = -1;
    }
    if (!status) {
        *bell = apr_palloc(p, sizeof **bell);
        (*bell)->face = face;
        (*bell)->fd = fd;
        apr_pool_cleanup_register(p, *bell, unmap, apr_pool_cleanup_null);
    }
    return status;
}

static apr_status_t let_go(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

apr_status_t pd_bell_take(const char *path, apr_pool_t *p)
{
    int fd = open_or_make(path, p);
    if (fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        return PD_EBUSY;
    }
    apr_pool_cleanup_register(p, apr_pmemdup(p, &fd, sizeof fd), let_go, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

void pd_bell_ring(pd_bell_t *bell)
{
    __atomic_add_fetch(&bell->face->count, 1, __ATOMIC_SEQ_CST);
}

apr_uint64_t pd_bell_count(const pd_bell_t *bell)
{
    return __atomic_load_n(&bell->face->count, __ATOMIC_ACQUIRE);
}
