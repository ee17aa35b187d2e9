/* Passwords: Argon2id over a keyed hash (pepper) of the password as typed, after Unicode NFC was
 * applied by text/. Costs 64 MiB and some 40 ms: callers hold a place in the hashing gate. */
#ifndef PD_PASSWORD_H
#define PD_PASSWORD_H
#include "crypt/pd_keyring.h"

/* Longest password in bytes; longer ones are refused before any work. */
#define PD_PASSWORD_BYTES_MAX 1024

/* Bounds of the cost, for settings and for what a stored text may ask. */
#define PD_PASSWORD_MEMORY_MIN_KIB 8
#define PD_PASSWORD_MEMORY_MAX_KIB (1024 * 1024)
#define PD_PASSWORD_PASSES_MAX     64

typedef struct pd_password_cost_t {
    apr_uint32_t memory_kib; /* 65536 */
    apr_uint32_t passes;     /* 2 */
} pd_password_cost_t;

typedef enum {
    PD_PASSWORD_WRONG = 0,
    PD_PASSWORD_RIGHT,
    PD_PASSWORD_RIGHT_REHASH /* right, but stored with other parameters or an older pepper */
} pd_password_e;

/* "1.<pepper version>.$argon2id$..." in `p`. APR_ENOMEM: no memory for the hash.
 * PD_ELIMIT: the password is too long. APR_EINVAL: the cost is out of 8 KiB - 1 GiB or 1 - 64. */
apr_status_t pd_password_hash(const char **stored, const pd_keyring_t *keyring,
                              const pd_password_cost_t *cost, const char *password, apr_pool_t *p);

/* Checks; a password that is too long is wrong, without work. `stored` NULL (no such person) does
 * the same work and says wrong. PD_ESEAL: `stored` is malformed (the work is done all the same). */
apr_status_t pd_password_verify(pd_password_e *outcome, const pd_keyring_t *keyring,
                                const pd_password_cost_t *cost, const char *stored,
                                const char *password, apr_pool_t *p);

#endif
