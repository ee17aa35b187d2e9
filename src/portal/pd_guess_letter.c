/* The owner of an account at which somebody guesses is told, as long as it goes on. What is asked
 * of the database is the same for a name that nobody has; only the letter itself, once a day, is
 * somebody's alone. No other letter takes its place: or a guesser would ask for some first. */
#include "base/pd_clock.h"
#include "portal/pd_guess.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

#define KIND "attempts"
#define DAY  apr_time_from_sec((apr_int64_t)24 * 3600)

enum { RECENT };

const pd_sql_t pd_guess_letter_sql[] = {
    [RECENT] = {"guess_recent",
                "SELECT COUNT(*) FROM letter WHERE person_id = %s AND kind = %s"
                " AND created_at > %lld",
                "i", "whether the owner was told lately"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_guess_tell_owner(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                                 const pd_datakey_t *key, apr_pool_t *p)
{
    const pd_rows_t *rows;
    int written;
    pd_letter_t letter = {
        .kind = KIND, .person_id = person_id, .key = key, .values = pd_value_map(p), .always = 1};
    apr_status_t status = pd_outbox_address(&letter, conn, portal, p);
    const int nobody = APR_STATUS_IS_ENOENT(status); /* or gone meanwhile */
    /* Before looking: else two names of one person would each bring a letter. */
    if (status == APR_SUCCESS || nobody)
        status = pd_conn_lock_name(conn, nobody ? KIND : letter.mailbox, p);
    if (status == APR_SUCCESS)
        status =
            pd_conn_read(&rows, conn, &pd_guess_letter_sql[RECENT],
                         PD_ARGS(PD_T(person_id), PD_T(KIND), PD_N(pd_clock_now() - DAY)), 1, p);
    if (status != APR_SUCCESS || nobody || PD_ROW(rows, 0)[0].number > 0)
        return status;
    return pd_outbox_add(&written, conn, portal, &letter, p);
}
