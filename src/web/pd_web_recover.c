/* Recovery of access (F13): asking for a letter, and its code. What the page shows depends on what
 * this browser did, never on whether there is such an account. */
#include "portal/pd_recovery.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

static int show_form(pd_page_t *page, int status)
{
    int asked;
    apr_status_t rv = pd_recovery_look(&asked, page->portal, page->kept.browser, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "waiting", asked);
    pd_page_text(page, "login_value", pd_form_get(page->form, "login"));
    pd_page_form_token(page, "recover");
    return pd_page_show(page, "recover.html", status);
}

int pd_web_recover_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int mistaken(pd_page_t *page, const char *field, const char *code)
{
    pd_page_mistake(page, field, code);
    return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
}

static int limited(pd_page_t *page, int retry_after)
{
    pd_page_limited(page, retry_after);
    return show_form(page, HTTP_TOO_MANY_REQUESTS);
}

static int ask(pd_page_t *page)
{
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    const char *name = pd_form_get_trimmed(page->form, "login", page->p);
    if (*name == '\0') {
        return mistaken(page, "login", "name_missing");
    }
    apr_status_t rv = pd_recovery_ask(&retry_after, page->portal, &client, name, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    return retry_after ? limited(page, retry_after)
                       : pd_page_go(page, pd_page_path(page, "recover"));
}

static int try_code(pd_page_t *page)
{
    pd_recovery_e outcome;
    const char *token;
    int retry_after;
    const pd_client_t client = pd_page_client(page);
    const char *code = pd_form_get_trimmed(page->form, "code", page->p);
    if (*code == '\0') {
        return mistaken(page, "code", "code_missing");
    }
    apr_status_t rv =
        pd_recovery_submit(&outcome, &token, &retry_after, page->portal, &client, code, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    switch (outcome) {
    case PD_RECOVERY_PROVED:
        page->kept.link_token = token;
        pd_visitor_write(page);
        return pd_page_go(page, pd_page_path(page, "reset"));
    case PD_RECOVERY_WRONG:
        return mistaken(page, "code", "proof_wrong");
    case PD_RECOVERY_EXHAUSTED:
        return mistaken(page, "code", "recovery_exhausted");
    case PD_RECOVERY_LIMITED:
        return limited(page, retry_after);
    case PD_RECOVERY_NONE:
        break;
    }
    return show_form(page, HTTP_OK);
}

int pd_web_recover(pd_page_t *page)
{
    const char *act = pd_form_get(page->form, "act");
    return act != NULL && strcmp(act, "code") == 0 ? try_code(page) : ask(page);
}
