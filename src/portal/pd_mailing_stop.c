/* Mailings as the administration sees them, and the end of one before it has reached everybody. */
#include "portal/pd_mailing.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"

enum { LIST, STOP };

const pd_sql_t pd_mailing_stop_sql[] = {
    [LIST] = {"mailing_list",
              "SELECT id, kind, written, created_at, done_at, stopped_at FROM mailing WHERE id > "
              "'' ORDER BY id DESC LIMIT %lld",
              "ssiiii", "mailings, newest first"},
    /* A run that is at work finds its next batch taken away: mailing_reach. */
    [STOP] = {"mailing_stop",
              "UPDATE mailing SET done_at = %lld, stopped_at = %lld, body = ''"
              " WHERE id = %s AND done_at = 0",
              "", "nobody else gets it"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_mailing_list(apr_array_header_t **mailings, const pd_portal_t *portal, int limit,
                             apr_pool_t *p)
{
    const pd_rows_t *rows;
    *mailings = apr_array_make(p, limit, sizeof(pd_mailing_t));
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_mailing_stop_sql[LIST], PD_ARGS(PD_N(limit)), limit, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++) {
        const pd_cell_t *cell = PD_ROW(rows, i);
        APR_ARRAY_PUSH(*mailings, pd_mailing_t) = (pd_mailing_t){.id = cell[0].text,
                                                                 .kind = cell[1].text,
                                                                 .written = cell[2].number,
                                                                 .begun_at = cell[3].number,
                                                                 .is_done = cell[4].number != 0,
                                                                 .is_stopped = cell[5].number != 0};
    }
    return status;
}

typedef struct stop_t {
    const pd_portal_t *portal;
    const char *id, *reason;
    int stopped;
} stop_t;

static apr_status_t stop_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    stop_t *stop = baton;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_conn_exec(&stop->stopped, conn, &pd_mailing_stop_sql[STOP],
                                       PD_ARGS(PD_N(now), PD_N(now), PD_T(stop->id)), p);
    if (status != APR_SUCCESS || !stop->stopped)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "mailing", stop->id, "reason", stop->reason), p);
    return pd_journal_add(conn, stop->portal, PD_EVENT_MAILING_STOPPED, "", details, NULL, p);
}

apr_status_t pd_mailing_stop(int *stopped, const pd_portal_t *portal, const char *id,
                             const char *reason, apr_pool_t *p)
{
    stop_t stop = {portal, id, reason, 0};
    apr_status_t status = pd_db_transact(portal->db, stop_step, &stop, p);
    *stopped = status == APR_SUCCESS && stop.stopped;
    if (*stopped)
        pd_log(PD_LOG_NOTICE, 0, "PD0833: mailing %s is stopped", id);
    return status;
}
