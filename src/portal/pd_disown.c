/* "That was not me." Whoever holds the letter's link may take everything away and nothing else;
 * that he may set a new password follows from holding the mailbox, as with any link of that kind.
 * Who is signed in and has just given the password might have changed it as well; but he may be the
 * one whose sign-in it was. So nothing ends by him that the mailbox's owner has in his letters, and
 * countries stay known: or the next sign-in, the first of all then, would be told to nobody. */
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_device.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_person.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_unusual.h"

enum { SINCE, KILL, FORGET };

const pd_sql_t pd_disown_sql[] = {
    [SINCE] = {"disown_since",
               "SELECT COALESCE(MIN(created_at), 0) FROM link WHERE person_id = %s"
               " AND purpose = '" PD_LINK_NOT_ME "' AND used_at = 0 AND expires_at > %lld",
               "i", "since when somebody else may have been signed in"},
    [KILL] = {"disown_password",
              "DELETE FROM credential WHERE person_id = %s AND kind = 'password'", "",
              "a password that somebody else knows"},
    [FORGET] = {"disown_countries", "DELETE FROM sign_in_country WHERE person_id = %s", "",
                "no country is known any more: one of them was not the person's"},
    {NULL, NULL, NULL, NULL}};

typedef struct disown_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *token;            /* of the letter's link; NULL: by somebody who is signed in */
    apr_interval_time_t lifetime; /* of the link to the new password */
    apr_time_t since;             /* of the oldest sign-in that may be disowned */
    int used, ended;
    int had_factor;
    const char *fresh;
} disown_t;

apr_status_t pd_disown_since(apr_time_t *since, pd_conn_t *conn, const char *person_id,
                             apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_disown_sql[SINCE],
                                       PD_ARGS(PD_T(person_id), PD_N(pd_clock_now())), 1, p);
    if (status == APR_SUCCESS)
        *since = PD_ROW(rows, 0)[0].number;
    return status;
}

/* All that whoever signed in could still use. Sessions before the credential, as a sign-in does. */
static apr_status_t take_away(disown_t *disown, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = disown->person->id;
    apr_status_t status = pd_session_clear(&disown->ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_disown_sql[KILL], PD_ARGS(PD_T(id)), p);
    if (status == APR_SUCCESS)
        status = pd_device_forget(conn, id, p);
    if (status == APR_SUCCESS && disown->token)
        status = pd_conn_exec(NULL, conn, &pd_disown_sql[FORGET], PD_ARGS(PD_T(id)), p);
    if (status == APR_SUCCESS)
        status = pd_factor_remove_since(&disown->had_factor, conn, id, disown->since, p);
    return status;
}

static apr_status_t tell(const disown_t *disown, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_t *person = disown->person;
    apr_status_t status = APR_SUCCESS;
    if (disown->had_factor)
        status = pd_factor_tell_removed(conn, disown->portal, person, PD_LINK_NOT_ME, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, disown->portal, PD_EVENT_SIGN_IN_DISOWNED, person->id, NULL,
                          person->key, p);
}

/* A link to another password, the only one of its kind. By the letter's link none of a sign-in
 * stays either, nor of another such letter: it may be a thief's, who is about to set his. */
static apr_status_t make_link(disown_t *disown, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = disown->person->id;
    const char *purpose = disown->token ? PD_LINK_PASSWORD : PD_LINK_PASSWORD_NOW;
    apr_status_t status = APR_SUCCESS;
    if (disown->token)
        status = pd_link_void(conn, id, PD_LINK_PASSWORD_NOW, p);
    if (status == APR_SUCCESS && disown->token)
        status = pd_link_void(conn, id, PD_LINK_NOT_ME, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_link_make(&disown->fresh, conn, id, purpose, pd_clock_now() + disown->lifetime, p);
}

/* The instant is that of the oldest link, while none is used. Who is signed in has proved the
 * second factor, so it stays. */
static apr_status_t disown_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    disown_t *disown = baton;
    const pd_person_t *person = disown->person;
    apr_status_t status = APR_SUCCESS;
    disown->since = pd_clock_now();
    disown->used = disown->token == NULL;
    if (disown->token)
        status = pd_disown_since(&disown->since, conn, person->id, p);
    if (status == APR_SUCCESS && disown->token)
        status = pd_link_use(&disown->used, conn, disown->token, PD_LINK_NOT_ME, p);
    if (status != APR_SUCCESS || !disown->used)
        return status;
    status = take_away(disown, conn, p);
    if (status == APR_SUCCESS)
        status = make_link(disown, conn, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    return status == APR_SUCCESS ? tell(disown, conn, p) : status;
}

static apr_status_t run(const char **fresh, disown_t *disown, const char *id, apr_pool_t *p)
{
    pd_person_t person;
    apr_status_t status = pd_person_get(&person, disown->portal, id, p);
    disown->person = &person;
    if (status == APR_SUCCESS)
        status = pd_db_transact(disown->portal->db, disown_step, disown, p);
    if (status != APR_SUCCESS || !disown->used)
        return status;
    *fresh = disown->fresh;
    pd_log(PD_LOG_NOTICE, 0, "PD0812: person %s disowned a sign-in; %d sessions ended", id,
           disown->ended);
    return APR_SUCCESS;
}

apr_status_t pd_disown(const char **fresh, const pd_portal_t *portal, const char *token,
                       apr_pool_t *p)
{
    pd_link_e link;
    const char *id;
    disown_t disown = {.portal = portal, .token = token, .lifetime = PD_LINK_LIFETIME};
    *fresh = NULL;
    apr_status_t status = pd_link_look(&link, &id, portal, token, PD_LINK_NOT_ME, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    return run(fresh, &disown, id, p);
}

apr_status_t pd_disown_own(const char **fresh, const pd_portal_t *portal, const char *person_id,
                           apr_pool_t *p)
{
    disown_t disown = {.portal = portal, .lifetime = PD_LINK_SIGN_IN_LIFETIME};
    *fresh = NULL;
    return run(fresh, &disown, person_id, p);
}
