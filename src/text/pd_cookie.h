/* Request cookies (RFC 6265 4.2, read as strictly as it is written; a comma ends a cookie too,
 * since several Cookie lines reach us joined by commas). Any thread. */
#ifndef PD_COOKIE_H
#define PD_COOKIE_H
#include <apr_pools.h>

/* The value of cookie `name` in a Cookie header. NULL when absent or when two of that name came
 * (then neither is believed). Quotes are not removed; copied into `p`. `header` may be NULL. */
const char *pd_cookie_find(const char *header, const char *name, apr_pool_t *p);

/* The header without every cookie whose name stands in the NULL-ended list; NULL when nothing is
 * left. All other bytes stay as they were. */
const char *pd_cookie_strip(const char *header, const char *const *names, apr_pool_t *p);

#endif
