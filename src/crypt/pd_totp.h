/* Codes of an authenticator application: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, the
 * one set of parameters that all of them know. liboath computes; what it is given and gives is
 * wiped. Any thread. */
#ifndef PD_TOTP_H
#define PD_TOTP_H
#include <apr_pools.h>
#include <apr_time.h>

#define PD_TOTP_DIGITS 6

/* A new secret: 20 random bytes in base32 (RFC 4648 6), 32 characters, wiped with the pool. NULL:
 * no memory. */
const char *pd_totp_secret_new(apr_pool_t *p);

/* The step of 30 seconds that `code` (spaces and hyphens don't count) is right for, by `now` and
 * two steps to either side: a telephone may be off by a minute. 0: for none. The caller takes each
 * step at most once. Time depends on lengths only. */
apr_int64_t pd_totp_step(const char *secret, const char *code, apr_time_t now, apr_pool_t *p);

/* The digits of a typed code: without spaces and hyphens. */
const char *pd_totp_digits(const char *typed, apr_pool_t *p);

#endif
