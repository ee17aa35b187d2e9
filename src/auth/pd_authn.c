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
#include "auth/pd_authz.h"
#include "auth/pd_form_cookie.h"
#include "auth/pd_visit.h"
#include "cfg/pd_config.h"
#include "crypt/pd_token.h"
#include "srv/pd_headers.h"
#include "text/pd_url.h"

APLOG_USE_MODULE(pdportal);

#define RETRY_AFTER_SECS "5"

static const ap_filter_rec_t *includes; /* the filter of mod_include, or NULL */
static int forbidden_index; /* of 403 among httpd's responses; set while hooks are registered */

/* In err_headers_out, so that error pages and 304 carry it too (F09); and for the whole page that a
 * private part is included in. */
static void never_store(request_rec *r)
{
    for (; r != NULL; r = r->main) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
    }
}

/* Also what it answers at the host's root, for programs that have no session. */
static int is_portal(const pd_site_t *site, const request_rec *r)
{
    return pd_site_below(site, r->uri) != NULL ||
           pd_site_well_known(site, r->uri) != PD_WELL_KNOWN_NONE;
}

/* Is the place under AuthType PDPortal? Asked by several hooks of each request, so the answer is
 * kept for the section that it was asked in. The portal's own pages need no session, however much
 * of the site is locked: PD_PLACE_PORTAL. */
static pd_place_e place_of(const request_rec *r, pd_visit_t *visit)
{
    /* Of the first request alone, which outlives them all: what a sub-request left behind may have
     * been given to the next one. */
    int lasts = r->main == NULL && r->prev == NULL;
    if (visit != NULL && lasts && visit->section == r->per_dir_config &&
        visit->section_uri == r->uri) {
        return visit->place;
    }
    const char *type = ap_auth_type((request_rec *)r);
    int ours =
        type != NULL && (strcmp(type, PD_AUTH_TYPE) == 0 || /* as nearly everybody writes it */
                         ap_cstr_casecmp(type, PD_AUTH_TYPE) == 0);
    if (visit == NULL) {
        return ours ? PD_PLACE_LOCKED : PD_PLACE_FOREIGN;
    }
    pd_place_e place = !ours                       ? PD_PLACE_FOREIGN
                       : is_portal(visit->site, r) ? PD_PLACE_PORTAL
                                                   : PD_PLACE_LOCKED;
    if (lasts) {
        visit->section = r->per_dir_config;
        visit->section_uri = r->uri;
        visit->place = place;
    }
    return place;
}

const char *pd_authn_sign_in(const pd_site_t *site, const char *asked, int cookie_sent,
                             apr_pool_t *p)
{
    const char *back = asked ? apr_pstrcat(p, "?return=", pd_url_encode(asked, p), NULL) : "";
    const char *mark = asked ? "&" PD_AUTHN_COOKIE_SENT "=1" : "?" PD_AUTHN_COOKIE_SENT "=1";
    return apr_pstrcat(p, site->settings->path, "/login", back, cookie_sent ? mark : "", NULL);
}

/* To a browser that brought no form cookie, so that sign-in can tell whether it keeps any (F07).
 * One that brought its own keeps it: a form in another tab depends on it. */
static int send_form_cookie(request_rec *r, const pd_visit_t *visit)
{
    pd_form_cookie_t cookie;
    pd_form_cookie_read(&cookie, visit->form_cookie, r->pool);
    if (cookie.browser != NULL) {
        return 0;
    }
    cookie.browser = pd_token_new(r->pool);
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   pd_form_cookie_line(&cookie, visit->site, r->pool));
    return 1;
}

/* Over plain http nothing is issued where the site is https: the way to sign-in leads through the
 * origin's own address, which asks again. */
static const char *way_in(request_rec *r, const pd_visit_t *visit, const char *asked)
{
    if (visit->site->secure && strcmp(ap_http_scheme(r), "https") != 0) {
        return apr_pstrcat(r->pool, visit->site->settings->base_url, asked, NULL);
    }
    return pd_authn_sign_in(visit->site, asked, send_form_cookie(r, visit), r->pool);
}

/* To the page that mends what a signed-in person lacks; NULL: the person is not signed in. */
static const char *way_to_mend(const request_rec *r, const pd_visit_t *visit, const char *asked)
{
    const char *page = visit->lacks & PD_LACKS_FACTOR   ? "/second-factor"
                       : visit->lacks & PD_LACKS_POLICY ? "/acknowledge"
                       : visit->lacks & PD_LACKS_GROUND ? "/account/consents/processing"
                                                        : NULL;
    return page ? apr_pstrcat(r->pool, visit->site->settings->path, page,
                              "?return=", pd_url_encode(asked, r->pool), NULL)
                : NULL;
}

/* A person is led where what is lacking can be mended, and comes back to the page asked for at
 * first: an internal redirect (a DirectoryIndex) must not show. A program gets its 401. */
static int challenge(request_rec *r, pd_visit_t *visit)
{
    pd_headers_add(r, visit->site);
    never_store(r);
    if (!pd_visit_is_navigation(r)) {
        visit->sent_form = pd_visit_is_sent_form(r); /* the redirect to the page makes a GET of it */
        ap_custom_response(r, HTTP_UNAUTHORIZED, visit->site->required_page);
        return HTTP_UNAUTHORIZED;
    }
    const char *asked = pd_url_target(pd_visit_first(r)->unparsed_uri, r->pool);
    asked = asked ? asked : visit->site->settings->site_home;
    const char *way = way_to_mend(r, visit, asked);
    apr_table_setn(r->err_headers_out, "Location", way ? way : way_in(r, visit, asked));
    return HTTP_SEE_OTHER;
}

static int unavailable(request_rec *r, const pd_site_t *site)
{
    pd_count(site->counts, PD_COUNT_UNAVAILABLE);
    never_store(r);
    apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER_SECS);
    ap_custom_response(r, HTTP_SERVICE_UNAVAILABLE, site->unavailable_page);
    return HTTP_SERVICE_UNAVAILABLE;
}

/* Header values are percent-encoded UTF-8. */
static void introduce_by_headers(request_rec *r, const pd_session_t *session, const char *roles)
{
    const char *login = pd_url_encode(session->login, r->pool);
    apr_table_setn(r->headers_in, "Remote-User", login);
    apr_table_setn(r->headers_in, "PDPortal-Id", session->person_id);
    apr_table_setn(r->headers_in, "PDPortal-Login", login);
    apr_table_setn(r->headers_in, "PDPortal-Roles", roles);
    apr_table_setn(r->headers_in, "PDPortal-Consents", session->consents);
}

/* Into an empty table, as it mostly is, without looking for what is to be replaced. */
static void introduce_by_variables(apr_table_t *env, const pd_session_t *session, const char *roles)
{
    void (*put)(apr_table_t *, const char *, const char *) =
        apr_is_empty_table(env) ? apr_table_addn : apr_table_setn;
    put(env, "PDPORTAL_ID", session->person_id);
    put(env, "PDPORTAL_LOGIN", session->login);
    put(env, "PDPORTAL_ROLES", roles);
    put(env, "PDPORTAL_CONSENTS", session->consents);
}

/* What the site behind learns (DESIGN 3). In fixups, since an internal redirect takes over the user
 * without asking check_authn again, and without the variables. */
static int introduce(request_rec *r)
{
    const pd_session_t *session;
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || r->user == NULL || r->ap_auth_type == NULL ||
        strcmp(r->ap_auth_type, PD_AUTH_TYPE) != 0 ||
        pd_visit_session(&session, visit) != APR_SUCCESS) {
        return DECLINED;
    }
    const char *roles = pd_visit_roles(visit);
    introduce_by_variables(r->subprocess_env, session, roles);
    if (pd_config_directory(r)->identity_headers == 1) {
        introduce_by_headers(r, session, roles);
    }
    return DECLINED;
}

static int check_authn(request_rec *r)
{
    const pd_session_t *session;
    pd_visit_t *visit = pd_visit_of(r);
    pd_place_e place = place_of(r, visit);
    if (place == PD_PLACE_FOREIGN) {
        return DECLINED;
    }
    if (visit == NULL || r->proxyreq == PROXYREQ_PROXY) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, r->server,
                     "PD0520: AuthType PDPortal where there is no portal: set PDPortalBaseURL and "
                     "the other directives in this server");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (place == PD_PLACE_PORTAL) {
        r->user = (char *)""; /* somebody: let_portal_pages_pass decides */
        return OK;
    }
    apr_status_t rv = pd_visit_session(&session, visit);
    if (rv == APR_ENOENT) {
        return challenge(r, visit);
    }
    int lacking = 0;
    if (rv == APR_SUCCESS) {
        rv = pd_visit_policy(&lacking, visit);
    }
    if (rv != APR_SUCCESS) {
        return unavailable(r, visit->site);
    }
    if (lacking || !pd_visit_has_ground(visit)) {
        return challenge(r, visit);
    }
    never_store(r);
    r->user = (char *)session->login;
    r->ap_auth_type = (char *)PD_AUTH_TYPE;
    return OK;
}

static int let_portal_pages_pass(request_rec *r)
{
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || place_of(r, visit) != PD_PLACE_PORTAL) {
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
    if (ap_cstr_casecmp(type, PD_AUTH_TYPE) != 0 || visit == NULL ||
        pd_visit_session(&session, visit) != APR_SUCCESS) {
        return DECLINED;
    }
    /* Now, since the redirect to the page makes a GET of everything. */
    visit->refused_navigation = pd_visit_is_navigation(r);
    ap_custom_response(r, HTTP_UNAUTHORIZED, visit->site->denied_page);
    return OK;
}

/* The 403 that mod_authz_core may give comes when it is too late to say anything; so its page is
 * set beforehand, for each request: by hand, since ap_custom_response copies and measures the text.
 */
static int explain_closed(request_rec *r)
{
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || place_of(r, visit) != PD_PLACE_LOCKED) {
        return DECLINED;
    }
    core_request_config *core = ap_get_core_module_config(r->request_config);
    if (core->response_code_strings == NULL) {
        core->response_code_strings =
            apr_pcalloc(r->pool, sizeof(*core->response_code_strings) * RESPONSE_CODES);
    }
    core->response_code_strings[forbidden_index] = (char *)visit->site->denied_page;
    return DECLINED;
}

/* A page with server-side includes may take a private part in when its own headers are gone
 * already. For a visitor who may have a session it is never stored. */
static void mark_pages_that_include(request_rec *r)
{
    const pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || visit->token == NULL || r->main != NULL || includes == NULL) {
        return;
    }
    for (const ap_filter_t *filter = r->output_filters; filter != NULL; filter = filter->next) {
        if (filter->frec == includes) {
            never_store(r);
        }
    }
}

/* In each child, when every module has registered its filters. */
static void find_includes(apr_pool_t *pchild, server_rec *s)
{
    (void)pchild;
    (void)s;
    includes = ap_get_output_filter_handle("INCLUDES");
}

void pd_authn_register(apr_pool_t *p)
{
    ap_hook_child_init(find_includes, NULL, NULL, APR_HOOK_MIDDLE);
    forbidden_index = ap_index_of_response(HTTP_FORBIDDEN);
    pd_authz_register(p);
    ap_hook_post_read_request(pd_visit_begin, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_access(explain_closed, NULL, NULL, APR_HOOK_REALLY_FIRST,
                         AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(let_portal_pages_pass, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(explain_refusal, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_filter(mark_pages_that_include, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_log_transaction(pd_visit_hide_refused, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_log_transaction(pd_visit_end, NULL, NULL, APR_HOOK_LAST);
    ap_hook_fixups(introduce, NULL, NULL, APR_HOOK_FIRST);
}
