/* What people change of their accounts: login, e-mail address, password (F14). Each page opens only
 * shortly after a sign-in; each change is told by a letter. */
#include <apr_strings.h>
#include "portal/pd_email_change.h"
#include "portal/pd_former_name.h"
#include "portal/pd_login_change.h"
#include "portal/pd_password_change.h"
#include "portal/pd_person.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static int status_of_form(const pd_page_t *page)
{
    return page->stale ? HTTP_FORBIDDEN : HTTP_OK;
}

static int limited(pd_page_t *page, int retry_after, int (*show)(pd_page_t *page, int status))
{
    pd_page_limited(page, retry_after);
    return show(page, HTTP_TOO_MANY_REQUESTS);
}

static int mistaken(pd_page_t *page, const char *field, const char *code,
                    int (*show)(pd_page_t *page, int status))
{
    pd_page_mistake(page, field, code);
    return show(page, HTTP_UNPROCESSABLE_ENTITY);
}

/* A session that ended meanwhile changes nothing more. */
static int failed(pd_page_t *page, apr_status_t rv)
{
    return rv == APR_ENOENT ? pd_page_go(page, pd_page_path(page, "login"))
                            : pd_page_failure(page, rv);
}

static int show_login(pd_page_t *page, int status)
{
    const char *typed = pd_form_get(page->form, "login");
    pd_page_text(page, "login_value", typed ? typed : page->session->login);
    pd_value_set_number(page->values, "reserved_days", PD_LOGIN_RESERVED_DAYS, page->p);
    pd_page_form_token(page, "change-login");
    return pd_page_show(page, "change-login.html", status);
}

int pd_web_change_login_form(pd_page_t *page)
{
    return show_login(page, status_of_form(page));
}

int pd_web_change_login(pd_page_t *page)
{
    pd_login_change_e outcome;
    const char *mistake;
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    apr_status_t rv = pd_login_change(&outcome, &mistake, &retry_after, page->portal, &client,
                                      page->session->person_id,
                                      pd_form_get_trimmed(page->form, "login", page->p), page->p);
    if (rv != APR_SUCCESS) {
        return failed(page, rv);
    }
    switch (outcome) {
    case PD_LOGIN_CHANGE_LIMITED:
        return limited(page, retry_after, show_login);
    case PD_LOGIN_CHANGE_MISTAKE:
        return mistaken(page, "login", mistake, show_login);
    case PD_LOGIN_CHANGED:
        break;
    }
    return pd_page_go(page, pd_page_path(page, "account/?notice=login-changed"));
}

static int show_password(pd_page_t *page, int status)
{
    apr_int64_t min_chars;
    apr_status_t rv =
        pd_password_change_look(&min_chars, page->portal, page->session->person_id, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_text(page, "login_value", page->session->login);
    pd_value_set_number(page->values, "password_min", min_chars, page->p);
    pd_page_form_token(page, "change-password");
    return pd_page_show(page, "change-password.html", status);
}

int pd_web_change_password_form(pd_page_t *page)
{
    return show_password(page, status_of_form(page));
}

/* The cookie gets its new token with the answer that tells of the change. */
int pd_web_change_password(pd_page_t *page)
{
    pd_password_changed_t result;
    const pd_client_t client = pd_page_client(page);
    const char *typed = pd_form_get(page->form, "password");
    apr_status_t rv = pd_password_change(&result, page->portal, &client, page->session,
                                         typed ? typed : "", page->p);
    if (rv != APR_SUCCESS) {
        return failed(page, rv);
    }
    switch (result.outcome) {
    case PD_PASSWORD_CHANGE_LIMITED:
        return limited(page, result.retry_after, show_password);
    case PD_PASSWORD_CHANGE_MISTAKE:
        return mistaken(page, "password", result.mistake, show_password);
    case PD_PASSWORD_CHANGED:
        break;
    }
    pd_page_set_session(page, result.token);
    pd_visitor_signed_in(page);
    return pd_page_go(page, pd_page_path(page, "account/?notice=password-changed"));
}

static int show_email(pd_page_t *page, int status)
{
    pd_email_change_view_t view;
    apr_status_t rv = pd_email_change_look(&view, page->portal, page->session->person_id, page->p);
    if (rv != APR_SUCCESS) {
        return failed(page, rv);
    }
    pd_page_text(page, "person_email", view.email);
    pd_page_text(page, "wanted", view.wanted);
    pd_page_true(page, "waiting", view.wanted != NULL);
    pd_page_text(page, "email_value", pd_form_get(page->form, "email"));
    pd_page_form_token(page, "change-email");
    return pd_page_show(page, "change-email.html", status);
}

int pd_web_change_email_form(pd_page_t *page)
{
    return show_email(page, status_of_form(page));
}

static int is_code(const pd_page_t *page)
{
    const char *act = pd_form_get(page->form, "act");
    return act != NULL && strcmp(act, "prove") == 0;
}

static apr_status_t change_email(pd_email_changed_t *result, pd_page_t *page)
{
    const pd_client_t client = pd_page_client(page);
    const char *id = page->session->person_id;
    if (is_code(page)) {
        return pd_email_change_prove(result, page->portal, &client, id,
                                     pd_form_get_trimmed(page->form, "code", page->p), page->p);
    }
    return pd_email_change_ask(result, page->portal, &client, id,
                               pd_form_get_trimmed(page->form, "email", page->p), page->p);
}

/* Which of the two forms a mistake belongs to: one about the address stands at the address. */
static const char *field_of(const pd_page_t *page, const char *mistake)
{
    return is_code(page) && strncmp(mistake, "email_", 6) != 0 ? "code" : "email";
}

int pd_web_change_email(pd_page_t *page)
{
    pd_email_changed_t result;
    apr_status_t rv = change_email(&result, page);
    if (rv != APR_SUCCESS) {
        return failed(page, rv);
    }
    switch (result.outcome) {
    case PD_EMAIL_LIMITED:
        return limited(page, result.retry_after, show_email);
    case PD_EMAIL_MISTAKE:
        return mistaken(page, field_of(page, result.mistake), result.mistake, show_email);
    case PD_EMAIL_GONE:
        pd_page_true(page, "gone", 1);
        return show_email(page, HTTP_UNPROCESSABLE_ENTITY);
    case PD_EMAIL_ASKED:
        return pd_page_go(page, pd_page_path(page, "account/email"));
    case PD_EMAIL_CHANGED:
        break;
    }
    return pd_page_go(page, pd_page_path(page, "account/?notice=email-changed"));
}
