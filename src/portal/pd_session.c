/* Sessions in the database: found, ended, removed. Only the hash of a token is stored. A page asks
 * for its session by one SELECT; its use is noted now and then, and never at the page's cost. */
#include "portal/pd_session.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "crypt/pd_token.h"
#include "portal/pd_factor.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person_int.h"
#include "portal/pd_session_cache.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

#define NOTE_EVERY_MOST apr_time_from_sec(300)

enum { FIND, USED, OF_TOKEN, END, DUE, UNUSED };

const pd_sql_t pd_session_sql[] = {
    [FIND] = {"session_find",
              "SELECT s.id, s.person_id, s.generation, s.created_at, s.authenticated_at, s.used_at,"
              " s.expires_at, p.state, p.generation + " PD_SESSIONS_ENDED ", p.login, p.data_key,"
              " CASE WHEN s.mfa_at = 0 AND EXISTS (SELECT 1 FROM credential c"
              " WHERE c.person_id = p.id AND c.kind IN " PD_FACTOR_KINDS
              ") THEN -1 ELSE s.mfa_at END,"
              " p.policy_version"
              " FROM session s"
              " JOIN person p ON p.id = s.person_id WHERE s.token = %s",
              "ssiiiiisissii", "the session of a cookie, with its person"},
    [USED] = {"session_used",
              "UPDATE session SET used_at = %lld WHERE token = %s AND used_at < %lld", "",
              "note its use"},
    [OF_TOKEN] = {"session_of_token",
                  "SELECT s.id, s.person_id, p.data_key FROM session s"
                  " JOIN person p ON p.id = s.person_id WHERE s.token = %s",
                  "sss", "whose session ends"},
    [END] = {"session_end", "DELETE FROM session WHERE token = %s", "", "end a session"},
    [DUE] =
        {"session_due",
         "DELETE FROM session WHERE token IN (SELECT token FROM session WHERE expires_at <= %lld"
         " ORDER BY expires_at LIMIT %lld)",
         "", "sessions past their lifetime"},
    [UNUSED] =
        {"session_unused",
         "DELETE FROM session WHERE token IN (SELECT token FROM session WHERE used_at <= %lld"
         " ORDER BY used_at LIMIT %lld)",
         "", "sessions unused too long"},
    {NULL, NULL, NULL, NULL}};

/* Noting every use would make every page a write. Of many sessions that are used all the time the
 * writing is what costs: once a minute was a third more processor time for 100,000 while it lasted.
 */
apr_interval_time_t pd_session_note_every(const pd_settings_t *settings)
{
    apr_interval_time_t part = settings->session_idle / 10;
    return part < NOTE_EVERY_MOST ? part : NOTE_EVERY_MOST;
}

apr_interval_time_t pd_session_note_lag(const pd_settings_t *settings)
{
    return pd_session_note_every(settings) + pd_session_cache_every(settings);
}

typedef struct note_t {
    const pd_session_use_t *uses;
    int n;
} note_t;

static apr_status_t note_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const note_t *note = baton;
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; i < note->n && status == APR_SUCCESS; i++) {
        const pd_session_use_t *use = &note->uses[i];
        status =
            pd_conn_exec(NULL, conn, &pd_session_sql[USED],
                         PD_ARGS(PD_N(use->used_at), PD_T(use->token_hash), PD_N(use->used_at)), p);
    }
    return status;
}

apr_status_t pd_session_note(const pd_portal_t *portal, const pd_session_use_t *uses, int n,
                             int now_or_never, apr_pool_t *p)
{
    note_t note = {uses, n};
    return now_or_never ? pd_db_transact_now(portal->db, note_step, &note, p)
                        : pd_db_transact(portal->db, note_step, &note, p);
}

static apr_status_t drop_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_session_sql[END], PD_ARGS(PD_T((const char *)baton)), p);
}

/* A session whose use can't be noted is as good as before; a dead row harms nobody, and the job
 * takes it otherwise. */
static void settle(const pd_session_t *session, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    pd_session_use_t use = {.used_at = pd_clock_now()};
    apr_cpystrn(use.token_hash, session->token_hash, sizeof(use.token_hash));
    if (session->due == PD_SESSION_USED)
        status = pd_session_note(portal, &use, 1, 1, p);
    else if (session->due == PD_SESSION_DEAD)
        status = pd_db_transact_now(portal->db, drop_step, (void *)session->token_hash, p);
    if (status != APR_SUCCESS)
        pd_log(PD_LOG_DEBUG, status, "PD0405: session %s not settled", session->id);
}

static int expired(const pd_session_t *session, const pd_settings_t *settings, apr_time_t now,
                   apr_interval_time_t lag)
{
    return now >= session->expires_at || now - session->used_at >= settings->session_idle + lag;
}

/* Columns of FIND. */
enum {
    ID,
    PERSON,
    GENERATION,
    CREATED_AT,
    AUTHENTICATED_AT,
    USED_AT,
    EXPIRES_AT,
    STATE,
    PERSON_GENERATION,
    LOGIN,
    DATA_KEY,
    MFA_AT,
    POLICY
};

static pd_session_t of_row(const pd_cell_t *cell, const char *hash)
{
    return (pd_session_t){.id = cell[ID].text,
                          .token_hash = hash,
                          .person_id = cell[PERSON].text,
                          .created_at = cell[CREATED_AT].number,
                          .authenticated_at = cell[AUTHENTICATED_AT].number,
                          .used_at = cell[USED_AT].number,
                          .expires_at = cell[EXPIRES_AT].number,
                          .mfa_at = cell[MFA_AT].number < PD_MFA_DUE ? 0 : cell[MFA_AT].number,
                          .policy_version = cell[POLICY].number};
}

static apr_status_t add_person(pd_session_t *session, const pd_portal_t *portal,
                               const pd_cell_t *cell, apr_time_t now, apr_pool_t *p)
{
    const pd_datakey_t *key;
    const char *id = session->person_id;
    apr_status_t status = pd_datakey_unwrap(&key, portal->keys, cell[DATA_KEY].text, id, p);
    if (status == APR_SUCCESS)
        status = pd_open(&session->login, key, "person.login", id, cell[LOGIN].text, p);
    return status == APR_SUCCESS ? pd_session_add_facts(session, portal, now, p) : status;
}

apr_status_t pd_session_find_row(pd_session_t *session, const pd_portal_t *portal, const char *hash,
                                 apr_time_t used_at, apr_pool_t *p)
{
    const pd_rows_t *found;
    memset(session, 0, sizeof(*session));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_session_sql[FIND], PD_ARGS(PD_T(hash)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(found, 0);
    pd_session_t row = of_row(cell, hash);
    apr_time_t now = pd_clock_now(), noted_at = row.used_at;
    row.used_at = used_at > noted_at ? used_at : noted_at;
    int current = cell[GENERATION].number == cell[PERSON_GENERATION].number;
    if (!current || expired(&row, portal->settings, now, pd_session_note_lag(portal->settings))) {
        row.due = PD_SESSION_DEAD;
        *session = row;
        return APR_ENOENT;
    }
    /* Over as far as is known here; another host may know of a later use. */
    if (expired(&row, portal->settings, now, 0))
        return APR_ENOENT;
    if (pd_person_state_parse(cell[STATE].text) != PD_PERSON_ACTIVE)
        return APR_ENOENT;
    status = add_person(&row, portal, cell, now, p);
    if (status != APR_SUCCESS)
        return status;
    row.used_at = noted_at;
    if (noted_at < now - pd_session_note_every(portal->settings))
        row.due = PD_SESSION_USED;
    *session = row;
    return APR_SUCCESS;
}

static apr_status_t find(pd_session_t *session, const pd_portal_t *portal, const char *token,
                         apr_pool_t *p)
{
    memset(session, 0, sizeof(*session));
    if (!pd_token_wellformed(token))
        return APR_ENOENT;
    return pd_session_find_row(session, portal, pd_token_hash(token, p), 0, p);
}

const pd_session_source_t pd_session_database = {find, settle};

const char *pd_session_details(const char *id, apr_pool_t *p)
{
    return pd_json_text(json_pack("{s:s}", "session", id), p);
}

apr_status_t pd_session_drop(pd_session_ended_t *ended, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *token_hash, apr_pool_t *p)
{
    const pd_rows_t *found;
    int deleted = 0;
    memset(ended, 0, sizeof(*ended));
    apr_status_t status =
        pd_conn_read(&found, conn, &pd_session_sql[OF_TOKEN], PD_ARGS(PD_T(token_hash)), 1, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&deleted, conn, &pd_session_sql[END], PD_ARGS(PD_T(token_hash)), p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0 || !deleted)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    ended->id = cell[0].text;
    ended->person_id = cell[1].text;
    return pd_datakey_unwrap(&ended->key, portal->keys, cell[2].text, cell[1].text, p);
}

apr_status_t pd_session_tell_ended(pd_conn_t *conn, const pd_portal_t *portal,
                                   const pd_session_ended_t *ended, apr_pool_t *p)
{
    if (!ended->id)
        return APR_SUCCESS;
    apr_status_t status = pd_invalidation_add(conn, PD_INVALID_PERSON, ended->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, portal, PD_EVENT_SIGNED_OUT, ended->person_id,
                          pd_session_details(ended->id, p), ended->key, p);
}

typedef struct end_t {
    const pd_portal_t *portal;
    const char *token_hash;
    int ended; /* output */
} end_t;

static apr_status_t end_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    end_t *end = baton;
    pd_session_ended_t ended;
    apr_status_t status = pd_session_drop(&ended, conn, end->portal, end->token_hash, p);
    if (status != APR_SUCCESS)
        return status;
    end->ended = ended.id != NULL;
    return pd_session_tell_ended(conn, end->portal, &ended, p);
}

apr_status_t pd_session_end(const pd_portal_t *portal, const char *token, apr_pool_t *p)
{
    if (!pd_token_wellformed(token))
        return APR_SUCCESS;
    end_t end = {portal, pd_token_hash(token, p), 0};
    apr_status_t status = pd_db_transact(portal->db, end_step, &end, p);
    if (status == APR_SUCCESS && end.ended)
        pd_count(portal->counts, PD_COUNT_SESSION_ENDED);
    return status;
}

typedef struct expire_t {
    const pd_settings_t *settings;
    int limit;
    int removed;
} expire_t;

/* A row goes when there can be no use that keeps the session. */
static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    apr_time_t now = pd_clock_now();
    apr_interval_time_t idle =
        expire->settings->session_idle + pd_session_note_lag(expire->settings);
    int due = 0, unused = 0;
    apr_status_t status =
        pd_conn_exec(&due, conn, &pd_session_sql[DUE], PD_ARGS(PD_N(now), PD_N(expire->limit)), p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&unused, conn, &pd_session_sql[UNUSED],
                              PD_ARGS(PD_N(now - idle), PD_N(expire->limit - due)), p);
    expire->removed = due + unused;
    return status;
}

apr_status_t pd_session_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    expire_t expire = {portal->settings, limit, 0};
    apr_status_t status = pd_db_transact(portal->db, expire_step, &expire, p);
    *removed = status == APR_SUCCESS ? expire.removed : 0;
    return status;
}
