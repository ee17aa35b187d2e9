/* What one visitor's request brought: cookies taken off before anybody else sees them, forged
 * identity removed, the session looked up once. Kept with the first request; sub-requests and
 * internal redirects share it. */
#ifndef PD_VISIT_H
#define PD_VISIT_H
#include <httpd.h>
#include "portal/pd_session.h"
#include "srv/pd_site.h"

typedef struct pd_visit_t {
    pd_site_t *site;
    apr_pool_t *pool;        /* of the first request */
    const char *token;       /* session cookie, well formed; else NULL */
    const char *form_cookie; /* form cookie as sent; else NULL */
    const char *query;       /* of a confirmation link, taken off the request; else NULL */
    int sought;              /* the look-up was made */
    apr_status_t status;     /* its result */
    int hit;                 /* it was answered from shared memory */
    pd_session_t session;
} pd_visit_t;

/* Names of our cookies at a site: with the __Host- prefix where the site is https. */
const char *pd_visit_session_cookie(const pd_site_t *site);
const char *pd_visit_form_cookie(const pd_site_t *site);

/* The visit of a request, whichever sub-request or redirect this is; NULL where there is no portal.
 */
pd_visit_t *pd_visit_of(const request_rec *r);

/* The session, looked up at most once per visit. APR_ENOENT: none; others: it can't be known now.
 */
apr_status_t pd_visit_session(const pd_session_t **session, pd_visit_t *visit);

/* The first request of a chain of sub-requests and internal redirects. */
const request_rec *pd_visit_first(const request_rec *r);

/* Hook: begins the visit as soon as the request's headers are there. */
int pd_visit_begin(request_rec *r);

/* Hook: when the answer is sent, does what finding the session left to do. */
int pd_visit_end(request_rec *r);

#endif
