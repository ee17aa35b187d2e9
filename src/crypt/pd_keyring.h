/* The master key file and the keys derived from it. The file is text:
 *
 *   # comment
 *   pdportal-key 1 <43 characters of base64url: 32 random bytes>
 *
 * one line per key version, the highest is used for new values; version 1 must stay, since look-ups
 * and the journal's chain use no other. Owner root or the calling user,
 * a regular file, readable by nobody else. Keys live in sodium_malloc memory, are wiped when the
 * pool ends, and must be locked again in each child (mlock is not inherited over fork). */
#ifndef PD_KEYRING_H
#define PD_KEYRING_H
#include <apr_pools.h>

typedef struct pd_keyring_t pd_keyring_t;

/* What a derived key is for (libsodium crypto_kdf, context "pdportal"). Numbers are stored fate:
 * never renumber. */
typedef enum {
    PD_KEY_WRAP = 1,    /* wraps the data keys of persons */
    PD_KEY_LOOKUP = 2,  /* keyed hashes of login and e-mail */
    PD_KEY_PEPPER = 3,  /* passwords, before Argon2id */
    PD_KEY_JOURNAL = 4, /* the journal's chain */
    PD_KEY_FORM = 5,    /* form tokens */
    PD_KEY_CODE = 6,    /* short codes in letters */
    PD_KEY_SYSTEM = 7,  /* seals values that belong to no person */
    PD_KEY_CHECK = 8,   /* proves that a database and a key file belong together */
    PD_KEY_LEDGER = 9   /* keyed hashes of addresses of destroyed people */
} pd_key_use_e;

#define PD_KEY_BYTES 32

/* Writes a new file with one random key, mode 0600. APR_EEXIST: there is one already (never
 * overwritten). `why` gets an English sentence naming the file when the result is not success. */
apr_status_t pd_keyring_create(const char *path, const char **why, apr_pool_t *p);

/* Reads the file. PD_EKEY with `why` (file, line, what to do) when it is missing, a link, readable
 * by others, owned by a stranger, or malformed. The keyring lives as long as `p`. */
apr_status_t pd_keyring_load(pd_keyring_t **keyring, const char *path, const char **why,
                             apr_pool_t *p);

/* Locks the key memory in this process; call in each child. */
apr_status_t pd_keyring_lock(pd_keyring_t *keyring);

/* The version used for new values, and the key of a use and version (NULL: no such version).
 * Borrowed until the keyring ends. Any thread. */
apr_uint32_t pd_keyring_version(const pd_keyring_t *keyring);
const unsigned char *pd_keyring_key(const pd_keyring_t *keyring, pd_key_use_e use,
                                    apr_uint32_t version);

/* A text that a database keeps to know its key file again: "1.<keyed hash>". Says nothing of the
 * key. pd_keyring_check: PD_EKEY when `stored` was made by another key. */
const char *pd_keyring_fingerprint(const pd_keyring_t *keyring, apr_pool_t *p);
apr_status_t pd_keyring_check(const pd_keyring_t *keyring, const char *stored);

#endif
