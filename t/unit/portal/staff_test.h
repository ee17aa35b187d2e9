/* Staff in tests. */
#ifndef STAFF_TEST_H
#define STAFF_TEST_H
#include "portal_test.h"
#include "portal/pd_password_set.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"
#include "portal/pd_staff.h"

#define STAFF_PASSWORD "quiet lantern harbour 7 owls"

static inline pd_staff_result_t add_staff(const char *login, const char *email, const char *role,
                                          int link)
{
    pd_staff_result_t result;
    pd_staff_order_t order = {login, email, role, "en", PD_ROLE_BY_PROGRAM, link};
    test_now += SECOND;
    ck_assert_int_eq(pd_staff_add(&result, &portal, &order, tp), APR_SUCCESS);
    return result;
}

/* The token of a link. */
static inline const char *token_of(const char *link)
{
    ck_assert_ptr_nonnull(link);
    const char *at = strstr(link, "/portal/reset?t=");
    ck_assert_ptr_nonnull(at);
    return at + strlen("/portal/reset?t=");
}

static inline pd_password_set_e set_password(const char **mistake, const char *token,
                                             const char *typed)
{
    pd_password_set_e outcome;
    const pd_client_t nobody = {.address = "192.0.2.1"};
    int retry_after;
    test_now += SECOND;
    ck_assert_int_eq(
        pd_password_set(&outcome, mistake, &retry_after, &portal, &nobody, token, typed, tp),
        APR_SUCCESS);
    ck_assert_int_eq(outcome == PD_PASSWORD_MISTAKE, *mistake != NULL);
    return outcome;
}

/* Somebody with a role and a password; gives the id. */
static inline const char *staff_member(const char *login, const char *role)
{
    const char *mistake;
    pd_staff_result_t result =
        add_staff(login, apr_pstrcat(tp, login, "@example.org", NULL), role, 0);
    ck_assert_int_eq(result.outcome, PD_STAFF_DONE);
    ck_assert_int_eq(set_password(&mistake, token_of(result.link), STAFF_PASSWORD),
                     PD_PASSWORD_SET);
    return result.person_id;
}

static inline pd_sign_in_e try_sign_in(const char **token, const char *name, const char *password)
{
    pd_sign_in_t result;
    const pd_client_t client = {.address = "192.0.2.1"};
    test_now += SECOND;
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, name, password, NULL, tp),
                     APR_SUCCESS);
    *token = result.token;
    return result.outcome;
}

/* A new session's token. */
static inline const char *signed_in(const char *name)
{
    const char *token;
    ck_assert_int_eq(try_sign_in(&token, name, STAFF_PASSWORD), PD_SIGNED_IN);
    return token;
}

static inline int is_good(const char *token)
{
    pd_session_t session;
    apr_status_t status = pd_session_database.find(&session, &portal, token, tp);
    ck_assert(status == APR_SUCCESS || status == APR_ENOENT);
    return status == APR_SUCCESS;
}

static inline const char *session_id(const char *token)
{
    pd_session_t session;
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    return session.id;
}

static inline apr_int64_t count_events(const char *event)
{
    return ask(apr_psprintf(tp, "SELECT COUNT(*) FROM journal WHERE event = '%s'", event));
}

#endif
