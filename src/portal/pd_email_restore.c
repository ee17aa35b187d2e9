/* Keeping a former address, and bringing it back. The links of several changes stay good side by
 * side: or a thief who changes the address twice would make the owner's link void. */
#include "portal/pd_email_restore.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "crypt/pd_token.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_closing.h"
#include "portal/pd_device.h"
#include "portal/pd_email_int.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_password_int.h"
#include "portal/pd_recovery.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_unusual.h"

enum { KEEP, FIND, DROP_SINCE, ONE, RENEW_LINKS, RENEW, DUE };

const pd_sql_t pd_email_restore_sql[] = {
    [KEEP] = {"former_keep",
              "INSERT INTO former_address (token, person_id, email, lookup, created_at, expires_at)"
              " VALUES (%s, %s, %s, %s, %lld, %lld)",
              "", "an address that was replaced"},
    /* What was blocked before it was closed stays so, and what is to be destroyed by now is. */
    [FIND] = {"former_find",
              "SELECT f.email, f.lookup, f.created_at FROM former_address f WHERE f.token = %s"
              " AND f.person_id = %s AND NOT EXISTS (SELECT 1 FROM closing c"
              " WHERE c.person_id = f.person_id AND (c.was <> 'active' OR c.due_at <= %lld))",
              "ssi", "the address of a link, of an account that is or can be kept"},
    [DROP_SINCE] = {"former_drop_since",
                    "DELETE FROM former_address WHERE person_id = %s AND created_at >= %lld", "",
                    "the links of this change and of all after it are void"},
    [ONE] =
        {"former_one",
         "SELECT created_at FROM former_address WHERE person_id = %s ORDER BY created_at LIMIT 1",
         "i", "was an address of this person replaced not long ago?"},
    [RENEW_LINKS] = {"former_renew_links",
                     "UPDATE link SET expires_at = %lld WHERE used_at = 0 AND token IN"
                     " (SELECT token FROM former_address WHERE person_id = %s)",
                     "", "the links to former addresses begin anew"},
    [RENEW] = {"former_renew", "UPDATE former_address SET expires_at = %lld WHERE person_id = %s",
               "", "and so do the addresses"},
    [DUE] = {"former_due",
             "DELETE FROM former_address WHERE token IN (SELECT f.token FROM former_address f"
             " WHERE f.expires_at <= %lld AND NOT EXISTS (SELECT 1 FROM person p"
             " WHERE p.id = f.person_id AND p.state = 'blocked') ORDER BY f.expires_at LIMIT %lld)",
             "", "former addresses whose time is over, but for those that are in doubt"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_email_keep_former(pd_conn_t *conn, const pd_portal_t *portal,
                                  const pd_person_t *person, apr_pool_t *p)
{
    const char *token, *email;
    apr_time_t now = pd_clock_now(), until = now + PD_LINK_ADDRESS_LIFETIME;
    pd_value_t *values = pd_value_map(p);
    apr_status_t status = pd_link_add(&token, conn, person->id, PD_LINK_ADDRESS, until, p);
    const char *hash = pd_token_hash(token, p);
    if (status == APR_SUCCESS)
        status = pd_seal(&email, person->key, "former_address.email", hash, person->email, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_email_restore_sql[KEEP],
                              PD_ARGS(PD_T(hash), PD_T(person->id), PD_T(email),
                                      PD_T(pd_email_lookup(portal, person->email, p)), PD_N(now),
                                      PD_N(until)),
                              p);
    if (status != APR_SUCCESS)
        return status;
    const char *page = apr_pstrcat(p, "restore?t=", token, NULL);
    pd_value_set_text(values, "link", pd_account_url(portal, page, p), p);
    return pd_account_letter(conn, portal, person, "email-changed", values, p);
}

apr_status_t pd_email_in_doubt(int *in_doubt, const pd_portal_t *portal, const char *person_id,
                               apr_pool_t *p)
{
    const pd_rows_t *found;
    *in_doubt = 0;
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_email_restore_sql[ONE], PD_ARGS(PD_T(person_id)), 1, p);
    if (status == APR_SUCCESS)
        *in_doubt = PD_ROW_COUNT(found) > 0;
    return status;
}

apr_status_t pd_email_renew_former(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    apr_time_t until = pd_clock_now() + PD_LINK_ADDRESS_LIFETIME;
    apr_status_t status = pd_conn_exec(NULL, conn, &pd_email_restore_sql[RENEW_LINKS],
                                       PD_ARGS(PD_N(until), PD_T(person_id)), p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_email_restore_sql[RENEW],
                        PD_ARGS(PD_N(until), PD_T(person_id)), p);
}

/* A former address; `email` NULL: there is none for this link (any more). */
typedef struct former_t {
    const char *email, *lookup;
    apr_time_t created_at;
} former_t;

static apr_status_t find(pd_link_e *link, former_t *former, pd_person_t *person,
                         const pd_portal_t *portal, const char *token, apr_pool_t *p)
{
    const pd_rows_t *found;
    const char *id;
    memset(former, 0, sizeof(*former));
    apr_status_t status = pd_link_look(link, &id, portal, token, PD_LINK_ADDRESS, p);
    if (status != APR_SUCCESS || *link != PD_LINK_GOOD)
        return status;
    const char *hash = pd_token_hash(token, p);
    status = pd_person_get(person, portal, id, p);
    if (status == APR_SUCCESS)
        status = pd_db_read(&found, portal->db, &pd_email_restore_sql[FIND],
                            PD_ARGS(PD_T(hash), PD_T(id), PD_N(pd_clock_now())), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0) {
        *link = PD_LINK_NONE;
        return APR_SUCCESS;
    }
    const pd_cell_t *cell = PD_ROW(found, 0);
    former->lookup = cell[1].text;
    former->created_at = cell[2].number;
    return pd_open(&former->email, person->key, "former_address.email", hash, cell[0].text, p);
}

apr_status_t pd_email_restore_look(pd_email_restore_view_t *view, const pd_portal_t *portal,
                                   const char *token, apr_pool_t *p)
{
    pd_person_t person;
    former_t former;
    memset(view, 0, sizeof(*view));
    apr_status_t status = find(&view->link, &former, &person, portal, token, p);
    if (status != APR_SUCCESS || !former.email)
        return status;
    view->email = former.email;
    view->closing = person.state == PD_PERSON_CLOSING;
    return APR_SUCCESS;
}

typedef struct restore_t {
    const pd_portal_t *portal;
    const pd_person_t *person; /* as it stands: with the address that is to go */
    const former_t *former;
    const char *token;
    const char *email;          /* sealed */
    const char *secret;         /* of a password that nobody knows, sealed */
    const char *password_token; /* output */
    int ended;
    int reopened;   /* the account was being closed */
    int had_factor; /* that was set up meanwhile */
    pd_email_restore_e outcome;
} restore_t;

/* EEXIST: nothing of it stays. */
static apr_status_t move_back(restore_t *restore, pd_conn_t *conn, apr_pool_t *p)
{
    const former_t *former = restore->former;
    int used = 0, moved = 0;
    apr_status_t status = pd_conn_lock_name(conn, former->lookup, p);
    if (status == APR_SUCCESS)
        status = pd_link_use(&used, conn, restore->token, PD_LINK_ADDRESS, p);
    restore->outcome = PD_EMAIL_RESTORE_GONE;
    if (status == APR_SUCCESS && !used)
        return APR_EEXIST;
    if (status == APR_SUCCESS)
        status = pd_session_clear(&restore->ended, conn, restore->person->id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_closing_reopen(&restore->reopened, conn, restore->person->id, p);
    if (status == APR_SUCCESS)
        status = pd_email_move(&moved, conn, restore->person, restore->email, former->lookup,
                               strcmp(restore->person->email, former->email) == 0, p);
    restore->outcome = PD_EMAIL_RESTORE_TAKEN;
    return status == APR_SUCCESS && !moved ? APR_EEXIST : status;
}

/* Set up since the address was replaced, or since a sign-in that the owner could disown: the letter
 * of that one has gone to the former address, if it is the older. */
static apr_status_t remove_factor(restore_t *restore, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = restore->person->id;
    apr_time_t since = restore->former->created_at, disowned;
    apr_status_t status = pd_disown_since(&disowned, conn, id, p);
    if (status != APR_SUCCESS)
        return status;
    if (disowned && disowned < since)
        since = disowned;
    return pd_factor_remove_since(&restore->had_factor, conn, id, since, p);
}

/* Whatever else the other one may hold or have begun. */
static apr_status_t shut_other_ways(restore_t *restore, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = restore->person->id;
    apr_status_t status = pd_password_store(conn, id, restore->secret, p);
    if (status == APR_SUCCESS)
        status = pd_device_forget(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_email_change_drop(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_password_void_links(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_recovery_void(conn, id, p);
    if (status == APR_SUCCESS)
        status = remove_factor(restore, conn, p);
    if (status == APR_SUCCESS)
        status = pd_link_void(conn, id, PD_LINK_NOT_ME, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_email_restore_sql[DROP_SINCE],
                        PD_ARGS(PD_T(id), PD_N(restore->former->created_at)), p);
}

/* To the owner what was undone for him; to the address that goes, that it does. Journal rows come
 * after all changes. */
static apr_status_t tell(const restore_t *restore, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_portal_t *portal = restore->portal;
    pd_person_t owner = *restore->person;
    owner.email = restore->former->email;
    apr_status_t status =
        pd_account_letter(conn, portal, restore->person, "email-restored", NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, owner.id, p);
    if (status == APR_SUCCESS && restore->reopened)
        status = pd_closing_tell_recalled(conn, portal, &owner, p);
    if (status == APR_SUCCESS && restore->had_factor)
        status = pd_factor_tell_removed(conn, portal, &owner, PD_LINK_ADDRESS, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, portal, PD_EVENT_EMAIL_RESTORED, owner.id, NULL, owner.key, p);
}

static apr_status_t restore_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    restore_t *restore = baton;
    const pd_person_t *person = restore->person;
    apr_status_t status = move_back(restore, conn, p);
    if (status == APR_SUCCESS)
        status = shut_other_ways(restore, conn, p);
    if (status == APR_SUCCESS)
        status = pd_link_make(&restore->password_token, conn, person->id, PD_LINK_PASSWORD,
                              pd_clock_now() + PD_LINK_LIFETIME, p);
    if (status != APR_SUCCESS)
        return status;
    restore->outcome = PD_EMAIL_RESTORED;
    return tell(restore, conn, p);
}

/* With a good link. */
static apr_status_t restore_found(restore_t *restore, apr_pool_t *p)
{
    const pd_person_t *person = restore->person;
    int same;
    apr_status_t status = pd_seal(&restore->email, person->key, "person.email", person->id,
                                  restore->former->email, p);
    if (status == APR_SUCCESS)
        status = pd_password_hash_but(&same, &restore->secret, restore->portal, person,
                                      pd_token_new(p), NULL, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(restore->portal->db, restore_step, restore, p);
    return APR_STATUS_IS_EEXIST(status) ? APR_SUCCESS : status;
}

apr_status_t pd_email_restore(pd_email_restore_e *outcome, const char **password_token,
                              int *retry_after, const pd_portal_t *portal,
                              const pd_client_t *client, const char *token, apr_pool_t *p)
{
    pd_guess_t guess;
    pd_link_e link;
    former_t former;
    pd_person_t person;
    restore_t restore = {.portal = portal, .person = &person, .former = &former, .token = token};
    *outcome = PD_EMAIL_RESTORE_LIMITED;
    *password_token = NULL;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    if (*retry_after)
        return APR_SUCCESS;
    *outcome = PD_EMAIL_RESTORE_GONE;
    apr_status_t status = find(&link, &former, &person, portal, token, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    pd_guess_right(&guess);
    status = restore_found(&restore, p);
    if (status != APR_SUCCESS)
        return status;
    *outcome = restore.outcome;
    if (*outcome == PD_EMAIL_RESTORED) {
        *password_token = restore.password_token;
        pd_log(PD_LOG_INFO, 0, "PD0773: former e-mail address of person %s restored", person.id);
    }
    return APR_SUCCESS;
}

apr_status_t pd_email_restore_expire(int *removed, const pd_portal_t *portal, int limit,
                                     apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_email_restore_sql[DUE], pd_clock_now(), limit, p);
}
