/* The rules of the registration form, field by field. The codes are what templates have words for;
 * nothing here asks the database, so no answer depends on who is registered. */
#include <apr_lib.h>
#include <apr_strings.h>
#include <zxcvbn.h>
#include "base/pd_bytes.h"
#include "portal/pd_person_int.h"
#include "portal/pd_registration_int.h"

/* A password that 2^30 guesses find is weak (zxcvbn's boundary between its scores 2 and 3). */
#define STRONG_BITS 30.0

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
static const char *check_email(pd_email_t *email, const char *typed, apr_pool_t *p)
{
    if (!*pd_text_trim(typed, p))
        return "email_missing";
    if (pd_email_parse(email, typed, p) != APR_SUCCESS || email->needs_smtputf8)
        return "email_bad";
    return NULL;
}

/* Why is the password easy to guess? */
static const char *weakness(const ZxcMatch_t *matches)
{
    for (const ZxcMatch_t *match = matches; match; match = match->Next) {
        int type = match->Type & ~MULTIPLE_MATCH;
        if (type == USER_MATCH || type == USER_LEET_MATCH)
            return "password_personal";
    }
    int type = matches ? matches->Type & ~MULTIPLE_MATCH : NON_MATCH;
    int whole = matches && !matches->Next;
    if (whole && (type == DICTIONARY_MATCH || type == DICT_LEET_MATCH))
        return "password_common";
    return "password_weak";
}

/* Words that somebody who knows the visitor would try first. zxcvbn compares them in lower case. */
static const char *lowered(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text ? text : "");
    for (char *c = copy; *c; c++)
        *c = (char)apr_tolower(*c);
    return copy;
}

static const char *check_strength(const char *password, const pd_portal_t *portal,
                                  const pd_registration_form_t *form, apr_pool_t *p)
{
    const char *email = pd_text_trim(form->email, p);
    const char *at = strrchr(email, '@');
    const char *local = at ? apr_pstrmemdup(p, email, (apr_size_t)(at - email)) : email;
    const char *words[4];
    int n_words = 0;
    const char *const candidates[] = {pd_text_trim(form->login, p), local,
                                      portal->settings->site_name};
    for (int i = 0; i < 3; i++) {
        const char *word = lowered(candidates[i], p);
        if (strlen(word) >= 3) /* shorter ones stand in every other word */
            words[n_words++] = word;
    }
    words[n_words] = NULL;
    ZxcMatch_t *matches = NULL;
    double bits = ZxcvbnMatch(password, words, &matches);
    const char *code = bits < STRONG_BITS ? weakness(matches) : NULL;
    ZxcvbnFreeInfo(matches);
    return code;
}

static const char *check_password(const char **password, const pd_portal_t *portal,
                                  const pd_registration_form_t *form, apr_pool_t *p)
{
    if (!form->password || !*form->password)
        return "password_missing";
    if (strlen(form->password) > PD_PASSWORD_BYTES_MAX)
        return "password_long";
    char *normal = (char *)pd_text_opaque(form->password, p);
    if (!normal)
        return "password_characters";
    pd_wipe_with_pool(normal, strlen(normal), p);
    *password = normal;
    if (strlen(normal) > PD_PASSWORD_BYTES_MAX)
        return "password_long";
    if (pd_utf8_count(normal) < (apr_size_t)portal->settings->password_min)
        return "password_short";
    return check_strength(normal, portal, form, p);
}

apr_status_t pd_registration_check(apr_array_header_t **mistakes, pd_checked_form_t *checked,
                                   const pd_portal_t *portal, const pd_registration_form_t *form,
                                   apr_pool_t *p)
{
    memset(checked, 0, sizeof(*checked));
    *mistakes = apr_array_make(p, 5, sizeof(pd_mistake_t));
    add(*mistakes, "login", pd_registration_check_login(&checked->login, form->login, p));
    add(*mistakes, "email", check_email(&checked->email, form->email, p));
    add(*mistakes, "password", check_password(&checked->password, portal, form, p));
    add(*mistakes, "policy", form->policy ? NULL : "policy_missing");
    add(*mistakes, "consent_processing", form->consent ? NULL : "consent_missing");
    return APR_SUCCESS;
}
