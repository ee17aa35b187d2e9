/* Registers the pages' hooks. The portal's path is taken before any other module maps it elsewhere:
 * a site that is wholly rewritten or proxied still has its portal. */
#include "web/pd_web.h"
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>
#include "auth/pd_site_cookie.h"
#include "portal/pd_field.h"
#include "portal/pd_purpose.h"
#include "srv/pd_site.h"
#include "web/pd_contracts.h"
#include "web/pd_route.h"
#include "web/pd_well_known.h"

APLOG_USE_MODULE(pdportal);

/* What names no purpose of the register would be refused each time: better not to start. */
static int check_purposes(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const char *unnamed = pd_field_unnamed();
    (void)pconf, (void)plog, (void)ptemp;
    for (const pd_route_t *route = pd_routes; unnamed == NULL && route->path != NULL; route++) {
        unnamed = pd_purpose_find(route->purpose) == NULL ? route->path : NULL;
    }
    for (int i = 0; unnamed == NULL && i < PD_COOKIE_COUNT; i++) {
        const pd_site_cookie_t *cookie = &pd_site_cookies[i];
        unnamed = pd_purpose_find(cookie->purpose) == NULL ? cookie->id : NULL;
    }
    if (unnamed == NULL) {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s,
                 "PD0722: \"%s\" names no purpose of the register (portal/pd_purpose.c)", unnamed);
    return HTTP_INTERNAL_SERVER_ERROR;
}

void pd_web_register_hooks(apr_pool_t *p)
{
    (void)p;
    pd_site_declare_pages(pd_common_names, pd_page_contracts);
    ap_hook_check_config(check_purposes, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(pd_well_known_translate, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(pd_well_known_map, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(pd_well_known_fixup, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(pd_well_known_handle, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(pd_route_translate, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(pd_route_map, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(pd_route_fixup, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(pd_route_handle, NULL, NULL, APR_HOOK_MIDDLE);
}
