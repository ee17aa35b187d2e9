/* Confirmation (F02, F04). The link's first GET moves the token from the URL into the form cookie
 * and changes nothing else, however many scanners open it; confirming is a POST with a proof. */
#include <apr_strings.h>
#include "portal/pd_registration.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static void show_state(pd_page_t *page, const pd_confirm_view_t *view)
{
    pd_page_true(page, "none", view->state == PD_CONFIRM_NONE);
    pd_page_true(page, "waiting", view->state == PD_CONFIRM_WAITING);
    pd_page_true(page, "ready", view->state == PD_CONFIRM_READY);
    pd_page_true(page, "needs_proof", view->state == PD_CONFIRM_NEEDS_PROOF);
    pd_page_true(page, "needs_login", view->state == PD_CONFIRM_NEEDS_LOGIN);
    pd_page_true(page, "done", view->state == PD_CONFIRM_DONE);
    pd_page_true(page, "resend_allowed", view->resend_allowed);
}

static int show_form(pd_page_t *page, int status)
{
    pd_confirm_view_t view;
    apr_status_t rv =
        pd_confirm_look(&view, page->portal, page->kept.link_token, page->kept.browser, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    show_state(page, &view);
    pd_page_text(page, "login_value", pd_form_get(page->form, "login"));
    pd_page_form_token(page, "confirm");
    return pd_page_show(page, "confirm.html", status);
}

int pd_web_confirm_form(pd_page_t *page)
{
    const char *token = pd_form_get(page->query, "t");
    if (token != NULL && !page->stale) {
        return pd_visitor_take_link(page, token);
    }
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int limited(pd_page_t *page, int retry_after)
{
    pd_page_limited(page, retry_after);
    return show_form(page, HTTP_TOO_MANY_REQUESTS);
}

static int resend(pd_page_t *page, const pd_confirm_form_t *form)
{
    int retry_after;
    apr_status_t rv = pd_confirm_resend(&retry_after, page->portal, form, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (retry_after) {
        return limited(page, retry_after);
    }
    /* The old link is void; what the cookie keeps of it would only mislead. */
    page->kept.link_token = NULL;
    pd_visitor_write(page);
    pd_page_true(page, "resent", 1);
    return show_form(page, HTTP_OK);
}

static int confirmed(pd_page_t *page, const char *return_to)
{
    page->kept.link_token = NULL;
    pd_visitor_write(page);
    return pd_page_go(page, apr_pstrcat(page->p, pd_page_path(page, "login?notice=confirmed"),
                                        *return_to ? "&return=" : "",
                                        pd_url_encode(return_to, page->p), NULL));
}

static int mistaken(pd_page_t *page, const char *field, const char *code)
{
    pd_page_mistake(page, field, code);
    return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
}

static int answer(pd_page_t *page, pd_confirm_outcome_e outcome, const char *return_to,
                  const char *mistake, int retry_after)
{
    switch (outcome) {
    case PD_CONFIRMED:
        return confirmed(page, return_to);
    case PD_CONFIRM_WRONG:
        return mistaken(page, "code", "proof_wrong");
    case PD_CONFIRM_EXHAUSTED:
        return mistaken(page, "code", "proof_exhausted");
    case PD_CONFIRM_LOGIN_TAKEN:
        return mistaken(page, "login", "login_taken");
    case PD_CONFIRM_LOGIN_BAD:
        return mistaken(page, "login", mistake);
    case PD_CONFIRM_LIMITED:
        return limited(page, retry_after);
    case PD_CONFIRM_ALREADY:
    case PD_CONFIRM_GONE:
        break;
    }
    return show_form(page, HTTP_OK);
}

int pd_web_confirm(pd_page_t *page)
{
    const char *act = pd_form_get(page->form, "act");
    const char *return_to = "", *mistake = NULL;
    pd_confirm_outcome_e outcome;
    int retry_after;
    pd_confirm_form_t form = {.token = page->kept.link_token,
                              .browser = page->kept.browser,
                              .address = page->r->useragent_ip,
                              .code = pd_form_get_trimmed(page->form, "code", page->p),
                              .password = pd_form_get(page->form, "password"),
                              .login = pd_form_get_trimmed(page->form, "login", page->p)};
    if (act != NULL && strcmp(act, "resend") == 0) {
        return resend(page, &form);
    }
    apr_status_t rv = pd_confirm_submit(&outcome, &return_to, &mistake, &retry_after, page->portal,
                                        &form, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    return answer(page, outcome, return_to, mistake, retry_after);
}
