/* The form cookie: which browser this is, before anybody has signed in, and the little that the
 * portal must remember between two of its pages. It is of one fixed form,
 *
 *   BROWSER [ "." TOKEN ] [ ":" LANGUAGE ] [ "!" SECONDS ] [ "~" ]
 *   43 characters, 43 characters, "ru", up to 12 digits
 *
 * and anything else is no cookie. It lives a day; with "~", since somebody signed in, as long as
 * the browser is known (PD_DEVICE_DAYS). Any thread. */
#ifndef PD_FORM_COOKIE_H
#define PD_FORM_COOKIE_H
#include "srv/pd_site.h"

typedef struct pd_form_cookie_t {
    const char *browser;    /* its id; NULL: there is no cookie, and the rest is unset */
    const char *link_token; /* of a confirmation link, or NULL */
    const char *language;   /* that the visitor chose, or NULL */
    apr_time_t signed_in;   /* when a session cookie was last given, in whole seconds; 0: never */
    int lasting;            /* somebody has signed in in this browser: it lives long */
} pd_form_cookie_t;

/* What the value says; `value` may be NULL. Copied into `p`. */
void pd_form_cookie_read(pd_form_cookie_t *cookie, const char *value, apr_pool_t *p);

/* The Set-Cookie line for it; `cookie` has a browser. */
const char *pd_form_cookie_line(const pd_form_cookie_t *cookie, const pd_site_t *site,
                                apr_pool_t *p);

#endif
