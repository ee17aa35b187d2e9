/* Sealed values and data keys. Place, row, format and key version are part of what is
 * authenticated, so that a value opens only where it was put; every failure is one error. */
#include "crypt/pd_seal.h"
#include "crypt/pd_keyring_int.h"
#include "base/pd_bytes.h"
#include "base/pd_random.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <sodium.h>
#include <string.h>

#define FORMAT        "1."
#define NONCE_BYTES   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES     crypto_aead_xchacha20poly1305_ietf_ABYTES
#define DATAKEY_PLACE "datakey"
/* A person's data key never changes while it lives; only its wrapping follows the master key. */
#define DATAKEY_VERSION 1

struct pd_datakey_t {
    const pd_keyring_t *system;        /* not NULL: the system's key, one for each version */
    unsigned char bytes[PD_KEY_BYTES]; /* otherwise the person's key */
};

/* One key for one value. */
typedef struct sealing_t {
    const unsigned char *key;
    apr_uint32_t version;
    const char *place;
    const char *row;
} sealing_t;

static void add_part(pd_buf_t *aad, const char *text)
{
    pd_buf_printf(aad, "%" APR_SIZE_T_FMT ":", strlen(text));
    pd_buf_puts(aad, text);
}

/* Each part behind its length, so that "a","bc" is not "ab","c". */
static void make_aad(pd_buf_t *aad, const sealing_t *sealing, apr_pool_t *p)
{
    pd_buf_init(aad, strlen(sealing->place) + strlen(sealing->row) + 64, p);
    pd_buf_printf(aad, FORMAT "%u.", sealing->version);
    add_part(aad, sealing->place);
    add_part(aad, sealing->row);
}

static apr_status_t seal(const char **sealed, const sealing_t *sealing, const void *plain,
                         apr_size_t length, apr_pool_t *p)
{
    pd_buf_t aad;
    *sealed = NULL;
    if (!sealing->key) {
        return PD_EKEY;
    }
    pd_random_ready();
    make_aad(&aad, sealing, p);
    unsigned char *box = apr_palloc(p, NONCE_BYTES + length + TAG_BYTES);
    unsigned long long n_sealed = 0;
    pd_random_bytes(box, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, &n_sealed, plain, length,
                                               (unsigned char *)aad.bytes, aad.length, NULL, box,
                                               sealing->key);
    *sealed = apr_psprintf(p, FORMAT "%u.%s", sealing->version,
                           pd_base64url_encode(box, NONCE_BYTES + (apr_size_t)n_sealed, p));
    return APR_SUCCESS;
}

/* Splits "1.VERSION.BASE64"; NULL when it is not so. */
static const char *split(apr_uint32_t *version, const char *sealed)
{
    const apr_size_t format = sizeof FORMAT - 1;
    if (!sealed || strncmp(sealed, FORMAT, format) != 0) {
        return NULL;
    }
    return pd_version_parse(version, sealed + format, sealed + strlen(sealed), '.');
}

/* `plain` ends in an uncounted zero and is wiped with `p`. */
static apr_status_t unseal(unsigned char **plain, apr_size_t *length, const sealing_t *sealing,
                           const char *text, apr_pool_t *p)
{
    unsigned char *box;
    apr_size_t n_box;
    pd_buf_t aad;
    unsigned long long n_plain = 0;
    if (!sealing->key || pd_base64url_decode(&box, &n_box, text, p) ||
        n_box < NONCE_BYTES + TAG_BYTES) {
        return PD_ESEAL;
    }
    pd_random_ready();
    make_aad(&aad, sealing, p);
    apr_size_t room = n_box - NONCE_BYTES - TAG_BYTES;
    unsigned char *out = apr_palloc(p, room + 1);
    pd_wipe_with_pool(out, room + 1, p);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, &n_plain, NULL, box + NONCE_BYTES,
                                                   n_box - NONCE_BYTES, (unsigned char *)aad.bytes,
                                                   aad.length, box, sealing->key)) {
        return PD_ESEAL;
    }
    out[n_plain] = '\0';
    *plain = out;
    *length = (apr_size_t)n_plain;
    return APR_SUCCESS;
}

static pd_datakey_t *make_datakey(apr_pool_t *p)
{
    pd_datakey_t *key = apr_pcalloc(p, sizeof *key);
    pd_wipe_with_pool(key, sizeof *key, p);
    return key;
}

static apr_status_t wrap(const char **wrapped, const pd_datakey_t *key, const pd_keyring_t *keyring,
                         const char *owner, apr_pool_t *p)
{
    apr_uint32_t version = pd_keyring_version(keyring);
    const sealing_t sealing = {pd_keyring_key(keyring, PD_KEY_WRAP, version), version,
                               DATAKEY_PLACE, owner};
    return seal(wrapped, &sealing, key->bytes, sizeof key->bytes, p);
}

apr_status_t pd_datakey_new(const pd_datakey_t **key, const char **wrapped,
                            const pd_keyring_t *keyring, const char *owner, apr_pool_t *p)
{
    pd_datakey_t *fresh = make_datakey(p);
    pd_random_bytes(fresh->bytes, sizeof fresh->bytes);
    *key = fresh;
    return wrap(wrapped, fresh, keyring, owner, p);
}

apr_status_t pd_datakey_unwrap(const pd_datakey_t **key, const pd_keyring_t *keyring,
                               const char *wrapped, const char *owner, apr_pool_t *p)
{
    sealing_t sealing = {.place = DATAKEY_PLACE, .row = owner};
    unsigned char *plain;
    apr_size_t length;
    *key = NULL;
    const char *text = split(&sealing.version, wrapped);
    if (!text) {
        return PD_ESEAL;
    }
    sealing.key = pd_keyring_key(keyring, PD_KEY_WRAP, sealing.version);
    apr_status_t status = unseal(&plain, &length, &sealing, text, p);
    if (status || length != PD_KEY_BYTES) {
        return PD_ESEAL;
    }
    pd_datakey_t *opened = make_datakey(p);
    memcpy(opened->bytes, plain, PD_KEY_BYTES);
    pd_wipe(plain, length);
    *key = opened;
    return APR_SUCCESS;
}

apr_status_t pd_datakey_rewrap(const char **rewrapped, const pd_keyring_t *keyring,
                               const char *wrapped, const char *owner, apr_pool_t *p)
{
    const pd_datakey_t *key;
    apr_uint32_t version;
    *rewrapped = NULL;
    apr_status_t status = pd_datakey_unwrap(&key, keyring, wrapped, owner, p);
    if (status) {
        return status;
    }
    split(&version, wrapped);
    if (version == pd_keyring_version(keyring)) {
        return APR_SUCCESS;
    }
    return wrap(rewrapped, key, keyring, owner, p);
}

const pd_datakey_t *pd_datakey_system(const pd_keyring_t *keyring, apr_pool_t *p)
{
    pd_datakey_t *key = apr_pcalloc(p, sizeof *key);
    key->system = keyring;
    return key;
}

/* NULL: this data key has no such version. */
static const unsigned char *key_bytes(const pd_datakey_t *key, apr_uint32_t version)
{
    if (key->system) {
        return pd_keyring_key(key->system, PD_KEY_SYSTEM, version);
    }
    return version == DATAKEY_VERSION ? key->bytes : NULL;
}

apr_status_t pd_seal(const char **sealed, const pd_datakey_t *key, const char *place,
                     const char *row, const char *plain, apr_pool_t *p)
{
    apr_uint32_t version = key->system ? pd_keyring_version(key->system) : DATAKEY_VERSION;
    const sealing_t sealing = {key_bytes(key, version), version, place, row};
    return seal(sealed, &sealing, plain, strlen(plain), p);
}

apr_status_t pd_open(const char **plain, const pd_datakey_t *key, const char *place,
                     const char *row, const char *sealed, apr_pool_t *p)
{
    sealing_t sealing = {.place = place, .row = row};
    unsigned char *bytes;
    apr_size_t length;
    *plain = NULL;
    const char *text = split(&sealing.version, sealed);
    if (!text) {
        return PD_ESEAL;
    }
    sealing.key = key_bytes(key, sealing.version);
    apr_status_t status = unseal(&bytes, &length, &sealing, text, p);
    /* A text that would end early is not the text that was sealed. */
    if (status || memchr(bytes, 0, length)) {
        return PD_ESEAL;
    }
    *plain = (const char *)bytes;
    return APR_SUCCESS;
}
