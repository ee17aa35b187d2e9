/* Opaque tokens, short codes and form tokens. Any thread. */
#ifndef PD_TOKEN_H
#define PD_TOKEN_H
#include <apr_time.h>
#include "crypt/pd_keyring.h"

/* A token is 32 random bytes in base64url. */
#define PD_TOKEN_CHARS 43
/* Of pd_token_digest. */
#define PD_TOKEN_DIGEST_BYTES 32
/* Digits of a code that a person types from a letter. */
#define PD_CODE_DIGITS 8

const char *pd_token_new(apr_pool_t *p);

/* Exactly 43 base64url characters? NULL is not. */
int pd_token_wellformed(const char *token);

/* What the database keeps: unkeyed BLAKE2b-256 in base64url (the token has 256 random bits). */
const char *pd_token_hash(const char *token, apr_pool_t *p);

/* The same hash as bytes: no pool, no text. */
void pd_token_digest(unsigned char digest[PD_TOKEN_DIGEST_BYTES], const char *token);

/* Eight random digits, and the keyed hash that is stored, bound to the row it belongs to. */
const char *pd_code_new(apr_pool_t *p);
const char *pd_code_hash(const pd_keyring_t *keyring, const char *row, const char *code,
                         apr_pool_t *p);

/* A form token proves that this site served the form to this browser: random mask, instant and a
 * MAC over purpose ("login"), binding (session hash or browser id) and instant. Each one looks
 * different (BREACH). */
const char *pd_form_token_new(const pd_keyring_t *keyring, const char *purpose, const char *binding,
                              apr_time_t now, apr_pool_t *p);

/* Good, and not older than `max_age`? Anything else, NULL included, is no. */
int pd_form_token_good(const pd_keyring_t *keyring, const char *purpose, const char *binding,
                       const char *token, apr_time_t now, apr_interval_time_t max_age,
                       apr_pool_t *p);

#endif
