/* Registration (F01-F04): the form, and what comes of it. The text of each box is rendered first,
 * shown, and recorded as it was shown. */
#include <apr_strings.h>
#include "crypt/pd_hash.h"
#include "portal/pd_document.h"
#include "portal/pd_registration.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"

/* Both texts in force, and the words of their boxes, into `form`. APR_ENOENT: registration is
 * closed. */
static apr_status_t find_wordings(pd_page_t *page, pd_registration_form_t *form)
{
    pd_document_t document;
    apr_status_t rv =
        pd_document_current(&document, page->portal, PD_DOCUMENT_POLICY, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_value_set_number(page->values, "policy_version", document.version, page->p);
    form->policy_version = document.version;
    form->policy_wording = pd_page_wording(page, "wording-policy.txt", document.version);
    rv = pd_document_current(&document, page->portal, PD_DOCUMENT_PROCESSING, page->language,
                             page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_value_set_number(page->values, "consent_version", document.version, page->p);
    form->consent_version = document.version;
    form->consent_wording = pd_page_wording(page, "wording-processing.txt", document.version);
    return APR_SUCCESS;
}

/* What the form shows, as "ru/3/1/HASH": language, policy, consent, the words of both boxes. It
 * comes back with the form, so that nobody agrees to what was not before his eyes. */
static const char *texts_shown(const pd_page_t *page, const pd_registration_form_t *form)
{
    const char *words =
        apr_pstrcat(page->p, form->policy_wording, "\n", form->consent_wording, NULL);
    return apr_psprintf(page->p, "%s/%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT "/%s", page->language,
                        form->policy_version, form->consent_version,
                        pd_hash_sha256(words, strlen(words), page->p));
}

static const char *return_target(const pd_page_t *page)
{
    const char *target = pd_url_target(pd_form_get(page->form, "return"), page->p);
    return target ? target : "";
}

/* Shows the form with what was typed before, never the password. */
static int show_form(pd_page_t *page, int status)
{
    pd_registration_form_t form = {0};
    apr_status_t rv = find_wordings(page, &form);
    if (rv != APR_SUCCESS && rv != APR_ENOENT) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "closed", rv == APR_ENOENT);
    pd_page_text(page, "shown", rv == APR_SUCCESS ? texts_shown(page, &form) : "");
    pd_page_text(page, "policy_wording", form.policy_wording);
    pd_page_text(page, "consent_wording", form.consent_wording);
    pd_page_text(page, "return_to", return_target(page));
    pd_page_text(page, "login_value", pd_form_get(page->form, "login"));
    pd_page_text(page, "email_value", pd_form_get(page->form, "email"));
    pd_page_true(page, "policy_checked", !page->stale && pd_form_get(page->form, "policy") != NULL);
    page->box =
        "consent_processing"; /* a consent is ticked by hand each time, after mistakes too */
    pd_value_set_number(page->values, "password_min", page->site->settings->password_min, page->p);
    pd_page_form_token(page, "register");
    return pd_page_show(page, "register.html", status);
}

int pd_web_register_form(pd_page_t *page)
{
    if (page->session != NULL) {
        return pd_page_go(page, pd_page_path(page, "account/"));
    }
    if (!page->stale) {
        page->form = page->query;
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int show_mistakes(pd_page_t *page, const apr_array_header_t *mistakes)
{
    for (int i = 0; i < mistakes->nelts; i++) {
        const pd_mistake_t *mistake = &APR_ARRAY_IDX(mistakes, i, pd_mistake_t);
        pd_page_mistake(page, mistake->field, mistake->code);
    }
    return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
}

/* The form was shown with other texts or words than there are now, or in another language. */
static int texts_changed(const pd_page_t *page, const pd_registration_form_t *form)
{
    const char *shown = pd_form_get(page->form, "shown");
    return shown == NULL || strcmp(shown, texts_shown(page, form)) != 0;
}

static void read_form(pd_registration_form_t *form, const pd_page_t *page)
{
    const char *password = pd_form_get(page->form, "password");
    form->login = pd_form_get_trimmed(page->form, "login", page->p);
    form->email = pd_form_get_trimmed(page->form, "email", page->p);
    form->password = password ? password : "";
    form->policy = pd_form_get(page->form, "policy") != NULL;
    form->consent = pd_form_get(page->form, "consent_processing") != NULL;
    form->language = page->language;
    form->return_to = return_target(page);
    form->browser = page->kept.browser;
    form->address = page->r->useragent_ip;
    form->agent = apr_table_get(page->r->headers_in, "User-Agent");
}

int pd_web_register(pd_page_t *page)
{
    pd_registration_form_t form = {0};
    pd_registration_e outcome;
    apr_array_header_t *mistakes;
    int retry_after;
    apr_status_t rv = find_wordings(page, &form);
    if (rv != APR_SUCCESS) {
        return rv == APR_ENOENT ? show_form(page, HTTP_OK) : pd_page_failure(page, rv);
    }
    if (texts_changed(page, &form)) {
        page->stale = 1;
        return show_form(page, HTTP_FORBIDDEN);
    }
    read_form(&form, page);
    rv = pd_registration_begin(&outcome, &mistakes, &retry_after, page->portal, &form, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (outcome) {
    case PD_REGISTRATION_BEGUN:
        return pd_page_go(page, pd_page_path(page, "confirm"));
    case PD_REGISTRATION_MISTAKES:
        return show_mistakes(page, mistakes);
    case PD_REGISTRATION_LIMITED:
        pd_page_limited(page, retry_after);
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    case PD_REGISTRATION_CHANGED:
        page->stale = 1;
        return show_form(page, HTTP_FORBIDDEN);
    case PD_REGISTRATION_CLOSED:
        break;
    }
    return show_form(page, HTTP_OK);
}
