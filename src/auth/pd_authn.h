/* AuthType PDPortal: who is it? `Require valid-user` and `Require user` decide on the answer. */
#ifndef PD_AUTHN_H
#define PD_AUTHN_H
#include <apr_pools.h>

/* Pages below PDPortalPath that only internal redirects reach: the answers of this room, drawn by
 * web/. */
#define PD_AUTHN_DENIED      "denied"      /* 403: signed in, but not for you */
#define PD_AUTHN_REQUIRED    "required"    /* 401 with a small body, for programs */
#define PD_AUTHN_UNAVAILABLE "unavailable" /* 503: it can't be known now */

void pd_authn_register(apr_pool_t *p);

#endif
