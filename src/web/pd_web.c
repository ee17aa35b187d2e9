/* Registers the pages' hooks. The portal's path is taken before any other module maps it elsewhere:
 * a site that is wholly rewritten or proxied still has its portal. */
#include "web/pd_web.h"
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>
#include "srv/pd_site.h"
#include "web/pd_contracts.h"
#include "web/pd_route.h"

void pd_web_register_hooks(apr_pool_t *p)
{
    (void)p;
    pd_site_declare_pages(pd_common_names, pd_page_contracts);
    ap_hook_translate_name(pd_route_translate, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(pd_route_map, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(pd_route_fixup, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(pd_route_handle, NULL, NULL, APR_HOOK_MIDDLE);
}
