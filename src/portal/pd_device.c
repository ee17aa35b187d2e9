/* Known browsers: found before a sign-in is counted, noted when it was right. */
#include "portal/pd_device.h"
#include "base/pd_clock.h"
#include "crypt/pd_token.h"
#include "portal/pd_tables_int.h"

#define LIFETIME apr_time_from_sec(PD_DEVICE_DAYS * 24 * 3600)

enum { FIND, NOTE, FORGET, EXPIRE };

const pd_sql_t pd_device_sql[] = {
    [FIND] = {"device_find",
              "SELECT d.person_id FROM identifier i JOIN device d ON d.person_id = i.person_id"
              " WHERE i.kind = %s AND i.lookup = %s AND i.reserved_until = 0 AND d.browser = %s"
              " AND d.seen_at > %lld",
              "s", "whether who is called so has signed in in this browser"},
    [NOTE] = {"device_note",
              "INSERT INTO device (person_id, browser, seen_at) VALUES (%s, %s, %lld)"
              " ON CONFLICT (person_id, browser) DO UPDATE SET seen_at = excluded.seen_at",
              "", "a sign-in in a browser"},
    [FORGET] = {"device_forget", "DELETE FROM device WHERE person_id = %s", "",
                "no browser is known any more"},
    [EXPIRE] = {"device_expire",
                "DELETE FROM device WHERE (person_id, browser) IN (SELECT x.person_id, x.browser"
                " FROM device x WHERE x.seen_at <= %lld ORDER BY x.seen_at LIMIT %lld)",
                "", "browsers not used for long"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_device_find(const char **person_id, const pd_portal_t *portal, const char *kind,
                            const char *lookup, const char *browser, apr_pool_t *p)
{
    const pd_rows_t *found;
    *person_id = NULL;
    if (!browser)
        return APR_ENOENT;
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_device_sql[FIND],
                   PD_ARGS(PD_T(kind), PD_T(lookup), PD_T(pd_token_hash(browser, p)),
                           PD_N(pd_clock_now() - LIFETIME)),
                   1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return APR_ENOENT;
    *person_id = PD_ROW(found, 0)[0].text;
    return APR_SUCCESS;
}

apr_status_t pd_device_note(pd_conn_t *conn, const char *person_id, const char *browser,
                            apr_pool_t *p)
{
    if (!browser)
        return APR_SUCCESS;
    return pd_conn_exec(
        NULL, conn, &pd_device_sql[NOTE],
        PD_ARGS(PD_T(person_id), PD_T(pd_token_hash(browser, p)), PD_N(pd_clock_now())), p);
}

apr_status_t pd_device_forget(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_device_sql[FORGET], PD_ARGS(PD_T(person_id)), p);
}

apr_status_t pd_device_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_device_sql[EXPIRE], pd_clock_now() - LIFETIME,
                        limit, p);
}
