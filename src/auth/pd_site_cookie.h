/* The cookies of the portal: one table, by which they are set and taken off requests, and from
 * which the page about cookies is made (F30, seed 1.1.6, 3.3). Any thread. */
#ifndef PD_SITE_COOKIE_H
#define PD_SITE_COOKIE_H
#include "srv/pd_site.h"

typedef enum { PD_COOKIE_SESSION, PD_COOKIE_FORM, PD_COOKIE_COUNT } pd_cookie_e;

/* Lives until the browser is closed. */
#define PD_COOKIE_TILL_CLOSED 0

typedef struct pd_site_cookie_t {
    const char *id;       /* "session": templates have words for it */
    const char *names[2]; /* over plain http, over https */
    const char *purpose;  /* portal/pd_purpose.h */
    int days;             /* or PD_COOKIE_TILL_CLOSED */
    int days_lasting;     /* once somebody has signed in in this browser; 0: the same */
} pd_site_cookie_t;

extern const pd_site_cookie_t pd_site_cookies[PD_COOKIE_COUNT];

/* With the __Host- prefix where the site is https. */
const char *pd_site_cookie_name(const pd_site_t *site, pd_cookie_e which);

/* What is the same for each: "Path=/; HttpOnly; Secure; SameSite=Lax". */
const char *pd_site_cookie_attributes(const pd_site_t *site);

/* A Set-Cookie line. `days` or PD_COOKIE_TILL_CLOSED; `value` NULL: takes the cookie back. */
const char *pd_site_cookie_line(const pd_site_t *site, pd_cookie_e which, const char *value,
                                int days, apr_pool_t *p);

#endif
