/* The inbox (F48): what the portal and the administration tell a person. Looking changes nothing;
 * marking and removing are buttons. An id of nobody's and one of somebody else's look alike. */
#include <apr_strings.h>
#include <string.h>
#include "text/pd_url.h"
#include "web/pd_field_value.h"
#include "web/pd_handlers.h"
#include "web/pd_notice_value.h"

#define A_PAGE 25

/* Unread ones stand before those that were read, so the place says in which part it is. */
static pd_inbox_place_t place_of(const pd_page_t *page)
{
    const char *read = pd_form_get(page->query, "read");
    return (pd_inbox_place_t){read != NULL,
                              read != NULL ? read : pd_form_get(page->query, "unread")};
}

static void set_older(pd_page_t *page, const pd_inbox_notice_t *last)
{
    pd_page_text(page, "older_url",
                 pd_page_path(page, apr_pstrcat(page->p, "account/inbox?",
                                                last->is_read ? "read=" : "unread=",
                                                pd_url_encode(last->id, page->p), NULL)));
}

static void set_list(pd_page_t *page, const apr_array_header_t *notices)
{
    pd_value_t *list = pd_value_list(page->p);
    int n = notices->nelts > A_PAGE ? A_PAGE : notices->nelts;
    for (int i = 0; i < n; i++) {
        pd_value_t *value = pd_value_map(page->p);
        pd_notice_set(page, value, &APR_ARRAY_IDX(notices, i, pd_inbox_notice_t));
        pd_value_add(list, value);
    }
    pd_value_set(page->values, "notices", list);
    pd_page_true(page, "has_notices", n > 0);
    if (notices->nelts > A_PAGE) {
        set_older(page, &APR_ARRAY_IDX(notices, n - 1, pd_inbox_notice_t));
    }
}

/* All can be marked where the list begins with the newest unread one: it is what was shown. */
static void set_marking(pd_page_t *page, const apr_array_header_t *notices)
{
    const pd_inbox_notice_t *first =
        notices->nelts > 0 ? &APR_ARRAY_IDX(notices, 0, pd_inbox_notice_t) : NULL;
    if (first != NULL && !first->is_read) {
        pd_page_text(page, "newest", first->id);
    }
}

static void set_notice(pd_page_t *page)
{
    const char *notice = pd_form_get(page->query, "notice");
    pd_page_true(page, "marked", notice != NULL && strcmp(notice, "marked") == 0);
    pd_page_true(page, "deleted", notice != NULL && strcmp(notice, "deleted") == 0);
}

/* How long they are kept, as the table of fields has it. */
static void set_term(pd_page_t *page)
{
    for (const pd_field_t *field = pd_fields; field->id != NULL; field++) {
        if (strcmp(field->id, "notices") == 0) {
            pd_value_set(page->values, "kept", pd_field_value(page, field));
        }
    }
}

static int show_list(pd_page_t *page, int status)
{
    apr_array_header_t *notices;
    const pd_inbox_place_t from = place_of(page);
    apr_status_t rv = pd_inbox_list(&notices, page->portal, page->session->person_id, &from,
                                    A_PAGE + 1, page->p); /* is there a next page? */
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    set_list(page, notices);
    set_notice(page);
    set_term(page);
    pd_page_true(page, "is_older", from.before != NULL);
    if (from.before == NULL) {
        set_marking(page, notices);
    }
    pd_page_text(page, "zone", page->site->settings->time_zone);
    pd_page_form_token(page, "inbox");
    return pd_page_show(page, "inbox.html", status);
}

int pd_web_inbox(pd_page_t *page)
{
    return show_list(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_inbox_read(pd_page_t *page)
{
    const char *newest = pd_form_get(page->form, "newest");
    apr_status_t rv =
        newest != NULL ? pd_inbox_read_all(page->portal, page->session->person_id, newest, page->p)
                       : APR_SUCCESS;
    return rv != APR_SUCCESS ? pd_page_failure(page, rv)
                             : pd_page_go(page, pd_page_path(page, "account/inbox?notice=marked"));
}

/* Of nobody's, of somebody else's, or removed meanwhile: in another window, or by its term. */
static int no_such_notice(pd_page_t *page, apr_status_t rv)
{
    if (rv != APR_ENOENT) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "none", 1);
    return pd_page_show(page, "notice.html", HTTP_NOT_FOUND);
}

int pd_web_notice(pd_page_t *page)
{
    pd_inbox_notice_t notice;
    apr_status_t rv =
        pd_inbox_get(&notice, page->portal, page->session->person_id, page->kind, page->p);
    if (rv != APR_SUCCESS) {
        return no_such_notice(page, rv);
    }
    pd_notice_set(page, page->values, &notice);
    pd_page_text(page, "zone", page->site->settings->time_zone);
    pd_page_form_token(page, "notice");
    return pd_page_show(page, "notice.html", page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_notice_change(pd_page_t *page)
{
    const char *person_id = page->session->person_id;
    int deletes = pd_form_get(page->form, "delete") != NULL;
    apr_status_t rv = deletes ? pd_inbox_delete(page->portal, person_id, page->kind, page->p)
                              : pd_inbox_read(page->portal, person_id, page->kind, page->p);
    if (rv != APR_SUCCESS) {
        return no_such_notice(page, rv);
    }
    return pd_page_go(page, pd_page_path(page, deletes ? "account/inbox?notice=deleted"
                                                       : "account/inbox?notice=marked"));
}
