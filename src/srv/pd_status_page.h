/* The portals on mod_status' page, where that module is loaded. */
#ifndef PD_STATUS_PAGE_H
#define PD_STATUS_PAGE_H
#include <apr_pools.h>

/* Registers the hook. */
void pd_status_page_register(apr_pool_t *p);

#endif
