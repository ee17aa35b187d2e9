/* Closing one's account and recalling it (F21). What is kept and what is destroyed is said before;
 * the recall is a one-time link, from the letter or from a sign-in, whose first GET changes
 * nothing. Who is blocked closes the account by the link of a sign-in. */
#include "portal/pd_closing.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static int show_close(pd_page_t *page, int status, int appointed)
{
    apr_time_t due_at;
    apr_status_t rv = pd_closing_due(&due_at, page->portal, page->session->person_id, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_date(page, page->values, "due", due_at);
    pd_page_true(page, "appointed", appointed || *page->session->roles != '\0');
    pd_page_form_token(page, "close");
    return pd_page_show(page, "close.html", status);
}

int pd_web_close_form(pd_page_t *page)
{
    return show_close(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK, 0);
}

int pd_web_close(pd_page_t *page)
{
    pd_closing_e outcome;
    apr_status_t rv = pd_closing_begin(&outcome, page->portal, page->session->person_id,
                                       PD_CLOSING_REQUEST, "person", page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (outcome == PD_CLOSING_APPOINTED) {
        return show_close(page, HTTP_CONFLICT, 1);
    }
    pd_page_set_session(page, NULL);
    pd_visitor_signed_out(page);
    return pd_page_go(page, pd_page_path(page, "closed"));
}

int pd_web_closed(pd_page_t *page)
{
    return pd_page_show(page, "closed.html", HTTP_OK);
}

static int show_recall(pd_page_t *page, int status)
{
    apr_time_t due_at;
    apr_status_t rv = pd_closing_look(&due_at, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", due_at != 0);
    pd_page_true(page, "none", due_at == 0);
    if (due_at != 0) {
        pd_page_date(page, page->values, "due", due_at);
    }
    pd_page_form_token(page, "recall");
    return pd_page_show(page, "recall.html", status);
}

int pd_web_recall_form(pd_page_t *page)
{
    const char *token = pd_form_get(page->query, "t");
    if (token != NULL && !page->stale) {
        return pd_visitor_take_link(page, token);
    }
    return show_recall(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_recall(pd_page_t *page)
{
    int recalled;
    apr_status_t rv = pd_closing_recall(&recalled, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (!recalled) {
        return show_recall(page, HTTP_OK); /* which says so */
    }
    page->kept.link_token = NULL;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, "recalled"));
}

int pd_web_recalled(pd_page_t *page)
{
    return pd_page_show(page, "recalled.html", HTTP_OK);
}

static int show_blocked(pd_page_t *page, int status)
{
    pd_closing_offer_t offer;
    apr_status_t rv = pd_closing_blocked_look(&offer, page->portal, page->kept.link_token, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", offer.due_at != 0);
    pd_page_true(page, "none", offer.due_at == 0);
    pd_page_true(page, "needs_code", offer.needs_code);
    pd_page_true(page, "appointed", offer.appointed);
    pd_page_true(page, "in_doubt", offer.in_doubt && !offer.appointed);
    if (offer.due_at != 0) {
        pd_page_date(page, page->values, "due", offer.due_at);
    }
    pd_page_form_token(page, "blocked");
    return pd_page_show(page, "blocked.html", status);
}

int pd_web_blocked_form(pd_page_t *page)
{
    return show_blocked(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_blocked(pd_page_t *page)
{
    pd_closing_blocked_t result;
    const pd_client_t client = pd_page_client(page);
    apr_status_t rv = pd_closing_blocked(&result, page->portal, &client, page->kept.link_token,
                                         pd_form_get(page->form, "code"), page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (result.outcome) {
    case PD_CLOSING_LIMITED:
        pd_page_limited(page, result.retry_after);
        return show_blocked(page, HTTP_TOO_MANY_REQUESTS);
    case PD_CLOSING_CODE:
        pd_page_mistake(page, "code", "factor_wrong");
        return show_blocked(page, HTTP_UNPROCESSABLE_ENTITY);
    case PD_CLOSING_APPOINTED:
    case PD_CLOSING_IN_DOUBT:
        return show_blocked(page, HTTP_CONFLICT);
    case PD_CLOSING_ALREADY:
        return show_blocked(page, HTTP_OK); /* which says so */
    case PD_CLOSING_BEGUN:
        break;
    }
    page->kept.link_token = NULL;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, "closed"));
}
