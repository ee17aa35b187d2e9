/* URLs and return targets. Any thread. */
#ifndef PD_URL_H
#define PD_URL_H
#include <apr_pools.h>

/* Longest return target. */
#define PD_TARGET_BYTES_MAX 1024

/* Percent-encodes everything but unreserved characters (RFC 3986 2.3). */
const char *pd_url_encode(const char *text, apr_pool_t *p);

/* A return target is a path of this site and nothing else: begins with one '/', printable ASCII,
 * no backslash, no "//" or "/\" at its start however often decoded, no encoded control, slash or
 * backslash tricks, no dot segments, no empty segments, an optional query, no fragment. Escapes are
 * UTF-8. Characters that browsers leave bare in a query ("[", "|") come back encoded. The result is
 * the path in the form it may be sent in Location; NULL for everything else (an allow-list). */
const char *pd_url_target(const char *raw, apr_pool_t *p);

/* A base URL "https://host[:port]" without path, user, query; NULL unless it is one. `secure` tells
 * the scheme. The result compares with an Origin header: scheme and host in lower case, the host as
 * A-labels or the shortest address, no default port. `raw` may be NULL. */
const char *pd_url_base(int *secure, const char *raw, apr_pool_t *p);

#endif
