/* Jobs on mod_watchdog. The singleton may overlap with that of an older generation, and takes ten
 * seconds to be replaced when its child is killed (ECOSYSTEM trap 16): jobs claim what they work
 * on, so running twice does no harm. What was done is kept in the database, since the next turn may
 * be another child's. */
#include "srv/pd_watch.h"
#include <apr_optional.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mod_watchdog.h>
#include "base/pd_clock.h"
#include "cfg/pd_config.h"
#include "portal/pd_jobs.h"
#include "srv/pd_site.h"

APLOG_USE_MODULE(pdportal);

#define WATCHDOG_NAME "_pdportal_"
#define JOBS_MAX      16

/* When each job of a site is due next; touched by the watchdog's thread alone. */
typedef struct turn_t {
    pd_site_t *site;
    apr_time_t due[JOBS_MAX];
    struct turn_t *next;
} turn_t;

static turn_t *make_turns(apr_pool_t *p)
{
    turn_t *first = NULL;
    for (pd_site_t *site = pd_site_first(); site != NULL; site = site->next) {
        turn_t *turn = apr_pcalloc(p, sizeof(*turn));
        turn->site = site;
        turn->next = first;
        first = turn;
    }
    return first;
}

static void run_job(turn_t *turn, int index, apr_pool_t *p)
{
    const pd_job_t *job = &pd_jobs[index];
    apr_time_t now = pd_clock_now();
    apr_interval_time_t every = job->every(turn->site->settings);
    /* Also after the clock stepped back: never wait longer than one interval. */
    if (turn->due[index] > now && turn->due[index] - now <= every) {
        return;
    }
    turn->due[index] = now + every;
    const pd_portal_t *portal;
    int done = 0;
    apr_status_t rv = pd_site_portal(&portal, turn->site, p);
    if (rv == APR_SUCCESS) {
        rv = job->run(&done, portal, p);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, ap_server_conf,
                     "PD0510: job %s did not finish and will be tried again", job->name);
    }
}

static apr_status_t on_watchdog(int state, void *data, apr_pool_t *p)
{
    turn_t *turns = data;
    if (state != AP_WATCHDOG_STATE_RUNNING) {
        return APR_SUCCESS;
    }
    for (turn_t *turn = turns; turn != NULL; turn = turn->next) {
        for (int i = 0; pd_jobs[i].name != NULL && i < JOBS_MAX; i++) {
            apr_pool_t *scratch;
            apr_pool_create(&scratch, p);
            run_job(turn, i, scratch);
            apr_pool_destroy(scratch);
        }
    }
    return APR_SUCCESS;
}

int pd_watch_post_config(apr_pool_t *pconf, server_rec *base)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *watch =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    if (pd_site_first() == NULL) {
        return OK;
    }
    if (get == NULL || watch == NULL) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, base,
                     "PD0511: mod_watchdog is not loaded: without it no letter is sent. Load it "
                     "with LoadModule watchdog_module modules/mod_watchdog.so");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_status_t rv = get(&watchdog, WATCHDOG_NAME, 0, 1, pconf);
    if (rv == APR_SUCCESS) {
        rv = watch(watchdog, AP_WD_TM_INTERVAL, make_turns(pconf), on_watchdog);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, rv, base,
                     "PD0512: the job watchdog can't be set up");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}
