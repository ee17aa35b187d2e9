/* report uses. */
#include "cli/ctl.h"

#include "base/pd_clock.h"
#include "base/pd_zone.h"
#include "portal/pd_uses.h"
#include "text/pd_csv.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define ROWS_BYTES_MAX (4 * 1024 * 1024)
#define MONTH_CHARS    7

typedef struct month_t {
    char name[16]; /* "2026-11" */
    apr_time_t from, until;
} month_t;

static apr_status_t first_day(apr_time_t *instant, const pd_zone_t *zone, int year, int month,
                              apr_pool_t *p)
{
    return pd_zone_parse(instant, zone, apr_psprintf(p, "%04d-%02d-01", year, month));
}

/* "2026-11", and nothing else. */
static int parse_month(int *year, int *month, const char *text)
{
    const apr_size_t digits = strspn(text, "0123456789");
    if (strlen(text) != MONTH_CHARS || digits != 4 || text[4] != '-' ||
        strspn(text + 5, "0123456789") != 2) {
        return 0;
    }
    *year = (int)apr_atoi64(text);
    *month = (int)apr_atoi64(text + 5);
    return *month >= 1 && *month <= 12;
}

/* The month typed, or the last one that is over. */
static int which_month(int *year, int *month, ctl_t *ctl, const pd_zone_t *zone)
{
    pd_local_time_t now;
    if (ctl->month) {
        return parse_month(year, month, ctl->month);
    }
    pd_zone_local(&now, zone, pd_clock_now());
    *year = now.month == 1 ? now.year - 1 : now.year;
    *month = now.month == 1 ? 12 : now.month - 1;
    return 1;
}

static int read_month(ctl_t *ctl, month_t *span)
{
    const pd_zone_t *zone;
    int year, month;
    apr_status_t rv = pd_zone_load(&zone, ctl->settings->time_zone, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the time zone can't be read", NULL);
    }
    if (!which_month(&year, &month, ctl, zone) ||
        first_day(&span->from, zone, year, month, ctl->p) ||
        first_day(&span->until, zone, year + month / 12, month % 12 + 1, ctl->p)) {
        return ctl_fail(ctl, CTL_USAGE, "--month: write the month as 2026-11");
    }
    apr_snprintf(span->name, sizeof span->name, "%04d-%02d", year, month);
    return CTL_OK;
}

static int print_csv(const apr_array_header_t *uses, const month_t *month, apr_pool_t *p)
{
    static const char *const columns[] = {"month", "purpose", "use", "refused", "times", NULL};
    pd_buf_t rows;
    pd_buf_init(&rows, ROWS_BYTES_MAX, p);
    pd_buf_puts(&rows, PD_CSV_BOM);
    pd_csv_row(&rows, columns);
    for (int i = 0; i < uses->nelts; i++) {
        const pd_uses_t *row = &APR_ARRAY_IDX(uses, i, pd_uses_t);
        const char *cells[] = {month->name,
                               row->purpose,
                               row->what,
                               row->why ? row->why : "",
                               apr_psprintf(p, "%" APR_INT64_T_FMT, row->times),
                               NULL};
        pd_csv_row(&rows, cells);
    }
    return fwrite(rows.bytes, 1, rows.length, stdout) == rows.length;
}

static void print_lines(ctl_t *ctl, const apr_array_header_t *uses)
{
    const char *last = NULL;
    for (int i = 0; i < uses->nelts; i++) {
        const pd_uses_t *row = &APR_ARRAY_IDX(uses, i, pd_uses_t);
        if (!last || strcmp(last, row->purpose) != 0) {
            ctl_say(ctl, "%s", *row->purpose ? row->purpose : "no purpose");
        }
        last = row->purpose;
        ctl_say(ctl, "  %8" APR_INT64_T_FMT "  %s%s%s", row->times, row->what,
                row->why ? ": refused, " : "", row->why ? row->why : "");
    }
}

int ctl_report_uses(ctl_t *ctl)
{
    month_t month = {.from = 0};
    apr_array_header_t *uses;
    if ((ctl->given & CTL_CSV) && (ctl->given & CTL_JSON)) {
        return ctl_fail(ctl, CTL_USAGE, "give either --csv or --json");
    }
    int code = read_month(ctl, &month);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_uses_count(&uses, &ctl->portal, month.from, month.until, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the journal can't be read", NULL);
    }
    if (ctl->given & CTL_CSV) {
        return print_csv(uses, &month, ctl->p)
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_FAILED, "the table could not be written whole");
    }
    json_t *list = json_array();
    ctl_answer_text(ctl, "month", month.name);
    json_object_set_new(ctl->answer, "uses", list);
    for (int i = 0; i < uses->nelts; i++) {
        const pd_uses_t *row = &APR_ARRAY_IDX(uses, i, pd_uses_t);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I}", "purpose", row->purpose,
                                              "use", row->what, "refused", row->why ? row->why : "",
                                              "times", (json_int_t)row->times));
    }
    ctl_say(ctl, "%s, %s", month.name, ctl->settings->time_zone);
    print_lines(ctl, uses);
    return CTL_OK;
}
