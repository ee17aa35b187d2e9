/* Signing in. The attempt is counted first: who has to wait costs no place at the hashing gate.
 * That place comes before the person is looked up, the work is the same for anybody and nobody, and
 * whether a session may begin is decided by the INSERT itself, which sees the person's state at
 * that instant. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "crypt/pd_token.h"
#include "portal/pd_closing.h"
#include "portal/pd_device.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_link.h"
#include "portal/pd_person_int.h"
#include "portal/pd_session.h"
#include "portal/pd_session_int.h"
#include "portal/pd_sign_in_history.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_unusual.h"

enum { ADD, REHASH, NOTE };

const pd_sql_t pd_session_begin_sql[] = {
    [ADD] = {"session_add",
             "INSERT INTO session (token, id, person_id, generation, created_at, authenticated_at,"
             " used_at, expires_at, origin, mfa_at) SELECT CAST(%s AS TEXT), CAST(%s AS TEXT), id,"
             " generation + " PD_SESSIONS_ENDED ","
             " CAST(%lld AS BIGINT), CAST(%lld AS BIGINT), CAST(%lld AS BIGINT),"
             " CAST(%lld AS BIGINT), CAST(%s AS TEXT), CASE WHEN EXISTS (SELECT 1 FROM credential c"
             " WHERE c.person_id = person.id AND c.kind IN " PD_FACTOR_KINDS
             ") THEN -1 ELSE " PD_MFA_NEEDLESS " END"
             " FROM person"
             " WHERE id = %s AND state = 'active' AND generation = %lld",
             "", "begin a session of a person who may have one"},
    [REHASH] = {"session_rehash",
                "UPDATE credential SET secret = %s WHERE person_id = %s AND kind = 'password'"
                " AND secret = %s",
                "", "the same password under the present parameters"},
    [NOTE] = {"session_note_sign_in", "UPDATE person SET signed_in_at = %lld WHERE id = %s", "",
              "when a person signed in last"},
    {NULL, NULL, NULL, NULL}};

typedef struct begin_t {
    const pd_portal_t *portal;
    const pd_client_t *client;
    pd_guess_t guess;
    const char *lookup;       /* of the name typed */
    pd_person_found_t person; /* id NULL: nobody is called so */
    const pd_datakey_t *key;  /* the person's; nobody's is thrown away */
    pd_password_e password;
    const char *rehashed;  /* sealed, or NULL */
    const char *old_token; /* hash, or NULL */
    const char *token;     /* hash */
    const char *id;
    const char *link; /* EXPIRED, CLOSING, BLOCKED: token of a one-time link; else NULL */
    pd_origin_t origin;
    const char *sealed_origin;
    pd_unusual_e unusual;
    int needs_code;
    pd_sign_in_e outcome;
} begin_t;

/* Compares, and makes the new hash where one is due. Inside the hashing gate. */
static apr_status_t check_password(begin_t *begin, const char *typed, apr_pool_t *p)
{
    const pd_portal_t *portal = begin->portal;
    const pd_password_cost_t cost = pd_password_cost_of(portal->settings);
    const char *stored = begin->person.stored_password;
    /* What can't be a password is compared all the same: with nobody's. */
    const char *password = pd_password_typed(typed, p);
    if (!password) {
        stored = NULL;
        password = "";
    }
    apr_status_t status =
        pd_password_verify(&begin->password, portal->keys, &cost, stored, password, p);
    if (status != APR_SUCCESS || begin->password != PD_PASSWORD_RIGHT_REHASH ||
        begin->person.state != PD_PERSON_ACTIVE)
        return status;
    const char *hash;
    status = pd_password_hash(&hash, portal->keys, &cost, password, p);
    if (status == APR_SUCCESS)
        status = pd_seal(&begin->rehashed, begin->person.key, "credential.secret", begin->person.id,
                         hash, p);
    return status;
}

/* Strangers' attempts don't hold up a browser that the person is known to use. */
static apr_status_t count(int *retry_after, begin_t *begin, const char *login_or_email,
                          apr_pool_t *p)
{
    const pd_portal_t *portal = begin->portal;
    const char *kind, *person_id;
    begin->lookup = pd_person_lookup_of(&kind, portal, login_or_email, p);
    apr_status_t status =
        pd_device_find(&person_id, portal, kind, begin->lookup, begin->client->browser, p);
    if (status == APR_SUCCESS)
        *retry_after = pd_guess_known(&begin->guess, portal, begin->client, person_id, p);
    if (!APR_STATUS_IS_ENOENT(status))
        return status;
    *retry_after = pd_guess_sign_in(&begin->guess, portal, begin->client, begin->lookup, p);
    return APR_SUCCESS;
}

/* Nobody gets a key too: what is written of an attempt is sealed in any case. */
static apr_status_t find_person(begin_t *begin, const char *login_or_email, apr_pool_t *p)
{
    const pd_portal_t *portal = begin->portal;
    const char *wrapped;
    apr_status_t status = pd_person_lookup(&begin->person, portal, login_or_email, p);
    begin->key = begin->person.key;
    if (!APR_STATUS_IS_ENOENT(status))
        return status;
    memset(&begin->person, 0, sizeof(begin->person));
    return pd_datakey_new(&begin->key, &wrapped, portal->keys, begin->lookup, p);
}

static apr_status_t check(begin_t *begin, const char *login_or_email, const char *password,
                          apr_pool_t *p)
{
    const pd_portal_t *portal = begin->portal;
    int slot = 0;
    apr_status_t status = pd_hashing_enter(&slot, portal);
    if (status != APR_SUCCESS) {
        pd_guess_untried(&begin->guess);
        return status;
    }
    status = find_person(begin, login_or_email, p);
    if (status == APR_SUCCESS)
        status = check_password(begin, password, p);
    pd_hashing_leave(portal, slot);
    return status;
}

static apr_status_t note_attempt(const begin_t *begin, pd_conn_t *conn, pd_attempt_e outcome,
                                 apr_pool_t *p)
{
    if (!begin->person.id)
        return pd_sign_in_history_add_nobody(conn, begin->lookup, begin->key, outcome,
                                             &begin->origin, p);
    return pd_sign_in_history_add(conn, begin->person.id, begin->key, outcome, &begin->origin, p);
}

/* The same statements for somebody and nobody; only the letter to who is guessed at is the owner's
 * alone (pd_guess_letter.c). `reason` is for the journal, `outcome` for the history. */
static apr_status_t refuse(begin_t *begin, pd_conn_t *conn, const char *reason,
                           pd_attempt_e outcome, apr_pool_t *p)
{
    const char *subject = begin->person.id ? begin->person.id : "";
    begin->outcome = PD_SIGN_IN_REFUSED;
    apr_status_t status = note_attempt(begin, conn, outcome, p);
    if (status == APR_SUCCESS && begin->guess.tells)
        status = pd_guess_tell_owner(conn, begin->portal, subject, begin->key, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, begin->portal, PD_EVENT_SIGN_IN_FAILED, subject,
                          pd_json_text(json_pack("{s:s}", "reason", reason), p), begin->person.key,
                          p);
}

static apr_status_t rehash(int *changed, const begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_found_t *person = &begin->person;
    *changed = 0;
    if (!begin->rehashed)
        return APR_SUCCESS;
    return pd_conn_exec(
        changed, conn, &pd_session_begin_sql[REHASH],
        PD_ARGS(PD_T(begin->rehashed), PD_T(person->id), PD_T(person->sealed_password)), p);
}

static apr_status_t add_session(int *added, const begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_found_t *person = &begin->person;
    apr_time_t now = pd_clock_now();
    return pd_conn_exec(added, conn, &pd_session_begin_sql[ADD],
                        PD_ARGS(PD_T(begin->token), PD_T(begin->id), PD_N(now), PD_N(now),
                                PD_N(now), PD_N(now + begin->portal->settings->session_lifetime),
                                PD_T(begin->sealed_origin), PD_T(person->id),
                                PD_N(person->generation)),
                        p);
}

/* The password is right, but has to be replaced: in the place of a session comes a link to set
 * another one. No page that needs a session opens before. */
static apr_status_t demand_password(begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_found_t *person = &begin->person;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "purpose", PD_LINK_PASSWORD_NOW, "by", "sign-in"), p);
    apr_status_t status = pd_link_make(&begin->link, conn, person->id, PD_LINK_PASSWORD_NOW,
                                       pd_clock_now() + PD_LINK_SIGN_IN_LIFETIME, p);
    begin->outcome = PD_SIGN_IN_EXPIRED;
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, begin->portal, PD_EVENT_LINK_MADE, person->id, details, person->key,
                          p);
}

/* All journal rows of a sign-in, after all its changes. */
static apr_status_t tell(const begin_t *begin, pd_conn_t *conn, const pd_session_ended_t *ended,
                         int rehashed, apr_pool_t *p)
{
    const pd_person_found_t *person = &begin->person;
    apr_status_t status = pd_session_tell_ended(conn, begin->portal, ended, p);
    if (status == APR_SUCCESS && rehashed)
        status = pd_journal_add(conn, begin->portal, PD_EVENT_PASSWORD_REHASHED, person->id, NULL,
                                person->key, p);
    if (status == APR_SUCCESS)
        status = pd_journal_add(conn, begin->portal, PD_EVENT_SIGNED_IN, person->id,
                                pd_session_details(begin->id, p), person->key, p);
    if (status != APR_SUCCESS || begin->unusual == PD_UNUSUAL_NOT)
        return status;
    return pd_journal_add(conn, begin->portal, PD_EVENT_SIGN_IN_UNUSUAL, person->id,
                          pd_session_details(begin->id, p), person->key, p);
}

/* What is kept of a sign-in, once the person's row is taken. */
static apr_status_t note(begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_found_t *person = &begin->person;
    apr_status_t status = pd_device_note(conn, person->id, begin->client->browser, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_session_begin_sql[NOTE],
                              PD_ARGS(PD_N(pd_clock_now()), PD_T(person->id)), p);
    if (status == APR_SUCCESS)
        status = pd_factor_is_on(&begin->needs_code, conn, person->id, p);
    if (status == APR_SUCCESS)
        status = note_attempt(begin, conn,
                              begin->needs_code ? PD_ATTEMPT_PENDING : PD_ATTEMPT_SIGNED_IN, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_unusual_note(&begin->unusual, conn, begin->portal, person->id, person->key,
                           &begin->origin, p);
}

/* The password was right: who knows it may learn that the account is being closed, and keep it. */
static apr_status_t offer_recall(begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    apr_status_t status = pd_closing_link(&begin->link, conn, begin->person.id, p);
    if (status == APR_SUCCESS)
        status = refuse(begin, conn, "closing", PD_ATTEMPT_CLOSED, p);
    begin->outcome = PD_SIGN_IN_CLOSING;
    return status;
}

/* Likewise who is blocked: may leave all the same. */
static apr_status_t offer_closing(begin_t *begin, pd_conn_t *conn, apr_pool_t *p)
{
    apr_status_t status = pd_closing_blocked_link(&begin->link, conn, begin->person.id, p);
    if (status == APR_SUCCESS)
        status = refuse(begin, conn, "blocked", PD_ATTEMPT_CLOSED, p);
    begin->outcome = PD_SIGN_IN_BLOCKED;
    return status;
}

static apr_status_t begin_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    begin_t *begin = baton;
    pd_session_ended_t ended = {NULL, NULL, NULL};
    int added, rehashed;
    begin->outcome = PD_SIGNED_IN;
    if (!begin->person.id || begin->password == PD_PASSWORD_WRONG)
        return refuse(begin, conn, begin->person.id ? "password" : "unknown",
                      begin->guess.alarm ? PD_ATTEMPT_WAITS : PD_ATTEMPT_PASSWORD, p);
    if (begin->person.state == PD_PERSON_CLOSING)
        return offer_recall(begin, conn, p);
    /* An expired password opens nothing, but it tells who may close the account. */
    if (begin->person.state == PD_PERSON_BLOCKED)
        return offer_closing(begin, conn, p);
    if (begin->person.password_expired)
        return begin->person.state == PD_PERSON_ACTIVE
                   ? demand_password(begin, conn, p)
                   : refuse(begin, conn, "state", PD_ATTEMPT_CLOSED, p);
    apr_status_t status = add_session(&added, begin, conn, p);
    if (status == APR_SUCCESS && !added)
        return refuse(begin, conn, "state", PD_ATTEMPT_CLOSED, p);
    if (status == APR_SUCCESS && begin->old_token)
        status = pd_session_drop(&ended, conn, begin->portal, begin->old_token, p);
    if (status == APR_SUCCESS)
        status = rehash(&rehashed, begin, conn, p);
    if (status == APR_SUCCESS)
        status = note(begin, conn, p);
    if (status != APR_SUCCESS)
        return status;
    return tell(begin, conn, &ended, rehashed, p);
}

/* From where it is done: the same work for anybody and nobody (who has a key for it, find_person),
 * before any lock is held. */
static apr_status_t find_origin(begin_t *begin, apr_pool_t *p)
{
    pd_origin_of(&begin->origin, begin->portal, begin->client, p);
    return pd_origin_seal(&begin->sealed_origin, &begin->origin, begin->key, "session.origin",
                          begin->id, p);
}

/* What comes of it, once the transaction is done. */
static void conclude(pd_sign_in_t *result, const begin_t *begin, const char *token)
{
    const pd_portal_t *portal = begin->portal;
    result->outcome = begin->outcome;
    if (begin->link != NULL) {
        result->token = begin->link;
        pd_guess_right(&begin->guess);
        return;
    }
    if (begin->outcome != PD_SIGNED_IN) {
        pd_count(portal->counts, PD_COUNT_SIGN_IN_REFUSED);
        return;
    }
    result->token = token;
    result->person_id = begin->person.id;
    result->needs_code = begin->needs_code;
    pd_guess_right(&begin->guess);
    pd_count(portal->counts, PD_COUNT_SESSION_BEGUN);
    pd_log(PD_LOG_INFO, 0, "PD0407: session %s of person %s begun", begin->id, begin->person.id);
}

apr_status_t pd_session_begin(pd_sign_in_t *result, const pd_portal_t *portal,
                              const pd_client_t *client, const char *login_or_email,
                              const char *password, const char *old_token, apr_pool_t *p)
{
    begin_t begin = {.portal = portal, .client = client};
    *result = (pd_sign_in_t){.outcome = PD_SIGN_IN_REFUSED};
    apr_status_t status = count(&result->retry_after, &begin, login_or_email, p);
    if (result->retry_after)
        result->outcome = PD_SIGN_IN_LIMITED;
    if (status != APR_SUCCESS || result->retry_after)
        return status;
    status = check(&begin, login_or_email, password, p);
    if (status != APR_SUCCESS)
        return status;
    const char *fresh = pd_token_new(p);
    begin.token = pd_token_hash(fresh, p);
    begin.id = pd_random_uuid7(pd_clock_now(), p);
    status = find_origin(&begin, p);
    if (status != APR_SUCCESS)
        return status;
    if (pd_token_wellformed(old_token))
        begin.old_token = pd_token_hash(old_token, p);
    status = pd_db_transact(portal->db, begin_step, &begin, p);
    if (status == APR_SUCCESS)
        conclude(result, &begin, fresh);
    return status;
}
