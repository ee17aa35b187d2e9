/* The history in the database. Refused attempts are counted under a name that is locked: else two
 * at once would each take the last place of the day. */
#include "portal/pd_sign_in_history.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_tables_int.h"

#define COLUMN "sign_in.origin"
#define DAY    apr_time_from_sec((apr_int64_t)24 * 3600)
/* Greater than any id. */
#define NEWEST "g"

enum { COUNT, ADD, LIST, EXPIRE };

const pd_sql_t pd_sign_in_history_sql[] = {
    [COUNT] = {"sign_in_count",
               "SELECT COUNT(*) FROM sign_in WHERE person_id = %s AND at > %lld"
               " AND outcome <> 'signed-in'",
               "i", "refused attempts of a person since an instant"},
    [ADD] = {"sign_in_add",
             "INSERT INTO sign_in (id, person_id, at, outcome, origin)"
             " VALUES (%s, %s, %lld, %s, %s)",
             "", "an attempt to sign in"},
    [LIST] = {"sign_in_list",
              "SELECT id, at, outcome, origin FROM sign_in WHERE person_id = %s AND id < %s"
              " ORDER BY id DESC LIMIT %lld",
              "siss", "a person's attempts, newest first"},
    [EXPIRE] = {"sign_in_expire",
                "DELETE FROM sign_in WHERE id IN (SELECT x.id FROM sign_in x WHERE x.at < %lld"
                " ORDER BY x.at LIMIT %lld)",
                "", "attempts whose time is over"},
    {NULL, NULL, NULL, NULL}};

const char *const pd_attempt_names[] = {[PD_ATTEMPT_SIGNED_IN] = "signed-in",
                                        [PD_ATTEMPT_PASSWORD] = "password",
                                        [PD_ATTEMPT_WAITS] = "waits",
                                        [PD_ATTEMPT_CLOSED] = "closed",
                                        [PD_ATTEMPT_MORE] = "more"};

static pd_attempt_e parse(const char *text)
{
    pd_attempt_e outcome = PD_ATTEMPT_SIGNED_IN;
    while (outcome < PD_ATTEMPT_MORE && strcmp(text, pd_attempt_names[outcome]) != 0)
        outcome++;
    return outcome;
}

/* How many rows of the day are left for refused ones. */
static apr_status_t count_left(apr_int64_t *left, pd_conn_t *conn, const char *person_id,
                               apr_time_t now, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_lock_name(conn, apr_pstrcat(p, "sign-in ", person_id, NULL), p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&rows, conn, &pd_sign_in_history_sql[COUNT],
                              PD_ARGS(PD_T(person_id), PD_N(now - DAY)), 1, p);
    if (status == APR_SUCCESS)
        *left = PD_REFUSED_A_DAY - PD_ROW(rows, 0)[0].number;
    return status;
}

apr_status_t pd_sign_in_history_add(pd_conn_t *conn, const char *person_id, const pd_datakey_t *key,
                                    pd_attempt_e outcome, const pd_origin_t *origin, apr_pool_t *p)
{
    apr_time_t now = pd_clock_now();
    apr_int64_t left = PD_REFUSED_A_DAY;
    apr_status_t status = APR_SUCCESS;
    const char *id = pd_random_uuid7(now, p), *sealed;
    if (outcome != PD_ATTEMPT_SIGNED_IN)
        status = count_left(&left, conn, person_id, now, p);
    if (status != APR_SUCCESS || left <= 0)
        return status;
    if (left == 1)
        outcome = PD_ATTEMPT_MORE;
    status = pd_origin_seal(&sealed, origin, key, COLUMN, id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_sign_in_history_sql[ADD],
                        PD_ARGS(PD_T(id), PD_T(person_id), PD_N(now),
                                PD_T(pd_attempt_names[outcome]), PD_T(sealed)),
                        p);
}

apr_status_t pd_sign_in_history_list(apr_array_header_t **attempts, const pd_portal_t *portal,
                                     const char *person_id, const pd_datakey_t *key,
                                     const char *before, int limit, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *attempts = apr_array_make(p, limit, sizeof(pd_attempt_t));
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_sign_in_history_sql[LIST],
                   PD_ARGS(PD_T(person_id), PD_T(before ? before : NEWEST), PD_N(limit)), limit, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++) {
        const pd_cell_t *cell = PD_ROW(rows, i);
        pd_attempt_t attempt = {
            .id = cell[0].text, .at = cell[1].number, .outcome = parse(cell[2].text)};
        status = pd_origin_open(&attempt.origin, key, COLUMN, attempt.id, cell[3].text, p);
        APR_ARRAY_PUSH(*attempts, pd_attempt_t) = attempt;
    }
    return status;
}

typedef struct expire_t {
    apr_time_t before;
    int limit;
    int removed; /* output */
} expire_t;

static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    return pd_conn_exec(&expire->removed, conn, &pd_sign_in_history_sql[EXPIRE],
                        PD_ARGS(PD_N(expire->before), PD_N(expire->limit)), p);
}

apr_status_t pd_sign_in_history_expire(int *removed, const pd_portal_t *portal,
                                       apr_interval_time_t age, int limit, apr_pool_t *p)
{
    expire_t expire = {pd_clock_now() - age, limit, 0};
    apr_status_t status = pd_db_transact(portal->db, expire_step, &expire, p);
    *removed = status == APR_SUCCESS ? expire.removed : 0;
    return status;
}
