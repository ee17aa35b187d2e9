/* What one visitor's request brought: cookies taken off before anybody else sees them, forged
 * identity removed, the session looked up once. Kept with the first request; sub-requests and
 * internal redirects share it. */
#ifndef PD_VISIT_H
#define PD_VISIT_H
#include <httpd.h>
#include "portal/pd_session.h"
#include "srv/pd_site.h"

typedef enum {
    PD_PLACE_FOREIGN = 0, /* not under AuthType PDPortal */
    PD_PLACE_LOCKED,
    PD_PLACE_PORTAL /* a page of the portal, under it as well */
} pd_place_e;

typedef struct pd_visit_t {
    pd_site_t *site;
    apr_pool_t *pool;        /* of the first request */
    const char *token;       /* session cookie, well formed; else NULL */
    const char *form_cookie; /* form cookie as sent; else NULL */
    const char *query;       /* of a link with a token, taken off the request; else NULL */
    int sought;              /* the look-up was made */
    apr_status_t status;     /* its result */
    pd_session_t session;
    int lacks;              /* pd_lacks_e, what Require wanted beside */
    int refused_navigation; /* the request that was refused was a person's going somewhere */
    int sent_form;          /* it was a form that a person sent */
    const void *section;    /* per_dir_config and path looked at last, and what they are */
    const char *section_uri;
    pd_place_e place;
} pd_visit_t;

/* What a signed-in person lacks for a page; bits. */
typedef enum {
    PD_LACKS_ROLE = 1,
    PD_LACKS_CONSENT = 2,
    PD_LACKS_MFA = 4,
    PD_LACKS_FRESH = 8,
    PD_LACKS_POLICY = 16, /* the policy in force is not acknowledged */
    PD_LACKS_FACTOR = 64, /* the password was right, the second factor is due */
    PD_LACKS_GROUND = 32  /* neither consent to processing nor appointment */
} pd_lacks_e;

#define PD_AUTH_TYPE "PDPortal"

/* The visit of a request, whichever sub-request or redirect this is; NULL where there is no portal.
 */
pd_visit_t *pd_visit_of(const request_rec *r);

/* The session, looked up at most once per visit. APR_ENOENT: none; others: it can't be known now.
 */
apr_status_t pd_visit_session(const pd_session_t **session, pd_visit_t *visit);

/* The session that waits for its second factor, which pd_visit_session calls none; NULL: no such.
 */
const pd_session_t *pd_visit_pending(pd_visit_t *visit);

/* Does the portal want a second factor of who has a role, and was none given? After
 * pd_visit_session was successful. */
int pd_visit_lacks_staff_factor(const pd_visit_t *visit);

/* The roles that count now, parted by spaces: none until the second factor that they ask for was
 * given. What everybody is told of, the application as well; likewise. */
const char *pd_visit_roles(const pd_visit_t *visit);

/* Has the session's person yet to acknowledge the policy in force? After pd_visit_session was
 * successful; also noted in `lacks`. */
apr_status_t pd_visit_policy(int *lacking, pd_visit_t *visit);

/* Is there a ground to serve the session's person (pd_consent_has_ground)? Likewise. */
int pd_visit_has_ground(pd_visit_t *visit);

/* The first request of a chain of sub-requests and internal redirects. */
const request_rec *pd_visit_first(const request_rec *r);

/* Is it a form that a person sent with a browser? */
int pd_visit_is_sent_form(const request_rec *r);

/* Is it a person going somewhere with a browser, as against a program fetching something? */
int pd_visit_is_navigation(const request_rec *r);

/* Hook: begins the visit as soon as the request's headers are there. */
int pd_visit_begin(request_rec *r);

/* Hook: before anything is logged, takes the token off a request that failed before it began. */
int pd_visit_hide_refused(request_rec *r);

/* Hook: when the answer is sent, does what finding the session left to do. */
int pd_visit_end(request_rec *r);

#endif
