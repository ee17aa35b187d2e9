/* Makes values of the rows. What is false is set, not left out: an absent member would be looked up
 * in the page around. */
#include "web/pd_field_value.h"
#include <apr_strings.h>

#define MINUTE apr_time_from_sec(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* "4.1.3" is "p413": names in templates have no dots of their own. */
static const char *flag_of(const char *clause, apr_pool_t *p)
{
    char *flag = apr_pstrcat(p, "p", clause, NULL);
    char *to = flag;
    for (const char *from = flag; *from; from++) {
        if (*from != '.') {
            *to++ = *from;
        }
    }
    *to = '\0';
    return flag;
}

pd_value_t *pd_purpose_value(const pd_page_t *page, const pd_purpose_t *purpose)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_text(value, "clause", purpose->id, page->p);
    for (const pd_purpose_t *each = pd_purposes; each->id != NULL; each++) {
        pd_value_set_bool(value, flag_of(each->id, page->p), each == purpose, page->p);
    }
    pd_value_set_bool(value, "by_registration", purpose->ground == PD_GROUND_REGISTRATION, page->p);
    pd_value_set_bool(value, "by_consent", purpose->ground == PD_GROUND_CONSENT, page->p);
    pd_value_set_bool(value, "by_security", purpose->ground == PD_GROUND_SECURITY, page->p);
    return value;
}

/* In the largest unit that fits. */
static void set_time(pd_value_t *value, apr_int64_t term, apr_pool_t *p)
{
    static const struct {
        const char *name;
        apr_int64_t unit;
    } units[] = {{"term_years", PD_TERM_YEAR},
                 {"term_days", DAY},
                 {"term_hours", HOUR},
                 {"term_minutes", MINUTE}};
    int i = 0;
    while (i < 3 && term % units[i].unit != 0) {
        i++;
    }
    pd_value_set_number(value, units[i].name, term / units[i].unit, p);
}

static void set_term(pd_value_t *value, const pd_field_t *field, const pd_page_t *page)
{
    apr_int64_t term = field->term(page->site->settings);
    pd_value_set_bool(value, "without_limit", term == PD_TERM_UNLIMITED, page->p);
    pd_value_set_bool(value, "undecided", term == PD_UNSET, page->p);
    if (term > 0) {
        set_time(value, term, page->p);
    }
    pd_value_set_bool(value, "since_made", term > 0 && field->since == PD_SINCE_MADE, page->p);
    pd_value_set_bool(value, "since_sent", term > 0 && field->since == PD_SINCE_SENT, page->p);
    pd_value_set_bool(value, "since_sign_in", term > 0 && field->since == PD_SINCE_SIGN_IN,
                      page->p);
    pd_value_set_bool(value, "removed", term > 0 && field->destroy != NULL, page->p);
}

pd_value_t *pd_field_value(const pd_page_t *page, const pd_field_t *field)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_t *purposes = pd_value_list(page->p);
    pd_value_set_bool(value, apr_pstrcat(page->p, "field_", field->id, NULL), 1, page->p);
    pd_value_set_bool(value, "given", field->source == PD_SOURCE_PERSON, page->p);
    for (const pd_purpose_t *purpose = pd_purposes; purpose->id != NULL; purpose++) {
        if (pd_purpose_is_named(field->purposes, purpose->id)) {
            pd_value_add(purposes, pd_purpose_value(page, purpose));
        }
    }
    pd_value_set(value, "purposes", purposes);
    set_term(value, field, page);
    return value;
}
