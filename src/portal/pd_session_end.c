/* Ending sessions from elsewhere: one, a person's, everybody's. The person's row comes before the
 * sessions' rows, so that two who end the same person's stand in line. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

#define SWEEP_ROWS   200
#define SESSIONS_MAX 500

enum { OF_ID, RAISE, KEEP, CLEAR, RENEW, RAISE_ALL, SWEEP, LIST };

const pd_sql_t pd_session_end_sql[] = {
    [OF_ID] = {"session_of_id", "SELECT token, person_id FROM session WHERE id = %s", "ss",
               "the session that pages and the journal call so"},
    [RAISE] = {"session_raise", "UPDATE person SET generation = generation + 1 WHERE id = %s", "",
               "end all sessions of a person, also those being begun"},
    [KEEP] = {"session_keep",
              "UPDATE session SET generation = generation + 1 WHERE id = %s AND person_id = %s", "",
              "all but this one; a dead one stays dead"},
    [CLEAR] = {"session_clear", "DELETE FROM session WHERE person_id = %s AND id <> %s", "",
               "the rows of a person's ended sessions"},
    [RENEW] = {"session_renew",
               "UPDATE session SET token = %s WHERE id = %s AND person_id = %s AND generation ="
               " (SELECT p.generation FROM person p WHERE p.id = session.person_id)"
               " + " PD_SESSIONS_ENDED,
               "", "another token for a session that is good"},
    [RAISE_ALL] = {"session_raise_all",
                   "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)"
                   " WHERE name = 'sessions.ended'",
                   "", "end everybody's sessions"},
    /* By expiry: the oldest are dead, those begun since come last. */
    [SWEEP] = {"session_sweep",
               "DELETE FROM session WHERE token IN (SELECT s.token FROM session s"
               " WHERE s.expires_at > 0 AND s.generation <> (SELECT p.generation FROM person p"
               " WHERE p.id = s.person_id) + " PD_SESSIONS_ENDED
               " ORDER BY s.expires_at LIMIT %lld)",
               "", "rows of dead sessions"},
    [LIST] = {"session_list",
              "SELECT s.id, s.created_at, s.authenticated_at, s.used_at, s.expires_at,"
              " s.origin FROM session s JOIN person p ON p.id = s.person_id WHERE s.person_id = %s"
              " AND s.generation = p.generation + " PD_SESSIONS_ENDED
              " AND s.expires_at > %lld AND s.used_at > %lld ORDER BY s.used_at DESC, s.id"
              " LIMIT 500",
              "siiiis", "where a person is signed in"},
    {NULL, NULL, NULL, NULL}};

typedef struct end_one_t {
    const pd_portal_t *portal;
    const char *person_id, *session_id;
    int ended;
} end_one_t;

static apr_status_t end_one_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    end_one_t *end = baton;
    const pd_rows_t *found;
    pd_session_ended_t ended;
    end->ended = 0;
    apr_status_t status = pd_conn_read(&found, conn, &pd_session_end_sql[OF_ID],
                                       PD_ARGS(PD_T(end->session_id)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    if (end->person_id && strcmp(end->person_id, cell[1].text) != 0)
        return APR_SUCCESS;
    status = pd_session_drop(&ended, conn, end->portal, cell[0].text, p);
    if (status != APR_SUCCESS)
        return status;
    end->ended = ended.id != NULL;
    return pd_session_tell_ended(conn, end->portal, &ended, p);
}

apr_status_t pd_session_end_one(int *ended, const pd_portal_t *portal, const char *person_id,
                                const char *session_id, apr_pool_t *p)
{
    end_one_t end = {portal, person_id, session_id, 0};
    apr_status_t status = pd_db_transact(portal->db, end_one_step, &end, p);
    *ended = status == APR_SUCCESS && end.ended;
    return status;
}

apr_status_t pd_session_clear(int *ended, pd_conn_t *conn, const char *person_id,
                              const char *but_session_id, apr_pool_t *p)
{
    const char *but = but_session_id ? but_session_id : "";
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_session_end_sql[RAISE], PD_ARGS(PD_T(person_id)), p);
    if (status == APR_SUCCESS && but_session_id)
        status = pd_conn_exec(NULL, conn, &pd_session_end_sql[KEEP],
                              PD_ARGS(PD_T(but), PD_T(person_id)), p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(ended, conn, &pd_session_end_sql[CLEAR],
                        PD_ARGS(PD_T(person_id), PD_T(but)), p);
}

apr_status_t pd_session_renew(int *renewed, pd_conn_t *conn, const char *person_id,
                              const char *session_id, const char *token_hash, apr_pool_t *p)
{
    return pd_conn_exec(renewed, conn, &pd_session_end_sql[RENEW],
                        PD_ARGS(PD_T(token_hash), PD_T(session_id), PD_T(person_id)), p);
}

typedef struct end_others_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *but;
    int ended;
} end_others_t;

static apr_status_t end_others_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    end_others_t *end = baton;
    const char *id = end->person->id;
    apr_status_t status = pd_session_clear(&end->ended, conn, id, end->but, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(
        json_pack("{s:i, s:s}", "ended", end->ended, "but", end->but ? end->but : ""), p);
    return pd_journal_add(conn, end->portal, PD_EVENT_SESSIONS_ENDED, id, details, end->person->key,
                          p);
}

apr_status_t pd_session_end_others(int *ended, const pd_portal_t *portal, const char *person_id,
                                   const char *but_session_id, apr_pool_t *p)
{
    pd_person_t person;
    *ended = 0;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    end_others_t end = {portal, &person, but_session_id, 0};
    status = pd_db_transact(portal->db, end_others_step, &end, p);
    *ended = status == APR_SUCCESS ? end.ended : 0;
    return status;
}

static apr_status_t end_all_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    int raised;
    apr_status_t status =
        pd_conn_exec(&raised, conn, &pd_session_end_sql[RAISE_ALL], PD_NO_ARGS, p);
    if (status == APR_SUCCESS && raised != 1)
        return PD_ESQL;
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_EVERYBODY, "", p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, baton, PD_EVENT_SESSIONS_ENDED, "", NULL, NULL, p);
}

static apr_status_t sweep_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    return pd_conn_exec(baton, conn, &pd_session_end_sql[SWEEP], PD_ARGS(PD_N(SWEEP_ROWS)), p);
}

/* What can't be swept now harms nobody: the job takes it when its time is over. */
static void sweep(int *removed, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_status_t status;
    int n;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        n = 0;
        status = pd_db_transact(portal->db, sweep_step, &n, scratch);
        *removed += status == APR_SUCCESS ? n : 0;
    } while (status == APR_SUCCESS && n > 0);
    apr_pool_destroy(scratch);
    if (status != APR_SUCCESS)
        pd_log(PD_LOG_WARNING, status, "PD0620: rows of ended sessions are left to the job");
}

apr_status_t pd_session_end_all(int *removed, const pd_portal_t *portal, apr_pool_t *p)
{
    *removed = 0;
    apr_status_t status = pd_db_transact(portal->db, end_all_step, (void *)portal, p);
    if (status == APR_SUCCESS)
        sweep(removed, portal, p);
    return status;
}

apr_status_t pd_session_list(apr_array_header_t **sessions, const pd_portal_t *portal,
                             const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    const pd_settings_t *settings = portal->settings;
    apr_time_t now = pd_clock_now();
    apr_interval_time_t idle = settings->session_idle + pd_session_note_lag(settings);
    *sessions = apr_array_make(p, 4, sizeof(pd_session_t));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_session_end_sql[LIST],
                   PD_ARGS(PD_T(person_id), PD_N(now), PD_N(now - idle)), SESSIONS_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        APR_ARRAY_PUSH(*sessions, pd_session_t) =
            (pd_session_t){.id = cell[0].text,
                           .person_id = apr_pstrdup(p, person_id),
                           .created_at = cell[1].number,
                           .authenticated_at = cell[2].number,
                           .used_at = cell[3].number,
                           .expires_at = cell[4].number,
                           .sealed_origin = cell[5].text};
    }
    return status;
}
