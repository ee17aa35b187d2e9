/* AuthType PDPortal: who is it? `Require valid-user` and `Require user` decide on the answer. */
#ifndef PD_AUTHN_H
#define PD_AUTHN_H
#include "srv/pd_site.h"

/* Parameter of a page with a form: a form cookie was sent along with the redirect that led there.
 * Where none came back, the browser keeps none. */
#define PD_AUTHN_COOKIE_SENT "c"

/* Where somebody without a session is led: sign-in, and from there to `asked`, which may be NULL.
 */
const char *pd_authn_sign_in(const pd_site_t *site, const char *asked, int cookie_sent,
                             apr_pool_t *p);

void pd_authn_register(apr_pool_t *p);

#endif
