/* mod_pdportal: a personal-data portal inside Apache httpd. The module record and the hook list;
 * nothing else. Where things are: README.md "Where things are". */
#include <httpd.h>
#include <http_config.h>
#include "auth/pd_authn.h"
#include "auth/pd_log_tag.h"
#include "auth/pd_variable.h"
#include "cfg/pd_config.h"
#include "srv/pd_lifecycle.h"
#include "srv/pd_status_page.h"
#include "web/pd_web.h"

static void register_hooks(apr_pool_t *p)
{
    pd_lifecycle_register(p);
    pd_status_page_register(p);
    pd_authn_register(p);
    pd_log_tag_register(p);
    pd_variable_register(p);
    pd_web_register_hooks(p);
}

AP_DECLARE_MODULE(pdportal) = {
    STANDARD20_MODULE_STUFF, pd_config_create_directory, pd_config_merge_directory,
    pd_config_create_server, pd_config_merge_server,     pd_config_commands,
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
