/* Setting a password by a one-time link. Looking changes nothing; setting it ends all sessions of
 * the person and tells him by a letter, in one transaction with the link's use. Known browsers are
 * forgotten then but the one in which it is set. By a letter's link or code all other links of the
 * person to a password or to disown a sign-in (pd_unusual.h) are void, and what was asked for to
 * recover; by a link that a sign-in gave only others of that kind are: it may have been set by who
 * knew the old password, without a letter. */
#ifndef PD_PASSWORD_SET_H
#define PD_PASSWORD_SET_H
#include "portal/pd_guess.h"
#include "portal/pd_link.h"

/* Characters, of anybody with a role (F12). */
#define PD_STAFF_PASSWORD_MIN 12

typedef struct pd_password_view_t {
    pd_link_e link;
    const char *login;     /* whose password it will be; NULL unless the link is good */
    apr_int64_t min_chars; /* what is asked of this person */
    int expired;           /* the one that stands has to be replaced, by another one */
} pd_password_view_t;

/* How a link stands, for the page. */
apr_status_t pd_password_look(pd_password_view_t *view, const pd_portal_t *portal,
                              const char *token, apr_pool_t *p);

typedef enum {
    PD_PASSWORD_SET = 0,
    PD_PASSWORD_MISTAKE,   /* `mistake`: "password_short", ...; the link is as good as before */
    PD_PASSWORD_LINK_GONE, /* used, late, void, unknown */
    PD_PASSWORD_LIMITED    /* too many links tried from there: `retry_after` in seconds */
} pd_password_set_e;

/* `typed` as it came from the form. PD_EBUSY, PD_EAWAY, PD_ESQL: nothing was set. */
apr_status_t pd_password_set(pd_password_set_e *outcome, const char **mistake, int *retry_after,
                             const pd_portal_t *portal, const pd_client_t *client,
                             const char *token, const char *typed, apr_pool_t *p);

#endif
