/* Pages without a duty of their own: the front page, the stylesheet, what cookies are for, and the
 * answers that auth/ has drawn here. */
#include <apr_strings.h>
#include <http_protocol.h>
#include "auth/pd_site_cookie.h"
#include "srv/pd_headers.h"
#include "text/pd_url.h"
#include "web/pd_field_value.h"
#include "web/pd_handlers.h"
#include "web/pd_send.h"
#include "web/pd_visitor.h"

int pd_web_home(pd_page_t *page)
{
    return pd_page_show(page, "home.html", HTTP_OK);
}

static const pd_value_t *cookie_value(pd_page_t *page, const pd_site_cookie_t *cookie)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_text(value, "name", cookie->names[page->site->secure != 0], page->p);
    pd_value_set_bool(value, apr_pstrcat(page->p, "is_", cookie->id, NULL), 1, page->p);
    pd_value_set_bool(value, "till_closed", cookie->days == PD_COOKIE_TILL_CLOSED, page->p);
    pd_value_set_number(value, "term_days", cookie->days, page->p);
    pd_value_set_number(value, "device_days", cookie->days_lasting, page->p);
    pd_value_set(value, "purpose", pd_purpose_value(page, pd_purpose_find(cookie->purpose)));
    return value;
}

int pd_web_cookies(pd_page_t *page)
{
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < PD_COOKIE_COUNT; i++) {
        pd_value_add(list, cookie_value(page, &pd_site_cookies[i]));
    }
    pd_value_set(page->values, "cookies", list);
    pd_page_text(page, "attributes", pd_site_cookie_attributes(page->site));
    pd_value_set_number(page->values, "session_hours",
                        apr_time_sec(page->site->settings->session_lifetime) / 3600, page->p);
    return pd_page_show(page, "cookies.html", HTTP_OK);
}

/* Instead of a form that can't work without cookies: what is needed and why (F07, seed 3.3). The
 * way on leads to the form as if it were asked for afresh, so that neither a bookmark of this page
 * nor a cookie that ran out traps anybody. To a GET the status is 200: what stands here is the
 * whole answer, nothing was refused, and a person reads it. A form that was sent is refused: 403.
 */
int pd_web_cookies_needed(pd_page_t *page, int status)
{
    const char *target = pd_url_target(pd_form_get(page->form, "return"), page->p);
    const char *again = pd_page_path(page, page->rest);
    pd_visitor_need_browser(page);
    page->explains_cookies = 1;
    pd_page_true(page, "needed", 1);
    pd_page_true(page, "refused", status != HTTP_OK);
    pd_page_text(page, "again",
                 apr_pstrcat(page->p, again, target ? "?return=" : "",
                             target ? pd_url_encode(target, page->p) : "", NULL));
    return pd_page_show(page, "cookies.html", status);
}

/* A URL that holds the hash of these bytes may be kept for ever; any other, such as that of a newer
 * generation of the server, may not. */
int pd_web_style(pd_page_t *page)
{
    request_rec *r = page->r;
    const pd_site_t *site = page->site;
    pd_headers_add(r, site);
    ap_set_content_type(r, "text/css; charset=utf-8");
    const char *wanted = pd_form_get(page->query, "v");
    int same = wanted != NULL && strcmp(wanted, site->style_hash) == 0;
    apr_table_setn(r->err_headers_out, "Cache-Control",
                   same ? "public, max-age=31536000, immutable" : "no-cache");
    apr_table_setn(r->err_headers_out, "Vary", "Accept-Encoding");
    const pd_encoded_form_t *form;
    int status = pd_send_choose(&form, r, &site->style);
    return status == OK ? pd_send_form(r, &site->style, form) : status;
}

/* Nothing is wrong but this: a person mends it at once and comes back. */
static int lacks_only(const pd_page_t *page, pd_lacks_e lack)
{
    return page->visit->lacks == (int)lack && page->session != NULL &&
           page->visit->refused_navigation;
}

static int go_and_come_back(pd_page_t *page, const char *where)
{
    const request_rec *first = pd_visit_first(page->r);
    const char *way = first->method_number == M_GET ? first->unparsed_uri : first->uri;
    const char *asked = pd_url_target(way, page->p);
    return pd_page_go(page, apr_pstrcat(page->p, pd_page_path(page, where),
                                        asked ? pd_url_encode(asked, page->p) : "", NULL));
}

int pd_web_ask_again(pd_page_t *page)
{
    return go_and_come_back(page, "login?again=1&return=");
}

int pd_web_set_up_factor(pd_page_t *page)
{
    return go_and_come_back(page, "account/second-factor?return=");
}

int pd_web_ask_acknowledge(pd_page_t *page)
{
    return go_and_come_back(page, "acknowledge?return=");
}

int pd_web_ask_factor(pd_page_t *page)
{
    return go_and_come_back(page, "second-factor?return=");
}

int pd_web_denied(pd_page_t *page)
{
    int lacks = page->visit->lacks;
    if (lacks_only(page, PD_LACKS_FRESH)) {
        return pd_web_ask_again(page);
    }
    if (lacks_only(page, PD_LACKS_MFA)) {
        return pd_web_set_up_factor(page);
    }
    pd_page_text(page, "asked", page->r->prev->uri);
    pd_page_true(page, "lacks_role", lacks & PD_LACKS_ROLE);
    pd_page_true(page, "lacks_consent", lacks & PD_LACKS_CONSENT);
    pd_page_true(page, "lacks_mfa", lacks & PD_LACKS_MFA);
    pd_page_true(page, "lacks_fresh", lacks & PD_LACKS_FRESH);
    return pd_page_show(page, "denied.html", HTTP_FORBIDDEN);
}

int pd_web_lacks_role(pd_page_t *page)
{
    pd_page_text(page, "asked", page->r->uri);
    pd_page_true(page, "lacks_role", 1);
    return pd_page_show(page, "denied.html", HTTP_FORBIDDEN);
}

int pd_web_no_purpose(pd_page_t *page, int lacks_consent)
{
    pd_page_text(page, "asked", page->r->uri);
    pd_page_true(page, "lacks_consent", lacks_consent);
    return pd_page_show(page, "denied.html", HTTP_FORBIDDEN);
}

int pd_web_unavailable(pd_page_t *page)
{
    pd_value_set_number(page->values, "retry_after", 5, page->p);
    return pd_page_error(page, HTTP_SERVICE_UNAVAILABLE);
}

/* What a program is told: an error, and the page that mends it under a name. */
static const char *requirement(const pd_page_t *page)
{
    int lacks = page->visit->lacks;
    const char *error = "sign_in_required", *name = "sign_in", *path = "login";
    if (lacks & PD_LACKS_FACTOR) {
        error = "second_factor_required";
        name = "second_factor";
        path = "second-factor";
    }
    else if (lacks & PD_LACKS_POLICY) {
        error = "acknowledgement_required";
        name = path = "acknowledge";
    }
    else if (lacks & PD_LACKS_GROUND) {
        error = "consent_required";
        name = "consent";
        path = "account/consents/processing";
    }
    return apr_pstrcat(page->p, "{\"error\":\"", error, "\",\"", name, "\":\"",
                       pd_page_path(page, path), "\"}\n", NULL);
}

/* A person who sent a form: a redirect would lose what was typed, which the browser still has
 * behind its button "back". */
static int show_unsent(pd_page_t *page)
{
    int lacks = page->visit->lacks;
    const char *asked = pd_url_target(pd_visit_first(page->r)->uri, page->p);
    const char *path = lacks & PD_LACKS_FACTOR   ? "second-factor"
                       : lacks & PD_LACKS_POLICY ? "acknowledge"
                       : lacks & PD_LACKS_GROUND ? "account/consents/processing"
                                                 : "login";
    pd_page_true(page, "lacks_factor", lacks & PD_LACKS_FACTOR);
    pd_page_true(page, "lacks_policy", lacks & PD_LACKS_POLICY);
    pd_page_true(page, "lacks_ground", lacks & PD_LACKS_GROUND);
    pd_page_text(page, "way", pd_page_path_back(page, path, asked));
    return pd_page_show(page, "unsent.html", HTTP_UNAUTHORIZED);
}

/* For programs: a body they can read and no page. A 401 names the way in (RFC 9110 11.6.1), that
 * with a page as well. */
int pd_web_required(pd_page_t *page)
{
    request_rec *r = page->r;
    pd_headers_add(r, page->site);
    apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Cookie realm=\"portal\", form-action=\"%s\"",
                                pd_page_path(page, "login")));
    if (page->visit->sent_form) {
        return show_unsent(page);
    }
    ap_set_content_type(r, "application/json");
    r->status = HTTP_UNAUTHORIZED;
    if (!r->header_only) {
        ap_rputs(requirement(page), r);
    }
    return OK;
}
