/* The security headers of every answer that is the portal's own. */
#ifndef PD_HEADERS_H
#define PD_HEADERS_H
#include <httpd.h>
#include "srv/pd_site.h"

/* In err_headers_out, so that errors carry them too. */
void pd_headers_add(request_rec *r, const pd_site_t *site);

#endif
