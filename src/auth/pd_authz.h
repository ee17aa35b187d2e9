/* Require pd-role, pd-consent, pd-mfa, pd-fresh: what a signed-in person must have beside. */
#ifndef PD_AUTHZ_H
#define PD_AUTHZ_H
#include <apr_pools.h>

void pd_authz_register(apr_pool_t *p);

#endif
