/* Closing one's account (F21; seed 2.2, 6.2.2). The person's sessions end at once and nothing is
 * processed any more; for 14 days the person can recall it, by the letter's link or by signing in,
 * and everything is as it was. After that pd_destruction.h destroys the data. */
#ifndef PD_CLOSING_H
#define PD_CLOSING_H
#include "portal/pd_guess.h"
#include "portal/pd_link.h"
#include "portal/pd_person.h"

/* How long a recall is good. */
#define PD_CLOSING_DAYS 14

/* An account whose consent was taken back is destroyed so long before the law's last instant. */
#define PD_CLOSING_EARLY apr_time_from_sec(24 * 3600)

/* Why. The words are stored. */
#define PD_CLOSING_REQUEST "request" /* the person asked for it */
#define PD_CLOSING_ORDER   "order"   /* the administration has to */
#define PD_CLOSING_UNUSED  "unused"  /* nobody used it for its term */

typedef enum {
    PD_CLOSING_BEGUN = 0,
    PD_CLOSING_ALREADY,   /* it is being closed, or there is no ground: it was used meanwhile */
    PD_CLOSING_APPOINTED, /* holds a role: that one has to end first */
    /* of pd_closing_blocked only */
    PD_CLOSING_CODE,    /* the code of the second factor is wrong, or was taken already */
    PD_CLOSING_LIMITED, /* too many codes: nothing was checked */
    PD_CLOSING_IN_DOUBT /* the address was replaced shortly before the account was blocked */
} pd_closing_e;

/* One transaction: the state, all sessions, the letter with the link, the journal. `by`: who did
 * it, for the journal. APR_ENOENT: no such person. */
apr_status_t pd_closing_begin(pd_closing_e *outcome, const pd_portal_t *portal,
                              const char *person_id, const char *reason, const char *by,
                              apr_pool_t *p);

/* When the data would be destroyed if the account were closed now: the end of a day; earlier where
 * a withdrawn consent leaves less time. */
apr_status_t pd_closing_due(apr_time_t *due_at, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p);

/* Inside the transaction of a sign-in with the right password: a link that recalls, for a short
 * while. */
apr_status_t pd_closing_link(const char **token, pd_conn_t *conn, const char *person_id,
                             apr_pool_t *p);

/* What a link shows: until when the account can be kept. `due_at` 0: not by this link, or it is too
 * late. `token` NULL or anything. */
apr_status_t pd_closing_look(apr_time_t *due_at, const pd_portal_t *portal, const char *token,
                             apr_pool_t *p);

/* Who is blocked can't sign in, and may leave all the same (F21). Inside the transaction of a
 * sign-in with the right password: a link that closes the account, for a short while. */
apr_status_t pd_closing_blocked_link(const char **token, pd_conn_t *conn, const char *person_id,
                                     apr_pool_t *p);

typedef struct pd_closing_offer_t {
    apr_time_t due_at; /* as pd_closing_due; 0: the link is void */
    int needs_code;    /* the account has a second factor */
    int appointed;     /* holds a role: that one has to end first */
    int in_doubt;      /* the address was replaced shortly before: it is not known whose it is */
} pd_closing_offer_t;

/* What such a link offers. `token` NULL or anything. */
apr_status_t pd_closing_blocked_look(pd_closing_offer_t *offer, const pd_portal_t *portal,
                                     const char *token, apr_pool_t *p);

/* Closes the account by the link, as pd_closing_begin does; a recall brings the block back. `typed`
 * is the code of the second factor, where there is one (pd_guess_factor slows trying). Only
 * PD_CLOSING_BEGUN uses the link up. ALREADY: the link is void. */
typedef struct pd_closing_blocked_t {
    pd_closing_e outcome;
    int retry_after; /* LIMITED: seconds */
} pd_closing_blocked_t;
apr_status_t pd_closing_blocked(pd_closing_blocked_t *result, const pd_portal_t *portal,
                                const pd_client_t *client, const char *token, const char *typed,
                                apr_pool_t *p);

/* Restores the account as it was. `recalled` 0: the link is void, or it is too late. */
apr_status_t pd_closing_recall(int *recalled, const pd_portal_t *portal, const char *token,
                               apr_pool_t *p);

/* The same inside a transaction that has another ground for it (pd_email_restore.h). `reopened` 0:
 * the account isn't being closed, or it is too late. */
apr_status_t pd_closing_reopen(int *reopened, pd_conn_t *conn, const char *person_id,
                               apr_pool_t *p);

/* Later in it, when it was reopened: letter and journal. */
apr_status_t pd_closing_tell_recalled(pd_conn_t *conn, const pd_portal_t *portal,
                                      const pd_person_t *person, apr_pool_t *p);

#endif
