/* "That was not me" (F20), by the link of the letter that told of a sign-in, or from its notice in
 * the inbox. The first GET of the link moves its token into the form cookie and changes nothing;
 * the button ends everything and leads on to a new password, with a link of its own whose token
 * takes its place in the cookie. */
#include "portal/pd_unusual.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static int show_form(pd_page_t *page, int status)
{
    pd_link_e link;
    const char *person_id;
    apr_status_t rv = pd_link_look(&link, &person_id, page->portal, page->kept.link_token,
                                   PD_LINK_NOT_ME, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", link == PD_LINK_GOOD);
    pd_page_true(page, "used", link == PD_LINK_USED);
    pd_page_true(page, "none", link == PD_LINK_NONE);
    pd_page_form_token(page, "not-me");
    return pd_page_show(page, "not-me.html", status);
}

int pd_web_not_me_form(pd_page_t *page)
{
    const char *token = pd_form_get(page->query, "t");
    if (token != NULL && !page->stale) {
        return pd_visitor_take_link(page, token);
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_not_me(pd_page_t *page)
{
    const char *fresh;
    apr_status_t rv = pd_disown(&fresh, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (fresh == NULL) {
        return show_form(page, HTTP_OK); /* which says why not */
    }
    page->kept.link_token = fresh;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, "reset"));
}

int pd_web_disown_form(pd_page_t *page)
{
    pd_page_true(page, "ready", 1);
    pd_page_true(page, "by_account", 1);
    pd_page_form_token(page, "disown");
    return pd_page_show(page, "not-me.html", page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_disown(pd_page_t *page)
{
    const char *fresh;
    apr_status_t rv = pd_disown_own(&fresh, page->portal, page->session->person_id, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_set_session(page, NULL);
    pd_visitor_signed_out(page);
    page->kept.link_token = fresh;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, "reset?notice=disowned"));
}
