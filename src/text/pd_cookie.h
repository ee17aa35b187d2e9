/* Request cookies (RFC 6265 4.2, read as strictly as it is written; a comma ends a cookie too,
 * since several Cookie lines reach us joined by commas). Any thread. */
#ifndef PD_COOKIE_H
#define PD_COOKIE_H
#include <apr_pools.h>

#define PD_COOKIE_NAMES_MAX 4

/* Takes our cookies off a Cookie header in one walk: finding and removing have the same idea of a
 * name, so that no cookie is believed here and let through to the application. `names` is a list of
 * at most PD_COOKIE_NAMES_MAX, NULL-ended; values[i] becomes the value of names[i], copied into
 * `p`, as it came (its reader is strict): NULL when it is absent or when two of that name came
 * (then neither is believed). Result: the header without any of them, all other bytes as they were;
 * NULL when nothing is left. `header` may be NULL. */
const char *pd_cookie_take(const char **values, const char *header, const char *const *names,
                           apr_pool_t *p);

#endif
