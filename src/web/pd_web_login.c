/* Sign-in and sign-out (F05, F09, F10). Wrong login, wrong password and not confirmed look the
 * same. Whoever gives the right one of an account that is blocked or being closed may learn of it.
 */
#include "portal/pd_session.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static const char *return_target(const pd_page_t *page)
{
    return pd_url_target(pd_form_get(page->form, "return"), page->p);
}

static int after_sign_in(pd_page_t *page)
{
    const char *target = return_target(page);
    return pd_page_go(page, target ? target : pd_page_path(page, "account/"));
}

static void show_notice(pd_page_t *page)
{
    static const char *const notices[][2] = {
        {"confirmed", "confirmed"}, {"password-set", "password_set"}, {"signed-out", "signed_out"}};
    const char *notice = pd_form_get(page->query, "notice");
    if (page->session != NULL) {
        pd_page_true(page, "again", 1);
        return;
    }
    for (size_t i = 0; notice != NULL && i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (strcmp(notice, notices[i][0]) == 0) {
            pd_page_true(page, notices[i][1], 1);
            return;
        }
    }
    pd_page_true(page, "needed", return_target(page) != NULL);
}

static int show_form(pd_page_t *page, int status)
{
    show_notice(page);
    pd_page_text(page, "return_to", return_target(page));
    pd_page_text(page, "login_value", pd_form_get(page->form, "login"));
    pd_page_form_token(page, "login");
    return pd_page_show(page, "login.html", status);
}

int pd_web_login_form(pd_page_t *page)
{
    /* Signed in too long ago for the page asked for: the password is asked once more. */
    if (page->session != NULL && pd_form_get(page->query, "again") == NULL && !page->stale) {
        return after_sign_in(page);
    }
    if (!page->stale && pd_visitor_lost_session(page)) {
        /* Said once: a session may also have gone because the browser was closed. */
        pd_visitor_signed_out(page);
        pd_page_true(page, "lost", 1);
        return pd_web_cookies_needed(page, HTTP_OK);
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int go_with_link(pd_page_t *page, const char *token, const char *path)
{
    page->kept.link_token = token;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, path));
}

int pd_web_login(pd_page_t *page)
{
    pd_sign_in_t result;
    pd_client_t client = pd_page_client(page);
    const char *login = pd_form_get_trimmed(page->form, "login", page->p);
    const char *password = pd_form_get(page->form, "password");
    apr_status_t rv = pd_session_begin(&result, page->portal, &client, login,
                                       password ? password : "", page->visit->token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (result.outcome) {
    case PD_SIGN_IN_LIMITED:
        pd_page_limited(page, result.retry_after);
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    case PD_SIGN_IN_REFUSED:
        pd_page_mistake(page, "login", "sign_in_refused");
        return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
    case PD_SIGN_IN_EXPIRED:
        page->kept.link_token = result.token;
        pd_visitor_write(page);
        return pd_page_go(page, pd_page_path_back(page, "reset", return_target(page)));
    case PD_SIGN_IN_CLOSING:
        return go_with_link(page, result.token, "recall");
    case PD_SIGN_IN_BLOCKED:
        return go_with_link(page, result.token, "blocked");
    case PD_SIGNED_IN:
        break;
    }
    pd_page_set_session(page, result.token);
    pd_visitor_signed_in(page);
    /* Whoever has the password alone is shown nothing, and uses nothing up. */
    return result.needs_code ? after_sign_in(page)
                             : pd_web_coming_first(page, result.person_id, return_target(page));
}

int pd_web_logout(pd_page_t *page)
{
    if (page->visit->token != NULL) {
        apr_status_t rv = pd_session_end(page->portal, page->visit->token, page->p);
        if (rv != APR_SUCCESS) {
            return pd_page_failure(page, rv); /* still signed in: say so, don't pretend */
        }
    }
    pd_page_set_session(page, NULL);
    pd_visitor_signed_out(page);
    /* Pages kept by the browser go too. Not "cookies": those of the site around are not ours. */
    apr_table_setn(page->r->err_headers_out, "Clear-Site-Data", "\"cache\", \"storage\"");
    return pd_page_go(page, pd_page_path(page, "login?notice=signed-out"));
}

/* A foreign or old sign-out form: the error page carries a fresh sign-out button. */
int pd_web_logout_again(pd_page_t *page)
{
    return pd_page_error(page, HTTP_FORBIDDEN);
}
