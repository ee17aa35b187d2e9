/* What the portal answers at the root of its host, outside its own path (RFC 8615). */
#ifndef PD_WELL_KNOWN_H
#define PD_WELL_KNOWN_H
#include <httpd.h>

/* Hooks; before those of the portal's pages. Every other path is left to the site. */
int pd_well_known_translate(request_rec *r);
int pd_well_known_map(request_rec *r);
int pd_well_known_fixup(request_rec *r);
int pd_well_known_handle(request_rec *r);

#endif
