/* Another e-mail address (F14). It takes effect once a code that was sent to it is typed by its
 * owner who is signed in; until then the old one stands. Nothing here tells whether an address is
 * known: its owner gets a letter instead, and no code fits. The old address gets a letter with a
 * link that brings it back (pd_email_restore.h). */
#ifndef PD_EMAIL_CHANGE_H
#define PD_EMAIL_CHANGE_H
#include "portal/pd_guess.h"

/* Codes that may be tried for one letter. */
#define PD_EMAIL_ATTEMPTS_MAX 10

typedef struct pd_email_change_view_t {
    const char *email;  /* the one that stands */
    const char *wanted; /* the one that was asked for and waits for its code; NULL: none */
    apr_time_t until;   /* as long */
} pd_email_change_view_t;

apr_status_t pd_email_change_look(pd_email_change_view_t *view, const pd_portal_t *portal,
                                  const char *person_id, apr_pool_t *p);

typedef enum {
    PD_EMAIL_ASKED = 0, /* a letter is on its way, to the address or to its owner */
    PD_EMAIL_CHANGED,
    PD_EMAIL_MISTAKE, /* `mistake`: "email_bad", "email_same", "email_taken", "proof_wrong", ... */
    PD_EMAIL_GONE,    /* nothing waits for a code (any more) */
    PD_EMAIL_LIMITED  /* `retry_after` in seconds */
} pd_email_change_e;

typedef struct pd_email_changed_t {
    pd_email_change_e outcome;
    const char *mistake;
    int retry_after;
} pd_email_changed_t;

/* Asks for an address; an older wish is void. APR_ENOENT: no such person, here and below. PD_EAWAY,
 * PD_EBUSY, PD_ESQL: nothing was changed. */
apr_status_t pd_email_change_ask(pd_email_changed_t *result, const pd_portal_t *portal,
                                 const pd_client_t *client, const char *person_id,
                                 const char *typed, apr_pool_t *p);

/* Proves it by its code, as typed. The try is counted before the code is compared. */
apr_status_t pd_email_change_prove(pd_email_changed_t *result, const pd_portal_t *portal,
                                   const pd_client_t *client, const char *person_id,
                                   const char *code, apr_pool_t *p);

/* Removes wishes whose time is over. */
apr_status_t pd_email_change_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p);

#endif
