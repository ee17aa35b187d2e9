/* A date for templates: a map of day, year, m1 .. m12 (the month's is true), time and iso, which
 * the partials date.html and date.txt show in words. */
#ifndef PD_DATE_H
#define PD_DATE_H
#include "base/pd_zone.h"
#include "tmpl/pd_value.h"

/* Sets it in `map` as `name`, as the zone's calendar has it. */
void pd_date_set(pd_value_t *map, const char *name, const pd_zone_t *zone, apr_time_t instant,
                 apr_pool_t *p);

#endif
