/* Start and children. Everything with effects waits for the second reading of the configuration,
 * and a configuration test does everything but keep it. */
#include "srv/pd_lifecycle.h"
#include <dlfcn.h>
#include <unistd.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "cfg/pd_config.h"
#include "crypt/pd_argon.h"
#include "srv/pd_site.h"
#include "srv/pd_watch.h"

APLOG_USE_MODULE(pdportal);

#define HASH_PROGRAM "pdportal-hash"

/* The core's log lines go to the error log of the main server, without the client's address. */
static void to_error_log(void *baton, pd_log_level_e level, apr_status_t status,
                         const char *message)
{
    char text[128];
    (void)baton;
    int ours = status >= PD_STATUS_BASE && status < PD_STATUS_BASE + 100;
    ap_log_error(APLOG_MARK, (int)level, ours ? 0 : status, ap_server_conf, "%s%s%s", message,
                 ours ? ": " : "", ours ? pd_status_text(status, text, sizeof(text)) : "");
}

/* The program that hashes passwords stands beside the module. */
static void find_hash_program(apr_pool_t *pconf)
{
    Dl_info module;
    if (dladdr(&pdportal_module, &module) == 0 || module.dli_fname == NULL) {
        return;
    }
    const char *folder = ap_make_dirstr_parent(pconf, module.dli_fname);
    const char *program = apr_pstrcat(pconf, folder, HASH_PROGRAM, NULL);
    if (access(program, X_OK) == 0) {
        pd_argon_use(program);
    }
    else {
        pd_argon_use(NULL);
        ap_log_error(APLOG_MARK, APLOG_NOTICE, errno, ap_server_conf,
                     "PD0252: %s can't be run: passwords are hashed within the server, where that "
                     "slows down pages while many people sign in",
                     program);
    }
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *base)
{
    (void)plog;
    (void)ptemp;
    pd_log_set_sink(to_error_log, NULL);
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK; /* the first reading: checked already, started at the second */
    }
    find_hash_program(pconf);
    int rv = pd_site_post_config(pconf, base);
    return rv == OK ? pd_watch_post_config(pconf, base) : rv;
}

/* Everything that can be wrong is looked at here, for `apachectl configtest`, which never comes to
 * post_config, and at the first reading, when httpd still has a terminal and an exit code. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *base)
{
    int rv = pd_config_check(pconf, plog, ptemp, base);
    int only_looking = ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST ||
                       ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
    return rv == OK && only_looking ? pd_site_check(ptemp, base) : rv;
}

static void child_init(apr_pool_t *pchild, server_rec *base)
{
    pd_site_child_init(pchild, base);
    pd_watch_child_init(pchild);
}

void pd_lifecycle_register(apr_pool_t *p)
{
    static const char *const before_watchdog[] = {"mod_watchdog.c", NULL};
    (void)p;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, before_watchdog, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, before_watchdog, APR_HOOK_MIDDLE);
}
