/* The dispatcher: finds the row, checks everything the row needs, and only then calls the handler,
 * so that no handler can forget a check. */
#include "web/pd_route.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include "auth/pd_authn.h"
#include "base/pd_clock.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_purpose.h"
#include "portal/pd_role.h"
#include "text/pd_network.h"
#include "text/pd_url.h"
#include "web/pd_check.h"
#include "web/pd_handlers.h"
#include "web/pd_visitor.h"

APLOG_USE_MODULE(pdportal);

#define HANDLER_NAME "pdportal"
#define FILE_NAME    HANDLER_NAME ":"

int pd_route_translate(request_rec *r)
{
    pd_site_t *site = pd_site_of(r->server);
    if (site == NULL || r->uri[0] != '/' || pd_site_below(site, r->uri) == NULL) {
        return DECLINED;
    }
    r->handler = HANDLER_NAME;
    r->filename = (char *)FILE_NAME;
    return OK;
}

int pd_route_map(request_rec *r)
{
    return r->handler != NULL && strcmp(r->handler, HANDLER_NAME) == 0 ? OK : DECLINED;
}

/* A SetHandler around the whole site has had its turn by now: the portal's pages stay the portal's.
 */
int pd_route_fixup(request_rec *r)
{
    if (r->filename != NULL && strcmp(r->filename, FILE_NAME) == 0) {
        r->handler = HANDLER_NAME;
    }
    return DECLINED;
}

/* "policy/#" against "policy/12". */
static int matches(const char *pattern, const char *rest, pd_page_t *page)
{
    while (*pattern != '\0') {
        if (*pattern == '#') {
            apr_size_t n = strspn(rest, "0123456789");
            if (n == 0 || n > 9 || rest[0] == '0') {
                return 0;
            }
            page->number = apr_atoi64(rest);
            rest += n;
        }
        else if (*pattern == '*') {
            apr_size_t n = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789-");
            page->kind = apr_pstrmemdup(page->p, rest, n);
            rest += n;
        }
        else if (*rest++ != *pattern) {
            return 0;
        }
        pattern++;
    }
    return *rest == '\0';
}

static int is_method(const request_rec *r, const pd_route_t *route)
{
    return strcmp(r->method, route->method) == 0 ||
           (r->header_only && strcmp(route->method, "GET") == 0);
}

int pd_route_can_be_read(const pd_route_t *route)
{
    if (strcmp(route->method, "GET") == 0) {
        return 1;
    }
    for (const pd_route_t *other = pd_routes; other->path != NULL; other++) {
        if (strcmp(other->path, route->path) == 0 && strcmp(other->method, "GET") == 0) {
            return 1;
        }
    }
    return 0;
}

int pd_route_needs_role(const pd_route_t *route)
{
    return route->need == PD_NEED_EDITOR || route->need == PD_NEED_ADMINISTRATOR;
}

int pd_route_needs_session(const pd_route_t *route)
{
    return route->need == PD_NEED_SESSION || route->need == PD_NEED_FRESH ||
           pd_route_needs_role(route);
}

/* Roles act on the very next request: they are read with the session. */
static int lacks_role(const pd_page_t *page)
{
    const char *roles = page->session->roles;
    if (!pd_route_needs_role(page->route) || pd_session_has_word(roles, PD_ROLE_ADMINISTRATOR)) {
        return 0;
    }
    return page->route->need != PD_NEED_EDITOR || !pd_session_has_word(roles, PD_ROLE_EDITOR);
}

/* A form that was opened in time has as long again to be filled in and sent. A clock that stepped
 * back makes nothing fresher than it is. */
static int lacks_freshness(const pd_page_t *page)
{
    apr_interval_time_t age = pd_clock_now() - page->session->authenticated_at;
    return page->route->need == PD_NEED_FRESH &&
           (age < 0 || age > (page->r->method_number == M_POST ? 2 : 1) * PD_FRESH_WITHIN);
}

/* For this request there is no such page, by whatever method. */
static int is_hidden(const pd_page_t *page, const pd_route_t *route)
{
    if (route->need == PD_NEED_REDIRECT) {
        return page->r->prev == NULL;
    }
    return route->need == PD_NEED_ADDRESS &&
           !pd_network_holds(page->site->metrics_from, page->r->useragent_addr);
}

static int is_path(pd_page_t *page, const pd_route_t *route)
{
    return matches(route->path, page->rest, page) && !is_hidden(page, route);
}

/* The row for path and method, or NULL. */
static const pd_route_t *find_route(pd_page_t *page)
{
    for (const pd_route_t *route = pd_routes; route->path != NULL; route++) {
        /* No path begins with a variable part: the first letter tells most rows apart. */
        if (route->path[0] == page->rest[0] && is_path(page, route) && is_method(page->r, route)) {
            return route;
        }
    }
    return NULL;
}

/* The methods that the path has; "" for an unknown path. */
static const char *allowed_methods(pd_page_t *page)
{
    const char *allow = "";
    for (const pd_route_t *route = pd_routes; route->path != NULL; route++) {
        if (is_path(page, route)) {
            allow = apr_pstrcat(page->p, allow, *allow ? ", " : "", route->method,
                                route->method[0] == 'G' ? ", HEAD" : "", NULL);
        }
    }
    return allow;
}

static int no_such_row(pd_page_t *page)
{
    const char *allow = allowed_methods(page);
    if (*allow == '\0') {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    apr_table_setn(page->r->headers_out, "Allow", allow);
    if (page->r->method_number == M_OPTIONS) {
        page->r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return pd_page_error(page, HTTP_METHOD_NOT_ALLOWED);
}

/* Somebody who must sign in first is led there, and back to what can be asked for again. */
static int lead_to_sign_in(pd_page_t *page)
{
    const char *asked =
        page->r->method_number == M_GET ? pd_url_target(page->r->unparsed_uri, page->p) : NULL;
    pd_visitor_need_browser(page);
    return pd_page_go(page, pd_authn_sign_in(page->site, asked, !page->cookie_came, page->p));
}

/* The staff's pages are sections like those of the site: they open to who has acknowledged the
 * policy in force. The account's own pages, and the documents, stay open. */
static int check_policy(pd_page_t *page, int *result)
{
    int lacking = 0;
    if (!pd_route_needs_role(page->route)) {
        return OK;
    }
    apr_status_t rv = pd_acknowledge_lacking(&lacking, page->portal, page->session, page->p);
    if (rv == APR_SUCCESS && !lacking) {
        return OK;
    }
    *result = rv != APR_SUCCESS ? pd_page_failure(page, rv) : pd_web_ask_acknowledge(page);
    return DONE;
}

/* What somebody who is signed in has to have for this row; DONE when an answer was sent. */
static int check_session(pd_page_t *page, int *result)
{
    if (lacks_role(page)) {
        *result = pd_web_lacks_role(page);
        return DONE;
    }
    if (pd_route_needs_role(page->route) && pd_visit_lacks_staff_factor(page->visit)) {
        *result = pd_web_set_up_factor(page);
        return DONE;
    }
    if (page->route->need == PD_NEED_PENDING) {
        *result = pd_web_factor_needless(page);
        return DONE;
    }
    if (lacks_freshness(page)) {
        *result = pd_web_ask_again(page);
        return DONE;
    }
    return check_policy(page, result);
}

/* Nobody is signed in, but a password may have been right and the second factor be due. */
static int check_guest(pd_page_t *page, int *result)
{
    int needs_session = pd_route_needs_session(page->route);
    if (page->pending != NULL && needs_session) {
        *result = pd_web_ask_factor(page);
        return DONE;
    }
    if (needs_session || (page->route->need == PD_NEED_PENDING && page->pending == NULL)) {
        *result = lead_to_sign_in(page);
        return DONE;
    }
    return OK;
}

/* Who asks, where the page shows it: signed in, or at least with a right password. APR_ENOENT:
 * nobody, or the page is the same for all. */
static apr_status_t find_visitor(pd_page_t *page)
{
    const pd_show_e show = page->route->show;
    apr_status_t rv = APR_ENOENT;
    if (show == PD_SHOW_PERSONAL || show == PD_SHOW_OPEN) {
        rv = pd_visit_session(&page->session, page->visit);
    }
    page->pending =
        rv == APR_ENOENT && show == PD_SHOW_PERSONAL ? pd_visit_pending(page->visit) : NULL;
    return rv;
}

static int needs_database(const pd_route_t *route)
{
    return route->need == PD_NEED_DATABASE || route->need == PD_NEED_PENDING ||
           pd_route_needs_session(route);
}

/* Who asks can't be known now: a page for anyone can do without, an act can't. */
static int check_unknown(pd_page_t *page, apr_status_t rv, int *result)
{
    if (!pd_route_needs_session(page->route) && page->route->token == NULL) {
        return OK;
    }
    *result = pd_page_failure(page, rv);
    return DONE;
}

/* Everything the row asks for; OK to go on, DONE when an answer was sent. */
static int check_needs(pd_page_t *page, int *result)
{
    apr_status_t rv = find_visitor(page);
    if (needs_database(page->route)) {
        apr_status_t ready = pd_site_portal(&page->portal, page->site, page->p);
        if (ready != APR_SUCCESS) {
            *result = pd_page_failure(page, ready);
            return DONE;
        }
    }
    if (rv == APR_SUCCESS) {
        return check_session(page, result);
    }
    return rv == APR_ENOENT ? check_guest(page, result) : check_unknown(page, rv, result);
}

/* A page with somebody's data: may they be used for what it is for, now? (F29) That people see and
 * steer what is kept of them is their right, also while they are blocked. */
static int check_purpose(pd_page_t *page, int *result)
{
    pd_use_t use = {.what = apr_pstrcat(page->p, "page ", page->route->path, NULL),
                    .purpose = page->route->purpose,
                    .basis = PD_BASIS_LAW};
    pd_use_e outcome = PD_USE_LAWFUL;
    if (!pd_route_needs_session(page->route)) {
        return OK;
    }
    apr_status_t rv =
        pd_purpose_use(&outcome, page->portal, &use, page->session->person_id, page->p);
    if (rv == APR_SUCCESS && outcome == PD_USE_LAWFUL) {
        return OK;
    }
    *result = rv != APR_SUCCESS ? pd_page_failure(page, rv)
                                : pd_web_no_purpose(page, outcome == PD_USE_UNCONSENTED);
    return DONE;
}

static int run_post(pd_page_t *page)
{
    int status = pd_check_body(page);
    if (status == HTTP_BAD_REQUEST || status == HTTP_REQUEST_ENTITY_TOO_LARGE ||
        status == HTTP_UNSUPPORTED_MEDIA_TYPE) {
        return pd_page_error(page, status);
    }
    if (status != OK) {
        return status; /* httpd has answered, or must */
    }
    if (!pd_check_token(page)) {
        if (pd_check_cookie_lost(page)) {
            return pd_web_cookies_needed(page, HTTP_FORBIDDEN);
        }
        page->stale = 1;
        return page->route->again(page);
    }
    return page->route->handle(page);
}

/* Would this page show a form, and to a browser that did not keep the cookie for it? (F07) */
static int is_form_in_vain(const pd_page_t *page)
{
    if (page->cookie_came || page->session != NULL ||
        pd_form_get(page->query, PD_AUTHN_COOKIE_SENT) == NULL) {
        return 0;
    }
    for (const pd_route_t *other = pd_routes; other->path != NULL; other++) {
        if (other->token != NULL && strcmp(other->path, page->route->path) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One page for everybody at its plain address. Those that stand in another, or in its place, are
 * made anew. */
static int may_be_ready(const pd_page_t *page)
{
    return page->route->show == PD_SHOW_PUBLIC && page->portal != NULL && page->r->args == NULL &&
           ap_is_initial_req(page->r);
}

static int run_get(pd_page_t *page)
{
    if (!may_be_ready(page)) {
        return page->route->handle(page);
    }
    const pd_encoded_t *ready =
        pd_ready_get(&page->turn.about, page->portal, page->rest, page->language, page->p);
    if (ready != NULL) {
        return pd_page_show_ready(page, ready);
    }
    pd_ready_begin(&page->turn, page->portal, page->rest, page->language);
    int result = page->route->handle(page);
    pd_ready_end(&page->turn);
    return result;
}

static int run_route(pd_page_t *page)
{
    int result;
    pd_check_query(page);
    pd_visitor_language(page);
    page->route = find_route(page);
    if (page->route == NULL) {
        return no_such_row(page);
    }
    if (check_needs(page, &result) == DONE || check_purpose(page, &result) == DONE) {
        return result;
    }
    if (page->route->token != NULL) {
        return run_post(page);
    }
    return is_form_in_vain(page) ? pd_web_cookies_needed(page, HTTP_OK) : run_get(page);
}

/* A portal belongs to one origin (seed 2.3). Over plain http nothing is issued where the site is
 * https: the visitor is sent to the origin's own address, which is configured and never taken from
 * Host. */
static int leave_plain_http(pd_page_t *page)
{
    const char *path = pd_url_target(page->r->unparsed_uri, page->p);
    if (page->r->method_number != M_GET) {
        return pd_page_error(page, HTTP_FORBIDDEN);
    }
    return pd_page_go(page, apr_pstrcat(page->p, page->site->settings->base_url,
                                        path ? path : page->site->settings->path, NULL));
}

int pd_route_handle(request_rec *r)
{
    if (r->handler == NULL || strcmp(r->handler, HANDLER_NAME) != 0) {
        return DECLINED;
    }
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || pd_site_below(visit->site, r->uri) == NULL) {
        return DECLINED; /* SetHandler pdportal somewhere else */
    }
    pd_page_t *page = apr_pcalloc(r->pool, sizeof(*page));
    page->r = r;
    page->p = r->pool;
    page->site = visit->site;
    page->visit = visit;
    page->rest = pd_site_below(visit->site, r->uri);
    page->values = pd_value_map(r->pool);
    page->query = page->form = pd_form_none();
    pd_visitor_read(page);
    if (visit->site->secure && r->prev == NULL && strcmp(ap_http_scheme(r), "https") != 0) {
        return leave_plain_http(page);
    }
    if (r->uri[strlen(visit->site->settings->path)] == '\0') {
        return pd_page_go(page, pd_page_path(page, ""));
    }
    return run_route(page);
}
