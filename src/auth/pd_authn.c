/* The check_authn hook. A session that is good makes the user known to httpd and to the site
 * behind; a browser's navigation without one is led to sign-in and comes back; every other request
 * gets a 401. If it can't be known whether the session is good, nobody is let in. */
#include "auth/pd_authn.h"
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include "auth/pd_visit.h"
#include "cfg/pd_config.h"
#include "srv/pd_headers.h"
#include "text/pd_url.h"

APLOG_USE_MODULE(pdportal);

#define AUTH_TYPE        "PDPortal"
#define RETRY_AFTER_SECS "5"

static const char *portal_page(const request_rec *r, const pd_site_t *site, const char *page)
{
    return apr_pstrcat(r->pool, site->settings->path, "/", page, NULL);
}

/* In err_headers_out, so that error pages and 304 carry it too (F09); and for the whole page that a
 * private part is included in. */
static void never_store(request_rec *r)
{
    for (; r != NULL; r = r->main) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
    }
}

static int is_ours(const request_rec *r)
{
    const char *type = ap_auth_type((request_rec *)r);
    return type != NULL && ap_cstr_casecmp(type, AUTH_TYPE) == 0;
}

/* The portal's own pages: nobody needs a session to reach sign-in, however much of the site is
 * locked. */
static int is_portal_page(const request_rec *r, const pd_visit_t *visit)
{
    return pd_site_below(visit->site, r->uri) != NULL;
}

/* A person going somewhere with a browser, as against a program fetching something. */
static int is_navigation(const request_rec *r)
{
    const char *destination = apr_table_get(r->headers_in, "Sec-Fetch-Dest");
    const char *accept = apr_table_get(r->headers_in, "Accept");
    if (r->method_number != M_GET) {
        return 0; /* HEAD counts as GET for httpd, and here too */
    }
    if (destination != NULL) {
        return strcmp(destination, "document") == 0 || strcmp(destination, "iframe") == 0 ||
               strcmp(destination, "frame") == 0;
    }
    if (apr_table_get(r->headers_in, "X-Requested-With") != NULL) {
        return 0;
    }
    return accept == NULL || ap_strstr_c(accept, "text/html") != NULL ||
           ap_strstr_c(accept, "application/json") == NULL;
}

static int challenge(request_rec *r, const pd_site_t *site)
{
    pd_headers_add(r, site);
    never_store(r);
    if (!is_navigation(r)) {
        ap_custom_response(r, HTTP_UNAUTHORIZED, portal_page(r, site, PD_AUTHN_REQUIRED));
        return HTTP_UNAUTHORIZED;
    }
    /* The page asked for at first: an internal redirect (a DirectoryIndex) must not show. */
    const char *asked = pd_url_target(pd_visit_first(r)->unparsed_uri, r->pool);
    const char *location = apr_pstrcat(
        r->pool, site->settings->path,
        "/login?return=", pd_url_encode(asked ? asked : site->settings->site_home, r->pool), NULL);
    apr_table_setn(r->err_headers_out, "Location", location);
    return HTTP_SEE_OTHER;
}

static int unavailable(request_rec *r, const pd_site_t *site)
{
    pd_count(site->counts, PD_COUNT_UNAVAILABLE);
    never_store(r);
    apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER_SECS);
    ap_custom_response(r, HTTP_SERVICE_UNAVAILABLE, portal_page(r, site, PD_AUTHN_UNAVAILABLE));
    return HTTP_SERVICE_UNAVAILABLE;
}

/* Header values are percent-encoded UTF-8. */
static void introduce_by_headers(request_rec *r, const pd_session_t *session)
{
    const char *login = pd_url_encode(session->login, r->pool);
    apr_table_setn(r->headers_in, "Remote-User", login);
    apr_table_setn(r->headers_in, "PDPortal-Id", session->person_id);
    apr_table_setn(r->headers_in, "PDPortal-Login", login);
}

/* What the site behind learns (DESIGN 3). In fixups, since an internal redirect takes over the user
 * without asking check_authn again, and without the variables. */
static int introduce(request_rec *r)
{
    const pd_session_t *session;
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || r->user == NULL || r->ap_auth_type == NULL ||
        strcmp(r->ap_auth_type, AUTH_TYPE) != 0 ||
        pd_visit_session(&session, visit) != APR_SUCCESS) {
        return DECLINED;
    }
    apr_table_setn(r->subprocess_env, "PDPORTAL_ID", session->person_id);
    apr_table_setn(r->subprocess_env, "PDPORTAL_LOGIN", session->login);
    if (pd_config_directory(r)->identity_headers == 1) {
        introduce_by_headers(r, session);
    }
    return DECLINED;
}

static int check_authn(request_rec *r)
{
    const pd_session_t *session;
    if (!is_ours(r)) {
        return DECLINED;
    }
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || r->proxyreq == PROXYREQ_PROXY) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, r->server,
                     "PD0520: AuthType PDPortal where there is no portal: set PDPortalBaseURL and "
                     "the other directives in this server");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (is_portal_page(r, visit)) {
        r->user = (char *)""; /* somebody: let_portal_pages_pass decides */
        return OK;
    }
    apr_status_t rv = pd_visit_session(&session, visit);
    if (rv == APR_ENOENT) {
        return challenge(r, visit->site);
    }
    if (rv != APR_SUCCESS) {
        return unavailable(r, visit->site);
    }
    never_store(r);
    r->user = (char *)session->login;
    r->ap_auth_type = (char *)AUTH_TYPE;
    return OK;
}

static int let_portal_pages_pass(request_rec *r)
{
    const pd_visit_t *visit = is_ours(r) ? pd_visit_of(r) : NULL;
    if (visit == NULL || !is_portal_page(r, visit)) {
        return DECLINED;
    }
    r->user = NULL;
    return OK;
}

/* mod_authz_core answers 401 to a known user without the right, which with a sign-in form is a dead
 * end, and 403 where something besides the user is wrong. Both become our page that explains. */
static int explain_refusal(request_rec *r, const char *type)
{
    const pd_session_t *session;
    pd_visit_t *visit = pd_visit_of(r);
    if (ap_cstr_casecmp(type, AUTH_TYPE) != 0 || visit == NULL ||
        pd_visit_session(&session, visit) != APR_SUCCESS) {
        return DECLINED;
    }
    ap_custom_response(r, HTTP_UNAUTHORIZED, portal_page(r, visit->site, PD_AUTHN_DENIED));
    return OK;
}

static int explain_closed(request_rec *r)
{
    const pd_visit_t *visit = is_ours(r) ? pd_visit_of(r) : NULL;
    if (visit != NULL && !is_portal_page(r, visit)) {
        ap_custom_response(r, HTTP_FORBIDDEN, portal_page(r, visit->site, PD_AUTHN_DENIED));
    }
    return DECLINED;
}

/* A page with server-side includes may take a private part in when its own headers are gone
 * already. For a visitor who may have a session it is never stored. */
static void mark_pages_that_include(request_rec *r)
{
    const pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || visit->token == NULL || r->main != NULL) {
        return;
    }
    for (const ap_filter_t *filter = r->output_filters; filter != NULL; filter = filter->next) {
        if (ap_cstr_casecmp(filter->frec->name, "includes") == 0) {
            never_store(r);
        }
    }
}

void pd_authn_register(apr_pool_t *p)
{
    (void)p;
    ap_hook_post_read_request(pd_visit_begin, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_access(explain_closed, NULL, NULL, APR_HOOK_REALLY_FIRST,
                         AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(let_portal_pages_pass, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(explain_refusal, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(mark_pages_that_include, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_log_transaction(pd_visit_end, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(introduce, NULL, NULL, APR_HOOK_FIRST);
}
