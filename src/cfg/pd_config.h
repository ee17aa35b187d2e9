/* httpd's configuration of the portal: what stands in a server and in a directory, merged. The
 * table of directives lives in portal/pd_settings.h; this room only tells httpd about it. Written
 * while the configuration is read, never afterwards. */
#ifndef PD_CONFIG_H
#define PD_CONFIG_H
#include <httpd.h>
#include <http_config.h>
#include "portal/pd_settings.h"

/* The one name that httpd looks up in the shared object. */
extern module AP_MODULE_DECLARE_DATA pdportal_module __attribute__((visibility("default")));

struct pd_site_t;

typedef struct pd_server_config_t {
    pd_settings_t *settings;
    const char *where;      /* "FILE:LINE" of a directive that stands here, for messages; or NULL */
    struct pd_site_t *site; /* set by srv/ after the check; NULL: no portal in this server */
} pd_server_config_t;

/* httpd's callbacks for the module record. */
void *pd_config_create_server(apr_pool_t *p, server_rec *s);
void *pd_config_merge_server(apr_pool_t *p, void *outer, void *inner);
void *pd_config_create_directory(apr_pool_t *p, char *directory);
void *pd_config_merge_directory(apr_pool_t *p, void *outer, void *inner);

/* The command table, filled from pd_directives when the module is loaded. */
extern command_rec pd_config_commands[];

static inline pd_server_config_t *pd_config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &pdportal_module);
}

static inline const pd_dir_settings_t *pd_config_directory(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &pdportal_module);
}

/* Is there a portal in this server? One is meant where a base URL is set or inherited. */
int pd_config_has_portal(const server_rec *s);

/* check_config: every portal is complete and consistent, or start and configtest fail with file,
 * line and what to write instead. No side effects. */
int pd_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *base);

#endif
