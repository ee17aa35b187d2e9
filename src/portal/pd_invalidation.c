/* The rows of invalidation, written, read and removed. */
#include "portal/pd_invalidation.h"
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "portal/pd_tables_int.h"

#define ROWS_MAX 1000
#define KEPT     apr_time_from_sec(24 * 3600)

enum { NEXT, ADD, READ, OLD, LOOK };

const pd_sql_t pd_invalidation_sql[] = {
    [NEXT] = {"invalidation_next",
              "UPDATE invalidation_head SET number = number + 1 WHERE name = 'head'", "",
              "the next number, held until the transaction ends"},
    [ADD] = {"invalidation_add",
             "INSERT INTO invalidation (number, kind, subject, at) SELECT number, CAST(%s AS TEXT),"
             " CAST(%s AS TEXT), CAST(%lld AS BIGINT) FROM invalidation_head WHERE name = 'head'",
             "", "a change that caches must hear of"},
    [READ] =
        {"invalidation_read",
         "SELECT h.number, COALESCE(i.number, 0), COALESCE(i.kind, ''), COALESCE(i.subject, '')"
         " FROM invalidation_head h LEFT JOIN invalidation i"
         " ON i.number > %lld AND i.number <= h.number"
         " WHERE h.name = 'head' ORDER BY i.number LIMIT 1000",
         "iiss", "the changes that are new to this host"},
    [OLD] = {"invalidation_old",
             "DELETE FROM invalidation WHERE number IN (SELECT number FROM invalidation"
             " WHERE at < %lld ORDER BY at LIMIT %lld)",
             "", "rows that every host has read"},
    [LOOK] = {"invalidation_look",
              "SELECT number, COALESCE((SELECT MAX(at) FROM invalidation), 0)"
              " FROM invalidation_head WHERE name = 'head'",
              "ii", "whether the feed can work"},
    {NULL, NULL, NULL, NULL}};

static const char *const kinds[] = {[PD_INVALID_PERSON] = "person",
                                    [PD_INVALID_EVERYBODY] = "everybody",
                                    [PD_INVALID_DOCUMENTS] = "documents"};

apr_status_t pd_invalidation_add(pd_conn_t *conn, pd_invalid_e kind, const char *subject,
                                 apr_pool_t *p)
{
    int counted;
    apr_status_t status = pd_conn_exec(&counted, conn, &pd_invalidation_sql[NEXT], PD_NO_ARGS, p);
    /* Without its head no change would ever be heard of: better none is made. */
    if (status == APR_SUCCESS && counted != 1)
        status = PD_ESQL;
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_invalidation_sql[ADD],
                              PD_ARGS(PD_T(kinds[kind]), PD_T(subject), PD_N(pd_clock_now())), p);
    pd_conn_tell(conn);
    return status;
}

/* A word of a newer program concerns everybody. */
static pd_invalid_e kind_of(const char *word)
{
    if (strcmp(word, kinds[PD_INVALID_PERSON]) == 0)
        return PD_INVALID_PERSON;
    return strcmp(word, kinds[PD_INVALID_DOCUMENTS]) == 0 ? PD_INVALID_DOCUMENTS
                                                          : PD_INVALID_EVERYBODY;
}

apr_status_t pd_invalidation_read(apr_int64_t *head, apr_array_header_t **rows,
                                  const pd_portal_t *portal, apr_int64_t known, apr_pool_t *p)
{
    const pd_rows_t *found;
    *head = 0;
    *rows = apr_array_make(p, 4, sizeof(pd_invalidation_t));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_invalidation_sql[READ],
                                     PD_ARGS(PD_N(known)), ROWS_MAX, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) == 0)
        status = PD_ESQL;
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        *head = cell[0].number;
        if (cell[1].number > 0)
            APR_ARRAY_PUSH(*rows, pd_invalidation_t) =
                (pd_invalidation_t){cell[1].number, kind_of(cell[2].text), cell[3].text};
    }
    return status;
}

apr_status_t pd_invalidation_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_invalidation_sql[OLD], pd_clock_now() - KEPT,
                        limit, p);
}

apr_status_t pd_invalidation_look(pd_invalidation_state_t *state, const pd_portal_t *portal,
                                  apr_pool_t *p)
{
    const pd_rows_t *found;
    *state = (pd_invalidation_state_t){0, 0};
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_invalidation_sql[LOOK], PD_NO_ARGS, 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) > 0)
        *state = (pd_invalidation_state_t){1, PD_ROW(found, 0)[1].number};
    return status;
}
