/* The pages of the portal: hooks. */
#ifndef PD_WEB_H
#define PD_WEB_H
#include <apr_pools.h>

void pd_web_register_hooks(apr_pool_t *p);

#endif
