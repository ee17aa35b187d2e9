/* Asking for another address, and proving it. */
#include "portal/pd_email_change.h"
#include <string.h>
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_token.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_email_int.h"
#include "portal/pd_former_name.h"
#include "portal/pd_journal.h"
#include "portal/pd_link.h"
#include "portal/pd_outbox.h"
#include "portal/pd_password_int.h"
#include "portal/pd_person_int.h"
#include "portal/pd_recovery.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { ASK, LOOK, COUNT, TAKE, DROP, MOVE, DUE };

const pd_sql_t pd_email_change_sql[] = {
    [ASK] = {"email_ask",
             "INSERT INTO address_change (person_id, email, lookup, code, attempts, created_at,"
             " expires_at) VALUES (%s, %s, %s, %s, 0, %lld, %lld) ON CONFLICT (person_id) DO UPDATE"
             " SET email = excluded.email, lookup = excluded.lookup, code = excluded.code,"
             " attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at",
             "", "the address that is asked for, in the place of an earlier one"},
    [LOOK] = {"email_wanted",
              "SELECT email, lookup, code, expires_at FROM address_change"
              " WHERE person_id = %s AND expires_at > %lld",
              "sssi", "the address that waits for its code"},
    [COUNT] = {"email_count_attempt",
               "UPDATE address_change SET attempts = attempts + 1"
               " WHERE person_id = %s AND code = %s AND attempts < %lld",
               "", "count a try before it is checked"},
    [TAKE] = {"email_take",
              "DELETE FROM address_change WHERE person_id = %s AND code = %s AND expires_at > %lld",
              "", "the one place where an address is proved"},
    [DROP] = {"email_drop", "DELETE FROM address_change WHERE person_id = %s", "",
              "no address waits any more"},
    [MOVE] = {"email_move",
              "UPDATE person SET email = %s, reviewed_at = %lld WHERE id = %s AND state = 'active'",
              "", "the address as letters are sent to it"},
    [DUE] = {"email_due",
             "DELETE FROM address_change WHERE person_id IN (SELECT person_id FROM address_change"
             " WHERE expires_at <= %lld ORDER BY expires_at LIMIT %lld)",
             "", "wishes whose time is over"},
    {NULL, NULL, NULL, NULL}};

const char *pd_email_lookup(const pd_portal_t *portal, const char *address, apr_pool_t *p)
{
    return pd_hash_lookup(portal->keys, "email", address, p);
}

apr_status_t pd_email_change_drop(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    return pd_conn_exec(NULL, conn, &pd_email_change_sql[DROP], PD_ARGS(PD_T(person_id)), p);
}

/* What waits, opened; `email` NULL: nothing does. */
typedef struct wish_t {
    const char *email, *lookup, *code;
    apr_time_t expires_at;
} wish_t;

static apr_status_t read_wish(wish_t *wish, const pd_portal_t *portal, const pd_person_t *person,
                              apr_pool_t *p)
{
    const pd_rows_t *found;
    memset(wish, 0, sizeof(*wish));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_email_change_sql[LOOK],
                                     PD_ARGS(PD_T(person->id), PD_N(pd_clock_now())), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    wish->lookup = cell[1].text;
    wish->code = cell[2].text;
    wish->expires_at = cell[3].number;
    return pd_open(&wish->email, person->key, "address_change.email", person->id, cell[0].text, p);
}

apr_status_t pd_email_change_look(pd_email_change_view_t *view, const pd_portal_t *portal,
                                  const char *person_id, apr_pool_t *p)
{
    pd_person_t person;
    wish_t wish;
    memset(view, 0, sizeof(*view));
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = read_wish(&wish, portal, &person, p);
    if (status != APR_SUCCESS)
        return status;
    *view = (pd_email_change_view_t){person.email, wish.email, wish.expires_at};
    return APR_SUCCESS;
}

typedef struct ask_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *address, *lookup;
    const char *email;               /* sealed */
    const char *code;                /* for the letter */
    const char *code_hash, *no_code; /* for the row; nobody has what the other is made of */
    apr_time_t now;
} ask_t;

/* To the address with its code; to the owner of one that is known without. The same work. */
static apr_status_t write_letter(int *written, const ask_t *ask, const pd_addressee_t *owner,
                                 pd_conn_t *conn, apr_pool_t *p)
{
    const pd_portal_t *portal = ask->portal;
    const pd_person_t *person = ask->person;
    int known = owner->person_id != NULL;
    pd_letter_t letter = {.kind = known ? "email-known" : "email-code",
                          .person_id = known ? owner->person_id : person->id,
                          .key = known ? owner->key : person->key,
                          .address = ask->address,
                          .mailbox = pd_outbox_mailbox(portal, ask->address, p),
                          .language = known ? owner->language : person->language,
                          .values = pd_value_map(p)};
    pd_value_set_bool(letter.values, "given_up", known && !owner->address, p);
    if (!known) {
        pd_value_set_text(letter.values, "code", ask->code, p);
        pd_value_set_text(letter.values, "link", pd_account_url(portal, "account/email", p), p);
        pd_value_set_number(letter.values, "hours",
                            portal->settings->confirmation_lifetime / apr_time_from_sec(3600), p);
    }
    return pd_outbox_add(written, conn, portal, &letter, p);
}

/* Without a letter there is no code either: what nobody was sent, nobody but a guesser can know. */
static apr_status_t ask_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const ask_t *ask = baton;
    const pd_person_t *person = ask->person;
    pd_addressee_t owner;
    int written;
    apr_status_t status = pd_registration_owner(&owner, conn, ask->portal, ask->lookup, p);
    if (status == APR_SUCCESS && owner.person_id && strcmp(owner.person_id, person->id) == 0)
        owner.person_id = NULL; /* the person's own former address: as good as a new one */
    if (status == APR_SUCCESS)
        status = write_letter(&written, ask, &owner, conn, p);
    if (status != APR_SUCCESS)
        return status;
    int provable = written && owner.person_id == NULL;
    status = pd_conn_exec(NULL, conn, &pd_email_change_sql[ASK],
                          PD_ARGS(PD_T(person->id), PD_T(ask->email), PD_T(ask->lookup),
                                  PD_T(provable ? ask->code_hash : ask->no_code), PD_N(ask->now),
                                  PD_N(ask->now + ask->portal->settings->confirmation_lifetime)),
                          p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, ask->portal, PD_EVENT_EMAIL_ASKED, person->id, NULL, person->key,
                          p);
}

static apr_status_t ask_checked(const pd_portal_t *portal, const pd_person_t *person,
                                const char *address, apr_pool_t *p)
{
    ask_t ask = {.portal = portal,
                 .person = person,
                 .address = address,
                 .lookup = pd_email_lookup(portal, address, p),
                 .code = pd_code_new(p),
                 .no_code = pd_code_hash(portal->keys, person->id, pd_token_new(p), p),
                 .now = pd_clock_now()};
    ask.code_hash = pd_code_hash(portal->keys, person->id, ask.code, p);
    apr_status_t status =
        pd_seal(&ask.email, person->key, "address_change.email", person->id, address, p);
    return status == APR_SUCCESS ? pd_db_transact(portal->db, ask_step, &ask, p) : status;
}

apr_status_t pd_email_change_ask(pd_email_changed_t *result, const pd_portal_t *portal,
                                 const pd_client_t *client, const char *person_id,
                                 const char *typed, apr_pool_t *p)
{
    pd_person_t person;
    pd_email_t email;
    pd_guess_t guess;
    *result = (pd_email_changed_t){PD_EMAIL_MISTAKE, NULL, 0};
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    result->mistake = pd_registration_check_email(&email, typed, p);
    if (!result->mistake && strcmp(email.address, person.email) == 0)
        result->mistake = "email_same";
    if (result->mistake)
        return APR_SUCCESS;
    result->retry_after = pd_guess_mail(&guess, portal, client, p);
    result->outcome = result->retry_after ? PD_EMAIL_LIMITED : PD_EMAIL_ASKED;
    if (result->retry_after)
        return APR_SUCCESS;
    return ask_checked(portal, &person, email.address, p);
}

apr_status_t pd_email_move(int *moved, pd_conn_t *conn, const pd_person_t *person,
                           const char *email, const char *lookup, int already_own, apr_pool_t *p)
{
    *moved = already_own;
    apr_status_t status = APR_SUCCESS;
    if (!already_own)
        status = pd_person_claim(moved, conn, "email", lookup, person->id, p);
    if (status != APR_SUCCESS || !*moved)
        return status;
    status = pd_former_name_keep(conn, person->id, "email", lookup,
                                 pd_clock_now() + PD_LINK_ADDRESS_LIFETIME, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(moved, conn, &pd_email_change_sql[MOVE],
                        PD_ARGS(PD_T(email), PD_N(pd_clock_now()), PD_T(person->id)), p);
}

typedef struct prove_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const wish_t *wish;
    const char *email; /* sealed */
    int counted;
    pd_email_change_e outcome;
} prove_t;

static apr_status_t count_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    prove_t *prove = baton;
    return pd_conn_exec(
        &prove->counted, conn, &pd_email_change_sql[COUNT],
        PD_ARGS(PD_T(prove->person->id), PD_T(prove->wish->code), PD_N(PD_EMAIL_ATTEMPTS_MAX)), p);
}

/* The wish is taken and the address moved, or neither: EEXIST rolls back what is half done. */
static apr_status_t take_address(prove_t *prove, pd_conn_t *conn, apr_pool_t *p)
{
    const wish_t *wish = prove->wish;
    const char *id = prove->person->id;
    int taken = 0, moved = 0;
    apr_status_t status = pd_conn_lock_name(conn, wish->lookup, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&taken, conn, &pd_email_change_sql[TAKE],
                              PD_ARGS(PD_T(id), PD_T(wish->code), PD_N(pd_clock_now())), p);
    prove->outcome = PD_EMAIL_GONE;
    if (status == APR_SUCCESS && !taken)
        return APR_EEXIST;
    if (status == APR_SUCCESS)
        status = pd_email_move(&moved, conn, prove->person, prove->email, wish->lookup, 0, p);
    prove->outcome = PD_EMAIL_MISTAKE;
    return status == APR_SUCCESS && !moved ? APR_EEXIST : status;
}

/* Others who wait to register with this mailbox can't any more; a link to set the password was sent
 * to the mailbox that is given up. */
static apr_status_t prove_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    prove_t *prove = baton;
    const pd_person_t *person = prove->person;
    apr_status_t status = take_address(prove, conn, p);
    if (status == APR_SUCCESS)
        status = pd_registration_clear_rivals(conn, prove->wish->lookup, person->id, p);
    if (status == APR_SUCCESS)
        status = pd_password_void_links(conn, person->id, p);
    if (status == APR_SUCCESS)
        status = pd_recovery_void(conn, person->id, p);
    if (status == APR_SUCCESS)
        status = pd_email_keep_former(conn, prove->portal, person, p);
    if (status != APR_SUCCESS)
        return status;
    prove->outcome = PD_EMAIL_CHANGED;
    return pd_journal_add(conn, prove->portal, PD_EVENT_EMAIL_CHANGED, person->id, NULL,
                          person->key, p);
}

static int is_right(const prove_t *prove, const char *typed, apr_pool_t *p)
{
    const char *stored = prove->wish->code;
    const char *hash =
        pd_code_hash(prove->portal->keys, prove->person->id, pd_code_typed(typed, p), p);
    return strlen(hash) == strlen(stored) && pd_equal_secret(hash, stored, strlen(hash));
}

static apr_status_t prove_right(pd_email_changed_t *result, prove_t *prove, apr_pool_t *p)
{
    const pd_person_t *person = prove->person;
    apr_status_t status =
        pd_seal(&prove->email, person->key, "person.email", person->id, prove->wish->email, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(prove->portal->db, prove_step, prove, p);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EEXIST(status))
        return status;
    result->outcome = prove->outcome;
    if (result->outcome == PD_EMAIL_MISTAKE)
        result->mistake = "email_taken";
    if (result->outcome == PD_EMAIL_CHANGED)
        pd_log(PD_LOG_INFO, 0, "PD0772: e-mail address of person %s changed", person->id);
    return APR_SUCCESS;
}

/* Counted by the wish and by where it comes from, before anything is compared. */
static apr_status_t prove_counted(pd_email_changed_t *result, prove_t *prove,
                                  const pd_client_t *client, const char *typed, apr_pool_t *p)
{
    pd_guess_t guess;
    result->retry_after = pd_guess_code(&guess, prove->portal, client, p);
    result->outcome = result->retry_after ? PD_EMAIL_LIMITED : PD_EMAIL_MISTAKE;
    if (result->retry_after)
        return APR_SUCCESS;
    apr_status_t status = pd_db_transact(prove->portal->db, count_step, prove, p);
    if (status != APR_SUCCESS)
        return status;
    result->mistake = prove->counted ? "proof_wrong" : "code_exhausted";
    if (!prove->counted || !is_right(prove, typed, p))
        return APR_SUCCESS;
    result->mistake = NULL;
    pd_guess_right(&guess);
    return prove_right(result, prove, p);
}

apr_status_t pd_email_change_prove(pd_email_changed_t *result, const pd_portal_t *portal,
                                   const pd_client_t *client, const char *person_id,
                                   const char *code, apr_pool_t *p)
{
    pd_person_t person;
    wish_t wish;
    prove_t prove = {.portal = portal, .person = &person, .wish = &wish};
    *result = (pd_email_changed_t){PD_EMAIL_MISTAKE, NULL, 0};
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = read_wish(&wish, portal, &person, p);
    if (status != APR_SUCCESS)
        return status;
    if (!wish.email) {
        result->outcome = PD_EMAIL_GONE;
        return APR_SUCCESS;
    }
    if (!code || !*code) {
        result->mistake = "code_missing";
        return APR_SUCCESS;
    }
    return prove_counted(result, &prove, client, code, p);
}

apr_status_t pd_email_change_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_email_change_sql[DUE], pd_clock_now(), limit, p);
}
