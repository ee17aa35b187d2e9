/* Confirmation, the deciding side. Enough is: the link in the registering browser; the link and the
 * password or the code; the code in the registering browser. Tries are counted in a transaction of
 * their own before anything is checked. The last transaction takes the mailbox's name first:
 * whoever else wants it waits there, holding nothing yet, so that rivals can't block each other.
 * Then it holds its own row, so that it isn't removed while it is confirmed. */
#include <apr_strings.h>
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_token.h"
#include "portal/pd_journal.h"
#include "portal/pd_person_int.h"
#include "portal/pd_registration.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { COUNT, UNCLAIM, MARK, LOOK, PROVED, RENAME, ACTIVATE, ACKNOWLEDGED };

const pd_sql_t pd_confirm_submit_sql[] = {
    [COUNT] = {"confirm_count_attempt",
               "UPDATE registration SET attempts = attempts + 1"
               " WHERE person_id = %s AND attempts < %lld AND confirmed_at = 0",
               "", "count a try before it is checked"},
    [UNCLAIM] = {"confirm_unclaim",
                 "DELETE FROM identifier WHERE kind = 'email' AND lookup = %s AND person_id = %s",
                 "", "the mailbox is free again while its person looks for another login"},
    [MARK] = {"confirm_mark",
              "UPDATE registration SET confirmed_at = %lld WHERE person_id = %s AND token = %s"
              " AND confirmed_at = 0 AND decoy = 0 AND expires_at > %lld",
              "", "the one place where a registration becomes confirmed"},
    [LOOK] = {"confirm_look_again", "SELECT confirmed_at FROM registration WHERE person_id = %s",
              "i", "why the mark could not be set"},
    [PROVED] = {"confirm_proved",
                "UPDATE registration SET confirmed_at = 0, proved_at = %lld, browser = %s"
                " WHERE person_id = %s",
                "", "mailbox proved by this browser, another login needed"},
    [RENAME] = {"confirm_rename",
                "UPDATE person SET login = %s WHERE id = %s AND state = 'pending'", "",
                "the other login chosen"},
    [ACTIVATE] = {"confirm_activate",
                  "UPDATE person SET state = 'active', confirmed_at = %lld, reviewed_at = %lld"
                  " WHERE id = %s AND state = 'pending'",
                  "", "the person is confirmed"},
    [ACKNOWLEDGED] = {"confirm_acknowledged",
                      "UPDATE person SET policy_version = %lld WHERE id = %s", "",
                      "policy version acknowledged at registration"},
    {NULL, NULL, NULL, NULL}};

typedef struct submit_t {
    const pd_portal_t *portal;
    const pd_confirm_form_t *form;
    pd_waiting_t waiting;
    const char *acts, *email; /* opened */
    const char *login_lookup; /* to claim */
    const char *new_login;    /* sealed; NULL: the one of the registration */
    const char *browser;      /* hash of the proving browser */
    apr_time_t now;
    pd_confirm_outcome_e outcome;
} submit_t;

static int code_right(const submit_t *submit, apr_pool_t *p)
{
    const char *typed = submit->form->code;
    if (!typed || !*typed || submit->waiting.decoy)
        return 0;
    const char *hash =
        pd_code_hash(submit->portal->keys, submit->waiting.person_id, pd_code_typed(typed, p), p);
    const char *stored = submit->waiting.code;
    return strlen(hash) == strlen(stored) && pd_equal_secret(hash, stored, strlen(hash));
}

/* Inside the hashing gate. */
static apr_status_t password_right(int *right, const submit_t *submit, apr_pool_t *p)
{
    const pd_password_cost_t cost = pd_password_cost_of(submit->portal->settings);
    const pd_waiting_t *waiting = &submit->waiting;
    const char *stored, *typed = pd_password_typed(submit->form->password, p);
    pd_password_e outcome = PD_PASSWORD_WRONG;
    *right = 0;
    if (!typed)
        return APR_SUCCESS;
    apr_status_t status = pd_open(&stored, waiting->key, "credential.secret", waiting->person_id,
                                  waiting->sealed_password, p);
    if (status == APR_SUCCESS)
        status = pd_password_verify(&outcome, submit->portal->keys, &cost, stored, typed, p);
    *right = status == APR_SUCCESS && !waiting->decoy && outcome != PD_PASSWORD_WRONG;
    return status;
}

static apr_status_t count_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    submit_t *submit = baton;
    int counted;
    apr_status_t status =
        pd_conn_exec(&counted, conn, &pd_confirm_submit_sql[COUNT],
                     PD_ARGS(PD_T(submit->waiting.person_id), PD_N(PD_CONFIRM_ATTEMPTS_MAX)), p);
    submit->outcome = status == APR_SUCCESS && counted ? PD_CONFIRM_WRONG : PD_CONFIRM_EXHAUSTED;
    return status;
}

static int is_typed(const char *text)
{
    return text && *text;
}

/* Sets the outcome CONFIRMED when the mailbox is proved, else what is missing. */
static apr_status_t prove(submit_t *submit, apr_pool_t *p)
{
    const pd_waiting_t *waiting = &submit->waiting;
    const pd_confirm_form_t *form = submit->form;
    if (waiting->by_browser && (waiting->by_token || waiting->proved_at)) {
        submit->outcome = PD_CONFIRMED;
        return APR_SUCCESS;
    }
    int code_typed = is_typed(form->code);
    int password_typed = waiting->by_token && is_typed(form->password);
    submit->outcome = PD_CONFIRM_WRONG;
    if (!code_typed && !password_typed)
        return APR_SUCCESS;
    apr_status_t status = pd_db_transact(submit->portal->db, count_step, submit, p);
    if (status != APR_SUCCESS || submit->outcome == PD_CONFIRM_EXHAUSTED)
        return status;
    int right = code_right(submit, p);
    if (!right && password_typed)
        status = password_right(&right, submit, p);
    if (right)
        submit->outcome = PD_CONFIRMED;
    return status;
}

/* The other login, when one is needed and typed. */
static apr_status_t choose_login(const char **mistake, submit_t *submit, apr_pool_t *p)
{
    const pd_waiting_t *waiting = &submit->waiting;
    const char *typed = submit->form->login;
    pd_login_t login;
    submit->login_lookup = waiting->login_lookup;
    if (!waiting->proved_at)
        return APR_SUCCESS;
    if (!typed || !*typed) {
        submit->outcome = PD_CONFIRM_LOGIN_TAKEN;
        return APR_SUCCESS;
    }
    *mistake = pd_registration_check_login(&login, typed, p);
    if (*mistake) {
        submit->outcome = PD_CONFIRM_LOGIN_BAD;
        return APR_SUCCESS;
    }
    submit->login_lookup = pd_hash_lookup(submit->portal->keys, "login", login.skeleton, p);
    return pd_seal(&submit->new_login, waiting->key, "person.login", waiting->person_id, login.name,
                   p);
}

/* The mailbox or the mark was not to be had: confirmed by this person at the same time, or by
 * another. */
static apr_status_t look_again(submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_conn_read(&found, conn, &pd_confirm_submit_sql[LOOK],
                                       PD_ARGS(PD_T(submit->waiting.person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    int confirmed = PD_ROW_COUNT(found) && PD_ROW(found, 0)[0].number;
    submit->outcome = confirmed ? PD_CONFIRM_ALREADY : PD_CONFIRM_GONE;
    return APR_EEXIST; /* undoes the claim */
}

static apr_status_t mark(int *marked, const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_waiting_t *waiting = &submit->waiting;
    return pd_conn_exec(marked, conn, &pd_confirm_submit_sql[MARK],
                        PD_ARGS(PD_N(submit->now), PD_T(waiting->person_id), PD_T(waiting->token),
                                PD_N(submit->now)),
                        p);
}

/* The mailbox is proved but the login is not free: kept in mind for the proving browser. */
static apr_status_t keep_proof(submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_waiting_t *waiting = &submit->waiting;
    submit->outcome = PD_CONFIRM_LOGIN_TAKEN;
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_confirm_submit_sql[UNCLAIM],
                     PD_ARGS(PD_T(waiting->email_lookup), PD_T(waiting->person_id)), p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_confirm_submit_sql[PROVED],
                        PD_ARGS(PD_N(submit->now), PD_T(submit->browser), PD_T(waiting->person_id)),
                        p);
}

static apr_status_t activate(const submit_t *submit, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_waiting_t *waiting = &submit->waiting;
    const char *id = waiting->person_id;
    apr_int64_t version;
    int changed = 1;
    apr_status_t status = APR_SUCCESS;
    if (submit->new_login)
        status = pd_conn_exec(&changed, conn, &pd_confirm_submit_sql[RENAME],
                              PD_ARGS(PD_T(submit->new_login), PD_T(id)), p);
    if (status == APR_SUCCESS && changed)
        status = pd_conn_exec(&changed, conn, &pd_confirm_submit_sql[ACTIVATE],
                              PD_ARGS(PD_N(submit->now), PD_N(submit->now), PD_T(id)), p);
    if (status == APR_SUCCESS && !changed) {
        pd_log(PD_LOG_ERR, PD_ESQL, "PD0403: person %s waits for confirmation but isn't pending",
               id);
        return PD_ESQL;
    }
    const pd_addressee_t person = {id, waiting->key, submit->email, waiting->language};
    if (status == APR_SUCCESS)
        status = pd_registration_acts_add(&version, conn, submit->portal, &person, submit->acts, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_confirm_submit_sql[ACKNOWLEDGED],
                        PD_ARGS(PD_N(version), PD_T(id)), p);
}

static apr_status_t confirm_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    submit_t *submit = baton;
    const pd_waiting_t *waiting = &submit->waiting;
    const char *id = waiting->person_id;
    int done = 0;
    submit->outcome = PD_CONFIRMED;
    apr_status_t status = pd_conn_lock_name(conn, waiting->email_lookup, p);
    if (status == APR_SUCCESS)
        status = pd_confirm_hold(&done, conn, waiting, p);
    if (status == APR_SUCCESS && done)
        status = pd_person_claim(&done, conn, "email", waiting->email_lookup, id, p);
    if (status == APR_SUCCESS && done)
        status = mark(&done, submit, conn, p);
    if (status == APR_SUCCESS && !done)
        return look_again(submit, conn, p);
    if (status == APR_SUCCESS)
        status = pd_person_claim(&done, conn, "login", submit->login_lookup, id, p);
    if (status == APR_SUCCESS && !done)
        return keep_proof(submit, conn, p);
    if (status == APR_SUCCESS)
        status = pd_registration_clear_rivals(conn, waiting->email_lookup, id, p);
    if (status == APR_SUCCESS)
        status = activate(submit, conn, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, submit->portal, PD_EVENT_REGISTRATION_CONFIRMED, id, NULL,
                          waiting->key, p);
}

static void tell_confirmed(const submit_t *submit)
{
    pd_count(submit->portal->counts, PD_COUNT_REGISTRATION_CONFIRMED);
    pd_log(PD_LOG_INFO, 0, "PD0404: registration %s confirmed", submit->waiting.person_id);
}

static apr_status_t confirm(submit_t *submit, apr_pool_t *p)
{
    const char *browser = submit->form->browser;
    submit->now = pd_clock_now();
    submit->browser = pd_token_hash(browser && *browser ? browser : pd_token_new(p), p);
    apr_status_t status = pd_open(&submit->acts, submit->waiting.key, "registration.acts",
                                  submit->waiting.person_id, submit->waiting.acts, p);
    if (status == APR_SUCCESS)
        status = pd_open(&submit->email, submit->waiting.key, "person.email",
                         submit->waiting.person_id, submit->waiting.email, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(submit->portal->db, confirm_step, submit, p);
    if (APR_STATUS_IS_EEXIST(status))
        return APR_SUCCESS;
    if (status == APR_SUCCESS && submit->outcome == PD_CONFIRMED)
        tell_confirmed(submit);
    return status;
}

/* With the place in the hashing gate held when a password was typed. CONFIRMED: go on. */
static apr_status_t find_and_prove(const char **return_to, submit_t *submit, apr_pool_t *p)
{
    const pd_confirm_form_t *form = submit->form;
    pd_waiting_t *waiting = &submit->waiting;
    apr_status_t status = pd_confirm_find(waiting, submit->portal, form->token, form->browser, p);
    if (APR_STATUS_IS_ENOENT(status)) {
        submit->outcome = PD_CONFIRM_GONE;
        return APR_SUCCESS;
    }
    if (status != APR_SUCCESS)
        return status;
    status = pd_open(return_to, waiting->key, "registration.return_to", waiting->person_id,
                     waiting->return_to, p);
    submit->outcome = PD_CONFIRM_ALREADY;
    if (status != APR_SUCCESS || waiting->confirmed_at)
        return status;
    return prove(submit, p);
}

/* The gate comes before any look-up, so that what is asked can't be told by who waits for it. */
static apr_status_t find_and_prove_gated(const char **return_to, submit_t *submit, apr_pool_t *p)
{
    int slot;
    if (!is_typed(submit->form->password))
        return find_and_prove(return_to, submit, p);
    apr_status_t status = pd_hashing_enter(&slot, submit->portal);
    if (status != APR_SUCCESS)
        return status;
    status = find_and_prove(return_to, submit, p);
    pd_hashing_leave(submit->portal, slot);
    return status;
}

/* What is typed may be a guess: over many registrations it is counted by where it comes from. */
static apr_status_t find_and_prove_counted(const char **return_to, int *retry_after,
                                           submit_t *submit, apr_pool_t *p)
{
    const pd_confirm_form_t *form = submit->form;
    const pd_client_t client = {.address = form->address, .browser = form->browser};
    pd_guess_t guess;
    if (!is_typed(form->code) && !is_typed(form->password))
        return find_and_prove(return_to, submit, p);
    *retry_after = pd_guess_code(&guess, submit->portal, &client, p);
    submit->outcome = PD_CONFIRM_LIMITED;
    if (*retry_after)
        return APR_SUCCESS;
    apr_status_t status = find_and_prove_gated(return_to, submit, p);
    if (status == PD_EBUSY)
        pd_guess_untried(&guess);
    else if (status == APR_SUCCESS && submit->outcome == PD_CONFIRMED)
        pd_guess_right(&guess);
    return status;
}

apr_status_t pd_confirm_submit(pd_confirm_outcome_e *outcome, const char **return_to,
                               const char **mistake, int *retry_after, const pd_portal_t *portal,
                               const pd_confirm_form_t *form, apr_pool_t *p)
{
    submit_t submit = {.portal = portal, .form = form};
    *outcome = PD_CONFIRM_GONE;
    *return_to = "";
    *mistake = NULL;
    *retry_after = 0;
    apr_status_t status = find_and_prove_counted(return_to, retry_after, &submit, p);
    if (status == APR_SUCCESS && submit.outcome == PD_CONFIRMED)
        status = choose_login(mistake, &submit, p);
    if (status == APR_SUCCESS && submit.outcome == PD_CONFIRMED)
        status = confirm(&submit, p);
    if (status == APR_SUCCESS)
        *outcome = submit.outcome;
    return status;
}
