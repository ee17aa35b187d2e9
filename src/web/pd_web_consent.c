/* Consents (F25-F27): the list of them with what each stands for and all receipts; the page of one,
 * with its own text and a box that only a hand ticks; and taking one back, which the list does with
 * one press. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_consent.h"
#include "portal/pd_notice.h"
#include "text/pd_url.h"
#include "web/pd_act_value.h"
#include "web/pd_handlers.h"

static const char *consent_path(const pd_page_t *page, const char *kind, const char *rest)
{
    return pd_page_path(page, apr_pstrcat(page->p, "account/consents/", kind, rest, NULL));
}

/* All of the names are set: one that is absent would be looked up around the map. */
static void set_consent(pd_page_t *page, pd_value_t *value, const pd_consent_t *consent)
{
    apr_pool_t *p = page->p;
    int stands = pd_consent_stands(consent);
    pd_value_set_text(value, "kind", consent->kind, p);
    pd_value_set_text(value, "title", consent->title, p);
    pd_value_set_text(value, "url", consent_path(page, consent->kind, ""), p);
    pd_value_set_text(value, "withdraw_url", consent_path(page, consent->kind, "/withdraw"), p);
    pd_value_set_bool(value, "is_processing", strcmp(consent->kind, PD_DOCUMENT_PROCESSING) == 0,
                      p);
    pd_value_set_bool(value, "is_notices", strcmp(consent->kind, PD_NOTICE_CONSENT) == 0, p);
    pd_value_set_bool(value, "stands", stands, p);
    pd_value_set_bool(value, "outgrown", pd_consent_outgrown(consent), p);
    pd_value_set_bool(value, "open", consent->version != 0, p);
    pd_value_set_bool(value, "never", consent->given == NULL, p);
    pd_value_set_bool(value, "withdrawn", consent->withdrawn != NULL, p);
    pd_value_set_bool(value, "has_due", consent->due_at != 0, p);
    if (consent->given != NULL) {
        pd_value_set_number(value, "version", consent->given->version, p);
        pd_value_set_text(value, "text_url", pd_act_text_url(page, consent->given), p);
        pd_page_date(page, value, "given_at", consent->given->at);
    }
    if (consent->withdrawn != NULL) {
        pd_page_date(page, value, "withdrawn_at", consent->withdrawn->at);
    }
    if (consent->due_at != 0) {
        pd_page_date(page, value, "due_at", consent->due_at);
    }
}

/* An act with all that its receipt says. */
static const pd_value_t *record_value(pd_page_t *page, const pd_act_t *act)
{
    pd_value_t *value = pd_act_value(page, act);
    pd_value_set_text(value, "sha256", act->html_sha256, page->p);
    pd_value_set_text(value, "wording", act->wording, page->p);
    pd_value_set_text(value, "number", act->id, page->p);
    pd_value_set_text(value, "form", act->form, page->p);
    pd_value_set_text(value, "address", act->address, page->p);
    pd_value_set_text(value, "agent", act->agent, page->p);
    return value;
}

/* What would follow if it were taken back now: by when all is done, and whether the account stands
 * on an appointment as well. */
static apr_status_t set_consequences(pd_page_t *page)
{
    apr_time_t due_at;
    apr_status_t rv = pd_withdrawal_due(&due_at, page->portal, pd_clock_now(), page->p);
    if (rv == APR_SUCCESS) {
        pd_page_date(page, page->values, "due", due_at);
    }
    pd_page_true(page, "appointed", *page->session->roles != '\0');
    return rv;
}

static const char *withdraw_wording(const pd_page_t *page)
{
    return pd_page_wording(page, "wording-withdraw.txt", 0);
}

/* Newest first: what is looked for most is what has just been done. */
static int show_list(pd_page_t *page, const apr_array_header_t *consents,
                     const apr_array_header_t *acts)
{
    pd_value_t *list = pd_value_list(page->p), *history = pd_value_list(page->p);
    for (int i = 0; i < consents->nelts; i++) {
        pd_value_t *value = pd_value_map(page->p);
        set_consent(page, value, &APR_ARRAY_IDX(consents, i, pd_consent_t));
        pd_value_add(list, value);
    }
    for (int i = acts->nelts - 1; i >= 0; i--) {
        pd_value_add(history, record_value(page, &APR_ARRAY_IDX(acts, i, pd_act_t)));
    }
    pd_value_set(page->values, "consents", list);
    pd_value_set(page->values, "history", history);
    pd_page_text(page, "zone", page->site->settings->time_zone);
    pd_page_text(page, "withdraw_wording", withdraw_wording(page));
    pd_page_form_token(page, "withdraw");
    return pd_page_show(page, "consents.html", HTTP_OK);
}

int pd_web_consents(pd_page_t *page)
{
    pd_person_t person;
    apr_array_header_t *acts, *consents;
    apr_status_t rv = pd_person_get(&person, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) {
        rv = pd_act_list(&acts, page->portal, person.id, person.key, page->p);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_consent_list(&consents, page->portal, person.id, acts, page->language, page->p);
    }
    if (rv == APR_SUCCESS) {
        rv = set_consequences(page);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    return show_list(page, consents, acts);
}

/* The consent that the path names. */
static apr_status_t find_consent(pd_page_t *page, pd_consent_t *consent)
{
    pd_person_t person;
    apr_status_t rv = pd_person_get(&person, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) {
        rv = pd_consent_get(consent, page->portal, &person, page->kind, page->language, page->p);
    }
    return rv;
}

static int not_found(pd_page_t *page, apr_status_t rv)
{
    return rv == APR_ENOENT ? pd_page_error(page, HTTP_NOT_FOUND) : pd_page_failure(page, rv);
}

static const char *box_of(const pd_page_t *page)
{
    return apr_pstrcat(page->p, "consent_", page->kind, NULL);
}

static const char *return_target(const pd_page_t *page)
{
    return pd_url_target(pd_form_get(page->form, "return"), page->p);
}

/* The text in force with its box. */
static apr_status_t add_form(pd_page_t *page)
{
    pd_document_t document;
    apr_status_t rv =
        pd_document_current(&document, page->portal, page->kind, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    page->box = box_of(page);
    pd_page_true(page, "asked", 1);
    pd_page_text(page, "box", page->box);
    pd_page_text(page, "body", document.html);
    pd_page_text(page, "doc_lang", document.language);
    pd_value_set_number(page->values, "doc_version", document.version, page->p);
    pd_page_date(page, page->values, "effective", document.effective_at);
    const char *wording =
        pd_page_consent_wording(page, page->kind, document.title, document.version);
    pd_page_text(page, "shown", pd_document_shown(&document, page->language, wording, page->p));
    pd_page_text(page, "wording", wording);
    pd_page_text(page, "return_to", return_target(page));
    pd_page_form_token(page, "consent");
    return APR_SUCCESS;
}

static int show_consent(pd_page_t *page, int status)
{
    pd_consent_t consent;
    apr_status_t rv = find_consent(page, &consent);
    if (rv != APR_SUCCESS) {
        return not_found(page, rv);
    }
    set_consent(page, page->values, &consent);
    pd_page_true(page, "no_ground", !pd_consent_has_ground(page->session));
    if (consent.version != 0 && (!pd_consent_stands(&consent) || pd_consent_outgrown(&consent))) {
        rv = add_form(page);
    }
    return rv == APR_SUCCESS ? pd_page_show(page, "consent.html", status)
                             : pd_page_failure(page, rv);
}

int pd_web_consent_form(pd_page_t *page)
{
    return show_consent(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static pd_consent_form_t read_form(const pd_page_t *page)
{
    return (pd_consent_form_t){.kind = page->kind,
                               .language = page->language,
                               .shown = pd_form_get(page->form, "shown"),
                               .address = page->r->useragent_ip,
                               .agent = apr_table_get(page->r->headers_in, "User-Agent")};
}

int pd_web_consent(pd_page_t *page)
{
    pd_document_t document;
    pd_consent_e outcome;
    pd_consent_form_t form = read_form(page);
    if (pd_form_get(page->form, box_of(page)) == NULL) {
        pd_page_mistake(page, box_of(page), "consent_unticked");
        return show_consent(page, HTTP_UNPROCESSABLE_ENTITY);
    }
    apr_status_t rv =
        pd_document_current(&document, page->portal, page->kind, page->language, page->p);
    if (rv == APR_SUCCESS) {
        form.wording = pd_page_consent_wording(page, page->kind, document.title, document.version);
        rv = pd_consent_give(&outcome, page->portal, page->session->person_id, &form, page->p);
    }
    if (rv != APR_SUCCESS) {
        return not_found(page, rv);
    }
    if (outcome == PD_CONSENT_CHANGED) {
        page->stale = page->text_changed = 1;
        return show_consent(page, HTTP_FORBIDDEN);
    }
    if (outcome == PD_CONSENT_LIMITED) {
        pd_page_limited(page, PD_CONSENT_LIMIT_SECS);
        return show_consent(page, HTTP_TOO_MANY_REQUESTS);
    }
    const char *target = return_target(page);
    return pd_page_go(page, target ? target : consent_path(page, page->kind, ""));
}

int pd_web_withdraw_form(pd_page_t *page)
{
    pd_consent_t consent;
    apr_status_t rv = find_consent(page, &consent);
    if (rv == APR_SUCCESS && !pd_consent_stands(&consent)) {
        return pd_page_go(page, consent_path(page, page->kind, ""));
    }
    if (rv == APR_SUCCESS) {
        rv = set_consequences(page);
    }
    if (rv != APR_SUCCESS) {
        return not_found(page, rv);
    }
    set_consent(page, page->values, &consent);
    pd_page_text(page, "withdraw_wording", withdraw_wording(page));
    pd_page_form_token(page, "withdraw");
    return pd_page_show(page, "withdraw.html", page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_withdraw(pd_page_t *page)
{
    pd_consent_e outcome;
    pd_consent_form_t form = read_form(page);
    form.wording = withdraw_wording(page);
    apr_status_t rv =
        pd_consent_withdraw(&outcome, page->portal, page->session->person_id, &form, page->p);
    if (rv != APR_SUCCESS) {
        return not_found(page, rv);
    }
    return pd_page_go(page, consent_path(page, page->kind, ""));
}
