/* Values that are numbers: amounts, times, terms, sizes, and choices among words. */
#include "portal/pd_settings.h"

#include "portal/pd_settings_int.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *word;
    apr_int64_t factor;
} units[] = {
    {"d", 86400 * (apr_int64_t)1000000},
    {"h", 3600 * (apr_int64_t)1000000},
    {"min", 60 * (apr_int64_t)1000000},
    {"s", 1000000},
    {"", 1000000},
};

const char *pd_settings_time_text(apr_int64_t time, apr_pool_t *p)
{
    for (int i = 0; i < 3; i++) {
        if (time && time % units[i].factor == 0) {
            return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", time / units[i].factor, units[i].word);
        }
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "s", time / 1000000);
}

static const struct {
    const char *word;
    apr_int64_t factor;
} sizes[] = {{"G", (apr_int64_t)1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}};

const char *pd_settings_bytes_text(apr_int64_t bytes, apr_pool_t *p)
{
    int i = 0;
    while (i < 3 && (!bytes || bytes % sizes[i].factor)) {
        i++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", bytes / sizes[i].factor, sizes[i].word);
}

const char *pd_setting_digits(apr_int64_t *number, const char *value)
{
    apr_size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 15) {
        return NULL;
    }
    *number = apr_strtoi64(value, NULL, 10);
    return value + n;
}

const char *pd_setting_number(void *place, const pd_directive_t *row, const char *value,
                              apr_pool_t *p)
{
    apr_int64_t *member = place;
    apr_int64_t number = 0;
    const char *end = pd_setting_digits(&number, value);
    if (!end || *end || number < row->min || number > row->max) {
        return pd_setting_wrong(
            row, value,
            apr_psprintf(p,
                         "will not do; write a whole number between %" APR_INT64_T_FMT
                         " and %" APR_INT64_T_FMT ", for example %s",
                         row->min, row->max, row->fallback),
            p);
    }
    *member = number;
    return NULL;
}

static const char *bad_time(const pd_directive_t *row, const char *value, const char *what,
                            apr_pool_t *p)
{
    return pd_setting_wrong(
        row, value,
        apr_psprintf(p,
                     "%s; write a number with s, min, h or d, for example %s; between %s "
                     "and %s",
                     what, row->fallback, pd_settings_time_text(row->min, p),
                     pd_settings_time_text(row->max, p)),
        p);
}

const char *pd_setting_time(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    apr_int64_t *member = place;
    apr_int64_t number = 0;
    const char *end = pd_setting_digits(&number, value);
    for (apr_size_t i = 0; end && i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].word)) {
            continue;
        }
        if (number > row->max / units[i].factor || number * units[i].factor < row->min) {
            return bad_time(row, value, "is out of bounds", p);
        }
        *member = number * units[i].factor;
        return NULL;
    }
    return bad_time(row, value, "is no time", p);
}

const char *pd_settings_term_text(apr_int64_t term, apr_pool_t *p)
{
    if (term < 0) {
        return term == PD_TERM_UNLIMITED ? "without limit" : "not set";
    }
    if (term > 0 && term % PD_TERM_YEAR == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT " year%s", term / PD_TERM_YEAR,
                            term == PD_TERM_YEAR ? "" : "s");
    }
    return pd_settings_time_text(term, p);
}

/* The number of years in "3 years"; 0: it is not so written. */
static apr_int64_t years_of(const char *value)
{
    apr_int64_t number = 0;
    const char *end = pd_setting_digits(&number, value);
    return end && (!strcasecmp(end, " years") || !strcasecmp(end, " year")) ? number : 0;
}

/* A time, years, or that there is none, in words: a slip of the pen can't mean "for ever". */
const char *pd_setting_term(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    apr_int64_t *member = place;
    apr_int64_t years = years_of(value);
    if (!strcasecmp(value, "without limit")) {
        *member = PD_TERM_UNLIMITED;
        return NULL;
    }
    if (years > 0 && years <= row->max / PD_TERM_YEAR) {
        *member = years * PD_TERM_YEAR;
        return NULL;
    }
    if (years == 0 && !pd_setting_time(member, row, value, p)) {
        return NULL;
    }
    return pd_setting_wrong(
        row, value,
        apr_psprintf(p,
                     "is no term; write a time such as 90d, \"3 years\", or \"without "
                     "limit\"; between %s and %s",
                     pd_settings_time_text(row->min, p), pd_settings_time_text(row->max, p)),
        p);
}

/* 0, or what lies between the bounds. */
const char *pd_setting_bytes(void *place, const pd_directive_t *row, const char *value,
                             apr_pool_t *p)
{
    apr_int64_t *member = place;
    apr_int64_t number = 0;
    const char *end = pd_setting_digits(&number, value);
    for (apr_size_t i = 0; end && i < sizeof sizes / sizeof *sizes; i++) {
        if (!strcasecmp(end, sizes[i].word) && number <= row->max / sizes[i].factor &&
            (number == 0 || number * sizes[i].factor >= row->min)) {
            *member = number * sizes[i].factor;
            return NULL;
        }
    }
    return pd_setting_wrong(
        row, value,
        apr_psprintf(p,
                     "will not do; write 0 for none, or a size with K, M or G, for "
                     "example %s; between %s and %s",
                     row->fallback, pd_settings_bytes_text(row->min, p),
                     pd_settings_bytes_text(row->max, p)),
        p);
}

const char *pd_setting_flag(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    apr_int64_t *member = place;
    if (!strcasecmp(value, "on")) {
        *member = 1;
        return NULL;
    }
    if (!strcasecmp(value, "off")) {
        *member = 0;
        return NULL;
    }
    return pd_setting_wrong(row, value, "is neither; write On or Off", p);
}

int pd_setting_word_number(const char *words, const char *value)
{
    apr_size_t length = strlen(value);
    for (int n = 0; words; n++) {
        apr_size_t size = strcspn(words, "|");
        if (size == length && !strncasecmp(words, value, size)) {
            return n;
        }
        words = words[size] ? words + size + 1 : NULL;
    }
    return -1;
}

const char *pd_setting_no_word(const pd_directive_t *row, const char *value, apr_pool_t *p)
{
    const char *list = "";
    for (const char *at = row->words; at;) {
        apr_size_t size = strcspn(at, "|");
        const char *word = apr_pstrmemdup(p, at, size);
        at = at[size] ? at + size + 1 : NULL;
        list = apr_pstrcat(p, list, *list ? (at ? ", " : " or ") : "", word, NULL);
    }
    return pd_setting_wrong(row, value, apr_pstrcat(p, "is not known; write ", list, NULL), p);
}

const char *pd_setting_choice(void *place, const pd_directive_t *row, const char *value,
                              apr_pool_t *p)
{
    apr_int64_t *member = place;
    int n = pd_setting_word_number(row->words, value);
    if (n < 0) {
        return pd_setting_no_word(row, value, p);
    }
    *member = n;
    return NULL;
}
