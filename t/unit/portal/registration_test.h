/* Registering in tests. */
#ifndef REGISTRATION_TEST_H
#define REGISTRATION_TEST_H
#include "portal_test.h"
#include "portal/pd_registration.h"

static inline pd_registration_form_t form_of(const char *login, const char *email)
{
    return (pd_registration_form_t){.login = login,
                                    .password = GOOD,
                                    .email = email,
                                    .policy = 1,
                                    .consent = 1,
                                    .language = "ru",
                                    .return_to = "/cabinet/",
                                    .browser = BROWSER,
                                    .policy_wording = "I have read it",
                                    .consent_wording = "I agree",
                                    .policy_version = 1,
                                    .consent_version = 1};
}

static inline pd_registration_e begin_form(const pd_registration_form_t *form)
{
    pd_registration_e outcome;
    apr_array_header_t *mistakes;
    int wait;
    test_now += SECOND;
    ck_assert_int_eq(pd_registration_begin(&outcome, &mistakes, &wait, &portal, form, tp),
                     APR_SUCCESS);
    return outcome;
}

/* Registers from `browser`; gives the newest letter. */
static inline letter_t begin_from(const char *browser, const char *login, const char *email)
{
    pd_registration_form_t form = form_of(login, email);
    form.browser = browser;
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
    return newest_letter();
}

static inline pd_confirm_outcome_e submit(pd_confirm_form_t form)
{
    pd_confirm_outcome_e outcome;
    const char *return_to, *mistake;
    int wait;
    test_now += SECOND;
    ck_assert_int_eq(pd_confirm_submit(&outcome, &return_to, &mistake, &wait, &portal, &form, tp),
                     APR_SUCCESS);
    if (outcome == PD_CONFIRMED)
        ck_assert_str_eq(return_to, "/cabinet/");
    ck_assert_int_eq(outcome == PD_CONFIRM_LOGIN_BAD, mistake != NULL);
    return outcome;
}
#define SUBMIT(...) submit((pd_confirm_form_t){__VA_ARGS__})

static inline apr_status_t resend(const char *browser)
{
    const pd_confirm_form_t form = {.browser = browser};
    int wait;
    return pd_confirm_resend(&wait, &portal, &form, tp);
}

/* A confirmed person's id. */
static inline const char *confirmed_person(const char *login, const char *email)
{
    letter_t letter = begin_from(BROWSER, login, email);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
    return letter.person_id;
}

static inline pd_confirm_e look(const char *token, const char *browser)
{
    pd_confirm_view_t view;
    ck_assert_int_eq(pd_confirm_look(&view, &portal, token, browser, tp), APR_SUCCESS);
    return view.state;
}

#endif
