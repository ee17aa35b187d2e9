/* Changing the login. The new name is claimed before the old one is given up, in one transaction:
 * the person is never without one. Another writing of the same name (letter case) stays the
 * person's own. */
#include "portal/pd_login_change.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "crypt/pd_hash.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_former_name.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_person_int.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { OWN, RENAME };

const pd_sql_t pd_login_change_sql[] = {
    [OWN] = {"login_own", "SELECT person_id FROM identifier WHERE kind = 'login' AND lookup = %s",
             "s", "whose the wanted login is"},
    [RENAME] = {"login_rename",
                "UPDATE person SET login = %s, reviewed_at = %lld WHERE id = %s"
                " AND state = 'active'",
                "", "the login as it is shown"},
    {NULL, NULL, NULL, NULL}};

typedef struct change_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *lookup;
    const char *login;   /* sealed */
    const char *mistake; /* NULL: changed */
} change_t;

/* `mine` 0: it is somebody else's. */
static apr_status_t take_name(int *mine, const change_t *change, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *owner;
    const char *id = change->person->id;
    apr_status_t status = pd_person_claim(mine, conn, "login", change->lookup, id, p);
    if (status != APR_SUCCESS || *mine)
        return status;
    status =
        pd_conn_read(&owner, conn, &pd_login_change_sql[OWN], PD_ARGS(PD_T(change->lookup)), 1, p);
    *mine = status == APR_SUCCESS && PD_ROW_COUNT(owner) > 0 &&
            strcmp(PD_ROW(owner, 0)[0].text, id) == 0;
    return status;
}

/* Bounded: else one account could keep any number of names from everybody. */
static apr_status_t give_up_former(change_t *change, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = change->person->id;
    int reserved = 0;
    apr_status_t status = pd_former_name_keep(conn, id, "login", change->lookup,
                                              pd_clock_now() + PD_LOGIN_RESERVED, p);
    if (status == APR_SUCCESS)
        status = pd_former_name_count(&reserved, conn, id, "login", p);
    if (status == APR_SUCCESS && reserved > PD_LOGINS_RESERVED_MAX)
        change->mistake = "login_often";
    return status;
}

/* EEXIST rolls back what is half done. */
static apr_status_t change_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    change_t *change = baton;
    const pd_person_t *person = change->person;
    int mine = 0, renamed;
    /* One change of a person after the other: each gives up what the one before took. */
    apr_status_t status = pd_conn_lock_name(conn, apr_pstrcat(p, "login of ", person->id, NULL), p);
    if (status == APR_SUCCESS)
        status = take_name(&mine, change, conn, p);
    change->mistake = mine ? NULL : "login_taken";
    if (status != APR_SUCCESS || change->mistake)
        return status;
    status = give_up_former(change, conn, p);
    if (status == APR_SUCCESS && change->mistake)
        return APR_EEXIST;
    if (status == APR_SUCCESS)
        status =
            pd_conn_exec(&renamed, conn, &pd_login_change_sql[RENAME],
                         PD_ARGS(PD_T(change->login), PD_N(pd_clock_now()), PD_T(person->id)), p);
    if (status == APR_SUCCESS && !renamed)
        return APR_ENOENT; /* blocked or gone meanwhile: nothing of it stays */
    if (status == APR_SUCCESS)
        status = pd_account_letter(conn, change->portal, person, "login-changed", NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, change->portal, PD_EVENT_LOGIN_CHANGED, person->id, NULL,
                          person->key, p);
}

/* The person wanted another name, and the name is a good one. */
static apr_status_t change_checked(const char **mistake, const pd_portal_t *portal,
                                   const pd_person_t *person, const pd_login_t *login,
                                   apr_pool_t *p)
{
    change_t change = {.portal = portal,
                       .person = person,
                       .lookup = pd_hash_lookup(portal->keys, "login", login->skeleton, p)};
    apr_status_t status =
        pd_seal(&change.login, person->key, "person.login", person->id, login->name, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, change_step, &change, p);
    *mistake = change.mistake;
    return APR_STATUS_IS_EEXIST(status) ? APR_SUCCESS : status;
}

apr_status_t pd_login_change(pd_login_change_e *outcome, const char **mistake, int *retry_after,
                             const pd_portal_t *portal, const pd_client_t *client,
                             const char *person_id, const char *typed, apr_pool_t *p)
{
    pd_person_t person;
    pd_guess_t guess;
    pd_login_t login;
    *outcome = PD_LOGIN_CHANGE_MISTAKE;
    *retry_after = 0;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    *mistake = pd_registration_check_login(&login, typed, p);
    if (status == APR_SUCCESS && !*mistake && strcmp(login.name, person.login) == 0)
        *mistake = "login_same";
    if (status != APR_SUCCESS || *mistake)
        return status;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    if (*retry_after) {
        *outcome = PD_LOGIN_CHANGE_LIMITED;
        return APR_SUCCESS;
    }
    status = change_checked(mistake, portal, &person, &login, p);
    if (status != APR_SUCCESS || *mistake)
        return status;
    pd_guess_right(&guess);
    *outcome = PD_LOGIN_CHANGED;
    pd_log(PD_LOG_INFO, 0, "PD0770: login of person %s changed", person.id);
    return APR_SUCCESS;
}
