/* Domain names. Any thread. */
#ifndef PD_DOMAIN_H
#define PD_DOMAIN_H
#include <apr_pools.h>

/* The name in its one comparable form: IDNA2008 A-labels (RFC 5891), lower case, only letters,
 * digits and hyphens, labels up to 63 and the whole up to 253 bytes, no dot at the end, and a last
 * label that is no number (so never an IPv4 address). A name of one label is a name too. PD_ETEXT:
 * not a domain name. The result is in `p`. */
apr_status_t pd_domain_ascii(const char **ascii, const char *raw, apr_pool_t *p);

/* The same name for people: U-labels where that leads back to the same name, else `ascii`. */
const char *pd_domain_shown(const char *ascii, apr_pool_t *p);

#endif
