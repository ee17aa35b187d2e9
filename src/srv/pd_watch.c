/* Jobs on mod_watchdog. The singleton may overlap with that of an older generation, and takes ten
 * seconds to be replaced when its child is killed (ECOSYSTEM trap 16): jobs claim what they work
 * on, so running twice does no harm. What was done is kept in the database, since the next turn may
 * be another child's. */
#include "srv/pd_watch.h"
#include <apr_optional.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mod_watchdog.h>
#include <pthread.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "base/pd_stop.h"
#include "cfg/pd_config.h"
#include "portal/pd_jobs.h"
#include "portal/pd_state.h"
#include "srv/pd_site.h"

APLOG_USE_MODULE(pdportal);

#define WATCHDOG_NAME "_pdportal_"
#define JOBS_MAX      16

/* Read while a job is at work. */
static pthread_rwlock_t running = PTHREAD_RWLOCK_INITIALIZER;

/* When each job of a site is due next; touched by the watchdog's thread alone. */
typedef struct turn_t {
    pd_site_t *site;
    apr_time_t due[JOBS_MAX];
    struct turn_t *next;
} turn_t;

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
    if (rv == PD_EAWAY || rv == PD_ESCHEMA || rv == PD_EKEY) {
        pd_state_away(turn->site->state);
    }
    if (rv != APR_SUCCESS && pd_log_due(&turn->site->said_job)) {
        char text[128];
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                     "PD0510: job %s did not finish and will be tried again: %s", job->name,
                     pd_status_text(rv, text, sizeof(text)));
    }
}

static apr_status_t on_watchdog(int state, void *data, apr_pool_t *p)
{
    if (state != AP_WATCHDOG_STATE_RUNNING) {
        return APR_SUCCESS;
    }
    pthread_rwlock_rdlock(&running);
    for (int i = 0; i < JOBS_MAX && pd_jobs[i].name && !pd_stop_asked(); i++) {
        apr_pool_t *scratch;
        apr_pool_create(&scratch, p);
        run_job(data, i, scratch);
        apr_pool_destroy(scratch);
    }
    pthread_rwlock_unlock(&running);
    return APR_SUCCESS;
}

/* mod_watchdog doesn't wait for its threads when a child ends: what they work with goes under their
 * hands. So the child waits here, before anything of its pool goes, until no job is at work. */
static apr_status_t end_jobs(void *unused)
{
    (void)unused;
    pd_stop_ask();
    pthread_rwlock_wrlock(&running);
    pthread_rwlock_unlock(&running);
    return APR_SUCCESS;
}

void pd_watch_child_init(apr_pool_t *pchild)
{
    apr_pool_pre_cleanup_register(pchild, NULL, end_jobs);
}

/* A thread for each site: a mail server that hangs holds up nobody else's letters. */
static apr_status_t watch_site(pd_site_t *site, int number, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *watch =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    if (get == NULL || watch == NULL) {
        return APR_ENOENT;
    }
    turn_t *turn = apr_pcalloc(pconf, sizeof(*turn));
    turn->site = site;
    apr_status_t rv = get(&watchdog, apr_psprintf(pconf, "_pdportal_%d_", number), 0, 1, pconf);
    return rv == APR_SUCCESS ? watch(watchdog, AP_WD_TM_INTERVAL, turn, on_watchdog) : rv;
}

int pd_watch_post_config(apr_pool_t *pconf, server_rec *base)
{
    int number = 0;
    for (pd_site_t *site = pd_site_first(); site != NULL; site = site->next) {
        apr_status_t rv = watch_site(site, number++, pconf);
        if (rv == APR_ENOENT) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, base,
                         "PD0511: mod_watchdog is not loaded: without it no letter is sent. Load "
                         "it with LoadModule watchdog_module modules/mod_watchdog.so");
        }
        else if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, rv, base,
                         "PD0512: the job watchdog can't be set up");
        }
        if (rv != APR_SUCCESS) {
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}
