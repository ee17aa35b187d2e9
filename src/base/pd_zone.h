/* Time zones from the system's tz database, read by ourselves: the C library knows one zone per
 * process, and a web server has threads and neighbours. A zone is immutable once loaded; any
 * thread may use it. Source: RFC 8536 (TZif). */
#ifndef PD_ZONE_H
#define PD_ZONE_H
#include <apr_pools.h>
#include <apr_time.h>

typedef struct pd_zone_t pd_zone_t;

typedef struct pd_local_time_t {
    int year, month, day;     /* 2026, 1-12, 1-31 */
    int hour, minute, second; /* 0-23, 0-59, 0-59 */
    int weekday;              /* 1 Monday - 7 Sunday */
    int offset_secs;          /* east of UTC */
} pd_local_time_t;

/* Loads "Europe/Moscow" or "UTC". APR_ENOENT: no such zone. APR_EINVAL: the name leaves the folder
 * or the file is no TZif file. The zone lives in `p`. */
apr_status_t pd_zone_load(const pd_zone_t **zone, const char *name, apr_pool_t *p);

/* The zone's wall clock at an instant. */
void pd_zone_local(pd_local_time_t *local, const pd_zone_t *zone, apr_time_t instant);

/* Reads "2026-12-01", "2026-12-01 09:30" (in the zone; a space or a T) or RFC 3339 with its own
 * offset or Z. A doubled wall time gives the earlier instant; one that a shift skips is
 * counted on with the offset from before the gap (02:30 becomes 03:30). PD_ETEXT: not such a text.
 */
apr_status_t pd_zone_parse(apr_time_t *instant, const pd_zone_t *zone, const char *text);

/* The last microsecond of the day that comes `days` calendar days after the instant's own, by the
 * zone's wall clock: a term of so many days, counted from the day after. */
apr_time_t pd_zone_day_end(const pd_zone_t *zone, apr_time_t instant, int days);

/* How a wall time stands to the shifts of its zone. */
typedef enum {
    PD_WALL_ONCE = 0,
    PD_WALL_TWICE, /* clocks are set back over it */
    PD_WALL_NEVER  /* clocks are set forward over it */
} pd_wall_e;

/* The same for who must not guess: `wall` tells whether the text names one instant. One that brings
 * its own offset always does. */
apr_status_t pd_zone_parse_wall(apr_time_t *instant, pd_wall_e *wall, const pd_zone_t *zone,
                                const char *text);

/* "2026-11-22T18:05:00Z", allocated in `p`. */
const char *pd_time_rfc3339(apr_time_t instant, apr_pool_t *p);

#endif
