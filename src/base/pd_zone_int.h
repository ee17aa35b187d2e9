/* Inside of the zones: the loaded form, the footer's rule, and the calendar (proleptic Gregorian,
 * days counted from 1970-01-01). */
#ifndef PD_ZONE_INT_H
#define PD_ZONE_INT_H
#include "base/pd_zone.h"

#define PD_SECS_PER_DAY 86400

/* A yearly change (POSIX TZ): "Mm.w.d", "Jn" or "n", and the wall clock's seconds of that day. */
typedef struct pd_zone_change_t {
    char kind; /* 'M', 'J' or '0' */
    int month, week, weekday;
    int day;
    int secs;
} pd_zone_change_t;

typedef struct pd_zone_rule_t {
    int std_offset;
    int dst_offset;
    int has_dst;
    pd_zone_change_t start, end; /* of daylight time */
} pd_zone_rule_t;

struct pd_zone_t {
    int n_transitions;
    const apr_int64_t *instants; /* seconds, rising */
    const int *offsets;          /* from the instant of the same index on */
    int first_offset;            /* before the first one */
    int has_rule;
    pd_zone_rule_t rule; /* after the last one */
};

/* Reads a TZif file's bytes. APR_EINVAL: not a sound TZif of version 2 or later. */
apr_status_t pd_zone_read(pd_zone_t *zone, const unsigned char *bytes, apr_size_t length,
                          apr_pool_t *p);

/* Reads a TZ text that ends in a zero, "CET-1CEST,M3.5.0,M10.5.0/3". 0: not such a text. */
int pd_zone_rule_read(pd_zone_rule_t *rule, const char *text);

int pd_zone_rule_offset(const pd_zone_rule_t *rule, apr_int64_t secs);

/* East of UTC, at seconds since 1970. */
int pd_zone_offset(const pd_zone_t *zone, apr_int64_t secs);

apr_int64_t pd_days_of(int year, int month, int day);
void pd_date_of(int *year, int *month, int *day, apr_int64_t days);
int pd_days_in_month(int year, int month);

/* 1 Monday - 7 Sunday */
int pd_weekday_of(apr_int64_t days);

/* Division that rounds down, also before 1970. */
apr_int64_t pd_floor_div(apr_int64_t number, apr_int64_t by);

#endif
