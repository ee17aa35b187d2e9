/* A former e-mail address, brought back by the link that was sent to it when it was replaced (F14):
 * who holds the mailbox may say for 7 days that the change was not his. */
#ifndef PD_EMAIL_RESTORE_H
#define PD_EMAIL_RESTORE_H
#include "portal/pd_guess.h"
#include "portal/pd_link.h"

typedef struct pd_email_restore_view_t {
    pd_link_e link;
    const char *email; /* that would be the account's again; NULL unless the link is good */
    int closing;       /* the account is being closed, which would be called off */
} pd_email_restore_view_t;

/* How a link stands, for the page; changes nothing. */
apr_status_t pd_email_restore_look(pd_email_restore_view_t *view, const pd_portal_t *portal,
                                   const char *token, apr_pool_t *p);

typedef enum {
    PD_EMAIL_RESTORED = 0,   /* `password_token`: of a link (PD_LINK_PASSWORD) for who did it */
    PD_EMAIL_RESTORE_GONE,   /* used, late, void, unknown */
    PD_EMAIL_RESTORE_TAKEN,  /* the address is another account's meanwhile: nothing was changed */
    PD_EMAIL_RESTORE_LIMITED /* too many links tried from there: `retry_after` in seconds */
} pd_email_restore_e;

/* In one transaction: the address is the account's again, all sessions end, the password opens
 * nothing any more, known browsers are forgotten, what the other one began (a further address, a
 * closing, a second factor, links of later changes and of his sign-ins) is void, and both addresses
 * are told. A second factor from before stays. */
apr_status_t pd_email_restore(pd_email_restore_e *outcome, const char **password_token,
                              int *retry_after, const pd_portal_t *portal,
                              const pd_client_t *client, const char *token, apr_pool_t *p);

/* Was the address replaced in the days before this person was blocked? Then it is not known whose
 * the account is, until the administration has found out. */
apr_status_t pd_email_in_doubt(int *in_doubt, const pd_portal_t *portal, const char *person_id,
                               apr_pool_t *p);

/* While a person is blocked the links to former addresses open nothing: their seven days begin anew
 * when the block is lifted. In the caller's transaction. */
apr_status_t pd_email_renew_former(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Removes former addresses whose time is over; those of blocked people stay while they are. */
apr_status_t pd_email_restore_expire(int *removed, const pd_portal_t *portal, int limit,
                                     apr_pool_t *p);

#endif
