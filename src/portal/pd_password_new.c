/* A password that is being chosen: at registration, by a link, by its owner. Its rules, and its
 * hash. Nothing here asks the database. */
#include <apr_lib.h>
#include <apr_strings.h>
#include <zxcvbn.h>
#include "base/pd_bytes.h"
#include "portal/pd_person_int.h"
#include "text/pd_login.h"

/* A password that 2^30 guesses find is weak (zxcvbn's boundary between its scores 2 and 3). */
#define STRONG_BITS 30.0

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
                                  const pd_new_password_t *chosen, apr_pool_t *p)
{
    const char *email = pd_text_trim(chosen->email, p);
    const char *at = strrchr(email, '@');
    const char *local = at ? apr_pstrmemdup(p, email, (apr_size_t)(at - email)) : email;
    const char *words[4];
    int n_words = 0;
    const char *const candidates[] = {pd_text_trim(chosen->login, p), local,
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

const char *pd_password_check(const char **normal, const pd_portal_t *portal,
                              const pd_new_password_t *password, apr_pool_t *p)
{
    if (!password->typed || !*password->typed)
        return "password_missing";
    if (strlen(password->typed) > PD_PASSWORD_BYTES_MAX)
        return "password_long";
    char *text = (char *)pd_text_opaque(password->typed, p);
    if (!text)
        return "password_characters";
    pd_wipe_with_pool(text, strlen(text), p);
    *normal = text;
    if (strlen(text) > PD_PASSWORD_BYTES_MAX)
        return "password_long";
    if (pd_utf8_count(text) < (apr_size_t)password->min)
        return "password_short";
    return check_strength(text, portal, password, p);
}

apr_status_t pd_password_hash_gated(const char **stored, const pd_portal_t *portal,
                                    const char *password, apr_pool_t *p)
{
    const pd_password_cost_t cost = pd_password_cost_of(portal->settings);
    int slot;
    apr_status_t status = pd_hashing_enter(&slot, portal);
    if (status != APR_SUCCESS)
        return status;
    status = pd_password_hash(stored, portal->keys, &cost, password, p);
    pd_hashing_leave(portal, slot);
    return status;
}
