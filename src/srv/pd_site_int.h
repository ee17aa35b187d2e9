/* Between the files of a site; not for others. */
#ifndef PD_SITE_INT_H
#define PD_SITE_INT_H
#include "srv/pd_site.h"

/* By the parent, each time the configuration is read. */
apr_status_t pd_site_make_gate(pd_site_t *site, apr_pool_t *p);
apr_status_t pd_site_make_segments(pd_site_t *site, apr_pool_t *p);

#endif
