/* The second factor (F15): its code at sign-in, and turning it on and off. */
#include <apr_strings.h>
#include "crypt/pd_token.h"
#include "portal/pd_factor.h"
#include "text/pd_qr.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static const char *return_target(const pd_page_t *page)
{
    const char *raw = pd_form_get(page->form, "return");
    return pd_url_target(raw ? raw : pd_form_get(page->query, "return"), page->p);
}

static int go_on(pd_page_t *page)
{
    const char *target = return_target(page);
    return pd_page_go(page, target ? target : pd_page_path(page, "account/"));
}

int pd_web_factor_needless(pd_page_t *page)
{
    return go_on(page);
}

/* What went wrong with a code; the status of the form that is shown again. */
static int explain(pd_page_t *page, const pd_factor_result_t *result)
{
    if (result->outcome == PD_FACTOR_LIMITED) {
        pd_page_limited(page, result->retry_after);
        return HTTP_TOO_MANY_REQUESTS;
    }
    pd_page_mistake(page, "code", "factor_wrong");
    return HTTP_UNPROCESSABLE_ENTITY;
}

static int show_form(pd_page_t *page, int status)
{
    pd_page_text(page, "return_to", return_target(page));
    pd_page_form_token(page, "factor");
    return pd_page_show(page, "second-factor.html", status);
}

int pd_web_factor_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

int pd_web_factor_enter(pd_page_t *page)
{
    pd_factor_result_t result;
    const pd_client_t client = pd_page_client(page);
    apr_status_t rv = pd_factor_submit(&result, page->portal, &client, page->pending,
                                       PD_FACTOR_ENTER, pd_form_get(page->form, "code"), page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (result.outcome != PD_FACTOR_DONE) {
        return show_form(page, explain(page, &result));
    }
    pd_page_set_session(page, result.token);
    pd_visitor_signed_in(page);
    return pd_web_coming_first(page, page->pending->person_id, return_target(page));
}

/* For typing by hand: groups of four. */
static const char *in_groups(const char *secret, apr_pool_t *p)
{
    const char *text = "";
    for (const char *at = secret; *at != '\0'; at += strnlen(at, 4)) {
        text = apr_pstrcat(p, text, *text ? " " : "", apr_pstrndup(p, at, 4), NULL);
    }
    return text;
}

static void show_secret(pd_page_t *page, const pd_factor_view_t *view)
{
    int side;
    pd_page_text(page, "secret", in_groups(view->secret, page->p));
    pd_page_text(page, "uri", view->uri);
    pd_page_text(page, "qr_path", pd_qr_path(&side, view->uri, page->p));
    pd_value_set_number(page->values, "qr_side", side, page->p);
}

static int show_account(pd_page_t *page, int status)
{
    pd_factor_view_t view;
    apr_status_t rv = pd_factor_look(&view, page->portal, page->session->person_id, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "on", view.on);
    pd_page_true(page, "off", !view.on && view.secret == NULL);
    pd_value_set_number(page->values, "codes_left", view.codes_left, page->p);
    if (view.secret != NULL) {
        show_secret(page, &view);
    }
    pd_page_text(page, "return_to", return_target(page));
    pd_page_form_token(page, "factor-change");
    return pd_page_show(page, "factor.html", status);
}

int pd_web_factor_account(pd_page_t *page)
{
    return show_account(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static const char *own_path(pd_page_t *page)
{
    return pd_page_path_back(page, "account/second-factor", return_target(page));
}

/* The token of the session was replaced: the sign-out button is bound to the new one. */
static void bind_to(pd_page_t *page, const char *token)
{
    pd_session_t *session = apr_pmemdup(page->p, page->session, sizeof(*session));
    session->token_hash = pd_token_hash(token, page->p);
    page->session = session;
}

/* Once: they are not kept in a form that could be shown again. */
static int show_codes(pd_page_t *page, const char *const *codes)
{
    const char *target = return_target(page);
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < PD_FACTOR_CODES; i++) {
        pd_value_t *value = pd_value_map(page->p);
        pd_value_set_text(value, "code", apr_psprintf(page->p, "%.4s %s", codes[i], codes[i] + 4),
                          page->p);
        pd_value_add(list, value);
    }
    pd_value_set(page->values, "codes", list);
    pd_page_true(page, "has_codes", 1);
    pd_page_text(page, "return_to", target ? target : pd_page_path(page, "account/"));
    return pd_page_show(page, "factor.html", HTTP_OK);
}

static int submit(pd_page_t *page, pd_factor_act_e act)
{
    pd_factor_result_t result;
    const pd_client_t client = pd_page_client(page);
    apr_status_t rv = pd_factor_submit(&result, page->portal, &client, page->session, act,
                                       pd_form_get(page->form, "code"), page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (result.outcome != PD_FACTOR_DONE) {
        return show_account(page, explain(page, &result));
    }
    pd_page_set_session(page, result.token);
    pd_visitor_signed_in(page);
    bind_to(page, result.token);
    return result.codes != NULL ? show_codes(page, result.codes) : pd_page_go(page, own_path(page));
}

int pd_web_factor_change(pd_page_t *page)
{
    const char *act = pd_form_get(page->form, "act");
    if (act != NULL && strcmp(act, "confirm") == 0) {
        return submit(page, PD_FACTOR_CONFIRM);
    }
    if (act != NULL && strcmp(act, "renew") == 0) {
        return submit(page, PD_FACTOR_RENEW);
    }
    if (act != NULL && strcmp(act, "off") == 0) {
        return submit(page, PD_FACTOR_OFF);
    }
    apr_status_t rv = pd_factor_begin(page->portal, page->session->person_id, page->p);
    return rv != APR_SUCCESS ? pd_page_failure(page, rv) : pd_page_go(page, own_path(page));
}
