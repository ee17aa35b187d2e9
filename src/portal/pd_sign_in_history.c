/* The history in the database. Refused attempts are counted under a name that is locked: else two
 * at once would each take the last place of the day. The rows of nobody are of the same shape, in a
 * table of their own that nothing reads. */
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

enum { COUNT, ADD, LIST, EXPIRE, COUNT_NOBODY, ADD_NOBODY, EXPIRE_NOBODY };

const pd_sql_t pd_sign_in_history_sql[] = {
    /* The first condition is that of the index. */
    [COUNT] = {"sign_in_count",
               "SELECT COUNT(*) FROM sign_in WHERE person_id = %s AND at > %lld"
               " AND outcome <> 'signed-in' AND outcome NOT IN ('pending', 'code')",
               "i", "attempts of strangers at a person's name since an instant"},
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
    [COUNT_NOBODY] = {"nobody_count",
                      "SELECT COUNT(*) FROM sign_in_nobody WHERE lookup = %s AND at > %lld"
                      " AND outcome <> 'signed-in'",
                      "i", "refused attempts under a name that nobody has"},
    [ADD_NOBODY] = {"nobody_add",
                    "INSERT INTO sign_in_nobody (id, lookup, at, outcome, origin)"
                    " VALUES (%s, %s, %lld, %s, %s)",
                    "", "an attempt under such a name"},
    [EXPIRE_NOBODY] = {"nobody_expire",
                       "DELETE FROM sign_in_nobody WHERE id IN (SELECT x.id FROM sign_in_nobody x"
                       " WHERE x.at < %lld ORDER BY x.at LIMIT %lld)",
                       "", "such attempts that count no longer"},
    {NULL, NULL, NULL, NULL}};

const char *const pd_attempt_names[] = {[PD_ATTEMPT_SIGNED_IN] = "signed-in",
                                        [PD_ATTEMPT_PASSWORD] = "password",
                                        [PD_ATTEMPT_PENDING] = "pending",
                                        [PD_ATTEMPT_CODE] = "code",
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

/* Whose rows: a person's id, or the look-up of a name that nobody has. */
typedef struct owner_t {
    const char *id;
    int is_nobody;
} owner_t;

static const pd_sql_t *sql_of(const owner_t *owner, int of_person, int of_nobody)
{
    return &pd_sign_in_history_sql[owner->is_nobody ? of_nobody : of_person];
}

/* Those that a stranger can cause at will. */
static int is_counted(pd_attempt_e outcome)
{
    return outcome != PD_ATTEMPT_SIGNED_IN && outcome != PD_ATTEMPT_PENDING &&
           outcome != PD_ATTEMPT_CODE;
}

/* How many rows of the day are left for those. */
static apr_status_t count_left(apr_int64_t *left, pd_conn_t *conn, const owner_t *owner,
                               apr_time_t now, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_lock_name(conn, apr_pstrcat(p, "sign-in ", owner->id, NULL), p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&rows, conn, sql_of(owner, COUNT, COUNT_NOBODY),
                              PD_ARGS(PD_T(owner->id), PD_N(now - DAY)), 1, p);
    if (status == APR_SUCCESS)
        *left = PD_REFUSED_A_DAY - PD_ROW(rows, 0)[0].number;
    return status;
}

static apr_status_t write_row(pd_conn_t *conn, const owner_t *owner, const pd_datakey_t *key,
                              const pd_attempt_t *attempt, apr_pool_t *p)
{
    const char *sealed;
    apr_status_t status = pd_origin_seal(&sealed, &attempt->origin, key, COLUMN, attempt->id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, sql_of(owner, ADD, ADD_NOBODY),
                        PD_ARGS(PD_T(attempt->id), PD_T(owner->id), PD_N(attempt->at),
                                PD_T(pd_attempt_names[attempt->outcome]), PD_T(sealed)),
                        p);
}

/* A refusal writes one row, whosever name it is: those for which a person has no place left go to
 * nobody's. */
static apr_status_t add(pd_conn_t *conn, owner_t owner, const pd_datakey_t *key,
                        pd_attempt_e outcome, const pd_origin_t *origin, apr_pool_t *p)
{
    apr_time_t now = pd_clock_now();
    apr_int64_t left = PD_REFUSED_A_DAY;
    apr_status_t status = APR_SUCCESS;
    if (is_counted(outcome))
        status = count_left(&left, conn, &owner, now, p);
    if (status != APR_SUCCESS)
        return status;
    if (left <= 0)
        owner = (owner_t){"", 1};
    pd_attempt_t attempt = {.id = pd_random_uuid7(now, p),
                            .at = now,
                            .outcome = left == 1 ? PD_ATTEMPT_MORE : outcome,
                            .origin = *origin};
    return write_row(conn, &owner, key, &attempt, p);
}

apr_status_t pd_sign_in_history_add(pd_conn_t *conn, const char *person_id, const pd_datakey_t *key,
                                    pd_attempt_e outcome, const pd_origin_t *origin, apr_pool_t *p)
{
    return add(conn, (owner_t){person_id, 0}, key, outcome, origin, p);
}

apr_status_t pd_sign_in_history_add_nobody(pd_conn_t *conn, const char *lookup,
                                           const pd_datakey_t *key, pd_attempt_e outcome,
                                           const pd_origin_t *origin, apr_pool_t *p)
{
    return add(conn, (owner_t){lookup, 1}, key, outcome, origin, p);
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

apr_status_t pd_sign_in_history_expire(int *removed, const pd_portal_t *portal,
                                       apr_interval_time_t age, int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_sign_in_history_sql[EXPIRE], pd_clock_now() - age,
                        limit, p);
}

apr_status_t pd_sign_in_history_expire_nobody(int *removed, const pd_portal_t *portal, int limit,
                                              apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_sign_in_history_sql[EXPIRE_NOBODY],
                        pd_clock_now() - DAY, limit, p);
}
