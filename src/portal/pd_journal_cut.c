/* Removing rows whose term is over, from the first row of each chain on: what stands behind them is
 * chained to them, so the head value behind the last of them is kept, with a proof
 * (pd_journal_start.c). Of each row that goes it is first shown that it is the one that was
 * written; a chain that is at fault stays as it is, as the evidence of the fault.
 *
 * A page of rows is one transaction. The row that tells of a cut comes with the last page, and
 * tells of all pages that none has told of: also of those of a run that was interrupted. */
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_journal_int.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"

enum { PAGE, INSTANTS, REMOVE };

const pd_sql_t pd_journal_cut_sql[] = {
    [PAGE] = {"journal_cut_page",
              "SELECT " PD_JOURNAL_COLUMNS " FROM journal WHERE host = %s AND sequence > %lld"
              " ORDER BY sequence LIMIT %lld",
              PD_JOURNAL_TYPES, "the first rows of a chain"},
    [INSTANTS] = {"journal_cut_instants",
                  "SELECT sequence, at FROM journal WHERE host = %s AND sequence > %lld"
                  " ORDER BY sequence LIMIT %lld",
                  "ii", "when they were written"},
    [REMOVE] = {"journal_cut_remove",
                "DELETE FROM journal WHERE host = %s AND sequence > %lld AND sequence <= %lld", "",
                "rows whose term is over"},
    {NULL, NULL, NULL, NULL}};

typedef struct cut_t {
    const pd_portal_t *portal;
    const char *host;
    apr_time_t before;
    int limit;
    int removed;       /* out, anew at each attempt */
    int sound;         /* likewise: nothing was found */
    apr_int64_t fault; /* at which row, when something was */
} cut_t;

static int found_fault(cut_t *cut, apr_int64_t sequence)
{
    cut->sound = 0;
    cut->fault = sequence;
    return 0;
}

/* How many rows of the page may go: up to the first that is not old, by the order in which they
 * were written, for clocks may have stepped. Moves `start` behind them. 0 when one doesn't fit. */
static int take_old(cut_t *cut, pd_journal_start_t *start, const pd_rows_t *page, apr_pool_t *p)
{
    const pd_keyring_t *keys = cut->portal->keys;
    int n = 0;
    for (; n < PD_ROW_COUNT(page) && n < cut->limit; n++) {
        pd_journal_row_t row = pd_journal_row(PD_ROW(page, n));
        apr_int64_t wanted = start->sequence + 1;
        if (row.at >= cut->before)
            break;
        if (row.sequence != wanted ||
            strcmp(row.chain, pd_journal_chain(keys, cut->host, wanted, &row, start->link, p)) != 0)
            return found_fault(cut, wanted);
        start->sequence = wanted;
        start->link = pd_journal_link(keys, cut->host, wanted, row.chain, p);
    }
    return n;
}

static apr_status_t remove_rows(const cut_t *cut, pd_conn_t *conn, apr_int64_t behind,
                                apr_int64_t upto, apr_pool_t *p)
{
    int affected;
    apr_status_t status = pd_conn_exec(&affected, conn, &pd_journal_cut_sql[REMOVE],
                                       PD_ARGS(PD_T(cut->host), PD_N(behind), PD_N(upto)), p);
    if (status == APR_SUCCESS && affected != upto - behind)
        return PD_ESQL;
    return status;
}

/* Which rows are gone, and how many. Last in the transaction: it takes the head of this host. */
static apr_status_t tell(const cut_t *cut, pd_conn_t *conn, apr_int64_t told, apr_int64_t upto,
                         apr_pool_t *p)
{
    const char *details =
        pd_json_text(json_pack("{s:s, s:I, s:I}", "host", cut->host, "through", (json_int_t)upto,
                               "rows", (json_int_t)(upto - told)),
                     p);
    return pd_journal_add(conn, cut->portal, PD_EVENT_JOURNAL_CUT, "", details, NULL, p);
}

/* One page of one chain, and the row that tells of it when no old row stands behind. */
static apr_status_t cut_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    cut_t *cut = baton;
    pd_journal_start_t start;
    const pd_rows_t *page;
    cut->removed = 0;
    cut->sound = 1;
    apr_status_t status = pd_journal_start_hold(&start, conn, cut->portal, cut->host, p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&page, conn, &pd_journal_cut_sql[PAGE],
                              PD_ARGS(PD_T(cut->host), PD_N(start.sequence), PD_N(cut->limit + 1)),
                              cut->limit + 1, p);
    if (status != APR_SUCCESS)
        return status;
    apr_int64_t behind = start.sequence, told = start.told;
    int old = start.genuine ? take_old(cut, &start, page, p) : found_fault(cut, behind);
    int last = old == PD_ROW_COUNT(page) || PD_ROW(page, old)[1].number >= cut->before;
    if (!cut->sound || (old == 0 && told == start.sequence))
        return APR_SUCCESS;
    if (last)
        start.told = start.sequence;
    start.cut_at = pd_clock_now();
    status = remove_rows(cut, conn, behind, start.sequence, p);
    if (status == APR_SUCCESS)
        status = pd_journal_start_put(conn, cut->portal, cut->host, &start, p);
    if (status == APR_SUCCESS && last)
        status = tell(cut, conn, told, start.sequence, p);
    cut->removed = old;
    return status;
}

/* Old rows that come first in the chain, counted up to `limit`. */
static apr_status_t count_old(int *old, const pd_portal_t *portal, const char *host,
                              apr_int64_t behind, apr_time_t before, int limit, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_journal_cut_sql[INSTANTS],
                                     PD_ARGS(PD_T(host), PD_N(behind), PD_N(limit)), limit, p);
    int n = 0;
    while (status == APR_SUCCESS && n < PD_ROW_COUNT(rows) && PD_ROW(rows, n)[1].number < before)
        n++;
    *old = n;
    return status;
}

/* Is there anything to do? Asked without a transaction, for mostly there is not. */
static apr_status_t has_work(int *work, const cut_t *cut, apr_pool_t *p)
{
    pd_journal_start_t start;
    apr_status_t status = pd_journal_start_read(&start, cut->portal, cut->host, p);
    *work = 0;
    if (status == APR_SUCCESS)
        status = count_old(work, cut->portal, cut->host, start.sequence, cut->before, 1, p);
    *work = *work || (status == APR_SUCCESS && start.told != start.sequence);
    return status;
}

static void log_faults(const apr_array_header_t *faults)
{
    for (int i = 0; i < faults->nelts; i++) {
        const cut_t *cut = &APR_ARRAY_IDX(faults, i, cut_t);
        pd_log(PD_LOG_ERR, 0,
               "PD0940: journal of host %s, row %" APR_INT64_T_FMT ": not whole, so rows whose "
               "term is over are not removed; run pdportalctl verify-journal",
               cut->host, cut->fault);
    }
}

apr_status_t pd_journal_cut(int *removed, const pd_portal_t *portal, apr_time_t before, int limit,
                            apr_pool_t *p)
{
    apr_array_header_t *faults = apr_array_make(p, 1, sizeof(cut_t));
    const char *host = "";
    apr_status_t status = APR_SUCCESS;
    *removed = 0;
    while (status == APR_SUCCESS && *removed < limit &&
           (status = pd_journal_next_chain(&host, portal, p)) == APR_SUCCESS && host) {
        cut_t cut = {.portal = portal, .host = host, .before = before, .limit = limit - *removed};
        int work;
        status = has_work(&work, &cut, p);
        if (status != APR_SUCCESS || !work)
            continue;
        status = pd_db_transact(portal->db, cut_step, &cut, p);
        if (status == APR_SUCCESS)
            *removed += cut.removed;
        if (status == APR_SUCCESS && !cut.sound)
            APR_ARRAY_PUSH(faults, cut_t) = cut;
    }
    /* Once in a run, by the batch that finds nothing else to do. */
    if (*removed == 0)
        log_faults(faults);
    return status;
}

apr_status_t pd_journal_due(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                            apr_pool_t *p)
{
    const char *host = "";
    apr_status_t status = APR_SUCCESS;
    *due = 0;
    while (status == APR_SUCCESS && *due < limit &&
           (status = pd_journal_next_chain(&host, portal, p)) == APR_SUCCESS && host) {
        int old;
        status = count_old(&old, portal, host, 0, before, limit - *due, p);
        *due += old;
    }
    return status;
}
