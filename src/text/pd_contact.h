/* Where to write about security, as security.txt wants it (RFC 9116, 2.5.3): a URI. Any thread. */
#ifndef PD_CONTACT_H
#define PD_CONTACT_H
#include <apr_pools.h>

/* "mailto:" with an address, or an https URL; rebuilt, in ASCII. NULL: it is neither. */
const char *pd_contact_uri(const char *raw, apr_pool_t *p);

#endif
