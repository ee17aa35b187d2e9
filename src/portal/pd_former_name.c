/* A name that was given up keeps its row: by the key of the table it is nobody else's. Taking it
 * back is pd_person_claim's. */
#include "portal/pd_former_name.h"
#include "base/pd_clock.h"
#include "portal/pd_tables_int.h"

enum { KEEP, COUNT, DUE };

const pd_sql_t pd_former_name_sql[] = {
    [KEEP] = {"former_name_keep",
              "UPDATE identifier SET reserved_until = %lld WHERE person_id = %s AND kind = %s"
              " AND lookup <> %s AND reserved_until = 0",
              "", "names that are given up"},
    [COUNT] = {"former_name_count",
               "SELECT COUNT(*) FROM identifier WHERE person_id = %s AND kind = %s"
               " AND reserved_until > 0",
               "i", "how many names a person keeps from others"},
    [DUE] = {"former_name_due",
             /* Said twice: one that is taken back meanwhile is in use. */
             "DELETE FROM identifier WHERE reserved_until > 0 AND (kind, lookup) IN (SELECT "
             "x.kind, x.lookup"
             " FROM identifier x WHERE x.reserved_until > 0 AND x.reserved_until <= %lld"
             " ORDER BY x.reserved_until LIMIT %lld)",
             "", "names that anybody may take again"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_former_name_keep(pd_conn_t *conn, const char *person_id, const char *kind,
                                 const char *but_lookup, apr_time_t until, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_former_name_sql[KEEP],
                        PD_ARGS(PD_N(until), PD_T(person_id), PD_T(kind), PD_T(but_lookup)), p);
}

apr_status_t pd_former_name_count(int *count, pd_conn_t *conn, const char *person_id,
                                  const char *kind, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_former_name_sql[COUNT],
                                       PD_ARGS(PD_T(person_id), PD_T(kind)), 1, p);
    *count = status == APR_SUCCESS ? (int)PD_ROW(rows, 0)[0].number : 0;
    return status;
}

apr_status_t pd_former_name_expire(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_former_name_sql[DUE], pd_clock_now(), limit, p);
}
