/* AuthType PDPortal: who is it? `Require valid-user` and `Require user` decide on the answer. */
#ifndef PD_AUTHN_H
#define PD_AUTHN_H
#include <apr_pools.h>

void pd_authn_register(apr_pool_t *p);

#endif
