/* Which notices a person wants, and leaving optional letters by the address that stands in them
 * (F48; RFC 8058). */
#include <apr_strings.h>
#include <string.h>
#include "portal/pd_document.h"
#include "portal/pd_notice_setting.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"
#include "web/pd_notice_value.h"

static const char *box_of(int i, apr_pool_t *p)
{
    return apr_pstrcat(p, "want_", pd_notice_kinds[i].id, NULL);
}

/* Obligatory ones are named; each optional one has a box. */
static void set_kinds(pd_page_t *page, apr_uint64_t off)
{
    pd_value_t *optional = pd_value_list(page->p), *obligatory = pd_value_list(page->p);
    for (int i = 0; pd_notice_kinds[i].id != NULL; i++) {
        const pd_notice_kind_t *kind = &pd_notice_kinds[i];
        pd_value_t *value = pd_value_map(page->p);
        pd_value_set_bool(value, pd_notice_flag(kind, page->p), 1, page->p);
        pd_value_set_text(value, "box", box_of(i, page->p), page->p);
        pd_value_set_bool(value, "is_wanted", !(off & PD_NOTICE_BIT(i)), page->p);
        pd_value_add(kind->consent != NULL ? optional : obligatory, value);
    }
    pd_value_set(page->values, "optional", optional);
    pd_value_set(page->values, "obligatory", obligatory);
}

/* Does the consent stand; and if not, is there a text to agree to? */
static apr_status_t set_consent(pd_page_t *page)
{
    pd_document_t document;
    apr_status_t rv =
        pd_document_current(&document, page->portal, PD_NOTICE_CONSENT, page->language, page->p);
    pd_page_true(page, "agreed", pd_session_has_word(page->session->consents, PD_NOTICE_CONSENT));
    pd_page_true(page, "offered", rv == APR_SUCCESS);
    return rv == APR_ENOENT ? APR_SUCCESS : rv;
}

static int show_settings(pd_page_t *page, int status)
{
    const char *notice = pd_form_get(page->query, "notice");
    apr_uint64_t off;
    apr_status_t rv = pd_notice_setting_get(&off, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) {
        rv = set_consent(page);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    set_kinds(page, off);
    pd_page_true(page, "saved", notice != NULL && strcmp(notice, "saved") == 0);
    pd_page_form_token(page, "notices");
    return pd_page_show(page, "notices.html", status);
}

int pd_web_notices(pd_page_t *page)
{
    return show_settings(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_notices_set(pd_page_t *page)
{
    apr_uint64_t off = 0;
    for (int i = 0; pd_notice_kinds[i].id != NULL; i++) {
        if (pd_form_get(page->form, box_of(i, page->p)) == NULL) {
            off |= PD_NOTICE_BIT(i);
        }
    }
    apr_status_t rv = pd_notice_setting_put(page->portal, page->session->person_id, off, page->p);
    return rv != APR_SUCCESS ? pd_page_failure(page, rv)
                             : pd_page_go(page, pd_page_path(page, "account/notices?notice=saved"));
}

/* The token stays in the address: whoever has no cookies, or is no browser, must be able to leave
 * too, and there is nothing else that it does. */
static int show_leaving(pd_page_t *page, int status)
{
    const char *token = pd_form_get(page->query, "t");
    pd_page_text(page, "token", token != NULL ? pd_url_encode(token, page->p) : "");
    if (token != NULL) {
        page->kept_query = apr_pstrcat(page->p, "&t=", pd_url_encode(token, page->p), NULL);
    }
    return pd_page_show(page, "unsubscribe.html", status);
}

int pd_web_unsubscribe_form(pd_page_t *page)
{
    return show_leaving(page, HTTP_OK);
}

/* By the button of that page, or by a mail program: no cookie, no form token, and the body says
 * nothing that the address does not. It is not read. */
int pd_web_unsubscribe(pd_page_t *page)
{
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    page->r->connection->keepalive = AP_CONN_CLOSE;
    apr_status_t rv =
        pd_unsubscribe(&retry_after, page->portal, &client, pd_form_get(page->query, "t"), page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (retry_after > 0) {
        pd_page_limited(page, retry_after);
        return show_leaving(page, HTTP_TOO_MANY_REQUESTS);
    }
    pd_page_true(page, "done", 1);
    return show_leaving(page, HTTP_OK);
}
