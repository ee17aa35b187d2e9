/* The page on the way from sign-in that tells of a coming version of the policy (F31), once. It may
 * be acknowledged here beforehand; going on without is as good. */
#include <apr_strings.h>
#include "portal/pd_acknowledge.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"

int pd_web_coming_first(pd_page_t *page, const char *person_id, const char *target)
{
    int due = 0;
    if (pd_coming_tell(&due, page->portal, person_id, page->p) != APR_SUCCESS || !due) {
        return pd_page_go(page, target ? target : pd_page_path(page, "account/"));
    }
    return pd_page_go(page, pd_page_path_back(page, "coming", target));
}

static int go_on(pd_page_t *page)
{
    const char *target = pd_url_target(pd_form_get(page->form, "return"), page->p);
    return pd_page_go(page, target ? target : pd_page_path(page, "account/"));
}

static int show_form(pd_page_t *page, int status)
{
    pd_coming_t coming;
    pd_document_t document;
    int lacking;
    apr_status_t rv = pd_coming_next(&coming, page->portal, page->session->person_id, page->p);
    if (rv == APR_ENOENT) {
        return go_on(page);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_acknowledge_lacking(&lacking, page->portal, page->session, page->p);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_document_get(&document, page->portal, PD_DOCUMENT_POLICY, coming.version,
                             page->language, page->p);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_web_acknowledge_box(page, &document);
    pd_page_date(page, page->values, "effective", coming.effective_at);
    pd_page_true(page, "may_acknowledge", !lacking);
    pd_page_text(page, "return_to", pd_url_target(pd_form_get(page->form, "return"), page->p));
    pd_page_form_token(page, "coming");
    return pd_page_show(page, "coming.html", status);
}

int pd_web_coming_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_coming(pd_page_t *page)
{
    return pd_form_get(page->form, "policy") == NULL
               ? go_on(page)
               : pd_web_acknowledge_record(page, 1, pd_web_coming_form, go_on);
}
