/* Creates and merges the configuration of servers and directories, and checks each portal as a
 * whole. Inner values win where they are set; "unset" is a value that no administrator can write.
 */
#include "cfg/pd_config.h"
#include <http_log.h>

APLOG_USE_MODULE(pdportal);

#define NO_BASE_URL                                                                                \
    "PDPortalBaseURL is missing: write the address people see, for example "                       \
    "PDPortalBaseURL \"https://www.example.org\""

void *pd_config_create_server(apr_pool_t *p, server_rec *s)
{
    pd_server_config_t *config = apr_pcalloc(p, sizeof(*config));
    config->settings = pd_settings_new(p);
    (void)s;
    return config;
}

void *pd_config_merge_server(apr_pool_t *p, void *outer, void *inner)
{
    const pd_server_config_t *above = outer, *here = inner;
    pd_server_config_t *merged = apr_pcalloc(p, sizeof(*merged));
    merged->settings = pd_settings_merge(above->settings, here->settings, p);
    merged->where = here->where ? here->where : above->where;
    return merged;
}

void *pd_config_create_directory(apr_pool_t *p, char *directory)
{
    (void)directory;
    return pd_dir_settings_new(p);
}

void *pd_config_merge_directory(apr_pool_t *p, void *outer, void *inner)
{
    return pd_dir_settings_merge(outer, inner, p);
}

int pd_config_has_portal(const server_rec *s)
{
    const pd_server_config_t *config = pd_config_server(s);
    return config != NULL && config->settings->base_url != NULL;
}

static int complain(server_rec *s, const char *where, const char *why)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, "%s: %s", where ? where : "PDPortal",
                 why);
    return HTTP_INTERNAL_SERVER_ERROR;
}

int pd_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *base)
{
    const char *orphan = NULL;
    int portals = 0;
    (void)pconf;
    (void)plog;
    for (server_rec *s = base; s != NULL; s = s->next) {
        pd_server_config_t *config = pd_config_server(s);
        if (!pd_config_has_portal(s)) {
            orphan = config->where;
            if (s != base && orphan != pd_config_server(base)->where) {
                return complain(s, orphan, NO_BASE_URL);
            }
            continue;
        }
        portals++;
        pd_settings_t *whole = pd_settings_merge(config->settings, pd_settings_new(ptemp), ptemp);
        pd_settings_complete(whole, ptemp);
        const char *why = pd_settings_check(whole, ptemp);
        if (why != NULL) {
            return complain(s, config->where, why);
        }
    }
    if (portals == 0 && orphan != NULL) {
        return complain(base, orphan, NO_BASE_URL);
    }
    return OK;
}
