/* Instants as text: dates and times as people and RFC 3339 write them. */
#include "base/pd_zone_int.h"
#include "base/pd_status.h"

#include <apr_strings.h>

/* Exactly `digits` digits off the front of `*at`, within min .. max. */
static int read_field(int *number, const char **at, int digits, int min, int max)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return 0;
        }
        value = value * 10 + (**at - '0');
    }
    *number = value;
    return value >= min && value <= max;
}

static int accept_char(const char **at, char c)
{
    if (**at != c) {
        return 0;
    }
    (*at)++;
    return 1;
}

static int read_date(apr_int64_t *secs, const char **at)
{
    int year, month, day;
    if (!read_field(&year, at, 4, 1, 9999) || !accept_char(at, '-') ||
        !read_field(&month, at, 2, 1, 12) || !accept_char(at, '-') ||
        !read_field(&day, at, 2, 1, pd_days_in_month(year, month))) {
        return 0;
    }
    *secs = pd_days_of(year, month, day) * PD_SECS_PER_DAY;
    return 1;
}

/* A fraction, RFC 3339 5.6; what is finer than a microsecond is dropped. */
static int read_fraction(int *micros, const char **at)
{
    int unit = APR_USEC_PER_SEC / 10, digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
        *micros += (**at - '0') * unit;
        unit /= 10;
    }
    return digits > 0;
}

/* hh:mm[:ss[.fraction]] */
static int read_clock(int *secs, int *micros, const char **at)
{
    int hour, minute, second = 0;
    if (!read_field(&hour, at, 2, 0, 23) || !accept_char(at, ':') ||
        !read_field(&minute, at, 2, 0, 59)) {
        return 0;
    }
    if (accept_char(at, ':') && (!read_field(&second, at, 2, 0, 59) ||
                                 (accept_char(at, '.') && !read_fraction(micros, at)))) {
        return 0;
    }
    *secs = (hour * 60 + minute) * 60 + second;
    return 1;
}

/* Z or +hh:mm */
static int read_offset(int *offset, const char **at)
{
    int hours, minutes;
    int sign = **at == '-' ? -1 : 1;
    if (accept_char(at, 'Z')) {
        *offset = 0;
        return 1;
    }
    if ((!accept_char(at, '+') && !accept_char(at, '-')) || !read_field(&hours, at, 2, 0, 23) ||
        !accept_char(at, ':') || !read_field(&minutes, at, 2, 0, 59)) {
        return 0;
    }
    *offset = sign * (hours * 60 + minutes) * 60;
    return 1;
}

/* The instant of a wall clock. Doubled: the earlier. Skipped: counted on with the offset from
 * before the gap, so it stands behind it. */
static apr_int64_t instant_of(pd_wall_e *fit, const pd_zone_t *zone, apr_int64_t wall)
{
    int before = pd_zone_offset(zone, wall - PD_SECS_PER_DAY);
    int after = pd_zone_offset(zone, wall + PD_SECS_PER_DAY);
    int is_before = pd_zone_offset(zone, wall - before) == before;
    int is_after = pd_zone_offset(zone, wall - after) == after;
    if (before != after && is_before == is_after) {
        *fit = is_before ? PD_WALL_TWICE : PD_WALL_NEVER;
    }
    return !is_before && is_after ? wall - after : wall - before;
}

apr_status_t pd_zone_parse(apr_time_t *instant, const pd_zone_t *zone, const char *text)
{
    pd_wall_e fit;
    return pd_zone_parse_wall(instant, &fit, zone, text);
}

apr_status_t pd_zone_parse_wall(apr_time_t *instant, pd_wall_e *fit, const pd_zone_t *zone,
                                const char *text)
{
    apr_int64_t wall;
    int secs = 0, micros = 0, offset;
    const char *at = text;
    *instant = 0;
    *fit = PD_WALL_ONCE;
    if (!text || !read_date(&wall, &at)) {
        return PD_ETEXT;
    }
    if (*at &&
        ((!accept_char(&at, 'T') && !accept_char(&at, ' ')) || !read_clock(&secs, &micros, &at))) {
        return PD_ETEXT;
    }
    wall += secs;
    if (!*at) {
        *instant = apr_time_from_sec(instant_of(fit, zone, wall)) + micros;
        return APR_SUCCESS;
    }
    if (!read_offset(&offset, &at) || *at) {
        return PD_ETEXT;
    }
    *instant = apr_time_from_sec(wall - offset) + micros;
    return APR_SUCCESS;
}

apr_time_t pd_zone_day_end(const pd_zone_t *zone, apr_time_t instant, int days)
{
    pd_local_time_t local;
    pd_wall_e fit; /* a midnight that is doubled or skipped ends the day all the same */
    pd_zone_local(&local, zone, instant);
    apr_int64_t next = pd_days_of(local.year, local.month, local.day) + days + 1;
    return apr_time_from_sec(instant_of(&fit, zone, next * PD_SECS_PER_DAY)) - 1;
}

const char *pd_time_rfc3339(apr_time_t instant, apr_pool_t *p)
{
    static const pd_zone_t utc;
    pd_local_time_t local;
    pd_zone_local(&local, &utc, instant);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02dZ", local.year, local.month, local.day,
                        local.hour, local.minute, local.second);
}
