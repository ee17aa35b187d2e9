/* Removing registrations: those whose time is over, and rivals of one whose mailbox was proved. The
 * deletion of the registration's row decides; a confirmation that comes first keeps its person. */
#include "portal/pd_registration.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_journal.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { DUE, DROP, RIVALS, DROP_LETTERS, DROP_CREDENTIAL, DROP_PERSON };

/* More rivals than this are left to their time: they can't be confirmed any more. */
#define RIVALS_MAX 200

const pd_sql_t pd_registration_expire_sql[] = {
    [DUE] = {"registration_due",
             "SELECT person_id, confirmed_at FROM registration WHERE expires_at <= %lld"
             " ORDER BY expires_at LIMIT %lld",
             "si", "registrations whose time is over"},
    [DROP] = {"registration_drop",
              "DELETE FROM registration WHERE person_id = %s AND confirmed_at = %lld", "",
              "end a registration unless it was confirmed meanwhile"},
    [RIVALS] = {"registration_rivals",
                "SELECT person_id FROM registration WHERE email_lookup = %s AND person_id <> %s"
                " AND confirmed_at = 0 ORDER BY person_id LIMIT 200",
                "s", "others that wait with the same mailbox"},
    [DROP_LETTERS] = {"registration_drop_letters", "DELETE FROM letter WHERE person_id = %s", "",
                      "letters of a person who never was one"},
    [DROP_CREDENTIAL] = {"registration_drop_credential",
                         "DELETE FROM credential WHERE person_id = %s", "", "the password chosen"},
    [DROP_PERSON] = {"registration_drop_person",
                     "DELETE FROM person WHERE id = %s AND state = 'pending'", "",
                     "the person who never was one"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_registration_clear(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    for (int step = DROP_LETTERS; step <= DROP_PERSON && status == APR_SUCCESS; step++)
        status = pd_conn_exec(NULL, conn, &pd_registration_expire_sql[step],
                              PD_ARGS(PD_T(person_id)), p);
    return status;
}

static apr_status_t drop(int *dropped, pd_conn_t *conn, const char *person_id,
                         apr_time_t confirmed_at, apr_pool_t *p)
{
    return pd_conn_exec(dropped, conn, &pd_registration_expire_sql[DROP],
                        PD_ARGS(PD_T(person_id), PD_N(confirmed_at)), p);
}

apr_status_t pd_registration_clear_rivals(pd_conn_t *conn, const char *email_lookup,
                                          const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *rivals;
    apr_status_t status = pd_conn_read(&rivals, conn, &pd_registration_expire_sql[RIVALS],
                                       PD_ARGS(PD_T(email_lookup), PD_T(person_id)), RIVALS_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rivals); i++) {
        const char *rival = PD_ROW(rivals, i)[0].text;
        int dropped;
        status = drop(&dropped, conn, rival, 0, p);
        if (status == APR_SUCCESS && dropped)
            status = pd_registration_clear(conn, rival, p);
    }
    return status;
}

typedef struct expire_t {
    const pd_portal_t *portal;
    const char *person_id;
    apr_time_t confirmed_at; /* when it was found; 0: it still waits */
    int dropped;
} expire_t;

/* Each in a transaction of its own: a confirmation that removes its rivals holds its own row, and
 * would wait here for one row while another is waited for there. A confirmed one only loses the
 * row; the person stays. The journal comes last, or the lock on its head would be held while
 * others' rows are waited for. */
static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    apr_status_t status = drop(&expire->dropped, conn, expire->person_id, expire->confirmed_at, p);
    if (status != APR_SUCCESS || !expire->dropped || expire->confirmed_at)
        return status;
    status = pd_registration_clear(conn, expire->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, expire->portal, PD_EVENT_REGISTRATION_EXPIRED, expire->person_id,
                          NULL, NULL, p);
}

apr_status_t pd_registration_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p)
{
    const pd_rows_t *due;
    *removed = 0;
    apr_status_t status = pd_db_read(&due, portal->db, &pd_registration_expire_sql[DUE],
                                     PD_ARGS(PD_N(pd_clock_now()), PD_N(limit)), limit, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(due); i++) {
        const pd_cell_t *cell = PD_ROW(due, i);
        expire_t expire = {portal, cell[0].text, cell[1].number, 0};
        status = pd_db_transact(portal->db, expire_step, &expire, p);
        *removed += status == APR_SUCCESS && expire.dropped;
    }
    if (*removed)
        pd_log(PD_LOG_INFO, 0, "PD0402: %d registrations whose time was over removed", *removed);
    return status;
}
