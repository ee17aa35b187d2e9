/* The clocks of withdrawals. The account stands on the consent to processing, so that taking that
 * one back asks for more than the others do. */
#include "portal/pd_withdrawal.h"
#include <string.h>
#include "base/pd_clock.h"
#include "portal/pd_document.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_role.h"
#include "portal/pd_tables_int.h"

#define OPEN_MAX 1000

enum { ADD, VOID, CLOSE, OF_PERSON, OPEN, LOOK, DONE, WHOSE };

#define WITHDRAWAL_COLUMNS "act, person_id, kind, task, started_at, due_at"
#define WITHDRAWAL_TYPES   "ssssii"

const pd_sql_t pd_withdrawal_sql[] = {
    [ADD] = {"withdrawal_add",
             "INSERT INTO withdrawal (act, person_id, kind, task, started_at, due_at, done_at,"
             " outcome) VALUES (%s, %s, %s, %s, %lld, %lld, 0, '')",
             "", "what follows from a withdrawal, and by when"},
    [VOID] = {"withdrawal_void",
              "UPDATE withdrawal SET done_at = %lld, outcome = 'given-again'"
              " WHERE person_id = %s AND kind = %s AND done_at = 0",
              "", "the consent is there again"},
    [CLOSE] = {"withdrawal_close",
               "UPDATE withdrawal SET task = 'close', started_at = %lld, due_at = %lld,"
               " done_at = 0, outcome = '' WHERE act = %s AND task = 'destroy'",
               "", "the account stands on nothing any more"},
    [OF_PERSON] = {"withdrawal_of_person",
                   "SELECT " WITHDRAWAL_COLUMNS " FROM withdrawal"
                   " WHERE person_id = %s AND done_at = 0 ORDER BY due_at LIMIT 1000",
                   WITHDRAWAL_TYPES, "what is open for a person"},
    [OPEN] = {"withdrawal_open",
              "SELECT " WITHDRAWAL_COLUMNS " FROM withdrawal"
              " WHERE done_at = 0 ORDER BY due_at LIMIT 1000",
              WITHDRAWAL_TYPES, "what is open for everybody"},
    [LOOK] = {"withdrawal_look",
              "SELECT COUNT(*), COALESCE(MIN(due_at), 0),"
              " COALESCE(SUM(CASE WHEN due_at < %lld THEN 1 ELSE 0 END), 0),"
              " COALESCE(SUM(CASE WHEN due_at < %lld THEN 1 ELSE 0 END), 0)"
              " FROM withdrawal WHERE done_at = 0",
              "iiii", "how the open ones stand"},
    [DONE] = {"withdrawal_done",
              "UPDATE withdrawal SET done_at = %lld, outcome = 'done'"
              " WHERE act = %s AND task = 'destroy' AND done_at = 0",
              "", "the task is done; accounts are closed by the portal itself"},
    [WHOSE] = {"withdrawal_whose",
               "SELECT w.person_id, p.data_key FROM withdrawal w JOIN person p ON p.id = "
               "w.person_id WHERE w.act = %s",
               "ss", "whose withdrawal it is"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_withdrawal_due(apr_time_t *due_at, const pd_portal_t *portal, apr_time_t at,
                               apr_pool_t *p)
{
    const pd_zone_t *zone;
    apr_status_t status = pd_zone_load(&zone, portal->settings->time_zone, p);
    *due_at = status == APR_SUCCESS ? pd_zone_day_end(zone, at, PD_WITHDRAWAL_DAYS) : 0;
    return status;
}

apr_status_t pd_withdrawal_add(pd_conn_t *conn, const char *person_id, const pd_act_t *act,
                               int closes, apr_time_t due_at, apr_pool_t *p)
{
    const char *task = closes ? PD_WITHDRAWAL_CLOSE : PD_WITHDRAWAL_DESTROY;
    return pd_conn_exec(NULL, conn, &pd_withdrawal_sql[ADD],
                        PD_ARGS(PD_T(act->id), PD_T(person_id), PD_T(act->kind), PD_T(task),
                                PD_N(act->at), PD_N(due_at)),
                        p);
}

apr_status_t pd_withdrawal_role_ended(pd_conn_t *conn, const pd_portal_t *portal,
                                      const char *person_id, apr_pool_t *p)
{
    int held = 0;
    pd_act_t last = {.id = NULL};
    apr_time_t due_at = 0, now = pd_clock_now();
    /* First, for one that is being taken back just now. */
    apr_status_t status = pd_act_hold(conn, portal, person_id, PD_DOCUMENT_PROCESSING, p);
    if (status == APR_SUCCESS)
        status = pd_role_held(&held, conn, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_act_last(&last, conn, portal, person_id, PD_DOCUMENT_PROCESSING, p);
    if (status == APR_SUCCESS)
        status = pd_withdrawal_due(&due_at, portal, now, p);
    if (status != APR_SUCCESS || held || last.sequence == 0 ||
        strcmp(last.verb, PD_ACT_WITHDREW) != 0)
        return status;
    return pd_conn_exec(NULL, conn, &pd_withdrawal_sql[CLOSE],
                        PD_ARGS(PD_N(now), PD_N(due_at), PD_T(last.id)), p);
}

apr_status_t pd_withdrawal_void(pd_conn_t *conn, const char *person_id, const char *kind,
                                apr_time_t now, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_withdrawal_sql[VOID],
                        PD_ARGS(PD_N(now), PD_T(person_id), PD_T(kind)), p);
}

apr_status_t pd_withdrawal_list(apr_array_header_t **withdrawals, const pd_portal_t *portal,
                                const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    *withdrawals = apr_array_make(p, 4, sizeof(pd_withdrawal_t));
    apr_status_t status = person_id ? pd_db_read(&found, portal->db, &pd_withdrawal_sql[OF_PERSON],
                                                 PD_ARGS(PD_T(person_id)), OPEN_MAX, p)
                                    : pd_db_read(&found, portal->db, &pd_withdrawal_sql[OPEN],
                                                 PD_NO_ARGS, OPEN_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        APR_ARRAY_PUSH(*withdrawals, pd_withdrawal_t) = (pd_withdrawal_t){
            cell[0].text, cell[1].text, cell[2].text, cell[3].text, cell[4].number, cell[5].number};
    }
    return status;
}

apr_status_t pd_withdrawal_look(pd_withdrawal_state_t *state, const pd_portal_t *portal,
                                apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    memset(state, 0, sizeof(*state));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_withdrawal_sql[LOOK],
                                     PD_ARGS(PD_N(now), PD_N(now + PD_WITHDRAWAL_SOON)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    *state = (pd_withdrawal_state_t){.open = cell[0].number,
                                     .next_at = cell[1].number,
                                     .overdue = cell[2].number,
                                     .soon = cell[3].number - cell[2].number};
    return APR_SUCCESS;
}

typedef struct done_t {
    const pd_portal_t *portal;
    const char *act, *by;
    int done;
} done_t;

static apr_status_t done_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    done_t *work = baton;
    const pd_rows_t *found;
    const pd_datakey_t *key;
    apr_status_t status = pd_conn_exec(&work->done, conn, &pd_withdrawal_sql[DONE],
                                       PD_ARGS(PD_N(pd_clock_now()), PD_T(work->act)), p);
    if (status != APR_SUCCESS || !work->done)
        return status;
    status = pd_conn_read(&found, conn, &pd_withdrawal_sql[WHOSE], PD_ARGS(PD_T(work->act)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    /* The account may have been closed meanwhile: then its key is gone. */
    if (pd_datakey_unwrap(&key, work->portal->keys, cell[1].text, cell[0].text, p) != APR_SUCCESS)
        key = NULL;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "act", work->act, "by", work->by), p);
    return pd_journal_add(conn, work->portal, PD_EVENT_WITHDRAWAL_DONE, cell[0].text, details, key,
                          p);
}

apr_status_t pd_withdrawal_done(int *done, const pd_portal_t *portal, const char *act,
                                const char *by, apr_pool_t *p)
{
    done_t work = {portal, act, by, 0};
    apr_status_t status = pd_db_transact(portal->db, done_step, &work, p);
    *done = status == APR_SUCCESS && work.done;
    return status;
}
