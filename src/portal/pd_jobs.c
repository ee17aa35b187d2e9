/* The jobs: writing and delivering letters and notices, removing what is over, and reading figures
 * for who looks on. Each works in small batches with a pool of its own, and stops after a while, so
 * that a server that is told to end isn't held up. */
#include "portal/pd_jobs.h"

#include "base/pd_clock.h"
#include "base/pd_stop.h"
#include "portal/pd_coming.h"
#include "portal/pd_destruction.h"
#include "portal/pd_field.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_mailing.h"
#include "portal/pd_outbox.h"
#include "portal/pd_recovery.h"
#include "portal/pd_review.h"
#include "portal/pd_session_cache.h"
#include "portal/pd_state.h"
#include "portal/pd_unused.h"

#define MAIL_BATCH    1 /* each may take a whole time-out: look at the clock between them */
#define EXPIRE_BATCH  200
#define EXPIRE_EVERY  apr_time_from_sec(3600)
#define COMING_EVERY  apr_time_from_sec(10)
#define COMING_BATCH  50
#define DESTROY_EVERY apr_time_from_sec(60)
#define DESTROY_BATCH 20
#define MAILING_BATCH 50
#define STATE_EVERY   apr_time_from_sec(30)

/* One batch; `seen` 0 when nothing is left. What another process takes first is seen, not done. */
typedef apr_status_t batch_fn(int *done, int *seen, pd_destroy_fn *destroy,
                              const pd_portal_t *portal, apr_pool_t *p);

static apr_status_t run_batches(int *done, batch_fn *batch, pd_destroy_fn *destroy,
                                const pd_portal_t *portal, apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_time_t end = pd_clock_now() + PD_RUN_MAX;
    apr_status_t rv;
    int n, seen;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        n = seen = 0;
        rv = batch(&n, &seen, destroy, portal, scratch);
        *done += n;
    } while (!rv && seen > 0 && pd_clock_now() < end && !pd_stop_asked());
    apr_pool_destroy(scratch);
    return rv;
}

static apr_status_t mail_batch(int *done, int *seen, pd_destroy_fn *unused,
                               const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
    return pd_outbox_deliver(done, seen, portal, pd_transport(portal->settings), MAIL_BATCH, p);
}

static apr_status_t destroy_batch(int *done, int *seen, pd_destroy_fn *destroy,
                                  const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t rv = destroy(done, portal, EXPIRE_BATCH, p);
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
    return run_batches(done, mail_batch, NULL, portal, p);
}

static apr_status_t recovery_batch(int *done, int *seen, pd_destroy_fn *unused,
                                   const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
    return pd_recovery_answer(done, seen, portal, p);
}

static apr_status_t recovery_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return run_batches(done, recovery_batch, NULL, portal, p);
}

static apr_status_t coming_batch(int *done, int *seen, pd_destroy_fn *unused,
                                 const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
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
    return run_batches(done, coming_batch, NULL, portal, p);
}

static apr_status_t mailing_batch(int *done, int *seen, pd_destroy_fn *unused,
                                  const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
    return pd_mailing_write(done, seen, portal, MAILING_BATCH, p);
}

static apr_status_t mailing_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return run_batches(done, mailing_batch, NULL, portal, p);
}

static apr_interval_time_t expire_every(const pd_settings_t *settings)
{
    (void)settings;
    return EXPIRE_EVERY;
}

/* What is over by the table of fields, and the feed of changes, which tells of nobody. A trouble
 * with one doesn't hold up the others. */
static apr_status_t expire_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    apr_status_t first = run_batches(done, destroy_batch, pd_invalidation_expire, portal, p);
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        apr_status_t rv = field->destroy
                              ? run_batches(done, destroy_batch, field->destroy, portal, p)
                              : APR_SUCCESS;
        first = first ? first : rv;
    }
    return first;
}

static apr_status_t due_batch(int *done, int *seen, pd_destroy_fn *unused,
                              const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
    apr_status_t rv = pd_destruction_due(done, portal, DESTROY_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_interval_time_t destroy_every(const pd_settings_t *settings)
{
    (void)settings;
    return DESTROY_EVERY;
}

static apr_status_t unused_batch(int *done, int *seen, pd_destroy_fn *unused,
                                 const pd_portal_t *portal, apr_pool_t *p)
{
    (void)unused;
    apr_status_t rv = pd_unused_run(done, portal, DESTROY_BATCH, p);
    *seen = *done;
    return rv;
}

static apr_status_t unused_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    *done = 0;
    return run_batches(done, unused_batch, NULL, portal, p);
}

static apr_status_t review_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    return pd_review_remind(done, portal, p);
}

/* People whose time is over; then the pages on which they stood. Sessions that are over go here,
 * too, and not only by the hour: a row that is gone is not brought back to life by a clock that
 * steps back. */
static apr_status_t destroy_run(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    int ended = 0; /* not counted: nobody is destroyed by it */
    *done = 0;
    apr_status_t first = run_batches(done, due_batch, NULL, portal, p);
    apr_status_t rv = pd_destruction_wipe(portal, p);
    first = first ? first : rv;
    rv = run_batches(&ended, destroy_batch, pd_session_expire, portal, p);
    return first ? first : rv;
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

/* Removing is done for the sake of what the data were kept for. */
const pd_job_t pd_jobs[] = {
    {"recovery", "4.1.1", mail_every, recovery_run, 0}, /* before the mail that it makes */
    {"mail", "4.1.3 4.1.4 4.1.5", mail_every, mail_run, 0},
    {"coming", "4.1.3", coming_every, coming_run, 0},
    {"notices", "4.1.3", coming_every, mailing_run, 0},
    {"expire", "4.1.1 4.1.2 4.1.3 4.1.4 4.1.5", expire_every, expire_run, 0},
    {"unused", "4.1.3", expire_every, unused_run, 0},
    {"review", "4.1.5", expire_every, review_run, 0},
    {"destroy", "4.1.2", destroy_every, destroy_run, 0},
    {"sessions", "4.1.2", pd_session_cache_every, pd_session_cache_note, 1},
    {"state", "4.1.7", state_every, state_run, 1},
    {NULL, NULL, NULL, NULL, 0}};
