/* Sign-ins that their owner is told of (F20; seed 4.1.4), and what he does when it was not he.
 *
 * Unusual is a country that the person has not signed in from before, or two countries within two
 * hours: without coordinates, which are never read, nothing finer would be honest. The first
 * country that is known of a person is not new. Without a file of places nothing is unusual.
 *
 * The letter has a link that ends all sessions and the password, and leads to a new one. Links of
 * several letters are good side by side, each for its 7 days, until one is used. */
#ifndef PD_UNUSUAL_H
#define PD_UNUSUAL_H
#include "portal/pd_link.h"
#include "portal/pd_origin.h"

/* How long the letter's link works. */
#define PD_NOT_ME_LIFETIME apr_time_from_sec((apr_int64_t)7 * 24 * 3600)

typedef enum {
    PD_UNUSUAL_NOT = 0,
    PD_UNUSUAL_COUNTRY, /* a new one */
    PD_UNUSUAL_TRAVEL   /* a known one, too soon after another */
} pd_unusual_e;

/* Inside the transaction of a sign-in, after the person's row is taken: notes the country, and
 * writes the letter where it is unusual. */
apr_status_t pd_unusual_note(pd_unusual_e *unusual, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *person_id, const pd_datakey_t *key,
                             const pd_origin_t *origin, apr_pool_t *p);

/* Forgets countries not signed in from for `age`; at most `limit` in one transaction. */
apr_status_t pd_unusual_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                               int limit, apr_pool_t *p);

/* "That was not me" (pd_disown.c), by the letter's link: ends all sessions of the person at once,
 * takes the password away and a second factor that was set up since the oldest sign-in that can
 * still be disowned, forgets browsers and countries, voids the other links of this kind, and makes
 * a link to set another password: `fresh` is its token. NULL: the link is used, late or void, and
 * nothing was done. */
apr_status_t pd_disown(const char **fresh, const pd_portal_t *portal, const char *token,
                       apr_pool_t *p);

/* The same by somebody who is signed in and has just proved who it is, from the notice in the
 * inbox: also his own session ends. He may be no more than who knows the password: countries stay
 * known, a second factor stays, and so do the links of letters. */
apr_status_t pd_disown_own(const char **fresh, const pd_portal_t *portal, const char *person_id,
                           apr_pool_t *p);

/* Inside a transaction: the instant of the oldest sign-in that the person may still disown; 0:
 * none. */
apr_status_t pd_disown_since(apr_time_t *since, pd_conn_t *conn, const char *person_id,
                             apr_pool_t *p);

#endif
