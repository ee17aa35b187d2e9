/* TZif files: one that is taken answers for every instant with an offset within a day or so, and
 * with a time that a clock can show. The first 8 bytes are an instant, the rest the file. */
#include "pd_fuzz.h"
#include "base/pd_status.h"
#include "base/pd_zone_int.h"

/* A rule's offset: 167 h 59 min 59 s either way, and an hour of daylight (RFC 8536 3.3.1). */
#define OFFSET_MAX (168 * 3600 + 3600)

static void check_local(const pd_zone_t *zone, apr_time_t instant)
{
    pd_local_time_t local;
    pd_zone_local(&local, zone, instant);
    MUST(local.month >= 1 && local.month <= 12 && local.weekday >= 1 && local.weekday <= 7);
    MUST(local.day >= 1 && local.day <= pd_days_in_month(local.year, local.month));
    MUST(local.hour >= 0 && local.hour < 24 && local.minute >= 0 && local.minute < 60);
    MUST(local.second >= 0 && local.second < 60);
    MUST(local.offset_secs > -OFFSET_MAX && local.offset_secs < OFFSET_MAX);
    apr_int64_t days = pd_days_of(local.year, local.month, local.day);
    apr_int64_t clock = (local.hour * 60 + local.minute) * 60 + local.second;
    MUST(days * PD_SECS_PER_DAY + clock - local.offset_secs ==
         pd_floor_div(instant, APR_USEC_PER_SEC));
    MUST(pd_weekday_of(days) == local.weekday);
}

static void check_transitions(const pd_zone_t *zone)
{
    for (int i = 0; i < zone->n_transitions; i++) {
        MUST(i == 0 || zone->instants[i] > zone->instants[i - 1]);
        MUST(i + 1 == zone->n_transitions ||
             pd_zone_offset(zone, zone->instants[i]) == zone->offsets[i]);
    }
    if (zone->n_transitions > 0 && zone->instants[0] > INT64_MIN) {
        MUST(pd_zone_offset(zone, zone->instants[0] - 1) == zone->first_offset);
    }
}

static void check_texts(const pd_zone_t *zone, apr_pool_t *p)
{
    static const char *const texts[] = {"2026-03-29", "2026-10-25 02:30", "1985-04-01T00:00:59.5",
                                        "9999-12-31 23:59", "0001-01-01"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        apr_time_t instant, again;
        MUST(pd_zone_parse(&instant, zone, texts[i]) == APR_SUCCESS);
        check_local(zone, instant);
        MUST(pd_zone_parse(&again, zone, apr_pstrcat(p, texts[i], "+", NULL)) == PD_ETEXT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    pd_zone_t zone;
    uint64_t instant = 0;
    for (int i = 0; i < 8 && size > 0; i++, data++, size--) {
        instant = instant << 8 | *data;
    }
    unsigned char *bytes = malloc(size > 0 ? size : 1);
    MUST(bytes);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    apr_status_t status = pd_zone_read(&zone, bytes, size, p);
    free(bytes); /* what is loaded lives without the file */
    MUST(status == APR_SUCCESS || status == APR_EINVAL);
    if (status == APR_SUCCESS) {
        check_transitions(&zone);
        check_local(&zone, (apr_time_t)instant);
        check_local(&zone, INT64_MAX);
        check_local(&zone, INT64_MIN);
        check_texts(&zone, p);
    }
    return fuzz_done(p);
}
