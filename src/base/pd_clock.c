/* The one clock. Its source can be replaced, so that tests of deadlines need no sleep. */
#include "base/pd_clock.h"

#include <stddef.h>
#include <time.h>

/* Set at start-up only, before there are threads. */
static pd_clock_fn *clock_source;

apr_time_t pd_clock_now(void)
{
    return clock_source ? clock_source() : apr_time_now();
}

apr_time_t pd_clock_ticks(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

void pd_clock_set(pd_clock_fn *source)
{
    clock_source = source;
}
