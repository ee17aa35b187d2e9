/* A code that was sent. What it is for decides which secret it is checked against; the step it is
 * right for, or the code for a lost telephone, is used up by the transaction of the act. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "crypt/pd_token.h"
#include "crypt/pd_totp.h"
#include "portal/pd_factor.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_session_int.h"
#include "portal/pd_sign_in_history.h"
#include "portal/pd_tables_int.h"

enum { USE, CONFIRM, USE_CODE, VOID_CODES, ADD_CODE, ROTATE };

const pd_sql_t pd_factor_submit_sql[] = {
    [USE] = {"factor_use",
             "UPDATE credential SET used_step = %lld WHERE person_id = %s"
             " AND kind = '" PD_FACTOR_KIND "' AND used_step < %lld AND secret = %s",
             "", "the one place where a code of an authenticator is used"},
    [CONFIRM] = {"factor_confirm",
                 "UPDATE credential SET kind = '" PD_FACTOR_KIND "', used_step = %lld,"
                 " changed_at = %lld WHERE person_id = %s AND kind = '" PD_FACTOR_KIND_NEW "'"
                 " AND secret = %s",
                 "", "the second factor counts from now on"},
    [USE_CODE] = {"factor_use_code", "DELETE FROM factor_code WHERE person_id = %s AND code = %s",
                  "", "the one place where a code for a lost telephone is used"},
    [VOID_CODES] = {"factor_void_codes", "DELETE FROM factor_code WHERE person_id = %s", "",
                    "new codes take the place of the old"},
    [ADD_CODE] = {"factor_add_code",
                  "INSERT INTO factor_code (person_id, code) VALUES (%s, %s)"
                  " ON CONFLICT (person_id, code) DO NOTHING",
                  "", "a code for a lost telephone"},
    [ROTATE] = {"factor_rotate",
                "UPDATE session SET token = %s, id = %s, mfa_at = %lld WHERE token = %s", "",
                "the session goes on, better proved, under another name"},
    {NULL, NULL, NULL, NULL}};

typedef struct submit_t {
    const pd_portal_t *portal;
    const pd_session_t *session;
    const pd_person_t *person;
    pd_factor_act_e act;
    pd_factor_code_t code;
    const char *codes[PD_FACTOR_CODES];
    const char *token_hash; /* the session's next one */
    pd_origin_t origin;
    int used;
    int by_lost_code;
} submit_t;

apr_status_t pd_factor_use_code(int *used, pd_conn_t *conn, const char *person_id,
                                const pd_factor_code_t *code, apr_pool_t *p)
{
    *used = 0;
    apr_status_t status = pd_factor_lock(conn, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    if (code->step)
        return pd_conn_exec(
            used, conn, &pd_factor_submit_sql[USE],
            PD_ARGS(PD_N(code->step), PD_T(person_id), PD_N(code->step), PD_T(code->sealed)), p);
    if (!code->lost_code)
        return APR_SUCCESS;
    return pd_conn_exec(used, conn, &pd_factor_submit_sql[USE_CODE],
                        PD_ARGS(PD_T(person_id), PD_T(code->lost_code)), p);
}

static apr_status_t confirm(submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = submit->person->id;
    const pd_factor_code_t *code = &submit->code;
    apr_status_t status = pd_factor_lock(conn, id, p);
    if (status != APR_SUCCESS || !code->step)
        return status;
    return pd_conn_exec(
        &submit->used, conn, &pd_factor_submit_sql[CONFIRM],
        PD_ARGS(PD_N(code->step), PD_N(pd_clock_now()), PD_T(id), PD_T(code->sealed)), p);
}

static apr_status_t use(submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    submit->used = submit->by_lost_code = 0;
    if (submit->act == PD_FACTOR_CONFIRM)
        return confirm(submit, conn, p);
    apr_status_t status =
        pd_factor_use_code(&submit->used, conn, submit->person->id, &submit->code, p);
    submit->by_lost_code = submit->used && !submit->code.step;
    return status;
}

static apr_status_t replace_codes(const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = submit->person->id;
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_factor_submit_sql[VOID_CODES], PD_ARGS(PD_T(id)), p);
    for (int i = 0; i < PD_FACTOR_CODES && status == APR_SUCCESS; i++) {
        const char *hash = pd_code_hash(submit->portal->keys, id, submit->codes[i], p);
        status = pd_conn_exec(NULL, conn, &pd_factor_submit_sql[ADD_CODE],
                              PD_ARGS(PD_T(id), PD_T(hash)), p);
    }
    return status;
}

static apr_status_t do_act(const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    int had;
    switch (submit->act) {
    case PD_FACTOR_CONFIRM:
    case PD_FACTOR_RENEW:
        return replace_codes(submit, conn, p);
    case PD_FACTOR_OFF:
        return pd_factor_remove(&had, conn, submit->person->id, p);
    case PD_FACTOR_ENTER:
        break;
    }
    return APR_SUCCESS;
}

/* The session's row must still be there: who was signed out meanwhile does nothing. */
static apr_status_t go_on(submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_session_t *session = submit->session;
    const int ends_others = submit->act == PD_FACTOR_CONFIRM || submit->act == PD_FACTOR_OFF;
    apr_time_t now = pd_clock_now();
    int ended, rotated = 0;
    apr_status_t status = APR_SUCCESS;
    if (ends_others)
        status = pd_session_clear(&ended, conn, submit->person->id, session->id, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&rotated, conn, &pd_factor_submit_sql[ROTATE],
                              PD_ARGS(PD_T(submit->token_hash), PD_T(pd_random_uuid7(now, p)),
                                      PD_N(submit->act == PD_FACTOR_OFF ? 0 : now),
                                      PD_T(session->token_hash)),
                              p);
    return status == APR_SUCCESS && !rotated ? APR_ENOENT : status;
}

static const struct {
    const char *event, *letter;
} words[] = {[PD_FACTOR_ENTER] = {PD_EVENT_FACTOR_ENTERED, NULL},
             [PD_FACTOR_CONFIRM] = {PD_EVENT_FACTOR_ON, "turned_on"},
             [PD_FACTOR_RENEW] = {PD_EVENT_FACTOR_CODES, "renewed"},
             [PD_FACTOR_OFF] = {PD_EVENT_FACTOR_OFF, "turned_off"}};

static apr_status_t tell(const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_t *person = submit->person;
    const char *letter = words[submit->act].letter;
    apr_status_t status = APR_SUCCESS;
    if (submit->by_lost_code)
        status = pd_factor_tell(conn, submit->portal, person, "code_used", p);
    if (status == APR_SUCCESS && letter)
        status = pd_factor_tell(conn, submit->portal, person, letter, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(
        json_pack("{s:s, s:s}", "session", submit->session->id, "by",
                  submit->by_lost_code ? "code for a lost telephone" : "authenticator"),
        p);
    return pd_journal_add(conn, submit->portal, words[submit->act].event, person->id, details,
                          person->key, p);
}

/* At sign-in it stands in the history too: somebody knows the password. */
static apr_status_t note_attempt(const submit_t *submit, pd_conn_t *conn, pd_attempt_e outcome,
                                 apr_pool_t *p)
{
    const pd_person_t *person = submit->person;
    if (submit->act != PD_FACTOR_ENTER)
        return APR_SUCCESS;
    return pd_sign_in_history_add(conn, person->id, person->key, outcome, &submit->origin, p);
}

static apr_status_t refuse(const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_t *person = submit->person;
    apr_status_t status = note_attempt(submit, conn, PD_ATTEMPT_CODE, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, submit->portal, PD_EVENT_FACTOR_REFUSED, person->id, NULL,
                          person->key, p);
}

static apr_status_t submit_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    submit_t *submit = baton;
    apr_status_t status = use(submit, conn, p);
    if (status == APR_SUCCESS && !submit->used)
        return refuse(submit, conn, p);
    if (status == APR_SUCCESS)
        status = do_act(submit, conn, p);
    if (status == APR_SUCCESS)
        status = go_on(submit, conn, p);
    if (status == APR_SUCCESS)
        status = note_attempt(submit, conn, PD_ATTEMPT_SIGNED_IN, p);
    return status == APR_SUCCESS ? tell(submit, conn, p) : status;
}

apr_status_t pd_factor_read_code(pd_factor_code_t *code, const pd_portal_t *portal,
                                 const pd_person_t *person, const char *kind, const char *typed,
                                 apr_pool_t *p)
{
    pd_factor_secret_t secret;
    const char *digits = pd_totp_digits(typed, p);
    *code = (pd_factor_code_t){0, NULL, NULL};
    apr_status_t status = pd_factor_secret(&secret, portal, person, kind, p);
    if (status != APR_SUCCESS || !secret.text)
        return status;
    code->sealed = secret.sealed;
    code->step = pd_totp_step(secret.text, digits, pd_clock_now(), p);
    if (strcmp(kind, PD_FACTOR_KIND) == 0 && strlen(digits) == PD_CODE_DIGITS)
        code->lost_code = pd_code_hash(portal->keys, person->id, digits, p);
    return APR_SUCCESS;
}

static void conclude(pd_factor_result_t *result, const submit_t *submit, const char *token,
                     apr_pool_t *p)
{
    result->outcome = PD_FACTOR_DONE;
    result->token = token;
    if (submit->act == PD_FACTOR_CONFIRM || submit->act == PD_FACTOR_RENEW)
        result->codes = apr_pmemdup(p, submit->codes, sizeof(submit->codes));
    pd_log(PD_LOG_INFO, 0, "PD0791: %s of person %s", words[submit->act].event, submit->person->id);
}

/* Secrets are made before any lock is held. */
static apr_status_t run(const char **token, submit_t *submit, const pd_client_t *client,
                        apr_pool_t *p)
{
    for (int i = 0; i < PD_FACTOR_CODES; i++)
        submit->codes[i] = pd_code_new(p);
    *token = pd_token_new(p);
    submit->token_hash = pd_token_hash(*token, p);
    pd_origin_of(&submit->origin, submit->portal, client, p);
    return pd_db_transact(submit->portal->db, submit_step, submit, p);
}

apr_status_t pd_factor_submit(pd_factor_result_t *result, const pd_portal_t *portal,
                              const pd_client_t *client, const pd_session_t *session,
                              pd_factor_act_e act, const char *typed, apr_pool_t *p)
{
    pd_guess_t guess;
    pd_person_t person;
    const char *token;
    const char *kind = act == PD_FACTOR_CONFIRM ? PD_FACTOR_KIND_NEW : PD_FACTOR_KIND;
    submit_t submit = {.portal = portal, .session = session, .person = &person, .act = act};
    *result = (pd_factor_result_t){PD_FACTOR_LIMITED, 0, NULL, NULL};
    result->retry_after = pd_guess_factor(&guess, portal, session->person_id, p);
    if (result->retry_after)
        return APR_SUCCESS;
    result->outcome = PD_FACTOR_WRONG;
    apr_status_t status = pd_person_get(&person, portal, session->person_id, p);
    if (status == APR_SUCCESS)
        status = pd_factor_read_code(&submit.code, portal, &person, kind, typed, p);
    if (status == APR_SUCCESS)
        status = run(&token, &submit, client, p);
    if (status != APR_SUCCESS || !submit.used)
        return status;
    pd_guess_right(&guess);
    conclude(result, &submit, token, p);
    return APR_SUCCESS;
}
