/* Setting a password by a link. Only a good link is worth a place in the hashing gate; whether it
 * is still good is decided again, by its use, when the hash is ready. */
#include "portal/pd_password_set.h"
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_device.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_password_int.h"
#include "portal/pd_recovery.h"
#include "portal/pd_role.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

enum { STANDING, SET };

const pd_sql_t pd_password_set_sql[] = {
    [STANDING] = {"password_standing",
                  "SELECT secret, expired_at FROM credential WHERE person_id = %s"
                  " AND kind = 'password'",
                  "si", "the password that stands"},
    [SET] = {"password_set",
             "INSERT INTO credential (person_id, kind, secret, changed_at)"
             " VALUES (%s, 'password', %s, %lld) ON CONFLICT (person_id, kind) DO UPDATE"
             " SET secret = excluded.secret, changed_at = excluded.changed_at, expired_at = 0",
             "", "the new password in the place of the old one, or the first"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_password_standing(pd_standing_t *standing, const pd_portal_t *portal,
                                  const pd_person_t *person, apr_pool_t *p)
{
    const pd_rows_t *found;
    *standing = (pd_standing_t){NULL, 0};
    apr_status_t status = pd_db_read(&found, portal->db, &pd_password_set_sql[STANDING],
                                     PD_ARGS(PD_T(person->id)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    standing->expired = PD_ROW(found, 0)[1].number != 0;
    return pd_open(&standing->stored, person->key, "credential.secret", person->id,
                   PD_ROW(found, 0)[0].text, p);
}

apr_status_t pd_password_least(apr_int64_t *min_chars, const pd_portal_t *portal,
                               const char *person_id, apr_pool_t *p)
{
    apr_array_header_t *roles;
    *min_chars = PD_STAFF_PASSWORD_MIN;
    apr_status_t status = pd_role_list(&roles, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    if (roles->nelts == 0 || portal->settings->password_min > PD_STAFF_PASSWORD_MIN)
        *min_chars = portal->settings->password_min;
    return APR_SUCCESS;
}

/* Inside the gate. */
static apr_status_t compare_and_hash(int *same, const char **hash, const pd_portal_t *portal,
                                     const char *password, const char *but, apr_pool_t *p)
{
    const pd_password_cost_t cost = pd_password_cost_of(portal->settings);
    pd_password_e outcome = PD_PASSWORD_WRONG;
    apr_status_t status = APR_SUCCESS;
    if (but)
        status = pd_password_verify(&outcome, portal->keys, &cost, but, password, p);
    *same = outcome != PD_PASSWORD_WRONG;
    if (status == APR_SUCCESS && !*same)
        status = pd_password_hash(hash, portal->keys, &cost, password, p);
    return status;
}

apr_status_t pd_password_hash_but(int *same, const char **secret, const pd_portal_t *portal,
                                  const pd_person_t *person, const char *password, const char *but,
                                  apr_pool_t *p)
{
    const char *hash;
    int slot;
    *same = 0;
    *secret = NULL;
    apr_status_t status = pd_hashing_enter(&slot, portal);
    if (status != APR_SUCCESS)
        return status;
    status = compare_and_hash(same, &hash, portal, password, but, p);
    pd_hashing_leave(portal, slot);
    if (status != APR_SUCCESS || *same)
        return status;
    return pd_seal(secret, person->key, "credential.secret", person->id, hash, p);
}

apr_status_t pd_password_store(pd_conn_t *conn, const char *person_id, const char *secret,
                               apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_password_set_sql[SET],
                        PD_ARGS(PD_T(person_id), PD_T(secret), PD_N(pd_clock_now())), p);
}

apr_status_t pd_password_void_links(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    apr_status_t status = pd_link_void(conn, person_id, PD_LINK_PASSWORD, p);
    return status == APR_SUCCESS ? pd_link_void(conn, person_id, PD_LINK_PASSWORD_NOW, p) : status;
}

/* A link of a letter, or one that a sign-in gave: the page has the same address. */
static apr_status_t look(pd_link_e *link, const char **id, const char **purpose,
                         const pd_portal_t *portal, const char *token, apr_pool_t *p)
{
    *purpose = PD_LINK_PASSWORD;
    apr_status_t status = pd_link_look(link, id, portal, token, *purpose, p);
    if (status != APR_SUCCESS || *link != PD_LINK_NONE)
        return status;
    *purpose = PD_LINK_PASSWORD_NOW;
    return pd_link_look(link, id, portal, token, *purpose, p);
}

/* The person of a good link, and what is asked of the password. */
static apr_status_t find(pd_password_view_t *view, pd_person_t *person, pd_standing_t *standing,
                         const char **purpose, const pd_portal_t *portal, const char *token,
                         apr_pool_t *p)
{
    const char *id;
    memset(view, 0, sizeof(*view));
    apr_status_t status = look(&view->link, &id, purpose, portal, token, p);
    if (status != APR_SUCCESS || view->link != PD_LINK_GOOD)
        return status;
    status = pd_person_get(person, portal, id, p);
    if (status == APR_SUCCESS)
        status = pd_password_least(&view->min_chars, portal, id, p);
    if (status == APR_SUCCESS)
        status = pd_password_standing(standing, portal, person, p);
    if (status != APR_SUCCESS)
        return status;
    view->login = person->login;
    view->expired = standing->expired;
    return APR_SUCCESS;
}

apr_status_t pd_password_look(pd_password_view_t *view, const pd_portal_t *portal,
                              const char *token, apr_pool_t *p)
{
    pd_person_t person;
    pd_standing_t standing;
    const char *purpose;
    return find(view, &person, &standing, &purpose, portal, token, p);
}

typedef struct set_t {
    const pd_portal_t *portal;
    const pd_client_t *client;
    const pd_person_t *person;
    const char *token, *purpose; /* of the link */
    const char *secret;          /* sealed */
    int used, ended;
} set_t;

/* Whoever holds the mailbox now has the account: links of letters from before may be in the hands
 * of who had it meanwhile. */
static apr_status_t shut_ways_by_letter(const char *id, pd_conn_t *conn, apr_pool_t *p)
{
    apr_status_t status = pd_link_void(conn, id, PD_LINK_PASSWORD, p);
    if (status == APR_SUCCESS)
        status = pd_link_void(conn, id, PD_LINK_NOT_ME, p);
    return status == APR_SUCCESS ? pd_recovery_void(conn, id, p) : status;
}

/* Whose link came of a sign-in (it replaces an expired password, or disowned another sign-in) may
 * have proved no more than that he knew the password. He must not void what the mailbox's owner has
 * in his letters: the link by which he says that it was not he, and those to a new password. */
static apr_status_t shut_other_ways(const set_t *set, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = set->person->id;
    apr_status_t status = APR_SUCCESS;
    if (strcmp(set->purpose, PD_LINK_PASSWORD) == 0)
        status = shut_ways_by_letter(id, conn, p);
    if (status == APR_SUCCESS)
        status = pd_link_void(conn, id, PD_LINK_PASSWORD_NOW, p);
    if (status == APR_SUCCESS)
        status = pd_device_forget(conn, id, p);
    /* The owner's own from now on: strangers who guess meanwhile don't hold up his sign-in. */
    if (status == APR_SUCCESS)
        status = pd_device_note(conn, id, set->client->browser, p);
    return status;
}

/* Sessions before the credential: a sign-in takes them in this order too. */
static apr_status_t set_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    set_t *set = baton;
    const char *id = set->person->id;
    apr_status_t status = pd_link_use(&set->used, conn, set->token, set->purpose, p);
    if (status != APR_SUCCESS || !set->used)
        return status;
    status = pd_session_clear(&set->ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_password_store(conn, id, set->secret, p);
    if (status == APR_SUCCESS)
        status = shut_other_ways(set, conn, p);
    if (status == APR_SUCCESS)
        status = pd_account_letter(conn, set->portal, set->person, "password", NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:i}", "by", "link", "sessions_ended", set->ended), p);
    return pd_journal_add(conn, set->portal, PD_EVENT_PASSWORD_SET, id, details, set->person->key,
                          p);
}

/* With a good link: NULL when the password keeps the rules and is hashed, sealed in `set`. */
static apr_status_t check_and_hash(const char **mistake, set_t *set, const pd_password_view_t *view,
                                   const pd_standing_t *standing, const char *typed, apr_pool_t *p)
{
    const pd_person_t *person = set->person;
    const pd_new_password_t chosen = {typed, person->login, person->email, view->min_chars};
    const char *password;
    int same;
    *mistake = pd_password_check(&password, set->portal, &chosen, p);
    if (*mistake)
        return APR_SUCCESS;
    /* One that has to be replaced is not replaced by itself. */
    const char *but = view->expired ? standing->stored : NULL;
    apr_status_t status =
        pd_password_hash_but(&same, &set->secret, set->portal, person, password, but, p);
    if (status == APR_SUCCESS && same)
        *mistake = "password_same";
    return status;
}

/* With the hash. */
static apr_status_t use_link(pd_password_set_e *outcome, set_t *set, apr_pool_t *p)
{
    apr_status_t status = pd_db_transact(set->portal->db, set_step, set, p);
    if (status != APR_SUCCESS)
        return status;
    *outcome = set->used ? PD_PASSWORD_SET : PD_PASSWORD_LINK_GONE;
    if (set->used)
        pd_log(PD_LOG_INFO, 0, "PD0622: password of person %s set by a link", set->person->id);
    return APR_SUCCESS;
}

apr_status_t pd_password_set(pd_password_set_e *outcome, const char **mistake, int *retry_after,
                             const pd_portal_t *portal, const pd_client_t *client,
                             const char *token, const char *typed, apr_pool_t *p)
{
    pd_guess_t guess;
    pd_password_view_t view;
    pd_person_t person;
    pd_standing_t standing;
    set_t set = {.portal = portal, .client = client, .person = &person, .token = token};
    *outcome = PD_PASSWORD_LIMITED;
    *mistake = NULL;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    if (*retry_after)
        return APR_SUCCESS;
    *outcome = PD_PASSWORD_LINK_GONE;
    apr_status_t status = find(&view, &person, &standing, &set.purpose, portal, token, p);
    if (status != APR_SUCCESS || view.link != PD_LINK_GOOD)
        return status;
    pd_guess_right(&guess);
    *outcome = PD_PASSWORD_MISTAKE;
    status = check_and_hash(mistake, &set, &view, &standing, typed, p);
    if (status != APR_SUCCESS || *mistake)
        return status;
    return use_link(outcome, &set, p);
}
