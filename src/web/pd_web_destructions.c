/* The acts of destruction (F38), for administrators: the list, and one act with the extract of the
 * event log, to be printed and signed. */
#include <apr_strings.h>
#include <jansson.h>
#include "portal/pd_destruction.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"

#define A_PAGE 50

/* What is false is set, not left out: an absent member would be looked up in the page around. */
static void set_reason(pd_page_t *page, pd_value_t *value, const char *reason)
{
    static const char *const reasons[] = {PD_CLOSING_REQUEST,      PD_CLOSING_ORDER,
                                          PD_CLOSING_UNUSED,       PD_DESTRUCTION_WITHDRAWAL,
                                          PD_DESTRUCTION_RESTORED, NULL};
    for (int i = 0; reasons[i] != NULL; i++) {
        pd_value_set_bool(value, apr_pstrcat(page->p, "by_", reasons[i], NULL),
                          strcmp(reason, reasons[i]) == 0, page->p);
    }
}

static const pd_value_t *act_value(pd_page_t *page, const pd_destruction_t *act)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_text(value, "number", act->id, page->p);
    pd_value_set_text(
        value, "url",
        pd_page_path(page, apr_pstrcat(page->p, "staff/destructions/", act->id, NULL)), page->p);
    pd_page_date(page, value, "destroyed", act->destroyed_at);
    set_reason(page, value, act->reason);
    return value;
}

int pd_web_destructions(pd_page_t *page)
{
    apr_array_header_t *acts;
    pd_value_t *list = pd_value_list(page->p);
    const char *before = pd_form_get(page->query, "before");
    /* one more than is shown: is there a next page? */
    apr_status_t rv = pd_destruction_list(&acts, page->portal, before, A_PAGE + 1, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    for (int i = 0; i < acts->nelts && i < A_PAGE; i++) {
        pd_value_add(list, act_value(page, &APR_ARRAY_IDX(acts, i, pd_destruction_t)));
    }
    pd_value_set(page->values, "acts", list);
    pd_page_true(page, "is_older", before != NULL);
    if (acts->nelts > A_PAGE) {
        const char *last = APR_ARRAY_IDX(acts, A_PAGE - 1, pd_destruction_t).id;
        pd_page_text(page, "older_url",
                     pd_page_path(page, apr_pstrcat(page->p, "staff/destructions?before=",
                                                    pd_url_encode(last, page->p), NULL)));
    }
    return pd_page_show(page, "staff-destructions.html", HTTP_OK);
}

/* In the order of the table of places; of which kind each is says the partial "category". */
static void set_categories(pd_page_t *page, const pd_destruction_t *act)
{
    json_t *counted = json_loads(act->categories, 0, NULL);
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_destruction_place_t *place = pd_destruction_places; place->table; place++) {
        json_int_t rows = json_integer_value(json_object_get(counted, place->table));
        if (rows == 0) {
            continue;
        }
        pd_value_t *value = pd_value_map(page->p);
        for (const pd_destruction_place_t *each = pd_destruction_places; each->table; each++) {
            pd_value_set_bool(value, apr_pstrcat(page->p, "in_", each->table, NULL), each == place,
                              page->p);
        }
        pd_value_set_number(value, "rows", rows, page->p);
        pd_value_add(list, value);
    }
    json_decref(counted);
    pd_value_set(page->values, "categories", list);
}

static apr_status_t set_extract(pd_page_t *page, const pd_destruction_t *act)
{
    apr_array_header_t *events;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_destruction_extract(&events, page->portal, act->person_id, page->p);
    for (int i = 0; rv == APR_SUCCESS && i < events->nelts; i++) {
        const pd_destruction_event_t *event = &APR_ARRAY_IDX(events, i, pd_destruction_event_t);
        pd_value_t *value = pd_value_map(page->p);
        pd_value_set_text(value, "host", event->host, page->p);
        pd_value_set_number(value, "number", event->sequence, page->p);
        pd_value_set_text(value, "event", event->event, page->p);
        pd_page_date(page, value, "at", event->at);
        pd_value_add(list, value);
    }
    pd_value_set(page->values, "events", list);
    return rv;
}

static void set_act(pd_page_t *page, const pd_destruction_t *act)
{
    pd_page_text(page, "number", act->id);
    pd_page_text(page, "person", act->person_id);
    pd_page_text(page, "operator", act->operator);
    pd_page_text(page, "system", act->system);
    pd_page_text(page, "note", act->note);
    pd_page_text(page, "zone", page->site->settings->time_zone);
    set_reason(page, page->values, act->reason);
    pd_page_true(page, "by_job", strcmp(act->responsible, "job") == 0);
    pd_page_date(page, page->values, "asked", act->asked_at);
    pd_page_date(page, page->values, "destroyed", act->destroyed_at);
    pd_page_date(page, page->values, "kept", act->destroyed_at + PD_DESTRUCTION_KEPT);
    pd_page_true(page, "log_is_servers", act->log_is_servers);
    if (act->wiped_at != 0) {
        pd_page_date(page, page->values, "wiped", act->wiped_at);
    }
}

int pd_web_destruction(pd_page_t *page)
{
    pd_destruction_t act;
    apr_status_t rv = pd_destruction_get(&act, page->portal, page->kind, page->p);
    if (rv == APR_ENOENT) {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    if (rv == APR_SUCCESS) {
        rv = set_extract(page, &act);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    set_act(page, &act);
    set_categories(page, &act);
    return pd_page_show(page, "staff-destruction.html", HTTP_OK);
}
