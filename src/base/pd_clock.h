/* The one clock. Instants are microseconds since 1970 UTC (apr_time_t); all deadlines are stored
 * as absolute instants. */
#ifndef PD_CLOCK_H
#define PD_CLOCK_H
#include <apr_time.h>

typedef apr_time_t pd_clock_fn(void);

/* Now. Any thread. */
apr_time_t pd_clock_now(void);

/* A clock that only goes forward, in microseconds, the same for every process of this host since it
 * was booted: for deadlines in memory. Any thread. */
apr_time_t pd_clock_ticks(void);

/* Replaces the source (tests); NULL brings back the system's. Start-up only. */
void pd_clock_set(pd_clock_fn *source);

#endif
