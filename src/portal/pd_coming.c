/* What a person is told of a coming version on pages. */
#include "portal/pd_coming.h"
#include "base/pd_clock.h"
#include "portal/pd_tables_int.h"

enum { ANNOUNCE, NEXT, UNTOLD, TELL };

/* Announced, not acknowledged ahead of its time, and not told of yet. */
#define UNTOLD_OF                                                                                  \
    " FROM document d WHERE d.kind = 'policy' AND d.editorial = '' AND d.effective_at > %lld"      \
    " AND d.version > (SELECT p.policy_version FROM person p WHERE p.id = %s)"                     \
    " AND NOT EXISTS (SELECT 1 FROM told t WHERE t.version = d.version AND t.person_id = %s)"

const pd_sql_t pd_coming_sql[] = {
    [ANNOUNCE] = {"coming_announce",
                  "INSERT INTO announcement (version, reached, done_at) VALUES (%lld, '', 0)", "",
                  "letters about a version are due"},
    [NEXT] = {"coming_next",
              "SELECT d.version, d.effective_at FROM document d WHERE d.kind = 'policy'"
              " AND d.editorial = '' AND d.effective_at > %lld"
              " AND d.version > (SELECT p.policy_version FROM person p WHERE p.id = %s)"
              " ORDER BY d.version LIMIT 1",
              "ii", "the announced version that comes next for a person"},
    [UNTOLD] = {"coming_untold", "SELECT COUNT(*)" UNTOLD_OF, "i",
                "whether a person has to be told of a version"},
    [TELL] = {"coming_tell",
              "INSERT INTO told (version, person_id, way, at) SELECT d.version, CAST(%s AS TEXT),"
              " 'page', CAST(%lld AS BIGINT)" UNTOLD_OF " ON CONFLICT DO NOTHING",
              "", "the announcement is shown to a person"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_coming_announce(pd_conn_t *conn, apr_int64_t version, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_coming_sql[ANNOUNCE], PD_ARGS(PD_N(version)), p);
}

apr_status_t pd_coming_next(pd_coming_t *coming, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_coming_sql[NEXT],
                                     PD_ARGS(PD_N(pd_clock_now()), PD_T(person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    *coming = (pd_coming_t){PD_ROW(rows, 0)[0].number, PD_ROW(rows, 0)[1].number};
    return APR_SUCCESS;
}

typedef struct tell_t {
    const char *person_id;
    int told;
} tell_t;

static apr_status_t tell_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    tell_t *tell = baton;
    apr_time_t now = pd_clock_now();
    return pd_conn_exec(&tell->told, conn, &pd_coming_sql[TELL],
                        PD_ARGS(PD_T(tell->person_id), PD_N(now), PD_N(now), PD_T(tell->person_id),
                                PD_T(tell->person_id)),
                        p);
}

/* Looks before it writes: as a rule nothing is announced, and a sign-in needn't queue for that. */
apr_status_t pd_coming_tell(int *due, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p)
{
    const pd_rows_t *rows;
    tell_t tell = {person_id, 0};
    *due = 0;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_coming_sql[UNTOLD],
                   PD_ARGS(PD_N(pd_clock_now()), PD_T(person_id), PD_T(person_id)), 1, p);
    if (status != APR_SUCCESS || PD_ROW(rows, 0)[0].number == 0)
        return status;
    status = pd_db_transact(portal->db, tell_step, &tell, p);
    *due = status == APR_SUCCESS && tell.told > 0;
    return status;
}
