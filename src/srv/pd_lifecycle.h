/* The module's life in httpd: log bridge, start, children, jobs. */
#ifndef PD_LIFECYCLE_H
#define PD_LIFECYCLE_H
#include <apr_pools.h>

void pd_lifecycle_register(apr_pool_t *p);

#endif
