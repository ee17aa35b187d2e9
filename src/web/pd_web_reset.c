/* Setting a password by a one-time link. As with a confirmation, the link's first GET moves the
 * token from the URL into the form cookie and changes nothing else; setting is a POST. */
#include <string.h>
#include "portal/pd_password_set.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

/* What led to the form: a password that has to be replaced, an address that was brought back, a
 * sign-in that was somebody else's. */
static void show_reason(pd_page_t *page, const pd_password_view_t *view)
{
    const char *notice = pd_form_get(page->query, "notice");
    int restored = notice != NULL && strcmp(notice, "restored") == 0;
    int disowned = notice != NULL && strcmp(notice, "disowned") == 0;
    pd_page_true(page, "restored", restored);
    pd_page_true(page, "disowned", disowned);
    pd_page_true(page, "expired", view->expired);
    pd_page_true(page, "by_link", !restored && !disowned && !view->expired);
}

/* Where a sign-in was to lead that ended here. */
static const char *return_target(const pd_page_t *page)
{
    return pd_url_target(pd_form_get(page->form, "return"), page->p);
}

static int show_form(pd_page_t *page, int status)
{
    pd_password_view_t view;
    apr_status_t rv = pd_password_look(&view, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", view.link == PD_LINK_GOOD);
    pd_page_true(page, "used", view.link == PD_LINK_USED);
    pd_page_true(page, "none", view.link == PD_LINK_NONE);
    show_reason(page, &view);
    pd_page_text(page, "login_value", view.login);
    pd_page_text(page, "return_to", return_target(page));
    pd_value_set_number(page->values, "password_min", view.min_chars, page->p);
    pd_page_form_token(page, "reset");
    return pd_page_show(page, "reset.html", status);
}

int pd_web_reset_form(pd_page_t *page)
{
    const char *token = pd_form_get(page->query, "t");
    if (token != NULL && !page->stale) {
        return pd_visitor_take_link(page, token);
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int done(pd_page_t *page)
{
    page->kept.link_token = NULL;
    pd_visitor_write(page);
    return pd_page_go(page,
                      pd_page_path_back(page, "login?notice=password-set", return_target(page)));
}

int pd_web_reset(pd_page_t *page)
{
    pd_password_set_e outcome;
    const char *mistake;
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    const char *typed = pd_form_get(page->form, "password");
    apr_status_t rv = pd_password_set(&outcome, &mistake, &retry_after, page->portal, &client,
                                      page->kept.link_token, typed ? typed : "", page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (outcome) {
    case PD_PASSWORD_SET:
        return done(page);
    case PD_PASSWORD_MISTAKE:
        pd_page_mistake(page, "password", mistake);
        return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
    case PD_PASSWORD_LIMITED:
        pd_page_limited(page, retry_after);
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    case PD_PASSWORD_LINK_GONE:
        break;
    }
    return show_form(page, HTTP_OK); /* which says so */
}
