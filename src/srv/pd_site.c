/* Makes the sites: the parent reads keys while it is root and parses every template, so that
 * mistakes stop the start; children open the database, so that nothing is shared over fork that
 * must not be. */
#include "srv/pd_site.h"
#include <apr_atomic.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "cfg/pd_config.h"
#include "crypt/pd_hash.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_coherence.h"
#include "portal/pd_guess.h"
#include "portal/pd_outbox.h"
#include "portal/pd_session_table.h"
#include "portal/pd_place.h"
#include "portal/pd_state.h"
#include "portal/pd_ready.h"
#include "srv/pd_headers.h"
#include "srv/pd_segment.h"
#include "srv/pd_site_int.h"
#include "text/pd_network.h"
#include "text/pd_url.h"

APLOG_USE_MODULE(pdportal);

/* Set while hooks are registered, and again at each reading of the configuration. */
static const char *const *page_common;
static const pd_contract_t *page_contracts;
static pd_site_t *first_site;

void pd_site_declare_pages(const char *const *common, const pd_contract_t *pages)
{
    page_common = common;
    page_contracts = pages;
}

pd_site_t *pd_site_of(const server_rec *s)
{
    const pd_server_config_t *config = pd_config_server(s);
    return config ? config->site : NULL;
}

const char *pd_site_below(const pd_site_t *site, const char *uri)
{
    apr_size_t length = strlen(site->settings->path);
    if (strncmp(uri, site->settings->path, length) != 0) {
        return NULL;
    }
    return uri[length] == '/' ? uri + length + 1 : uri[length] == '\0' ? "" : NULL;
}

pd_well_known_e pd_site_well_known(const pd_site_t *site, const char *uri)
{
    static const char folder[] = "/.well-known/";
    if (uri[0] != '/' || uri[1] != '.' || strncmp(uri, folder, sizeof(folder) - 1) != 0) {
        return PD_WELL_KNOWN_NONE; /* as nearly every request */
    }
    const char *name = uri + sizeof(folder) - 1;
    if (strcmp(name, "change-password") == 0) {
        return PD_WELL_KNOWN_PASSWORD;
    }
    return strcmp(name, "security.txt") == 0 && site->settings->security_contact != NULL
               ? PD_WELL_KNOWN_SECURITY
               : PD_WELL_KNOWN_NONE;
}

pd_site_t *pd_site_first(void)
{
    return first_site;
}

static int complain(server_rec *s, const char *why)
{
    const pd_server_config_t *config = pd_config_server(s);
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, "%s: %s",
                 config->where ? config->where : "PDPortal", why);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static apr_status_t load_templates(pd_site_t *site, const char **why, apr_pool_t *p)
{
    const char *style = NULL;
    apr_size_t n_style = 0;
    const pd_contract_t *const contracts[] = {page_contracts, pd_letter_contracts, NULL};
    pd_templates_source_t source = {site->settings->share, site->settings->templates, pd_languages,
                                    page_common, contracts};
    apr_status_t rv = pd_templates_load(&site->templates, why, &source, p);
    if (rv == APR_SUCCESS) {
        *why = "style.css can't be read: look at PDPortalShare and PDPortalTemplates";
        rv = pd_templates_file(&style, &n_style, &source, "style.css", p);
    }
    if (rv == APR_SUCCESS) {
        site->style_hash = apr_pstrndup(p, pd_hash_sha256(style, n_style, p), 12);
        *why = "no memory to compress style.css";
        rv = pd_encoding_make(&site->style, style, n_style, PD_ENCODING_THOROUGH, p, p);
    }
    return rv;
}

static pd_db_options_t database_options(const pd_settings_t *settings)
{
    pd_db_options_t options = {settings->database_driver, settings->database_params,
                               (int)settings->database_connections, settings->database_wait, 1};
    return options;
}

/* A key file that belongs to another database stops the start, where that can be seen. Reads only,
 * and everything is closed again before children are made. A database that is away, or has no
 * schema yet, is no reason not to start. */
static apr_status_t check_bond(const pd_site_t *site, const char **why, apr_pool_t *p)
{
    apr_pool_t *scratch;
    const char *reason = NULL;
    pd_portal_t portal = {.settings = site->settings, .keys = site->keys};
    pd_db_options_t options = database_options(site->settings);
    apr_pool_create(&scratch, p);
    apr_status_t rv = pd_db_open(&portal.db, &reason, &options, scratch);
    if (rv == APR_SUCCESS) {
        rv = pd_portal_check_key(&reason, &portal, scratch);
    }
    *why = reason ? apr_pstrdup(p, reason) : "";
    apr_pool_destroy(scratch);
    return rv == PD_EKEY ? rv : APR_SUCCESS;
}

static apr_status_t fill_site(pd_site_t *site, const char **why, int only_look, apr_pool_t *p)
{
    const char *wrong;
    apr_status_t rv = pd_keyring_load(&site->keys, site->settings->key_file, why, p);
    if (rv == APR_SUCCESS) {
        rv = load_templates(site, why, p);
    }
    if (rv == APR_SUCCESS) {
        *why = "PDPortalTimeZone: the zone can't be loaded; is the package tzdata installed?";
        rv = pd_zone_load(&site->zone, site->settings->time_zone, p);
    }
    if (rv == APR_SUCCESS) {
        *why = "PDPortalMetricsFrom: no list of addresses and networks";
        rv = pd_network_parse(&site->metrics_from, &wrong, site->settings->metrics_from, p);
    }
    if (rv == APR_SUCCESS && !only_look) {
        *why = "no shared memory for the hashing gate";
        rv = pd_site_make_gate(site, p);
    }
    if (rv == APR_SUCCESS && !only_look) {
        *why = "no shared memory";
        rv = pd_site_make_segments(site, p);
    }
    if (rv == APR_SUCCESS) {
        rv = check_bond(site, why, p);
    }
    if (rv == APR_SUCCESS) {
        (void)pd_url_base(&site->secure, site->settings->base_url, p);
        const char *path = site->settings->path;
        site->denied_page = apr_pstrcat(p, path, "/" PD_SITE_DENIED, NULL);
        site->required_page = apr_pstrcat(p, path, "/" PD_SITE_REQUIRED, NULL);
        site->unavailable_page = apr_pstrcat(p, path, "/" PD_SITE_UNAVAILABLE, NULL);
        site->headers =
            pd_headers_make(apr_pstrcat(p, "<", path, "/policy>; rel=\"privacy-policy\"", NULL), p);
    }
    return rv;
}

static int same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Two servers whose settings are equal share one site, and so one pool of connections. */
static int equal_settings(const pd_settings_t *a, const pd_settings_t *b)
{
    if (!same(a->database_driver, b->database_driver) ||
        !same(a->database_params, b->database_params)) {
        return 0;
    }
    for (const pd_directive_t *row = pd_directives; row->name != NULL; row++) {
        if (row->scope != PD_SCOPE_SERVER || row->type == PD_TYPE_DATABASE) {
            continue;
        }
        const char *in_a = (const char *)a + row->offset, *in_b = (const char *)b + row->offset;
        if (pd_directive_is_number(row)
                ? *(const apr_int64_t *)in_a != *(const apr_int64_t *)in_b
                : !same(*(const char *const *)in_a, *(const char *const *)in_b)) {
            return 0;
        }
    }
    return 1;
}

static pd_site_t *find_site(const pd_settings_t *settings)
{
    for (pd_site_t *site = first_site; site != NULL; site = site->next) {
        if (equal_settings(site->settings, settings)) {
            return site;
        }
    }
    return NULL;
}

static int make_site(server_rec *s, int only_look, apr_pool_t *pconf)
{
    pd_server_config_t *config = pd_config_server(s);
    pd_settings_t *settings = pd_settings_merge(config->settings, pd_settings_new(pconf), pconf);
    pd_settings_complete(settings, pconf);
    config->site = find_site(settings);
    if (config->site != NULL) {
        return OK;
    }
    pd_site_t *site = apr_pcalloc(pconf, sizeof(*site));
    const char *why = "no memory";
    site->settings = settings;
    if (fill_site(site, &why, only_look, pconf) != APR_SUCCESS) {
        return complain(s, why);
    }
    site->next = first_site;
    first_site = site;
    config->site = site;
    return OK;
}

static apr_status_t forget_sites(void *unused)
{
    (void)unused;
    first_site = NULL;
    return APR_SUCCESS;
}

static int make_sites(server_rec *base, int only_look, apr_pool_t *p)
{
    first_site = NULL;
    apr_pool_cleanup_register(p, NULL, forget_sites, apr_pool_cleanup_null);
    for (server_rec *s = base; s != NULL; s = s->next) {
        int rv = pd_config_has_portal(s) ? make_site(s, only_look, p) : OK;
        if (rv != OK) {
            return rv;
        }
    }
    return OK;
}

int pd_site_check(apr_pool_t *ptemp, server_rec *base)
{
    return make_sites(base, 1, ptemp);
}

int pd_site_post_config(apr_pool_t *pconf, server_rec *base)
{
    int rv = make_sites(base, 0, pconf);
    if (rv == OK) {
        pd_segment_sweep();
    }
    return rv;
}

static void ring(void *coherence)
{
    pd_coherence_ring(coherence);
}

/* Without a bell pdportalctl is noticed only as other hosts are. */
static apr_status_t join_coherence(pd_portal_t *portal, const pd_site_t *site, apr_pool_t *pchild,
                                   server_rec *base)
{
    pd_bell_t *bell = NULL;
    const char *path = pd_coherence_bell_path(site->settings, site->keys, pchild);
    apr_status_t rv = pd_bell_open(&bell, path, 1, pchild);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, rv, base,
                     "PD0503: %s can't be used: what pdportalctl changes is noticed within "
                     "PDPortalSessionRecheck, not at once",
                     path);
    }
    rv = pd_coherence_attach(&portal->coherence, site->coherence, bell, pchild);
    if (rv == APR_SUCCESS && site->sessions != NULL) {
        rv = pd_session_table_attach(&portal->sessions, site->sessions,
                                     (apr_size_t)site->settings->session_cache, pchild);
    }
    if (rv == APR_SUCCESS) {
        pd_db_on_commit(portal->db, ring, portal->coherence);
    }
    return rv;
}

static void open_portal(pd_site_t *site, apr_pool_t *pchild, server_rec *base)
{
    const pd_settings_t *settings = site->settings;
    pd_db_options_t options = database_options(settings);
    const char *why = "";
    pd_portal_t *portal = apr_pcalloc(pchild, sizeof(*portal));
    portal->settings = settings;
    portal->keys = site->keys;
    portal->hashing = site->hashing;
    portal->templates = site->templates;
    portal->counts = site->counts;
    portal->schedule = pd_schedule_new(pchild);
    portal->limiter =
        pd_limiter_over(site->guesses, pd_guess_rules, pd_guess_n_rules, pd_clock_ticks, pchild);
    portal->state = site->state;
    portal->places =
        pd_places_new(settings->place_file, site->state ? &site->state->places_said : NULL, pchild);
    apr_status_t rv = pd_db_open(&portal->db, &why, &options, pchild);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, base, "PD0500: the database can't be opened: %s",
                     why);
        return;
    }
    pd_keyring_lock(site->keys);
    if (join_coherence(portal, site, pchild, base) == APR_SUCCESS &&
        pd_ready_create(&portal->ready, pchild) == APR_SUCCESS) {
        site->portal = portal;
    }
}

void pd_site_child_init(apr_pool_t *pchild, server_rec *base)
{
    for (pd_site_t *site = first_site; site != NULL; site = site->next) {
        open_portal(site, pchild, base);
    }
}

apr_status_t pd_site_portal(const pd_portal_t **portal, pd_site_t *site, apr_pool_t *p)
{
    *portal = site->portal;
    if (site->portal == NULL) {
        return PD_EAWAY;
    }
    if (apr_atomic_read32(&site->key_checked)) {
        return APR_SUCCESS;
    }
    const char *why = NULL;
    apr_status_t rv = pd_portal_check_key(&why, site->portal, p);
    if (rv == APR_SUCCESS) {
        apr_atomic_set32(&site->key_checked, 1);
    }
    else if (rv == PD_EKEY && pd_log_due(&site->said_key)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, ap_server_conf, "PD0501: %s", why);
    }
    return rv;
}
