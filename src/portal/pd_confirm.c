/* Confirmation, the reading side and the letter asked for again: which registration a link or a
 * browser speaks of, and how it stands. A decoy stands like any other that waits for its code. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "crypt/pd_token.h"
#include "portal/pd_registration.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { BY_TOKEN, BY_BROWSER, HOLD, RENEW };

#define WAITING                                                                                    \
    "SELECT r.person_id, r.decoy, r.login_lookup, r.email_lookup, r.browser, r.token, r.code,"     \
    " r.return_to, r.acts, r.expires_at, r.proved_at, r.confirmed_at, p.language, p.email,"        \
    " p.data_key, c.secret FROM registration r JOIN person p ON p.id = r.person_id"                \
    " JOIN credential c ON c.person_id = p.id AND c.kind = 'password'"
#define WAITING_COLUMNS "sisssssssiiissss"

const pd_sql_t pd_confirm_sql[] = {
    [BY_TOKEN] = {"confirm_by_token", WAITING " WHERE r.token = %s", WAITING_COLUMNS,
                  "the registration of a link"},
    [BY_BROWSER] = {"confirm_by_browser",
                    WAITING " WHERE r.browser = %s ORDER BY r.created_at DESC LIMIT 1",
                    WAITING_COLUMNS, "the newest registration of a browser"},
    [HOLD] = {"confirm_hold", "UPDATE registration SET attempts = attempts WHERE person_id = %s",
              "", "lock a registration against its removal"},
    [RENEW] = {"confirm_renew",
               "UPDATE registration SET token = %s, code = %s WHERE person_id = %s AND token = %s"
               " AND confirmed_at = 0 AND proved_at = 0",
               "", "a new link and code; the old ones are void"},
    {NULL, NULL, NULL, NULL}};

static void read_waiting(pd_waiting_t *waiting, const pd_cell_t *cell)
{
    *waiting = (pd_waiting_t){.person_id = cell[0].text,
                              .decoy = cell[1].number != 0,
                              .login_lookup = cell[2].text,
                              .email_lookup = cell[3].text,
                              .browser = cell[4].text,
                              .token = cell[5].text,
                              .code = cell[6].text,
                              .return_to = cell[7].text,
                              .acts = cell[8].text,
                              .expires_at = cell[9].number,
                              .proved_at = cell[10].number,
                              .confirmed_at = cell[11].number,
                              .language = cell[12].text,
                              .email = cell[13].text,
                              .sealed_password = cell[15].text};
}

apr_status_t pd_confirm_hold(int *there, pd_conn_t *conn, const pd_waiting_t *waiting,
                             apr_pool_t *p)
{
    return pd_conn_exec(there, conn, &pd_confirm_sql[HOLD], PD_ARGS(PD_T(waiting->person_id)), p);
}

static apr_status_t read_by(const pd_rows_t **found, const pd_portal_t *portal, int statement,
                            const char *hash, apr_pool_t *p)
{
    return pd_db_read(found, portal->db, &pd_confirm_sql[statement], PD_ARGS(PD_T(hash)), 1, p);
}

/* Over, unless it was confirmed in time: then the link goes on saying so. */
static int over(const pd_waiting_t *waiting)
{
    return !waiting->confirmed_at && pd_clock_now() >= waiting->expires_at;
}

apr_status_t pd_confirm_find(pd_waiting_t *waiting, const pd_portal_t *portal, const char *token,
                             const char *browser, apr_pool_t *p)
{
    const pd_rows_t *found = NULL;
    const char *hash = browser && *browser ? pd_token_hash(browser, p) : NULL;
    int by_token = 0;
    apr_status_t status = APR_SUCCESS;
    memset(waiting, 0, sizeof(*waiting));
    if (pd_token_wellformed(token)) {
        status = read_by(&found, portal, BY_TOKEN, pd_token_hash(token, p), p);
        by_token = status == APR_SUCCESS && PD_ROW_COUNT(found) > 0;
    }
    /* A link that a newer letter made void still leads its own browser to the newer code. */
    if (status == APR_SUCCESS && !by_token && hash)
        status = read_by(&found, portal, BY_BROWSER, hash, p);
    if (status != APR_SUCCESS)
        return status;
    if (!found || PD_ROW_COUNT(found) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(found, 0);
    read_waiting(waiting, cell);
    if (over(waiting))
        return APR_ENOENT;
    waiting->by_token = by_token;
    waiting->by_browser = hash && strcmp(hash, waiting->browser) == 0;
    return pd_datakey_unwrap(&waiting->key, portal->keys, cell[14].text, waiting->person_id, p);
}

static pd_confirm_e state_of(const pd_waiting_t *waiting)
{
    if (waiting->confirmed_at)
        return PD_CONFIRM_DONE;
    if (!waiting->by_browser)
        return PD_CONFIRM_NEEDS_PROOF;
    if (waiting->proved_at)
        return PD_CONFIRM_NEEDS_LOGIN;
    return waiting->by_token ? PD_CONFIRM_READY : PD_CONFIRM_WAITING;
}

apr_status_t pd_confirm_look(pd_confirm_view_t *view, const pd_portal_t *portal, const char *token,
                             const char *browser, apr_pool_t *p)
{
    pd_waiting_t waiting;
    *view = (pd_confirm_view_t){PD_CONFIRM_NONE, NULL, 0};
    apr_status_t status = pd_confirm_find(&waiting, portal, token, browser, p);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS;
    if (status != APR_SUCCESS)
        return status;
    view->state = state_of(&waiting);
    view->language = waiting.language;
    view->resend_allowed = !waiting.confirmed_at && !waiting.proved_at;
    return APR_SUCCESS;
}

typedef struct resend_t {
    const pd_portal_t *portal;
    const pd_waiting_t *waiting;
    pd_addressee_t newcomer;
    pd_secrets_t secrets;
} resend_t;

/* Only a letter that is written makes the old one void, or nobody could confirm for an hour. */
static apr_status_t resend_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    resend_t *resend = baton;
    const pd_waiting_t *waiting = resend->waiting;
    const pd_secrets_t *secrets = &resend->secrets;
    pd_addressee_t owner;
    int there, renewed, written;
    apr_status_t status = pd_confirm_hold(&there, conn, waiting, p);
    if (status != APR_SUCCESS || !there)
        return status;
    status = pd_registration_owner(&owner, conn, resend->portal, waiting->email_lookup, p);
    /* A decoy whose owner is gone stays one: its mailbox was never asked. */
    if (status != APR_SUCCESS || (waiting->decoy && !owner.person_id))
        return status;
    status = pd_registration_letter(&written, conn, resend->portal, &owner, &resend->newcomer,
                                    secrets, p);
    if (status != APR_SUCCESS || !written)
        return status;
    status = pd_conn_exec(&renewed, conn, &pd_confirm_sql[RENEW],
                          PD_ARGS(PD_T(owner.person_id ? secrets->void_token : secrets->token_hash),
                                  PD_T(owner.person_id ? secrets->void_code : secrets->code_hash),
                                  PD_T(waiting->person_id), PD_T(waiting->token)),
                          p);
    /* Renewed or confirmed by somebody else meanwhile: this letter's secrets fit nothing. */
    return status == APR_SUCCESS && !renewed ? APR_EEXIST : status;
}

/* Counted whether or not there is one to write to. */
apr_status_t pd_confirm_resend(int *retry_after, const pd_portal_t *portal,
                               const pd_confirm_form_t *form, apr_pool_t *p)
{
    pd_waiting_t waiting;
    const pd_client_t client = {.address = form->address, .browser = form->browser};
    pd_guess_t guess;
    *retry_after = pd_guess_mail(&guess, portal, &client, p);
    if (*retry_after)
        return APR_SUCCESS;
    apr_status_t status = pd_confirm_find(&waiting, portal, form->token, form->browser, p);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS;
    if (status != APR_SUCCESS || waiting.confirmed_at || waiting.proved_at)
        return status;
    resend_t resend = {.portal = portal, .waiting = &waiting};
    resend.newcomer = (pd_addressee_t){
        .person_id = waiting.person_id, .key = waiting.key, .language = waiting.language};
    pd_secrets_new(&resend.secrets, portal, waiting.person_id, p);
    status = pd_open(&resend.newcomer.address, waiting.key, "person.email", waiting.person_id,
                     waiting.email, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, resend_step, &resend, p);
    return APR_STATUS_IS_EEXIST(status) ? APR_SUCCESS : status;
}
