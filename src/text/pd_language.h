/* Which of the site's languages an Accept-Language header asks for (RFC 9110 12.5.4, basic
 * filtering of RFC 4647, and its look-up for a header that names only a region: "en-GB" gets "en").
 * Equal weights: the earlier range. Any thread. */
#ifndef PD_LANGUAGE_H
#define PD_LANGUAGE_H
#include <apr_pools.h>

/* One of the NULL-ended list `offered` ("ru", "en"); `offered[0]` when nothing matches or the
 * header is NULL or malformed. */
const char *pd_language_choose(const char *accept_language, const char *const *offered);

/* Is `name` one of the list? NULL is not. */
int pd_language_offered(const char *name, const char *const *offered);

#endif
