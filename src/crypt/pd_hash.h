/* Hashes that are not passwords. Any thread. */
#ifndef PD_HASH_H
#define PD_HASH_H
#include "crypt/pd_keyring.h"

/* Text length of every base64url hash here (32 bytes). */
#define PD_HASH_CHARS 43

/* Keyed look-up hash of a normalised value: a stolen database can't be searched for an e-mail.
 * `kind` ("login", "email") separates the name spaces. Version 1 of the key only, so that look-ups
 * stay single. */
const char *pd_hash_lookup(const pd_keyring_t *keyring, const char *kind, const char *normalised,
                           apr_pool_t *p);

/* The same kind of hash as a number, for tables in memory: nobody without the key can make two
 * values meet. */
apr_uint64_t pd_hash_number(const pd_keyring_t *keyring, const char *kind, const char *value);

/* Keyed hash over length-prefixed parts with the key of a use; for the journal and for codes.
 * Version 1 of the key only, so that what is stored stays verifiable over a rotation. A NULL part
 * differs from an empty one. */
const char *pd_hash_keyed(const pd_keyring_t *keyring, pd_key_use_e use, const char *const *parts,
                          int n_parts, apr_pool_t *p);

/* SHA-256 in lower-case hex, of a document: people can check it with common tools. */
const char *pd_hash_sha256(const char *bytes, apr_size_t length, apr_pool_t *p);

#endif
