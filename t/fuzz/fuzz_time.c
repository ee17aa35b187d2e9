/* Dates as people write them, in a zone made of a TZ text (line 1); the rest is the date. A wall
 * time that the zone's clock shows is found, the earlier one when there are two. */
#include "pd_fuzz.h"
#include "base/pd_status.h"
#include "base/pd_zone_int.h"

/* Changes as real zones have them: on a weekday of months that lie apart, within the day, and by no
 * more than three hours; for others only what holds for all is asked. */
static int is_tame(const pd_zone_rule_t *rule)
{
    int apart = abs(rule->start.month - rule->end.month);
    return abs(rule->std_offset) <= 15 * 3600 &&
           (!rule->has_dst ||
            (rule->start.kind == 'M' && rule->end.kind == 'M' && apart >= 2 && apart <= 10 &&
             abs(rule->dst_offset - rule->std_offset) <= 10800 && rule->start.secs >= 0 &&
             rule->start.secs < PD_SECS_PER_DAY && rule->end.secs >= 0 &&
             rule->end.secs < PD_SECS_PER_DAY && rule->start.month > 1 && rule->end.month > 1 &&
             rule->start.month < 12 && rule->end.month < 12));
}

/* The wall clock's seconds, and the instant that a search among both offsets gives. */
static void check_wall(const pd_zone_t *zone, apr_int64_t wall, apr_int64_t secs)
{
    int first = zone->rule.std_offset;
    int second = zone->rule.has_dst ? zone->rule.dst_offset : first;
    int larger = first > second ? first : second, smaller = first > second ? second : first;
    if (pd_zone_offset(zone, wall - larger) == larger) {
        MUST(secs == wall - larger); /* the larger offset is the earlier instant */
    }
    else if (pd_zone_offset(zone, wall - smaller) == smaller) {
        MUST(secs == wall - smaller);
    }
    else { /* skipped: it stands behind the gap */
        MUST(secs == wall - smaller && pd_zone_offset(zone, secs) == larger);
    }
}

static void check(const pd_zone_t *zone, const char *text, apr_pool_t *p)
{
    static const pd_zone_t utc;
    apr_time_t instant, wall, again;
    if (pd_zone_parse(&instant, zone, text) != APR_SUCCESS) {
        MUST(instant == 0 && pd_zone_parse(&wall, &utc, text) == PD_ETEXT);
        return;
    }
    const char *shown = pd_time_rfc3339(instant, p);
    apr_int64_t secs = pd_floor_div(instant, APR_USEC_PER_SEC);
    if (shown[0] != '-' && strlen(shown) == 20 && strncmp(shown, "0000", 4) != 0) {
        MUST(pd_zone_parse(&again, zone, shown) == APR_SUCCESS);
        MUST(again == secs * APR_USEC_PER_SEC);
    }
    MUST(pd_zone_parse(&wall, &utc, text) == APR_SUCCESS);
    MUST(pd_zone_parse(&again, zone, apr_pstrcat(p, text, "x", NULL)) == PD_ETEXT);
    if (strlen(text) > 10 && strpbrk(text + 10, "Z+-")) {
        MUST(wall == instant); /* its own offset: the zone does not matter */
    }
    else if (is_tame(&zone->rule)) {
        check_wall(zone, pd_floor_div(wall, APR_USEC_PER_SEC), secs);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *rule = fuzz_line(&data, &size);
    char *text = fuzz_text(data, size);
    pd_zone_t zone;
    memset(&zone, 0, sizeof zone);
    zone.has_rule = 1;
    if (!pd_zone_rule_read(&zone.rule, rule)) {
        memset(&zone.rule, 0, sizeof zone.rule);
    }
    check(&zone, text, p);
    free(rule);
    free(text);
    return fuzz_done(p);
}
