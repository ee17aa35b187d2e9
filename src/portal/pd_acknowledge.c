/* Which version is required, kept per process, and the act of acknowledging. */
#include "portal/pd_acknowledge.h"
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include "base/pd_clock.h"
#include "portal/pd_act.h"
#include "portal/pd_coherence.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define VERSIONS_MAX 10000

enum { MATERIAL, ACKNOWLEDGED };

const pd_sql_t pd_acknowledge_sql[] = {
    [MATERIAL] = {"acknowledge_material",
                  "SELECT version, effective_at FROM document"
                  " WHERE kind = 'policy' AND editorial = ''"
                  " ORDER BY effective_at, version LIMIT 10000",
                  "ii", "the policy's versions that have to be acknowledged"},
    [ACKNOWLEDGED] = {"acknowledge_version",
                      "UPDATE person SET policy_version = %lld WHERE id = %s"
                      " AND policy_version < %lld",
                      "", "the version a person acknowledged last"},
    {NULL, NULL, NULL, NULL}};

/* Good from `from` until `until`, as long as documents don't change after `tick`. */
typedef struct span_t {
    apr_int64_t tick;
    apr_time_t from, until;
    apr_int64_t required;
    apr_int64_t announced; /* what is required next; 0: nothing */
} span_t;

/* Read without a lock: `turn` is odd while it is written, and another one afterwards. */
struct pd_schedule_t {
    apr_uint64_t turn; /* 0: never written */
    apr_int64_t words[5];
    pthread_mutex_t writing;
};

struct pd_schedule_t *pd_schedule_new(apr_pool_t *p)
{
    struct pd_schedule_t *schedule = apr_pcalloc(p, sizeof(*schedule));
    pthread_mutex_init(&schedule->writing, NULL);
    return schedule;
}

static int read_span(span_t *span, const struct pd_schedule_t *schedule)
{
    apr_uint64_t turn = __atomic_load_n(&schedule->turn, __ATOMIC_ACQUIRE);
    if (turn == 0 || (turn & 1))
        return 0;
    span->tick = __atomic_load_n(&schedule->words[0], __ATOMIC_ACQUIRE);
    span->from = __atomic_load_n(&schedule->words[1], __ATOMIC_ACQUIRE);
    span->until = __atomic_load_n(&schedule->words[2], __ATOMIC_ACQUIRE);
    span->required = __atomic_load_n(&schedule->words[3], __ATOMIC_ACQUIRE);
    span->announced = __atomic_load_n(&schedule->words[4], __ATOMIC_ACQUIRE);
    return __atomic_load_n(&schedule->turn, __ATOMIC_ACQUIRE) == turn;
}

static void write_span(struct pd_schedule_t *schedule, const span_t *span)
{
    const apr_int64_t words[] = {span->tick, span->from, span->until, span->required,
                                 span->announced};
    pthread_mutex_lock(&schedule->writing);
    __atomic_add_fetch(&schedule->turn, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; i < 5; i++)
        __atomic_store_n(&schedule->words[i], words[i], __ATOMIC_RELEASE);
    __atomic_add_fetch(&schedule->turn, 1, __ATOMIC_ACQ_REL);
    pthread_mutex_unlock(&schedule->writing);
}

static apr_status_t ask(span_t *span, const pd_portal_t *portal, apr_time_t now, apr_pool_t *p)
{
    const pd_rows_t *found;
    *span = (span_t){.until = INT64_MAX};
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_acknowledge_sql[MATERIAL], PD_NO_ARGS, VERSIONS_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        if (cell[1].number > now) {
            span->until = cell[1].number;
            span->announced = cell[0].number;
            break;
        }
        span->required = cell[0].number;
        span->from = cell[1].number;
    }
    return status;
}

/* The tick is taken before the database is asked: what changes in between makes the span stale. */
static apr_status_t ask_and_keep(span_t *span, const pd_portal_t *portal, apr_time_t now,
                                 apr_pool_t *p)
{
    int fresh = pd_coherence_refresh(portal, p) == APR_SUCCESS;
    apr_int64_t tick = fresh ? pd_coherence_tick(portal->coherence) : 0;
    apr_status_t status = ask(span, portal, now, p);
    if (status == APR_SUCCESS && fresh && portal->schedule) {
        span->tick = tick;
        write_span(portal->schedule, span);
    }
    return status;
}

/* Is what is kept good at this instant? For a session from memory the block was just looked at. */
static int is_good(const span_t *span, const pd_portal_t *portal, const pd_session_t *session,
                   apr_time_t now, apr_pool_t *p)
{
    return now >= span->from && now < span->until &&
           (session->from_memory || pd_coherence_refresh(portal, p) == APR_SUCCESS) &&
           pd_coherence_documents_good(portal->coherence, span->tick);
}

static apr_status_t know(span_t *span, const pd_portal_t *portal, const pd_session_t *session,
                         apr_pool_t *p)
{
    apr_time_t now = pd_clock_now();
    if (portal->schedule && read_span(span, portal->schedule) &&
        is_good(span, portal, session, now, p))
        return APR_SUCCESS;
    return ask_and_keep(span, portal, now, p);
}

pd_coming_t pd_acknowledge_announced(const pd_portal_t *portal, const pd_session_t *session,
                                     apr_pool_t *p)
{
    span_t span;
    if (know(&span, portal, session, p) != APR_SUCCESS || span.announced == 0)
        return (pd_coming_t){0, 0};
    return (pd_coming_t){span.announced, span.until};
}

apr_status_t pd_acknowledge_lacking(int *lacking, const pd_portal_t *portal,
                                    const pd_session_t *session, apr_pool_t *p)
{
    span_t span;
    apr_status_t status = know(&span, portal, session, p);
    *lacking = status == APR_SUCCESS ? session->policy_version < span.required : 1;
    return status;
}

typedef struct work_t {
    const pd_portal_t *portal;
    const pd_datakey_t *key;
    const char *person_id;
    pd_act_t act;
} work_t;

/* Two clicks make one act. */
static apr_status_t is_done(int *done, const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    pd_act_t last = {.id = NULL};
    const char *kind = work->act.kind;
    apr_status_t status = pd_act_hold(conn, work->portal, work->person_id, kind, p);
    if (status == APR_SUCCESS)
        status = pd_act_last(&last, conn, work->portal, work->person_id, kind, p);
    *done = status == APR_SUCCESS && last.sequence > 0 && last.version == work->act.version &&
            strcmp(last.verb, PD_ACT_ACKNOWLEDGED) == 0;
    return status;
}

static apr_status_t acknowledge_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const work_t *work = baton;
    int done;
    apr_status_t status = is_done(&done, work, conn, p);
    if (status != APR_SUCCESS || done)
        return status;
    status = pd_conn_exec(
        NULL, conn, &pd_acknowledge_sql[ACKNOWLEDGED],
        PD_ARGS(PD_N(work->act.version), PD_T(work->person_id), PD_N(work->act.version)), p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, work->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_act_add(conn, work->portal, work->person_id, work->key, &work->act, p);
}

/* Was this text shown, with these words? */
static int is_as_shown(const pd_document_t *document, const pd_acknowledge_form_t *form,
                       apr_pool_t *p)
{
    return form->shown != NULL &&
           strcmp(form->shown, pd_document_shown(document, form->language, form->wording, p)) == 0;
}

/* The version that the form is about; `version` 0: it is not the one to acknowledge any more. */
static apr_status_t find_shown(pd_document_t *document, const pd_portal_t *portal,
                               const pd_acknowledge_form_t *form, apr_pool_t *p)
{
    apr_status_t status =
        form->announced
            ? pd_document_get(document, portal, PD_DOCUMENT_POLICY, form->version, form->language,
                              p)
            : pd_document_current(document, portal, PD_DOCUMENT_POLICY, form->language, p);
    if (status == APR_SUCCESS &&
        (document->version != form->version || !is_as_shown(document, form, p) ||
         (form->announced &&
          (*document->editorial != '\0' || document->effective_at <= pd_clock_now()))))
        document->version = 0;
    return status;
}

apr_status_t pd_acknowledge(pd_acknowledge_e *outcome, const pd_portal_t *portal,
                            const char *person_id, const pd_acknowledge_form_t *form, apr_pool_t *p)
{
    pd_document_t document;
    pd_person_t person;
    span_t span;
    *outcome = PD_ACKNOWLEDGE_CHANGED;
    apr_status_t status = find_shown(&document, portal, form, p);
    if (status != APR_SUCCESS || document.version == 0)
        return status;
    status = pd_person_get(&person, portal, person_id, p);
    /* The one in force comes first. */
    if (status == APR_SUCCESS && form->announced)
        status = ask(&span, portal, pd_clock_now(), p);
    if (status != APR_SUCCESS || (form->announced && person.policy_version < span.required))
        return status;
    work_t work = {portal,
                   person.key,
                   person_id,
                   {.verb = PD_ACT_ACKNOWLEDGED,
                    .kind = PD_DOCUMENT_POLICY,
                    .version = document.version,
                    .language = document.language,
                    .html_sha256 = document.html_sha256,
                    .wording = form->wording,
                    .form = form->announced ? "coming" : "acknowledge",
                    .at = pd_clock_now(),
                    .address = form->address,
                    .agent = pd_act_agent(form->agent, p)}};
    status = pd_db_transact(portal->db, acknowledge_step, &work, p);
    if (status == APR_SUCCESS)
        *outcome = PD_ACKNOWLEDGED;
    return status;
}
