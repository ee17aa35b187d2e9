/* Keyed BLAKE2b over length-prefixed parts, and the plain SHA-256 that people can check. */
#include "crypt/pd_hash.h"
#include "crypt/pd_hash_int.h"
#include "base/pd_bytes.h"
#include "base/pd_random.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Look-ups must find, and chains must verify, what was written before a rotation. */
#define LASTING_VERSION 1

pd_part_t pd_part_text(const char *text)
{
    pd_part_t part = {text, text ? strlen(text) : 0};
    return part;
}

void pd_hash_parts(unsigned char hash[PD_HASH_BYTES], const unsigned char *key,
                   const pd_part_t *parts, int n_parts)
{
    crypto_generichash_state state;
    pd_random_ready();
    /* A hash without its key would look right and protect nothing. */
    if (!key) {
        abort();
    }
    crypto_generichash_init(&state, key, PD_KEY_BYTES, PD_HASH_BYTES);
    for (int i = 0; i < n_parts; i++) {
        unsigned char prefix[8];
        apr_uint64_t length = parts[i].bytes ? parts[i].length : ~(apr_uint64_t)0;
        for (int k = 0; k < 8; k++) {
            prefix[k] = (unsigned char)(length >> (8 * k));
        }
        crypto_generichash_update(&state, prefix, sizeof prefix);
        if (parts[i].bytes) {
            crypto_generichash_update(&state, parts[i].bytes, parts[i].length);
        }
    }
    crypto_generichash_final(&state, hash, PD_HASH_BYTES);
    pd_wipe(&state, sizeof state);
}

const char *pd_hash_lookup(const pd_keyring_t *keyring, const char *kind, const char *normalised,
                           apr_pool_t *p)
{
    const char *const parts[] = {kind, normalised};
    return pd_hash_keyed(keyring, PD_KEY_LOOKUP, parts, 2, p);
}

apr_uint64_t pd_hash_number(const pd_keyring_t *keyring, const char *kind, const char *value)
{
    const pd_part_t parts[] = {pd_part_text(kind), pd_part_text(value)};
    unsigned char hash[PD_HASH_BYTES];
    apr_uint64_t number;
    pd_hash_parts(hash, pd_keyring_key(keyring, PD_KEY_LOOKUP, LASTING_VERSION), parts, 2);
    memcpy(&number, hash, sizeof number);
    return number;
}

const char *pd_hash_keyed(const pd_keyring_t *keyring, pd_key_use_e use, const char *const *parts,
                          int n_parts, apr_pool_t *p)
{
    unsigned char hash[PD_HASH_BYTES];
    pd_part_t *list = apr_palloc(p, (apr_size_t)(n_parts > 0 ? n_parts : 1) * sizeof *list);
    for (int i = 0; i < n_parts; i++) {
        list[i] = pd_part_text(parts[i]);
    }
    pd_hash_parts(hash, pd_keyring_key(keyring, use, LASTING_VERSION), list, n_parts);
    return pd_base64url_encode(hash, sizeof hash, p);
}

const char *pd_hash_sha256(const char *bytes, apr_size_t length, apr_pool_t *p)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)bytes, length);
    return pd_hex_encode(hash, sizeof hash, p);
}
