/* One-time links: a random token that lets its holder do one
 * thing, the purpose, for one person. Only its hash is stored. Looking consumes nothing, so that a
 * scanner that opens the link harms nobody; of all who use it at once, one wins. Links of a person
 * who isn't active are as unknown as made-up ones (those that recall a closing: of a person whose
 * account isn't being closed; that which closes a blocked account: of one who isn't blocked; those
 * that bring an address back are good while the account is being closed, too), and so is one sent
 * to another purpose. */
#ifndef PD_LINK_H
#define PD_LINK_H
#include "portal/pd_portal.h"

/* Purposes. */
#define PD_LINK_PASSWORD     "password"     /* set a password: by letter */
#define PD_LINK_PASSWORD_NOW "password-now" /* the same, after a sign-in: no mailbox is proved */
#define PD_LINK_ADDRESS      "address"      /* bring a former e-mail address back */
#define PD_LINK_NOT_ME       "not-me"       /* disown a sign-in: pd_unusual.h */
#define PD_LINK_RECALL       "recall"       /* keep an account that is being closed: by letter */
#define PD_LINK_RECALL_NOW   "recall-now"   /* the same, after a sign-in */
#define PD_LINK_CLOSE        "close"        /* close an account that is blocked: after a sign-in */
#define PD_LINK_EXPORT       "export"       /* begins the purpose of a download: pd_export.h */

/* Clocks of hosts differ by so much; a link made later than that after now is of a clock that was
 * put back, and waits. */
#define PD_LINK_SKEW apr_time_from_sec(300)

/* How long a link works, as a rule. */
#define PD_LINK_LIFETIME apr_time_from_sec(24 * 3600)
/* One that somebody gets who is at the page already. */
#define PD_LINK_SIGN_IN_LIFETIME apr_time_from_sec(20 * 60)
/* To bring a former address back (F14). */
#define PD_LINK_ADDRESS_LIFETIME apr_time_from_sec(7 * 24 * 3600)
/* The longest of all, at most: to keep an account that is being closed (F21), whose days end at
 * midnight. */
#define PD_LINK_RECALL_LIFETIME apr_time_from_sec(15 * 24 * 3600)

typedef enum {
    PD_LINK_NONE = 0, /* unknown, late, or replaced by a newer one */
    PD_LINK_GOOD,
    PD_LINK_USED
} pd_link_e;

/* Inside a transaction: a new link; the person's older unused ones of this purpose are void.
 * `token` is for the link and is not kept. Writes no journal row: the caller tells of it with what
 * else he does. */
apr_status_t pd_link_make(const char **token, pd_conn_t *conn, const char *person_id,
                          const char *purpose, apr_time_t expires_at, apr_pool_t *p);

/* The same, and the older ones stay good. */
apr_status_t pd_link_add(const char **token, pd_conn_t *conn, const char *person_id,
                         const char *purpose, apr_time_t expires_at, apr_pool_t *p);

/* Inside a transaction: the person's unused links of this purpose are void. */
apr_status_t pd_link_void(pd_conn_t *conn, const char *person_id, const char *purpose,
                          apr_pool_t *p);

/* How a link stands, reading only. `token` NULL or anything. `person_id` is NULL for NONE. */
apr_status_t pd_link_look(pd_link_e *state, const char **person_id, const pd_portal_t *portal,
                          const char *token, const char *purpose, apr_pool_t *p);

/* Inside the transaction of what the link is for, and first in it: `used` 0 when somebody was
 * faster, or the link is void or late by now; then the caller writes nothing. */
apr_status_t pd_link_use(int *used, pd_conn_t *conn, const char *token, const char *purpose,
                         apr_pool_t *p);

/* Removes links whose time is over. At most `limit` in one transaction. */
apr_status_t pd_link_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p);

#endif
