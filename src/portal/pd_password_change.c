/* Changing the password. The page has asked for the old one a moment ago (PD_NEED_FRESH), so it is
 * not asked again; the new one must be another. */
#include "portal/pd_password_change.h"
#include <string.h>
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_device.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_password_int.h"
#include "portal/pd_recovery.h"
#include "portal/pd_session_int.h"

typedef struct change_t {
    const pd_portal_t *portal;
    const pd_client_t *client;
    const pd_session_t *session;
    pd_person_t person;
    const char *secret;     /* sealed */
    const char *token_hash; /* that the session gets */
    int ended;
} change_t;

apr_status_t pd_password_change_look(apr_int64_t *min_chars, const pd_portal_t *portal,
                                     const char *person_id, apr_pool_t *p)
{
    return pd_password_least(min_chars, portal, person_id, p);
}

/* The person's row first, as whoever ends sessions takes it. */
static apr_status_t keep_only_this_session(change_t *change, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = change->person.id, *session_id = change->session->id;
    int renewed = 0;
    apr_status_t status = pd_session_clear(&change->ended, conn, id, session_id, p);
    if (status == APR_SUCCESS)
        status = pd_session_renew(&renewed, conn, id, session_id, change->token_hash, p);
    return status == APR_SUCCESS && !renewed ? APR_ENOENT : status;
}

/* A link to set a password may be in strange hands, and so may a browser that was known. */
static apr_status_t shut_other_ways(const change_t *change, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = change->person.id;
    apr_status_t status = pd_password_void_links(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_recovery_void(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_device_forget(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_device_note(conn, id, change->client->browser, p);
    return status;
}

static apr_status_t change_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    change_t *change = baton;
    const pd_person_t *person = &change->person;
    apr_status_t status = keep_only_this_session(change, conn, p);
    if (status == APR_SUCCESS)
        status = pd_password_store(conn, person->id, change->secret, p);
    if (status == APR_SUCCESS)
        status = shut_other_ways(change, conn, p);
    if (status == APR_SUCCESS)
        status = pd_account_letter(conn, change->portal, person, "password-changed", NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:i}", "by", "person", "sessions_ended", change->ended), p);
    return pd_journal_add(conn, change->portal, PD_EVENT_PASSWORD_SET, person->id, details,
                          person->key, p);
}

/* NULL: good, and `password` is it as it is to be hashed. */
static apr_status_t check(const char **mistake, const char **password, const change_t *change,
                          const char *typed, apr_pool_t *p)
{
    const pd_person_t *person = &change->person;
    pd_new_password_t chosen = {typed, person->login, person->email, 0};
    apr_status_t status = pd_password_least(&chosen.min, change->portal, person->id, p);
    if (status == APR_SUCCESS)
        *mistake = pd_password_check(password, change->portal, &chosen, p);
    return status;
}

static apr_status_t hash(int *same, change_t *change, const char *password, apr_pool_t *p)
{
    pd_standing_t standing;
    apr_status_t status = pd_password_standing(&standing, change->portal, &change->person, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_password_hash_but(same, &change->secret, change->portal, &change->person, password,
                                standing.stored, p);
}

/* With a password that keeps the rules. */
static apr_status_t change_checked(pd_password_changed_t *result, change_t *change,
                                   const char *password, apr_pool_t *p)
{
    pd_guess_t guess;
    int same;
    result->retry_after = pd_guess_code(&guess, change->portal, change->client, p);
    if (result->retry_after) {
        result->outcome = PD_PASSWORD_CHANGE_LIMITED;
        return APR_SUCCESS;
    }
    apr_status_t status = hash(&same, change, password, p);
    if (status == PD_EBUSY)
        pd_guess_untried(&guess);
    if (status != APR_SUCCESS)
        return status;
    if (same) {
        result->mistake = "password_same";
        return APR_SUCCESS;
    }
    const char *token = pd_token_new(p);
    change->token_hash = pd_token_hash(token, p);
    status = pd_db_transact(change->portal->db, change_step, change, p);
    if (status != APR_SUCCESS)
        return status;
    pd_guess_right(&guess);
    result->outcome = PD_PASSWORD_CHANGED;
    result->token = token;
    pd_log(PD_LOG_INFO, 0, "PD0771: password of person %s changed", change->person.id);
    return APR_SUCCESS;
}

apr_status_t pd_password_change(pd_password_changed_t *result, const pd_portal_t *portal,
                                const pd_client_t *client, const pd_session_t *session,
                                const char *typed, apr_pool_t *p)
{
    const char *password;
    change_t change = {.portal = portal, .client = client, .session = session};
    *result = (pd_password_changed_t){.outcome = PD_PASSWORD_CHANGE_MISTAKE};
    apr_status_t status = pd_person_get(&change.person, portal, session->person_id, p);
    if (status == APR_SUCCESS)
        status = check(&result->mistake, &password, &change, typed, p);
    if (status != APR_SUCCESS || result->mistake)
        return status;
    return change_checked(result, &change, password, p);
}
