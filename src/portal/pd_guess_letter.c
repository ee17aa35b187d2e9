/* The owner of an account at which somebody guesses is told. An answer may take a little longer for
 * it than one for a name that nobody has: that can be seen once in a climb to the long waits, in
 * less than hashing and the disk vary by. */
#include "base/pd_clock.h"
#include "portal/pd_guess.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

#define KIND "attempts"
#define HOUR apr_time_from_sec(3600)

enum { OWNER, RECENT };

const pd_sql_t pd_guess_letter_sql[] = {
    [OWNER] = {"guess_owner", "SELECT email, language FROM person WHERE id = %s", "ss",
               "where the owner of an account is to be told"},
    [RECENT] = {"guess_recent",
                "SELECT COUNT(*) FROM letter WHERE person_id = %s AND kind = %s"
                " AND created_at > %lld",
                "i", "whether the owner was told lately"},
    {NULL, NULL, NULL, NULL}};

static apr_status_t address_owner(pd_letter_t *letter, pd_conn_t *conn, const pd_portal_t *portal,
                                  apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_guess_letter_sql[OWNER],
                                       PD_ARGS(PD_T(letter->person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    letter->language = cell[1].text;
    status =
        pd_open(&letter->address, letter->key, "person.email", letter->person_id, cell[0].text, p);
    if (status == APR_SUCCESS)
        letter->mailbox = pd_outbox_mailbox(portal, letter->address, p);
    return status;
}

apr_status_t pd_guess_tell_owner(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                                 const pd_datakey_t *key, apr_pool_t *p)
{
    const pd_rows_t *rows;
    int written;
    pd_letter_t letter = {
        .kind = KIND, .person_id = person_id, .key = key, .values = pd_value_map(p)};
    apr_status_t status = address_owner(&letter, conn, portal, p);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS; /* gone meanwhile */
    /* Before looking: else two names of one person would each bring a letter. */
    if (status == APR_SUCCESS)
        status = pd_conn_lock_name(conn, letter.mailbox, p);
    if (status == APR_SUCCESS)
        status =
            pd_conn_read(&rows, conn, &pd_guess_letter_sql[RECENT],
                         PD_ARGS(PD_T(person_id), PD_T(KIND), PD_N(pd_clock_now() - HOUR)), 1, p);
    if (status != APR_SUCCESS || PD_ROW(rows, 0)[0].number > 0)
        return status;
    return pd_outbox_add(&written, conn, portal, &letter, p);
}
