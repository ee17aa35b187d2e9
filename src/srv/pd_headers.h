/* The security headers of every answer that is the portal's own. */
#ifndef PD_HEADERS_H
#define PD_HEADERS_H
#include <httpd.h>
#include "srv/pd_site.h"

/* Made once for a site. */
const apr_table_t *pd_headers_make(const char *policy_link, apr_pool_t *p);

/* In err_headers_out, so that errors carry them too. The table may be another one afterwards. */
void pd_headers_add(request_rec *r, const pd_site_t *site);

#endif
