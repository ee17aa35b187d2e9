/* The history of sign-ins, newest first, a page at a time (F19). */
#include <apr_strings.h>
#include "portal/pd_person.h"
#include "portal/pd_sign_in_history.h"
#include "text/pd_url.h"
#include "web/pd_field_value.h"
#include "web/pd_handlers.h"
#include "web/pd_origin_value.h"

#define A_PAGE 25

static const char *const flags[] = {[PD_ATTEMPT_SIGNED_IN] = "signed_in",
                                    [PD_ATTEMPT_PASSWORD] = "wrong_password",
                                    [PD_ATTEMPT_PENDING] = "pending",
                                    [PD_ATTEMPT_CODE] = "wrong_code",
                                    [PD_ATTEMPT_WAITS] = "waits",
                                    [PD_ATTEMPT_CLOSED] = "closed",
                                    [PD_ATTEMPT_MORE] = "more"};

static pd_value_t *attempt_value(pd_page_t *page, const pd_attempt_t *attempt)
{
    pd_value_t *value = pd_value_map(page->p);
    for (int i = 0; i < PD_ATTEMPT_MAX; i++) {
        pd_value_set_bool(value, flags[i], attempt->outcome == (pd_attempt_e)i, page->p);
    }
    pd_page_date(page, value, "at", attempt->at);
    pd_origin_set(page, value, &attempt->origin);
    return value;
}

/* How long they are kept, as the table of fields has it. */
static void set_term(pd_page_t *page)
{
    for (const pd_field_t *field = pd_fields; field->id != NULL; field++) {
        if (strcmp(field->id, "sign_ins") == 0) {
            pd_value_set(page->values, "kept", pd_field_value(page, field));
        }
    }
}

static void set_list(pd_page_t *page, const apr_array_header_t *attempts)
{
    pd_value_t *list = pd_value_list(page->p);
    int more = attempts->nelts > A_PAGE;
    int n = more ? A_PAGE : attempts->nelts;
    for (int i = 0; i < n; i++) {
        pd_value_add(list, attempt_value(page, &APR_ARRAY_IDX(attempts, i, pd_attempt_t)));
    }
    pd_value_set(page->values, "attempts", list);
    pd_page_true(page, "has_attempts", n > 0);
    if (more) {
        const char *last = APR_ARRAY_IDX(attempts, n - 1, pd_attempt_t).id;
        pd_page_text(page, "older_url",
                     pd_page_path(page, apr_pstrcat(page->p, "account/history?before=",
                                                    pd_url_encode(last, page->p), NULL)));
    }
}

int pd_web_history(pd_page_t *page)
{
    pd_person_t person;
    apr_array_header_t *attempts;
    const char *before = pd_form_get(page->query, "before");
    apr_status_t rv = pd_person_get(&person, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) { /* one more than is shown: is there a next page? */
        rv = pd_sign_in_history_list(&attempts, page->portal, person.id, person.key, before,
                                     A_PAGE + 1, page->p);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    set_list(page, attempts);
    set_term(page);
    pd_page_true(page, "is_older", before != NULL);
    pd_page_text(page, "zone", page->site->settings->time_zone);
    pd_origin_set_places(page);
    return pd_page_show(page, "history.html", HTTP_OK);
}
