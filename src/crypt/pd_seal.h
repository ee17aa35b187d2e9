/* Sealed values (XChaCha20-Poly1305). Each person has a data key of its own, stored wrapped by the
 * master key; destroying it is the erasure. A sealed text is
 *
 *   "1." <key version> "." base64url( 24-byte nonce | ciphertext | 16-byte tag )
 *
 * with format, key version, place ("person.email") and row id as associated data, so that a value
 * can't be moved to another column or row. Every failure is PD_ESEAL. Any thread. */
#ifndef PD_SEAL_H
#define PD_SEAL_H
#include "crypt/pd_keyring.h"

/* A data key in clear; wiped with the pool it was made in. */
typedef struct pd_datakey_t pd_datakey_t;

/* A new random key and its wrapped form for the database. `owner` is the row it belongs to. */
apr_status_t pd_datakey_new(const pd_datakey_t **key, const char **wrapped,
                            const pd_keyring_t *keyring, const char *owner, apr_pool_t *p);
apr_status_t pd_datakey_unwrap(const pd_datakey_t **key, const pd_keyring_t *keyring,
                               const char *wrapped, const char *owner, apr_pool_t *p);

/* Wraps again under the newest master key. NULL with success: `wrapped` is so already. */
apr_status_t pd_datakey_rewrap(const char **rewrapped, const pd_keyring_t *keyring,
                               const char *wrapped, const char *owner, apr_pool_t *p);

/* The key for values that belong to no person. */
const pd_datakey_t *pd_datakey_system(const pd_keyring_t *keyring, apr_pool_t *p);

apr_status_t pd_seal(const char **sealed, const pd_datakey_t *key, const char *place,
                     const char *row, const char *plain, apr_pool_t *p);

/* `plain` is wiped with `p`. */
apr_status_t pd_open(const char **plain, const pd_datakey_t *key, const char *place,
                     const char *row, const char *sealed, apr_pool_t *p);

#endif
