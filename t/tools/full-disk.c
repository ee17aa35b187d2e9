/* Preloaded into a program under test: while the file named by PD_DISK_FULL is there, no disk has
 * room left, and nothing can be written to files whose path holds "portal.db". Spared are logs, and
 * "-shm", a few pages that SQLite gives back and takes again when the last connection closes and
 * the next opens. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

int statvfs(const char *restrict path, struct statvfs *restrict disk);
ssize_t write(int fd, const void *bytes, size_t length);
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset);
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset);

static int is_full(int fd)
{
    char link[64], path[PATH_MAX];
    const char *mark = getenv("PD_DISK_FULL");
    int before = errno;
    int full = 0;
    if (mark && access(mark, F_OK) == 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length > 0 ? length : 0] = '\0';
        full = strstr(path, "/portal.db") != NULL && strstr(path, "-shm") == NULL;
    }
    errno = full ? ENOSPC : before;
    return full;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) {
        real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    }
    return is_full(fd) ? -1 : real(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) {
        real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    }
    return is_full(fd) ? -1 : real(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) {
        real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    }
    return is_full(fd) ? -1 : real(fd, bytes, length, offset);
}

int statvfs(const char *restrict path, struct statvfs *restrict disk)
{
    static int (*real)(const char *, struct statvfs *);
    const char *mark = getenv("PD_DISK_FULL");
    if (!real) {
        real = (int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs");
    }
    int failed = real(path, disk);
    if (!failed && mark && access(mark, F_OK) == 0) {
        disk->f_bavail = 0;
    }
    return failed;
}
