/* The jobs: writing and delivering letters, removing what is over, and reading figures for who
 * looks on. Each works in small batches with a pool of its own, and stops after a while, so that a
 * server that is told to end isn't held up. */
#include "portal/pd_jobs.h"

#include "base/pd_clock.h"
#include "base/pd_stop.h"
#include "portal/pd_coming.h"
#include "portal/pd_device.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_link.h"
#include "portal/pd_outbox.h"
#include "portal/pd_registration.h"
#include "portal/pd_session.h"
#include "portal/pd_session_cache.h"
#include "portal/pd_state.h"

#define MAIL_BATCH   1 /* each may take a whole time-out: look at the clock between them */
#define EXPIRE_BATCH 200
#define RUN_MAX      apr_time_from_sec(20)
#define EXPIRE_EVERY apr_time_from_sec(3600)
#define COMING_EVERY apr_time_from_sec(10)
#define COMING_BATCH 50
#define STATE_EVERY  apr_time_from_sec(30)
#define LETTER_AGE   apr_time_from_sec(30 * 24 * 3600)

/* One batch; `seen` 0 when nothing is left. What another process takes first is seen, not done. */
typedef apr_status_t batch_fn(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p);

static apr_status_t run_batches(int *done, batch_fn *batch, const pd_portal_t *portal,
                                apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_time_t end = pd_clock_now() + RUN_MAX;
    apr_status_t rv;
    int n, seen;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        n = seen = 0;
        rv = batch(&n, &seen, portal, scratch);
        *done += n;
    } while (!rv && seen > 0 && pd_clock_now() < end && !pd_stop_asked());
    apr_pool_destroy(scratch);
    return rv;
}

static apr_status_t mail_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    return pd_outbox_deliver(done, seen, portal, pd_transport(portal->settings), MAIL_BATCH, p);
}

static apr_status_t registration_batch(int *done, int *seen, const pd_portal_t *portal,
                                       apr_pool_t *p)
{
    apr_status_t rv = pd_registration_expire(done, portal, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t session_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t rv = pd_session_expire(done, portal, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t letter_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t rv = pd_outbox_expire(done, portal, LETTER_AGE, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t link_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t rv = pd_link_expire(done, portal, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t invalidation_batch(int *done, int *seen, const pd_portal_t *portal,
                                       apr_pool_t *p)
{
    apr_status_t rv = pd_invalidation_expire(done, portal, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t device_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t rv = pd_device_expire(done, portal, EXPIRE_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_interval_time_t mail_every(const pd_settings_t *settings)
{
    return settings->mail_interval;
}

static apr_status_t mail_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return run_batches(done, mail_batch, portal, p);
}

static apr_status_t coming_batch(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    return pd_coming_write(done, seen, portal, COMING_BATCH, p);
}

static apr_interval_time_t coming_every(const pd_settings_t *settings)
{
    (void)settings;
    return COMING_EVERY;
}

static apr_status_t coming_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return run_batches(done, coming_batch, portal, p);
}

static apr_interval_time_t expire_every(const pd_settings_t *settings)
{
    (void)settings;
    return EXPIRE_EVERY;
}

static apr_status_t expire_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    static batch_fn *const batches[] = {registration_batch, session_batch,      letter_batch,
                                        link_batch,         invalidation_batch, device_batch};
    apr_status_t first = APR_SUCCESS;
    *done = 0;
    for (apr_size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        apr_status_t rv = run_batches(done, batches[i], portal, p);
        first = first ? first : rv;
    }
    return first;
}

static apr_interval_time_t state_every(const pd_settings_t *settings)
{
    (void)settings;
    return STATE_EVERY;
}

static apr_status_t state_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return pd_state_read(portal, p);
}

const pd_job_t pd_jobs[] = {{"mail", mail_every, mail_run, 0},
                            {"coming", coming_every, coming_run, 0},
                            {"expire", expire_every, expire_run, 0},
                            {"sessions", pd_session_cache_every, pd_session_cache_note, 1},
                            {"state", state_every, state_run, 1},
                            {NULL, NULL, NULL, 0}};
