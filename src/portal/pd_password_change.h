/* Another password, chosen by its owner who is signed in (F14, F05). */
#ifndef PD_PASSWORD_CHANGE_H
#define PD_PASSWORD_CHANGE_H
#include "portal/pd_guess.h"
#include "portal/pd_session.h"

typedef enum {
    PD_PASSWORD_CHANGED = 0,
    PD_PASSWORD_CHANGE_MISTAKE, /* `mistake`: "password_short", "password_same", ... */
    PD_PASSWORD_CHANGE_LIMITED  /* `retry_after` in seconds */
} pd_password_change_e;

typedef struct pd_password_changed_t {
    pd_password_change_e outcome;
    const char *mistake;
    int retry_after;
    const char *token; /* CHANGED: the cookie's new value; the one before is dead */
} pd_password_changed_t;

/* What the form has to say: fewest characters, and whose password it is. */
apr_status_t pd_password_change_look(apr_int64_t *min_chars, const pd_portal_t *portal,
                                     const char *person_id, apr_pool_t *p);

/* In one transaction: the password, the end of all other sessions, another token for this one,
 * links to set a password void, known browsers forgotten, a letter. `session` is the one that asks.
 * APR_ENOENT: it has ended meanwhile. PD_EBUSY, PD_EAWAY, PD_ESQL: nothing was changed. */
apr_status_t pd_password_change(pd_password_changed_t *result, const pd_portal_t *portal,
                                const pd_client_t *client, const pd_session_t *session,
                                const char *typed, apr_pool_t *p);

#endif
