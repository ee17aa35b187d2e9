/* Dates for pages and letters. */
#include "tmpl/pd_date.h"
#include <apr_strings.h>

void pd_date_set(pd_value_t *map, const char *name, const pd_zone_t *zone, apr_time_t instant,
                 apr_pool_t *p)
{
    pd_local_time_t local;
    pd_value_t *date = pd_value_map(p);
    pd_zone_local(&local, zone, instant);
    pd_value_set_number(date, "day", local.day, p);
    pd_value_set_number(date, "year", local.year, p);
    pd_value_set_bool(date, apr_psprintf(p, "m%d", local.month), 1, p);
    pd_value_set_text(date, "time", apr_psprintf(p, "%02d:%02d", local.hour, local.minute), p);
    pd_value_set_text(date, "iso", pd_time_rfc3339(instant, p), p);
    pd_value_set(map, name, date);
}
