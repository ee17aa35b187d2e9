/* Where a chain begins whose first rows were removed. The proof is a keyed hash over the whole row,
 * so that only a holder of the key can make one; an older one that was genuine once fits no rows
 * that are left. */
#include <apr_strings.h>
#include <string.h>
#include "crypt/pd_hash.h"
#include "portal/pd_journal_int.h"
#include "portal/pd_tables_int.h"

enum { GET, PUT };

const pd_sql_t pd_journal_start_sql[] = {
    [GET] = {"journal_start_get",
             "SELECT sequence, told, cut_at, link, proof FROM journal_start WHERE host = %s",
             "iiiss", "where a chain begins"},
    [PUT] = {"journal_start_put",
             "INSERT INTO journal_start (host, sequence, told, cut_at, link, proof)"
             " VALUES (%s, %lld, %lld, %lld, %s, %s) ON CONFLICT (host) DO UPDATE"
             " SET sequence = excluded.sequence, told = excluded.told, cut_at = excluded.cut_at,"
             " link = excluded.link, proof = excluded.proof",
             "", "it begins later from now on"},
    {NULL, NULL, NULL, NULL}};

static const char *number(apr_int64_t value, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT, value);
}

static const char *proof_of(const pd_keyring_t *keys, const char *host,
                            const pd_journal_start_t *start, apr_pool_t *p)
{
    const char *parts[] = {"start",
                           host,
                           number(start->sequence, p),
                           number(start->told, p),
                           number(start->cut_at, p),
                           start->link};
    return pd_hash_keyed(keys, PD_KEY_JOURNAL, parts, sizeof(parts) / sizeof(parts[0]), p);
}

static void take(pd_journal_start_t *start, const pd_portal_t *portal, const char *host,
                 const pd_rows_t *found, apr_pool_t *p)
{
    if (PD_ROW_COUNT(found) == 0) {
        *start = (pd_journal_start_t){.link = pd_journal_link(portal->keys, host, 0, "", p),
                                      .genuine = 1};
        return;
    }
    const pd_cell_t *cell = PD_ROW(found, 0);
    *start = (pd_journal_start_t){cell[0].number, cell[1].number, cell[2].number, cell[3].text, 0};
    start->genuine = strcmp(proof_of(portal->keys, host, start, p), cell[4].text) == 0;
}

apr_status_t pd_journal_start_read(pd_journal_start_t *start, const pd_portal_t *portal,
                                   const char *host, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_journal_start_sql[GET], PD_ARGS(PD_T(host)), 1, p);
    if (status == APR_SUCCESS)
        take(start, portal, host, found, p);
    return status;
}

apr_status_t pd_journal_start_hold(pd_journal_start_t *start, pd_conn_t *conn,
                                   const pd_portal_t *portal, const char *host, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_conn_lock_name(conn, apr_pstrcat(p, "journal start ", host, NULL), p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&found, conn, &pd_journal_start_sql[GET], PD_ARGS(PD_T(host)), 1, p);
    if (status == APR_SUCCESS)
        take(start, portal, host, found, p);
    return status;
}

apr_status_t pd_journal_start_put(pd_conn_t *conn, const pd_portal_t *portal, const char *host,
                                  const pd_journal_start_t *start, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_journal_start_sql[PUT],
                        PD_ARGS(PD_T(host), PD_N(start->sequence), PD_N(start->told),
                                PD_N(start->cut_at), PD_T(start->link),
                                PD_T(proof_of(portal->keys, host, start, p))),
                        p);
}
