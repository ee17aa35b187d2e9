/* Randomness from the system's generator (libsodium). Any thread; never fails. */
#ifndef PD_RANDOM_H
#define PD_RANDOM_H
#include <apr_pools.h>
#include <apr_time.h>

/* Text length of a UUID, without the ending zero. */
#define PD_UUID_CHARS 36

/* Initialises libsodium, once per program. Everything here and in crypt/ calls it by itself. */
void pd_random_ready(void);

void pd_random_bytes(void *bytes, apr_size_t n_bytes);

/* Even in 0 .. bound-1. */
apr_uint32_t pd_random_below(apr_uint32_t bound);

/* A UUIDv7 (RFC 9562 5.7) of this instant, lower case, in `p`. */
const char *pd_random_uuid7(apr_time_t now, apr_pool_t *p);

#endif
