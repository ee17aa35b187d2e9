/* One-time links in the database. The row count of one UPDATE decides who used a link. */
#include "portal/pd_link.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "crypt/pd_token.h"
#include "portal/pd_tables_int.h"

/* Whether a person's links of a purpose are good in his state. A thief may have begun the closing:
 * what takes an address back works meanwhile. */
#define GOOD_IN(state, purpose)                                                                    \
    "(" state " = CASE WHEN " purpose " IN ('" PD_LINK_RECALL "', '" PD_LINK_RECALL_NOW "')"       \
    " THEN 'closing' WHEN " purpose " = '" PD_LINK_CLOSE "' THEN 'blocked' ELSE 'active' END"      \
    " OR " state " = 'closing' AND " purpose " = '" PD_LINK_ADDRESS "')"

enum { VOID, ADD, LOOK, USE, DUE };

const pd_sql_t pd_link_sql[] = {
    [VOID] = {"link_void", "DELETE FROM link WHERE person_id = %s AND purpose = %s AND used_at = 0",
              "", "a newer link takes the place of the older ones"},
    [ADD] = {"link_add",
             "INSERT INTO link (token, person_id, purpose, created_at, expires_at, used_at)"
             " VALUES (%s, %s, %s, %lld, %lld, 0)",
             "", "a new link"},
    [LOOK] = {"link_look",
              "SELECT l.person_id, l.expires_at, l.used_at FROM link l"
              " JOIN person p ON p.id = l.person_id"
              " WHERE l.token = %s AND l.purpose = %s AND l.created_at <= %lld AND " GOOD_IN(
                  "p.state", "l.purpose"),
              "sii", "how a link stands"},
    [USE] = {"link_use",
             "UPDATE link SET used_at = %lld WHERE token = %s AND purpose = %s AND used_at = 0"
             " AND created_at <= %lld AND expires_at > %lld AND EXISTS"
             " (SELECT 1 FROM person p WHERE p.id = link.person_id AND " GOOD_IN(
                 "p.state", "link.purpose") ")",
             "", "the one place where a link is used"},
    [DUE] =
        {"link_due",
         "DELETE FROM link WHERE token IN (SELECT l.token FROM link l WHERE l.expires_at <= %lld"
         " AND NOT EXISTS (SELECT 1 FROM former_address f WHERE f.token = l.token)"
         " ORDER BY l.expires_at LIMIT %lld)",
         "", "links whose time is over, but for those whose former address is still kept"},
    {NULL, NULL, NULL, NULL}};

/* Who makes another link for the same person meanwhile waits, or both would stay good. */
apr_status_t pd_link_void(pd_conn_t *conn, const char *person_id, const char *purpose,
                          apr_pool_t *p)
{
    const char *name = apr_pstrcat(p, "link ", purpose, " ", person_id, NULL);
    apr_status_t status = pd_conn_lock_name(conn, name, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_link_sql[VOID], PD_ARGS(PD_T(person_id), PD_T(purpose)), p);
}

apr_status_t pd_link_make(const char **token, pd_conn_t *conn, const char *person_id,
                          const char *purpose, apr_time_t expires_at, apr_pool_t *p)
{
    *token = NULL;
    apr_status_t status = pd_link_void(conn, person_id, purpose, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_link_add(token, conn, person_id, purpose, expires_at, p);
}

apr_status_t pd_link_add(const char **token, pd_conn_t *conn, const char *person_id,
                         const char *purpose, apr_time_t expires_at, apr_pool_t *p)
{
    *token = pd_token_new(p);
    return pd_conn_exec(NULL, conn, &pd_link_sql[ADD],
                        PD_ARGS(PD_T(pd_token_hash(*token, p)), PD_T(person_id), PD_T(purpose),
                                PD_N(pd_clock_now()), PD_N(expires_at)),
                        p);
}

apr_status_t pd_link_look(pd_link_e *state, const char **person_id, const pd_portal_t *portal,
                          const char *token, const char *purpose, apr_pool_t *p)
{
    const pd_rows_t *found;
    *state = PD_LINK_NONE;
    *person_id = NULL;
    if (!pd_token_wellformed(token))
        return APR_SUCCESS;
    apr_status_t status = pd_db_read(
        &found, portal->db, &pd_link_sql[LOOK],
        PD_ARGS(PD_T(pd_token_hash(token, p)), PD_T(purpose), PD_N(pd_clock_now() + PD_LINK_SKEW)),
        1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    if (pd_clock_now() >= cell[1].number)
        return APR_SUCCESS;
    *state = cell[2].number ? PD_LINK_USED : PD_LINK_GOOD;
    *person_id = cell[0].text;
    return APR_SUCCESS;
}

apr_status_t pd_link_use(int *used, pd_conn_t *conn, const char *token, const char *purpose,
                         apr_pool_t *p)
{
    apr_time_t now = pd_clock_now();
    return pd_conn_exec(used, conn, &pd_link_sql[USE],
                        PD_ARGS(PD_N(now), PD_T(pd_token_hash(token, p)), PD_T(purpose),
                                PD_N(now + PD_LINK_SKEW), PD_N(now)),
                        p);
}

apr_status_t pd_link_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_link_sql[DUE], pd_clock_now(), limit, p);
}
