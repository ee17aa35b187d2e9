/* The gate in a file. Made and made anew under flock; what another process may have mapped in this
 * boot is never cut or overwritten, but replaced under its name. */
#include "base/pd_gate_int.h"
#include "base/pd_status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC        "pdgate1\n"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
/* How often the file may change under us before we give up. */
#define TURNS_MAX 20

typedef enum {
    FILE_OURS,    /* a gate of this boot and shape */
    FILE_STRANGE, /* a gate of this boot and another shape: may be mapped by others */
    FILE_STALE    /* of an earlier boot, half-made or no gate: mapped by nobody */
} file_state_e;

/* Mutexes held at the last boot name threads that are no more, and would never be given back. */
static apr_status_t read_boot(char boot[PD_GATE_BOOT_CHARS])
{
    int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    ssize_t got = read(fd, boot, PD_GATE_BOOT_CHARS);
    close(fd);
    return got == PD_GATE_BOOT_CHARS ? APR_SUCCESS : APR_EINCOMPLETE;
}

/* Opens and locks the file that has this name; APR_EAGAIN when the name moved on meanwhile. */
static apr_status_t open_locked(int *fd, struct stat *info, const char *path)
{
    struct stat named;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (*fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    int failed;
    do {
        failed = flock(*fd, LOCK_EX);
    } while (failed && errno == EINTR);
    if (failed || fstat(*fd, info)) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (lstat(path, &named) || named.st_ino != info->st_ino || named.st_dev != info->st_dev) {
        return APR_EAGAIN;
    }
    /* Who may write here may let anybody in, or block everybody. */
    if (!S_ISREG(info->st_mode) || (info->st_mode & 077)) {
        return APR_EACCES;
    }
    return APR_SUCCESS;
}

static file_state_e judge(const pd_gate_header_t *wanted, int fd, const struct stat *info)
{
    pd_gate_header_t found;
    if (pread(fd, &found, sizeof found, 0) != (ssize_t)sizeof found ||
        memcmp(found.magic, wanted->magic, sizeof found.magic) != 0 ||
        memcmp(found.boot, wanted->boot, sizeof found.boot) != 0) {
        return FILE_STALE;
    }
    int same = found.mutex_bytes == wanted->mutex_bytes && found.slots == wanted->slots &&
               found.queue == wanted->queue &&
               info->st_size == (off_t)pd_gate_bytes((int)wanted->slots, (int)wanted->queue);
    return same ? FILE_OURS : FILE_STRANGE;
}

/* Maps the file; a stale one is emptied and furnished first. The lock is held. */
static apr_status_t map(void **mapping, const pd_gate_header_t *wanted, int fd, file_state_e state)
{
    apr_size_t n_bytes = pd_gate_bytes((int)wanted->slots, (int)wanted->queue);
    if (state == FILE_STALE) {
        int error = ftruncate(fd, 0) ? errno : posix_fallocate(fd, 0, (off_t)n_bytes);
        if (error) {
            return APR_FROM_OS_ERROR(error);
        }
    }
    pd_gate_header_t *header = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (header == MAP_FAILED) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (state == FILE_STALE) {
        apr_status_t status = pd_gate_furnish(header, (int)wanted->slots, (int)wanted->queue);
        if (status) {
            munmap(header, n_bytes);
            return status;
        }
        header->mutex_bytes = wanted->mutex_bytes;
        header->slots = wanted->slots;
        header->queue = wanted->queue;
        memcpy(header->boot, wanted->boot, sizeof header->boot);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        memcpy(header->magic, wanted->magic, sizeof header->magic);
    }
    *mapping = header;
    return APR_SUCCESS;
}

/* One try; APR_EAGAIN: the name now leads, or is free to lead, to another file. */
static apr_status_t try_open(void **mapping, const pd_gate_header_t *wanted, const char *path)
{
    struct stat info;
    int fd;
    apr_status_t status = open_locked(&fd, &info, path);
    if (!status) {
        file_state_e state = judge(wanted, fd, &info);
        if (state == FILE_STRANGE) {
            status = unlink(path) ? APR_FROM_OS_ERROR(errno) : APR_EAGAIN;
        }
        else {
            status = map(mapping, wanted, fd, state);
        }
    }
    if (fd >= 0) {
        /* Closing is not enough: the mapping keeps the open file, and with it the lock. */
        flock(fd, LOCK_UN);
        close(fd);
    }
    return status;
}

apr_status_t pd_gate_open(pd_gate_t **gate, const char *path, int slots, int queue, apr_pool_t *p)
{
    pd_gate_header_t wanted;
    void *mapping = NULL;
    *gate = NULL;
    if (!pd_gate_shape_sound(slots, queue)) {
        return APR_EINVAL;
    }
    memset(&wanted, 0, sizeof wanted);
    memcpy(wanted.magic, MAGIC, sizeof wanted.magic);
    wanted.mutex_bytes = sizeof(pthread_mutex_t);
    wanted.slots = (apr_uint32_t)slots;
    wanted.queue = (apr_uint32_t)queue;
    apr_status_t status = read_boot(wanted.boot);
    for (int turn = 0; !status && turn < TURNS_MAX; turn++) {
        status = try_open(&mapping, &wanted, path);
        if (status != APR_EAGAIN) {
            break;
        }
        status = turn + 1 < TURNS_MAX ? APR_SUCCESS : PD_EBUSY;
    }
    if (!status) {
        pd_gate_attach(gate, mapping, slots, queue, p);
    }
    return status;
}
