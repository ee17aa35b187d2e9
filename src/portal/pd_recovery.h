/* Recovery of access (F13): who forgot the password asks for a letter under a login or an e-mail,
 * and proves the mailbox by the letter's link, or by its code in the browser that asked. Asking
 * looks for nobody: it writes one row, the same for every name; a job looks whose name it is and
 * writes to him. So neither the answer nor its time tells whether there is such an account. Only
 * confirmed people who aren't blocked are written to.
 *
 * The link is one that sets a password (pd_link.h, pd_password_set.h), and so is what a right code
 * gives. The code is good for an hour after it was asked for, since its page must not tell whether
 * a letter is on its way; the link for an hour after the letter was delivered, so that it works
 * after the mail server was away. Until then, and where nobody knows whether it arrived, it is good
 * for a day, and so long the letter is tried. The password set makes all of the person void. */
#ifndef PD_RECOVERY_H
#define PD_RECOVERY_H
#include "portal/pd_guess.h"

#define PD_RECOVERY_LIFETIME     apr_time_from_sec(3600)
#define PD_RECOVERY_WAIT         apr_time_from_sec(24 * 3600) /* for the letter's delivery */
#define PD_RECOVERY_ATTEMPTS_MAX 10                           /* codes of one asking */

/* Asks under a name, as typed. `retry_after` in seconds: too many asked from there, nothing was
 * written; else 0. */
apr_status_t pd_recovery_ask(int *retry_after, const pd_portal_t *portal, const pd_client_t *client,
                             const char *login_or_email, apr_pool_t *p);

/* Did this browser ask within the hour, and not use the code yet? Reads only. */
apr_status_t pd_recovery_look(int *asked, const pd_portal_t *portal, const char *browser,
                              apr_pool_t *p);

typedef enum {
    PD_RECOVERY_PROVED = 0,
    PD_RECOVERY_WRONG,
    PD_RECOVERY_EXHAUSTED, /* too many codes tried: ask again */
    PD_RECOVERY_NONE,      /* this browser has asked for nothing, or too long ago */
    PD_RECOVERY_LIMITED    /* too many codes tried from there: `retry_after` in seconds */
} pd_recovery_e;

/* Tries a code. `token` is of a new link that sets a password; NULL unless PROVED. */
apr_status_t pd_recovery_submit(pd_recovery_e *outcome, const char **token, int *retry_after,
                                const pd_portal_t *portal, const pd_client_t *client,
                                const char *code, apr_pool_t *p);

/* Answers what was asked, one at a time: `seen` 0 when nothing waits, `done` 1 when no other
 * process was faster. */
apr_status_t pd_recovery_answer(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p);

/* Is a letter of this kind and age one whose link is dead? It is not sent. */
int pd_recovery_is_late(const char *kind, apr_interval_time_t age);

/* Inside the transaction that notes that a letter, of whatever kind, was delivered: the hour of the
 * link in it begins. `written_at`: when the letter was written. */
apr_status_t pd_recovery_delivered(pd_conn_t *conn, const char *kind, const char *person_id,
                                   apr_time_t written_at, apr_pool_t *p);

/* Inside a transaction: what this person asked for is void. */
apr_status_t pd_recovery_void(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Removes what is over. At most `limit` in one transaction. */
apr_status_t pd_recovery_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p);

#endif
