/* Begins a visit: our cookies are read and then removed, and so is every header by which a client
 * could claim an identity, on every path (RELIABILITY rule 17). */
#include "auth/pd_visit.h"
#include "auth/pd_site_cookie.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include "base/pd_status.h"
#include "cfg/pd_config.h"
#include "crypt/pd_token.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_consent.h"
#include "portal/pd_session_cache.h"
#include "text/pd_cookie.h"

#define CONNECTION_PARTS ",; \t\v\f\r\n"

const request_rec *pd_visit_first(const request_rec *r)
{
    while (r->main != NULL || r->prev != NULL) {
        r = r->main != NULL ? r->main : r->prev;
    }
    return r;
}

static int is_for_a_window(const char *destination)
{
    return strcmp(destination, "document") == 0 || strcmp(destination, "iframe") == 0 ||
           strcmp(destination, "frame") == 0;
}

int pd_visit_is_sent_form(const request_rec *r)
{
    const char *destination = apr_table_get(r->headers_in, "Sec-Fetch-Dest");
    const char *accept = apr_table_get(r->headers_in, "Accept");
    if (r->method_number != M_POST || apr_table_get(r->headers_in, "X-Requested-With") != NULL) {
        return 0;
    }
    return destination != NULL ? is_for_a_window(destination)
                               : accept != NULL && ap_strstr_c(accept, "text/html") != NULL;
}

int pd_visit_is_navigation(const request_rec *r)
{
    const char *destination = apr_table_get(r->headers_in, "Sec-Fetch-Dest");
    const char *accept = apr_table_get(r->headers_in, "Accept");
    if (r->method_number != M_GET) {
        return 0; /* HEAD counts as GET for httpd, and here too */
    }
    if (destination != NULL) {
        return is_for_a_window(destination);
    }
    if (apr_table_get(r->headers_in, "X-Requested-With") != NULL) {
        return 0;
    }
    return accept == NULL || ap_strstr_c(accept, "text/html") != NULL ||
           ap_strstr_c(accept, "application/json") == NULL;
}

pd_visit_t *pd_visit_of(const request_rec *r)
{
    return ap_get_module_config(pd_visit_first(r)->request_config, &pdportal_module);
}

/* "PDPortal-...", "PDPORTAL_..." or "Remote-User", "-", "_" and "." alike: some back ends
 * read them so. */
static int claims_identity(const char *name)
{
    static const char user[] = "remote-user", ours[] = "pdportal-";
    apr_size_t i = 0;
    const char *wanted = apr_tolower(*name) == 'r' ? user : ours;
    for (; wanted[i] != '\0'; i++) {
        char c = name[i] == '_' || name[i] == '.' ? '-' : (char)apr_tolower(name[i]);
        if (c != wanted[i]) {
            return 0;
        }
    }
    return wanted == ours || name[i] == '\0';
}

/* A client may also name headers in Connection, and the proxy would drop them: those that we set
 * for the application are none of its business. mod_proxy parts the list at semicolons and white
 * space, too. */
static void keep_claims_out_of_connection(request_rec *r)
{
    const char *list = apr_table_get(r->headers_in, "Connection");
    char *rest;
    if (list == NULL || ap_cstr_casecmp(list, "keep-alive") == 0 ||
        ap_cstr_casecmp(list, "close") == 0) {
        return; /* what nearly everybody sends */
    }
    /* What is kept is never longer than what came. */
    char *kept = apr_pcalloc(r->pool, strlen(list) + 1), *end = kept;
    for (char *token = apr_strtok(apr_pstrdup(r->pool, list), CONNECTION_PARTS, &rest);
         token != NULL; token = apr_strtok(NULL, CONNECTION_PARTS, &rest)) {
        if (!claims_identity(token)) {
            end = apr_cpystrn(end, end == kept ? "" : ",", 2);
            end = apr_cpystrn(end, token, strlen(token) + 1);
        }
    }
    apr_table_setn(r->headers_in, "Connection", *kept != '\0' ? kept : "keep-alive");
}

static void remove_claims(request_rec *r)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)headers->elts;
    apr_array_header_t *found = NULL;
    for (int i = 0; i < headers->nelts; i++) {
        if (entry[i].key != NULL && claims_identity(entry[i].key)) {
            found = found ? found : apr_array_make(r->pool, 2, sizeof(const char *));
            APR_ARRAY_PUSH(found, const char *) = entry[i].key;
        }
    }
    for (int i = 0; found != NULL && i < found->nelts; i++) {
        apr_table_unset(r->headers_in, APR_ARRAY_IDX(found, i, const char *));
    }
    keep_claims_out_of_connection(r);
}

static void take_cookies(request_rec *r, pd_visit_t *visit)
{
    const char *header = apr_table_get(r->headers_in, "Cookie");
    const char *const names[] = {pd_site_cookie_name(visit->site, PD_COOKIE_SESSION),
                                 pd_site_cookie_name(visit->site, PD_COOKIE_FORM), NULL};
    if (header == NULL) {
        return;
    }
    const char *values[2];
    const char *rest = pd_cookie_take(values, header, names, r->pool);
    visit->token = pd_token_wellformed(values[0]) ? values[0] : NULL;
    visit->form_cookie = values[1];
    if (rest == NULL) {
        apr_table_unset(r->headers_in, "Cookie");
    }
    else {
        apr_table_setn(r->headers_in, "Cookie", rest);
    }
}

/* Pages of the portal that are opened by a link with a token. */
static const char *const link_pages[] = {"confirm", "reset",       "restore", "not-me",
                                         "recall",  "unsubscribe", NULL};

/* Is it the path of such a link, however it is spelt? The path is not yet what httpd makes of it.
 */
static int takes_link_token(const pd_site_t *site, const char *raw, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, raw);
    ap_unescape_url(path); /* as far as it can be; what httpd refuses may be logged as well */
    ap_getparents(path);
    ap_no2slash(path);
    const char *rest = pd_site_below(site, path);
    for (const char *const *page = link_pages; rest != NULL && *page != NULL; page++) {
        if (strncmp(rest, *page, strlen(*page)) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The link of a confirmation, a reset, a restoring, a disowning, a recall or a leaving carries its
 * token in the query. It must not reach a log, the scoreboard, a Referer or the history: httpd's
 * own copies of the URL are blanked before anything else can read them. */
static const char *hide_link_token(request_rec *r, const pd_site_t *site)
{
    const char *query = r->args;
    if (query == NULL || !takes_link_token(site, r->uri, r->pool)) {
        return NULL;
    }
    r->the_request = apr_psprintf(r->pool, "%s %s %s", r->method, r->uri, r->protocol);
    r->unparsed_uri = r->uri;
    r->parsed_uri.query = NULL;
    r->args = NULL;
    return query;
}

/* What httpd refuses while it reads it comes to no hook but this one, and perhaps to another host
 * than the link names. */
int pd_visit_hide_refused(request_rec *r)
{
    for (pd_site_t *site = pd_site_first(); site != NULL && r->args != NULL; site = site->next) {
        (void)hide_link_token(r, site);
    }
    return DECLINED;
}

/* Also for an error document of a request that failed before any hook: then this is the first time
 * that we see it. */
int pd_visit_begin(request_rec *r)
{
    pd_site_t *site = pd_site_of(r->server);
    request_rec *first = (request_rec *)pd_visit_first(r);
    if (pd_site_first() == NULL || pd_visit_of(r) != NULL) {
        return DECLINED;
    }
    if (site == NULL) {
        if (r == first) {
            remove_claims(r); /* of no portal here, but of one beside */
        }
        return DECLINED;
    }
    pd_visit_t *visit = apr_pcalloc(first->pool, sizeof(*visit));
    visit->site = site;
    visit->pool = first->pool;
    remove_claims(r);
    take_cookies(r, visit);
    visit->query = hide_link_token(r, site);
    ap_set_module_config(first->request_config, &pdportal_module, visit);
    return DECLINED;
}

static apr_status_t seek(pd_visit_t *visit)
{
    const pd_portal_t *portal;
    if (visit->token == NULL) {
        return APR_ENOENT;
    }
    apr_status_t rv = pd_site_portal(&portal, visit->site, visit->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return pd_session_cached.find(&visit->session, portal, visit->token, visit->pool);
}

apr_status_t pd_visit_session(const pd_session_t **session, pd_visit_t *visit)
{
    if (!visit->sought) {
        visit->status = seek(visit);
        visit->sought = 1;
        if (visit->status == APR_SUCCESS && visit->session.mfa_at == PD_MFA_DUE) {
            visit->lacks |= PD_LACKS_FACTOR;
            visit->status = APR_ENOENT;
        }
    }
    *session = visit->status == APR_SUCCESS ? &visit->session : NULL;
    return visit->status;
}

const pd_session_t *pd_visit_pending(pd_visit_t *visit)
{
    const pd_session_t *session;
    (void)pd_visit_session(&session, visit);
    return visit->lacks & PD_LACKS_FACTOR ? &visit->session : NULL;
}

int pd_visit_lacks_staff_factor(const pd_visit_t *visit)
{
    return visit->site->settings->staff_second_factor && visit->session.mfa_at <= 0;
}

const char *pd_visit_roles(const pd_visit_t *visit)
{
    return pd_visit_lacks_staff_factor(visit) ? "" : visit->session.roles;
}

apr_status_t pd_visit_policy(int *lacking, pd_visit_t *visit)
{
    const pd_portal_t *portal;
    apr_status_t rv = pd_site_portal(&portal, visit->site, visit->pool);
    if (rv == APR_SUCCESS) {
        rv = pd_acknowledge_lacking(lacking, portal, &visit->session, visit->pool);
    }
    if (rv == APR_SUCCESS && *lacking) {
        visit->lacks |= PD_LACKS_POLICY;
    }
    return rv;
}

int pd_visit_has_ground(pd_visit_t *visit)
{
    int has = pd_consent_has_ground(&visit->session);
    if (!has) {
        visit->lacks |= PD_LACKS_GROUND;
    }
    return has;
}

int pd_visit_end(request_rec *r)
{
    const pd_portal_t *portal;
    pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || !visit->sought ||
        (visit->session.due == PD_SESSION_KEPT && visit->session.evicted.used_at == 0) ||
        pd_site_portal(&portal, visit->site, r->pool) != APR_SUCCESS) {
        return DECLINED;
    }
    pd_session_cached.settle(&visit->session, portal, r->pool);
    visit->session.due = PD_SESSION_KEPT;
    visit->session.evicted.used_at = 0;
    return DECLINED;
}
