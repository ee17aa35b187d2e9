/* Closing an account that is blocked, by the link of a sign-in. Whoever got it has given the
 * password; the second factor is asked for here, since no session was begun. */
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_closing_int.h"
#include "portal/pd_email_restore.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_journal.h"
#include "portal/pd_origin.h"
#include "portal/pd_role.h"
#include "portal/pd_sign_in_history.h"

typedef struct leave_t {
    pd_closing_work_t closing;
    const char *token;
    pd_factor_code_t code;
    pd_origin_t origin;
} leave_t;

apr_status_t pd_closing_blocked_link(const char **token, pd_conn_t *conn, const char *person_id,
                                     apr_pool_t *p)
{
    return pd_link_make(token, conn, person_id, PD_LINK_CLOSE,
                        pd_clock_now() + PD_LINK_SIGN_IN_LIFETIME, p);
}

apr_status_t pd_closing_blocked_look(pd_closing_offer_t *offer, const pd_portal_t *portal,
                                     const char *token, apr_pool_t *p)
{
    const char *person_id;
    pd_factor_view_t factor;
    pd_link_e link;
    *offer = (pd_closing_offer_t){.due_at = 0};
    apr_status_t status = pd_link_look(&link, &person_id, portal, token, PD_LINK_CLOSE, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    status = pd_factor_look(&factor, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_role_held_now(&offer->appointed, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_email_in_doubt(&offer->in_doubt, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    offer->needs_code = factor.on;
    return pd_closing_due(&offer->due_at, portal, person_id, p);
}

/* Somebody knows the password and not the code: it stands in the history, as at a sign-in. */
static apr_status_t refuse(leave_t *leave, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_person_t *person = &leave->closing.person;
    leave->closing.outcome = PD_CLOSING_CODE;
    apr_status_t status =
        pd_sign_in_history_add(conn, person->id, person->key, PD_ATTEMPT_CODE, &leave->origin, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, leave->closing.portal, PD_EVENT_FACTOR_REFUSED, person->id, NULL,
                          person->key, p);
}

/* `proved` 0: there is a second factor, and this was no code of it. */
static apr_status_t prove(int *proved, const leave_t *leave, pd_conn_t *conn, apr_pool_t *p)
{
    int needs_code;
    const char *id = leave->closing.person.id;
    apr_status_t status = pd_factor_is_on(&needs_code, conn, id, p);
    *proved = !needs_code;
    if (status != APR_SUCCESS || !needs_code)
        return status;
    return pd_factor_use_code(proved, conn, id, &leave->code, p);
}

/* A link that did nothing stays good, and so does the code: the transaction is undone. */
static apr_status_t leave_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    leave_t *leave = baton;
    int proved, used;
    leave->closing.outcome = PD_CLOSING_ALREADY;
    apr_status_t status = prove(&proved, leave, conn, p);
    if (status == APR_SUCCESS && !proved)
        return refuse(leave, conn, p);
    if (status == APR_SUCCESS)
        status = pd_link_use(&used, conn, leave->token, PD_LINK_CLOSE, p);
    if (status == APR_SUCCESS && !used)
        return APR_EEXIST;
    if (status == APR_SUCCESS)
        status = pd_closing_step(&leave->closing, conn, p);
    return status == APR_SUCCESS && leave->closing.outcome != PD_CLOSING_BEGUN ? APR_EEXIST
                                                                               : status;
}

static apr_status_t leave(leave_t *leave, const char *person_id, const pd_client_t *client,
                          const char *typed, apr_pool_t *p)
{
    const pd_portal_t *portal = leave->closing.portal;
    apr_status_t status = pd_closing_prepare(&leave->closing, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_factor_read_code(&leave->code, portal, &leave->closing.person, PD_FACTOR_KIND,
                                     typed, p);
    if (status != APR_SUCCESS)
        return status;
    pd_origin_of(&leave->origin, portal, client, p);
    status = pd_db_transact(portal->db, leave_step, leave, p);
    return APR_STATUS_IS_EEXIST(status) ? APR_SUCCESS : status;
}

apr_status_t pd_closing_blocked(pd_closing_blocked_t *result, const pd_portal_t *portal,
                                const pd_client_t *client, const char *token, const char *typed,
                                apr_pool_t *p)
{
    leave_t it = {.closing = {.portal = portal, .reason = PD_CLOSING_REQUEST, .by = "person"},
                  .token = token};
    const char *person_id;
    pd_guess_t guess;
    pd_link_e link;
    int in_doubt;
    *result = (pd_closing_blocked_t){PD_CLOSING_ALREADY, 0};
    apr_status_t status = pd_link_look(&link, &person_id, portal, token, PD_LINK_CLOSE, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    /* Who is blocked changes no address, so that this stays true until the closing is begun. */
    status = pd_email_in_doubt(&in_doubt, portal, person_id, p);
    result->outcome = PD_CLOSING_IN_DOUBT;
    if (status != APR_SUCCESS || in_doubt)
        return status;
    result->retry_after = pd_guess_factor(&guess, portal, person_id, p);
    result->outcome = PD_CLOSING_LIMITED;
    if (result->retry_after)
        return APR_SUCCESS;
    status = leave(&it, person_id, client, typed, p);
    result->outcome = it.closing.outcome;
    if (status == APR_SUCCESS && result->outcome != PD_CLOSING_CODE)
        pd_guess_right(&guess);
    if (status == APR_SUCCESS && result->outcome == PD_CLOSING_BEGUN)
        pd_log(PD_LOG_INFO, 0, "PD0932: person %s: the blocked account is being closed", person_id);
    return status;
}
