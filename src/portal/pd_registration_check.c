/* The rules of the registration form, field by field. The codes are what templates have words for;
 * nothing here asks the database, so no answer depends on who is registered. */
#include "portal/pd_person_int.h"
#include "portal/pd_registration_int.h"

static void add(apr_array_header_t *mistakes, const char *field, const char *code)
{
    if (code)
        APR_ARRAY_PUSH(mistakes, pd_mistake_t) = (pd_mistake_t){field, code};
}

const char *pd_registration_check_login(pd_login_t *login, const char *typed, apr_pool_t *p)
{
    static const char *const codes[] = {[PD_LOGIN_OK] = NULL,
                                        [PD_LOGIN_SHORT] = "login_short",
                                        [PD_LOGIN_LONG] = "login_long",
                                        [PD_LOGIN_CHARACTERS] = "login_characters",
                                        [PD_LOGIN_MIXED] = "login_mixed"};
    pd_login_e outcome;
    const char *bare = pd_text_trim(typed, p);
    if (!*bare)
        return "login_missing";
    if (pd_login_parse(&outcome, login, bare, p) != APR_SUCCESS)
        return "login_characters";
    return codes[outcome];
}

/* Letters to a local part beyond ASCII need SMTPUTF8 all along the way: refused rather than lost.
 */
const char *pd_registration_check_email(pd_email_t *email, const char *typed, apr_pool_t *p)
{
    if (!*pd_text_trim(typed, p))
        return "email_missing";
    if (pd_email_parse(email, typed, p) != APR_SUCCESS || email->needs_smtputf8)
        return "email_bad";
    return NULL;
}

apr_status_t pd_registration_check(apr_array_header_t **mistakes, pd_checked_form_t *checked,
                                   const pd_portal_t *portal, const pd_registration_form_t *form,
                                   apr_pool_t *p)
{
    const pd_new_password_t password = {form->password, form->login, form->email,
                                        portal->settings->password_min};
    memset(checked, 0, sizeof(*checked));
    *mistakes = apr_array_make(p, 5, sizeof(pd_mistake_t));
    add(*mistakes, "login", pd_registration_check_login(&checked->login, form->login, p));
    add(*mistakes, "email", pd_registration_check_email(&checked->email, form->email, p));
    add(*mistakes, "password", pd_password_check(&checked->password, portal, &password, p));
    add(*mistakes, "policy", form->policy ? NULL : "policy_missing");
    add(*mistakes, "consent_processing", form->consent ? NULL : "consent_missing");
    return APR_SUCCESS;
}
