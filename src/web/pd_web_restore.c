/* Bringing a former e-mail address back (F14). As with a confirmation, the link's first GET moves
 * the token from the URL into the form cookie and changes nothing else; the act is a POST, and
 * leads on to a new password. */
#include "portal/pd_email_restore.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static int show_form(pd_page_t *page, int status)
{
    pd_email_restore_view_t view;
    apr_status_t rv = pd_email_restore_look(&view, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", view.link == PD_LINK_GOOD);
    pd_page_true(page, "used", view.link == PD_LINK_USED);
    pd_page_true(page, "none", view.link == PD_LINK_NONE);
    pd_page_text(page, "email_value", view.email);
    pd_page_true(page, "closing", view.closing);
    pd_page_form_token(page, "restore");
    return pd_page_show(page, "restore.html", status);
}

int pd_web_restore_form(pd_page_t *page)
{
    const char *token = pd_form_get(page->query, "t");
    if (token != NULL && !page->stale) {
        return pd_visitor_take_link(page, token);
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

/* All sessions have ended: this browser's too, if it was signed in to this account. */
static int set_password(pd_page_t *page, const char *token)
{
    page->kept.link_token = token;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, "reset?notice=restored"));
}

int pd_web_restore(pd_page_t *page)
{
    pd_email_restore_e outcome;
    const char *password_token;
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    apr_status_t rv = pd_email_restore(&outcome, &password_token, &retry_after, page->portal,
                                       &client, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (outcome) {
    case PD_EMAIL_RESTORED:
        return set_password(page, password_token);
    case PD_EMAIL_RESTORE_LIMITED:
        pd_page_limited(page, retry_after);
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    case PD_EMAIL_RESTORE_TAKEN:
        pd_page_true(page, "taken", 1);
        return show_form(page, HTTP_CONFLICT);
    case PD_EMAIL_RESTORE_GONE:
        break;
    }
    return show_form(page, HTTP_OK); /* which says so */
}
