/* The page between a person and the authorised sections after a new policy took force (F24). Who
 * does not agree signs out; the account's own pages stay open. */
#include <httpd.h>
#include <apr_strings.h>
#include <http_log.h>
#include "base/pd_status.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_comparison.h"
#include "text/pd_url.h"
#include "web/pd_changes.h"
#include "web/pd_handlers.h"
#include "web/pd_version.h"

APLOG_USE_MODULE(pdportal);

static const char *return_target(const pd_page_t *page)
{
    const char *target = pd_url_target(pd_form_get(page->form, "return"), page->p);
    return target ? target : page->site->settings->site_home;
}

/* Nothing to acknowledge: no policy, or done already in another window. */
static int is_done(const pd_page_t *page, const pd_document_t *document, apr_status_t rv)
{
    return rv == APR_ENOENT || page->session->policy_version >= document->version;
}

/* What is new to this person: compared with the version acknowledged last, so that one that was
 * skipped is covered. Texts that can't be compared can still be acknowledged. */
static apr_status_t add_changes(pd_page_t *page, apr_int64_t version)
{
    pd_comparison_t comparison;
    apr_int64_t last = page->session->policy_version;
    if (last == 0) {
        return APR_SUCCESS;
    }
    apr_status_t rv = pd_comparison_make(&comparison, page->portal, PD_DOCUMENT_POLICY, last,
                                         version, page->language, page->p);
    if (rv == APR_SUCCESS && comparison.difference != NULL) {
        const char *url = pd_version_url(page, PD_DOCUMENT_POLICY, version);
        pd_changes_add_short(page, comparison.difference);
        pd_page_text(page, "doc_lang", comparison.after.language);
        pd_value_set_number(page->values, "last_version", last, page->p);
        pd_page_text(page, "difference",
                     apr_psprintf(page->p, "%s/diff?with=%" APR_INT64_T_FMT, url, last));
    }
    if (rv == PD_ETEXT || rv == PD_ELIMIT) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, page->r->server,
                     "PD0705: versions %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT
                     " of the policy can't be compared: one can't be read again",
                     last, version);
        return APR_SUCCESS;
    }
    return rv == APR_ENOENT ? APR_SUCCESS : rv;
}

void pd_web_acknowledge_box(pd_page_t *page, const pd_document_t *document)
{
    const char *wording = pd_page_wording(page, "wording-policy.txt", document->version);
    pd_value_set_number(page->values, "version", document->version, page->p);
    pd_page_text(page, "policy_wording", wording);
    pd_page_text(page, "shown", pd_document_shown(document, page->language, wording, page->p));
}

static int show_form(pd_page_t *page, int status)
{
    pd_document_t document = {0};
    apr_status_t rv =
        pd_document_current(&document, page->portal, PD_DOCUMENT_POLICY, page->language, page->p);
    if (rv != APR_SUCCESS && rv != APR_ENOENT) {
        return pd_page_failure(page, rv);
    }
    if (is_done(page, &document, rv)) {
        return pd_page_go(page, return_target(page));
    }
    rv = add_changes(page, document.version);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_date(page, page->values, "effective", document.effective_at);
    pd_web_acknowledge_box(page, &document);
    pd_page_text(page, "return_to", return_target(page));
    pd_page_true(page, "first", page->session->policy_version == 0);
    pd_page_form_token(page, "acknowledge");
    return pd_page_show(page, "acknowledge.html", status);
}

int pd_web_acknowledge_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_acknowledge_record(pd_page_t *page, int announced, pd_handler_fn *again,
                              pd_handler_fn *go_on)
{
    pd_acknowledge_e outcome;
    const char *version = pd_form_get(page->form, "version");
    pd_acknowledge_form_t form = {.language = page->language,
                                  .version = version ? apr_atoi64(version) : 0,
                                  .shown = pd_form_get(page->form, "shown"),
                                  .announced = announced,
                                  .address = page->r->useragent_ip,
                                  .agent = apr_table_get(page->r->headers_in, "User-Agent")};
    form.wording = pd_page_wording(page, "wording-policy.txt", form.version);
    apr_status_t rv =
        pd_acknowledge(&outcome, page->portal, page->session->person_id, &form, page->p);
    if (rv != APR_SUCCESS && rv != APR_ENOENT) {
        return pd_page_failure(page, rv);
    }
    page->stale = page->text_changed = outcome != PD_ACKNOWLEDGED;
    return page->stale ? again(page) : go_on(page);
}

static int go_on(pd_page_t *page)
{
    return pd_page_go(page, return_target(page));
}

int pd_web_acknowledge(pd_page_t *page)
{
    if (pd_form_get(page->form, "policy") == NULL) {
        pd_page_mistake(page, "policy", "policy_missing");
        return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
    }
    return pd_web_acknowledge_record(page, 0, pd_web_acknowledge_form, go_on);
}
