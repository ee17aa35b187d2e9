/* Session and link tokens, codes typed from letters, and form tokens. */
#include "crypt/pd_token.h"
#include "crypt/pd_hash_int.h"
#include "base/pd_bytes.h"
#include "base/pd_random.h"

#include <apr_strings.h>
#include <sodium.h>
#include <string.h>

#define TOKEN_BYTES 32
/* Clocks of hosts differ a little; more than this is not our token. */
#define FUTURE_MAX apr_time_from_sec(300)

/* A form token: mask | (key version, instant, MAC) XOR mask, so that no two look alike. */
#define VERSION_BYTES 4
#define INSTANT_BYTES 8
#define BODY_BYTES    (VERSION_BYTES + INSTANT_BYTES + PD_HASH_BYTES)

const char *pd_token_new(apr_pool_t *p)
{
    unsigned char bytes[TOKEN_BYTES];
    pd_random_bytes(bytes, sizeof bytes);
    const char *token = pd_base64url_encode(bytes, sizeof bytes, p);
    pd_wipe(bytes, sizeof bytes);
    return token;
}

/* A table, since this runs over every session cookie of every request. */
static const unsigned char is_base64url[256] = {
    ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['0' ... '9'] = 1, ['-'] = 1, ['_'] = 1};

int pd_token_wellformed(const char *token)
{
    if (!token) {
        return 0;
    }
    for (int i = 0; i < PD_TOKEN_CHARS; i++) {
        if (!is_base64url[(unsigned char)token[i]]) {
            return 0;
        }
    }
    return token[PD_TOKEN_CHARS] == '\0';
}

void pd_token_digest(unsigned char digest[PD_TOKEN_DIGEST_BYTES], const char *token)
{
    pd_random_ready();
    crypto_generichash(digest, PD_TOKEN_DIGEST_BYTES, (const unsigned char *)token, strlen(token),
                       NULL, 0);
}

const char *pd_token_hash(const char *token, apr_pool_t *p)
{
    unsigned char digest[PD_TOKEN_DIGEST_BYTES];
    pd_token_digest(digest, token);
    return pd_base64url_encode(digest, sizeof digest, p);
}

const char *pd_code_new(apr_pool_t *p)
{
    return apr_psprintf(p, "%08u", pd_random_below(100000000));
}

const char *pd_code_hash(const pd_keyring_t *keyring, const char *row, const char *code,
                         apr_pool_t *p)
{
    char *digits = apr_palloc(p, strlen(code) + 1), *at = digits;
    for (; *code; code++) {
        if (*code >= '0' && *code <= '9') {
            *at++ = *code;
        }
    }
    *at = '\0';
    const char *const parts[] = {"code", row, digits};
    return pd_hash_keyed(keyring, PD_KEY_CODE, parts, 3, p);
}

static void put_number(unsigned char *to, apr_uint64_t number, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++) {
        to[i] = (unsigned char)(number >> (8 * i));
    }
}

static apr_uint64_t get_number(const unsigned char *from, int n_bytes)
{
    apr_uint64_t number = 0;
    for (int i = n_bytes - 1; i >= 0; i--) {
        number = number << 8 | from[i];
    }
    return number;
}

/* The MAC of version and instant at `body`, which its key's version must have. */
static void form_mac(unsigned char *mac, const unsigned char *key, const unsigned char *body,
                     const char *purpose, const char *binding)
{
    const pd_part_t parts[] = {pd_part_text("form-token"),
                               pd_part_text(purpose),
                               pd_part_text(binding),
                               {body, VERSION_BYTES + INSTANT_BYTES}};
    pd_hash_parts(mac, key, parts, 4);
}

const char *pd_form_token_new(const pd_keyring_t *keyring, const char *purpose, const char *binding,
                              apr_time_t now, apr_pool_t *p)
{
    unsigned char token[2 * BODY_BYTES], *body = token + BODY_BYTES;
    apr_uint32_t version = pd_keyring_version(keyring);
    put_number(body, version, VERSION_BYTES);
    put_number(body + VERSION_BYTES, (apr_uint64_t)now, INSTANT_BYTES);
    form_mac(body + VERSION_BYTES + INSTANT_BYTES, pd_keyring_key(keyring, PD_KEY_FORM, version),
             body, purpose, binding);
    pd_random_bytes(token, BODY_BYTES);
    for (int i = 0; i < BODY_BYTES; i++) {
        body[i] ^= token[i];
    }
    return pd_base64url_encode(token, sizeof token, p);
}

static int timely(apr_time_t made, apr_time_t now, apr_interval_time_t max_age)
{
    /* Compared by subtraction of known-good bounds: `made` may be any 64 bits. */
    return made >= 0 && made <= now + FUTURE_MAX && (made >= now || now - made <= max_age);
}

int pd_form_token_good(const pd_keyring_t *keyring, const char *purpose, const char *binding,
                       const char *token, apr_time_t now, apr_interval_time_t max_age,
                       apr_pool_t *p)
{
    unsigned char *bytes, *body, mac[PD_HASH_BYTES];
    apr_size_t n_bytes;
    /* NULL binds to nothing: such a token would be good for everybody. */
    if (!token || !purpose || !binding || strlen(token) > 4 * BODY_BYTES ||
        pd_base64url_decode(&bytes, &n_bytes, token, p) || n_bytes != 2 * BODY_BYTES) {
        return 0;
    }
    body = bytes + BODY_BYTES;
    for (int i = 0; i < BODY_BYTES; i++) {
        body[i] ^= bytes[i];
    }
    const unsigned char *key =
        pd_keyring_key(keyring, PD_KEY_FORM, (apr_uint32_t)get_number(body, VERSION_BYTES));
    if (!key) {
        return 0;
    }
    form_mac(mac, key, body, purpose, binding);
    int genuine = pd_equal_secret((const char *)mac,
                                  (const char *)body + VERSION_BYTES + INSTANT_BYTES, sizeof mac);
    apr_time_t made = (apr_time_t)get_number(body + VERSION_BYTES, INSTANT_BYTES);
    return genuine && timely(made, now, max_age);
}
