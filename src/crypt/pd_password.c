/* Passwords: pepper by keyed BLAKE2b, then Argon2id. Whatever is wrong with a stored text, the
 * same work is done, and no parameters are taken from it beyond a bound. */
#include "crypt/pd_password.h"
#include "crypt/pd_argon.h"
#include "crypt/pd_keyring_int.h"
#include "base/pd_bytes.h"
#include "base/pd_random.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <sodium.h>
#include <string.h>

#define FORMAT         "1."
#define ARGON_PREFIX   "$argon2id$v=19$m="
#define PEPPERED_BYTES 32

/* A stored text in its parts. */
typedef struct stored_t {
    apr_uint32_t pepper;
    char argon[PD_ARGON_TEXT_CHARS]; /* filled up with zeros */
} stored_t;

static int cost_sound(const pd_password_cost_t *cost)
{
    return cost->memory_kib >= PD_PASSWORD_MEMORY_MIN_KIB &&
           cost->memory_kib <= PD_PASSWORD_MEMORY_MAX_KIB && cost->passes >= 1 &&
           cost->passes <= PD_PASSWORD_PASSES_MAX;
}

static void season(char peppered[PD_ARGON_INPUT_CHARS + 1], const unsigned char *pepper,
                   const char *password)
{
    unsigned char hash[PEPPERED_BYTES];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)password, strlen(password), pepper,
                       PD_KEY_BYTES);
    sodium_bin2base64(peppered, PD_ARGON_INPUT_CHARS + 1, hash, sizeof hash,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    pd_wipe(hash, sizeof hash);
}

/* Argon2id of a password under the present pepper. */
static apr_status_t hash_now(char hash[PD_ARGON_TEXT_CHARS], const pd_keyring_t *keyring,
                             const pd_password_cost_t *cost, const char *password)
{
    pd_argon_t argon = {.memory_kib = cost->memory_kib, .passes = cost->passes};
    season(argon.input, pd_keyring_key(keyring, PD_KEY_PEPPER, pd_keyring_version(keyring)),
           password);
    pd_argon_e outcome = pd_argon(&argon);
    memcpy(hash, argon.text, sizeof argon.text);
    pd_wipe(&argon, sizeof argon);
    return outcome == PD_ARGON_DONE ? APR_SUCCESS : APR_ENOMEM;
}

apr_status_t pd_password_hash(const char **stored, const pd_keyring_t *keyring,
                              const pd_password_cost_t *cost, const char *password, apr_pool_t *p)
{
    char hash[PD_ARGON_TEXT_CHARS];
    *stored = NULL;
    if (strlen(password) > PD_PASSWORD_BYTES_MAX) {
        return PD_ELIMIT;
    }
    if (!cost_sound(cost)) {
        return APR_EINVAL;
    }
    pd_random_ready();
    apr_status_t status = hash_now(hash, keyring, cost, password);
    if (!status) {
        *stored = apr_psprintf(p, FORMAT "%u.%s", pd_keyring_version(keyring), hash);
    }
    return status;
}

/* The parameters of a stored text stay within what we would ask ourselves: whoever may write the
 * database must not make us take a terabyte. */
static int bounded(const char *argon)
{
    apr_uint32_t memory, passes;
    const char *limit = argon + strlen(argon), *at = argon + sizeof ARGON_PREFIX - 1;
    if (strncmp(argon, ARGON_PREFIX, sizeof ARGON_PREFIX - 1) != 0 ||
        !(at = pd_version_parse(&memory, at, limit, ',')) || strncmp(at, "t=", 2) != 0 ||
        !(at = pd_version_parse(&passes, at + 2, limit, ',')) || strncmp(at, "p=1$", 4) != 0) {
        return 0;
    }
    const pd_password_cost_t cost = {memory, passes};
    return cost_sound(&cost);
}

static int take_apart(stored_t *parts, const char *stored)
{
    const apr_size_t format = sizeof FORMAT - 1;
    if (strncmp(stored, FORMAT, format) != 0) {
        return 0;
    }
    const char *argon =
        pd_version_parse(&parts->pepper, stored + format, stored + strlen(stored), '.');
    if (!argon || strlen(argon) >= sizeof parts->argon || !pd_ascii_valid(argon, strlen(argon)) ||
        !bounded(argon)) {
        return 0;
    }
    memset(parts->argon, 0, sizeof parts->argon);
    memcpy(parts->argon, argon, strlen(argon));
    return 1;
}

/* APR_SUCCESS with `right`; PD_ESEAL: the text inside could not be read, no work was done. */
static apr_status_t compare(int *right, const stored_t *parts, const unsigned char *pepper,
                            const char *password)
{
    pd_argon_t argon = {.memory_kib = 0};
    season(argon.input, pepper, password);
    memcpy(argon.text, parts->argon, sizeof argon.text);
    pd_argon_e outcome = pd_argon(&argon);
    pd_wipe(&argon, sizeof argon);
    *right = outcome == PD_ARGON_DONE;
    if (*right || outcome == PD_ARGON_DIFFERENT) {
        return APR_SUCCESS;
    }
    return outcome == PD_ARGON_NO_MEMORY ? APR_ENOMEM : PD_ESEAL;
}

static apr_status_t verify(pd_password_e *outcome, const pd_keyring_t *keyring,
                           const pd_password_cost_t *cost, const char *stored, const char *password)
{
    stored_t parts;
    int right;
    if (!take_apart(&parts, stored)) {
        return PD_ESEAL;
    }
    const unsigned char *pepper = pd_keyring_key(keyring, PD_KEY_PEPPER, parts.pepper);
    if (!pepper) {
        return PD_ESEAL;
    }
    apr_status_t status = compare(&right, &parts, pepper, password);
    if (status || !right) {
        return status;
    }
    int stale =
        parts.pepper < pd_keyring_version(keyring) ||
        crypto_pwhash_str_needs_rehash(parts.argon, cost->passes, (size_t)cost->memory_kib * 1024);
    *outcome = stale ? PD_PASSWORD_RIGHT_REHASH : PD_PASSWORD_RIGHT;
    return APR_SUCCESS;
}

apr_status_t pd_password_verify(pd_password_e *outcome, const pd_keyring_t *keyring,
                                const pd_password_cost_t *cost, const char *stored,
                                const char *password, apr_pool_t *p)
{
    char discarded[PD_ARGON_TEXT_CHARS];
    (void)p;
    *outcome = PD_PASSWORD_WRONG;
    if (!cost_sound(cost)) {
        return APR_EINVAL;
    }
    if (strlen(password) > PD_PASSWORD_BYTES_MAX) {
        return APR_SUCCESS;
    }
    pd_random_ready();
    apr_status_t status = stored ? verify(outcome, keyring, cost, stored, password) : APR_SUCCESS;
    if (!stored || status == PD_ESEAL) {
        /* Nobody may tell by the time whether there is such a person. */
        apr_status_t work = hash_now(discarded, keyring, cost, password);
        status = work ? work : status;
    }
    return status;
}
