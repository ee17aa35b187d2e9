/* Clocks that a test sets: preloaded into a server, this adds the seconds that stand in the file
 * $PD_CLOCK_FILE ("+600") to the wall clock, and those in $PD_TICKS_FILE to the monotonic one, read
 * anew at each look.
 * libfaketime does more, and hangs at its start under AddressSanitizer, whose allocator asks for
 * the time. Only system calls here, so that nothing of the C library is needed before it is ready.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(const char *variable)
{
    char text[32] = "";
    const char *path = getenv(variable);
    long file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return 0;
    }
    long length = syscall(SYS_read, file, text, sizeof(text) - 1);
    syscall(SYS_close, file);
    return length > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME) {
        now->tv_sec += shift("PD_CLOCK_FILE");
    }
    if (!failed && clock == CLOCK_MONOTONIC) {
        now->tv_sec += shift("PD_TICKS_FILE");
    }
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void)zone;
    int failed = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *now)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) {
        *now = exact.tv_sec;
    }
    return exact.tv_sec;
}
