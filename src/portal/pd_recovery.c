/* Recovery of access, the visitor's side: asking, and the code. Rows of names that nobody has are
 * like all others, but for the code, which fits nothing; so are those of somebody whose mailbox had
 * its letters of the hour, and then the code of the last letter for that name is good still. A code
 * for another name than that asked for last fits nothing: or who has a code for his own would learn
 * whether the other name has one. Tries are counted by what was asked for last, as if it had a
 * code, and by the row that has one. */
#include "portal/pd_recovery.h"
#include <string.h>
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "crypt/pd_token.h"
#include "portal/pd_link.h"
#include "portal/pd_person_int.h"
#include "portal/pd_tables_int.h"

enum { ASK, FIND, FIND_CODE, COUNT, USE, VOID_OTHERS, VOID, DUE };

const pd_sql_t pd_recovery_sql[] = {
    [ASK] = {"recovery_ask",
             "INSERT INTO recovery (id, browser, kind, lookup, person_id, code, attempts,"
             " created_at, expires_at, answered_at, used_at)"
             " VALUES (%s, %s, %s, %s, '', '', 0, %lld, %lld, 0, 0)",
             "", "somebody asks under a name"},
    [FIND] = {"recovery_find",
              "SELECT id, kind, lookup FROM recovery WHERE browser = %s AND used_at = 0"
              " AND expires_at > %lld AND created_at <= %lld"
              " ORDER BY created_at DESC, id DESC LIMIT 1",
              "sss", "what a browser asked for last"},
    [FIND_CODE] = {"recovery_find_code",
                   "SELECT id, person_id, code FROM recovery WHERE browser = %s AND used_at = 0"
                   " AND expires_at > %lld AND created_at <= %lld AND kind = %s"
                   " AND lookup = %s AND code <> ''"
                   " ORDER BY created_at DESC, id DESC LIMIT 1",
                   "sss", "the last code that was sent for that name"},
    [COUNT] = {"recovery_count",
               "UPDATE recovery SET attempts = attempts + 1 WHERE id = %s AND attempts < %lld", "",
               "count a try before it is checked"},
    [USE] =
        {"recovery_use",
         "UPDATE recovery SET used_at = %lld WHERE id = %s AND used_at = 0 AND expires_at > %lld",
         "", "the one place where a code is used"},
    [VOID_OTHERS] = {"recovery_void_others",
                     "DELETE FROM recovery WHERE browser = %s AND used_at = 0", "",
                     "with one code used, those of the same browser's earlier letters are void"},
    [VOID] = {"recovery_void", "DELETE FROM recovery WHERE person_id = %s", "",
              "the person has access again"},
    [DUE] = {"recovery_due",
             "DELETE FROM recovery WHERE id IN (SELECT id FROM recovery WHERE expires_at <= %lld"
             " ORDER BY expires_at LIMIT %lld)",
             "", "what is over"},
    {NULL, NULL, NULL, NULL}};

/* What a browser asked for. */
typedef struct asked_t {
    const char *id;        /* the last; NULL: nothing */
    const char *letter_id; /* the last for that name with a letter, and ""s: none had one */
    const char *person_id, *code;
} asked_t;

typedef struct ask_t {
    const char *browser, *kind, *lookup;
} ask_t;

static apr_status_t ask_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const ask_t *ask = baton;
    apr_time_t now = pd_clock_now();
    return pd_conn_exec(NULL, conn, &pd_recovery_sql[ASK],
                        PD_ARGS(PD_T(pd_random_uuid7(now, p)), PD_T(ask->browser), PD_T(ask->kind),
                                PD_T(ask->lookup), PD_N(now), PD_N(now + PD_RECOVERY_LIFETIME)),
                        p);
}

apr_status_t pd_recovery_ask(int *retry_after, const pd_portal_t *portal, const pd_client_t *client,
                             const char *login_or_email, apr_pool_t *p)
{
    pd_guess_t guess;
    ask_t ask = {.browser = pd_token_hash(client->browser, p)};
    *retry_after = pd_guess_mail(&guess, portal, client, p);
    if (*retry_after)
        return APR_SUCCESS;
    ask.lookup = pd_person_lookup_of(&ask.kind, portal, login_or_email, p);
    return pd_db_transact(portal->db, ask_step, &ask, p);
}

/* A row that is of later than now, since the clock was put back, waits until it has begun. */
static apr_status_t find_last(ask_t *last, asked_t *asked, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_time_t now = pd_clock_now();
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_recovery_sql[FIND],
                   PD_ARGS(PD_T(last->browser), PD_N(now), PD_N(now + PD_LINK_SKEW)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    asked->id = cell[0].text;
    last->kind = cell[1].text;
    last->lookup = cell[2].text;
    return APR_SUCCESS;
}

static apr_status_t find_code(asked_t *asked, const ask_t *last, const pd_portal_t *portal,
                              apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_time_t now = pd_clock_now();
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_recovery_sql[FIND_CODE],
                   PD_ARGS(PD_T(last->browser), PD_N(now), PD_N(now + PD_LINK_SKEW),
                           PD_T(last->kind), PD_T(last->lookup)),
                   1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    *asked = (asked_t){asked->id, cell[0].text, cell[1].text, cell[2].text};
    return APR_SUCCESS;
}

static apr_status_t find(asked_t *asked, const pd_portal_t *portal, const char *browser,
                         apr_pool_t *p)
{
    *asked = (asked_t){NULL, "", "", ""};
    if (!browser)
        return APR_SUCCESS;
    ask_t last = {.browser = pd_token_hash(browser, p)};
    apr_status_t status = find_last(&last, asked, portal, p);
    if (status != APR_SUCCESS || !asked->id)
        return status;
    return find_code(asked, &last, portal, p);
}

apr_status_t pd_recovery_look(int *asked, const pd_portal_t *portal, const char *browser,
                              apr_pool_t *p)
{
    asked_t found;
    apr_status_t status = find(&found, portal, browser, p);
    *asked = found.id != NULL;
    return status;
}

typedef struct submit_t {
    asked_t asked;
    const char *browser;
    int counted;        /* by what was asked for last: that is told */
    int letter_counted; /* by the row of the code */
    int used;
    const char *token;
} submit_t;

/* Twice in any case: no more is done for somebody than for nobody. */
static apr_status_t count_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    submit_t *submit = baton;
    const asked_t *asked = &submit->asked;
    const int same = strcmp(asked->id, asked->letter_id) == 0;
    apr_status_t status = pd_conn_exec(&submit->counted, conn, &pd_recovery_sql[COUNT],
                                       PD_ARGS(PD_T(asked->id), PD_N(PD_RECOVERY_ATTEMPTS_MAX)), p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(
            &submit->letter_counted, conn, &pd_recovery_sql[COUNT],
            PD_ARGS(PD_T(same ? "" : asked->letter_id), PD_N(PD_RECOVERY_ATTEMPTS_MAX)), p);
    if (same)
        submit->letter_counted = submit->counted;
    return status;
}

static apr_status_t use_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    submit_t *submit = baton;
    apr_time_t now = pd_clock_now();
    apr_status_t status =
        pd_conn_exec(&submit->used, conn, &pd_recovery_sql[USE],
                     PD_ARGS(PD_N(now), PD_T(submit->asked.letter_id), PD_N(now)), p);
    if (status == APR_SUCCESS && submit->used)
        status = pd_conn_exec(NULL, conn, &pd_recovery_sql[VOID_OTHERS],
                              PD_ARGS(PD_T(pd_token_hash(submit->browser, p))), p);
    if (status != APR_SUCCESS || !submit->used)
        return status;
    return pd_link_make(&submit->token, conn, submit->asked.person_id, PD_LINK_PASSWORD,
                        now + PD_RECOVERY_LIFETIME, p);
}

static int is_right(const submit_t *submit, const pd_portal_t *portal, const char *code,
                    apr_pool_t *p)
{
    const char *stored = submit->asked.code;
    const char *hash = pd_code_hash(portal->keys, submit->asked.letter_id, code, p);
    return submit->letter_counted && strlen(hash) == strlen(stored) &&
           pd_equal_secret(hash, stored, strlen(hash));
}

/* The try is counted in a transaction of its own, before anything is checked. */
static apr_status_t prove(pd_recovery_e *outcome, submit_t *submit, const pd_portal_t *portal,
                          const char *code, apr_pool_t *p)
{
    apr_status_t status = pd_db_transact(portal->db, count_step, submit, p);
    *outcome = PD_RECOVERY_EXHAUSTED;
    if (status != APR_SUCCESS || !submit->counted)
        return status;
    *outcome = PD_RECOVERY_WRONG;
    if (!is_right(submit, portal, code, p))
        return APR_SUCCESS;
    status = pd_db_transact(portal->db, use_step, submit, p);
    *outcome = submit->used ? PD_RECOVERY_PROVED : PD_RECOVERY_NONE;
    return status;
}

apr_status_t pd_recovery_submit(pd_recovery_e *outcome, const char **token, int *retry_after,
                                const pd_portal_t *portal, const pd_client_t *client,
                                const char *code, apr_pool_t *p)
{
    pd_guess_t guess;
    submit_t submit = {.browser = client->browser};
    *token = NULL;
    *outcome = PD_RECOVERY_LIMITED;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    if (*retry_after)
        return APR_SUCCESS;
    *outcome = PD_RECOVERY_NONE;
    apr_status_t status = find(&submit.asked, portal, client->browser, p);
    if (status != APR_SUCCESS || !submit.asked.id)
        return status;
    status = prove(outcome, &submit, portal, code, p);
    if (status == APR_SUCCESS && *outcome == PD_RECOVERY_PROVED) {
        pd_guess_right(&guess);
        *token = submit.token;
    }
    return status;
}

apr_status_t pd_recovery_void(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_recovery_sql[VOID], PD_ARGS(PD_T(person_id)), p);
}

apr_status_t pd_recovery_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_recovery_sql[DUE], pd_clock_now(), limit, p);
}
