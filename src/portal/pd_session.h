/* Sessions (F05, F06, F09): an opaque token whose hash is in the database. Behind an interface, so
 * that a shared-memory table can stand before the database. */
#ifndef PD_SESSION_H
#define PD_SESSION_H
#include "portal/pd_guess.h"
#include "portal/pd_portal.h"
#include "portal/pd_session_table.h"

/* The person has a second factor that was not given yet: until then the session is nobody's
 * sign-in (pd_factor.h). */
#define PD_MFA_DUE (-1)

typedef struct pd_session_t {
    const char *id;         /* for pages and the journal, not the token */
    const char *token_hash; /* binds form tokens */
    const char *person_id;
    const char *login;    /* opened */
    const char *roles;    /* in force, sorted, parted by spaces; "" */
    const char *consents; /* kinds of documents consented to and not withdrawn, likewise */
    apr_time_t created_at, authenticated_at, used_at, expires_at;
    apr_time_t facts_until;     /* a role ends then; 0: none does */
    apr_time_t mfa_at;          /* of the second factor; 0: none; or PD_MFA_DUE */
    apr_int64_t policy_version; /* last acknowledged */
    int from_memory;            /* the database was not asked */
    const char *sealed_origin;  /* "session.origin", of pd_session_list only */
    /* for `settle` */
    enum { PD_SESSION_KEPT = 0, PD_SESSION_USED, PD_SESSION_DEAD } due;
    pd_session_use_t evicted; /* used_at 0: none */
} pd_session_t;

/* Does one of the words parted by spaces equal `word`? */
int pd_session_has_word(const char *words, const char *word);

/* The interface the web server sees (pd_session_cache.h has the other one). `find` gives a session
 * that is good at this instant: known, within both limits, its person active, the generation
 * current. APR_ENOENT: there is none (an ended or expired one is as unknown as a made-up one).
 * PD_EBUSY, PD_EAWAY, PD_ESQL: it can't be known now; the caller must not let the visitor in.
 * `settle` does what `find` left to do, once the answer is sent: notes the use, or removes a dead
 * row. It may have to wait, and fails without harm. */
typedef struct pd_session_source_t {
    apr_status_t (*find)(pd_session_t *session, const pd_portal_t *portal, const char *token,
                         apr_pool_t *p);
    void (*settle)(const pd_session_t *session, const pd_portal_t *portal, apr_pool_t *p);
} pd_session_source_t;

extern const pd_session_source_t pd_session_database;

typedef enum {
    PD_SIGNED_IN = 0,
    PD_SIGN_IN_REFUSED, /* wrong, unknown, not confirmed: never told apart */
    PD_SIGN_IN_EXPIRED, /* right, but the password has to be replaced first: there is no session */
    PD_SIGN_IN_CLOSING, /* right, but the account is being closed: it can be recalled; no session */
    PD_SIGN_IN_BLOCKED, /* right, but the person is blocked, and may leave; no session */
    PD_SIGN_IN_LIMITED  /* too many attempts: nothing was checked */
} pd_sign_in_e;

typedef struct pd_sign_in_t {
    pd_sign_in_e outcome;
    const char *token;     /* SIGNED_IN: the new cookie value; EXPIRED: of a link to set another
                              password (PD_LINK_PASSWORD_NOW); CLOSING: of one to recall it
                              (PD_LINK_RECALL_NOW); BLOCKED: of one to close the account
                              (PD_LINK_CLOSE); else NULL */
    const char *person_id; /* SIGNED_IN; else NULL */
    int needs_code;        /* SIGNED_IN: the second factor is due, the session opens nothing yet */
    int retry_after;       /* LIMITED: seconds; else 0 */
} pd_sign_in_t;

/* Counts the attempt (pd_guess.h), checks login (or e-mail) and password inside the hashing gate,
 * ends the session `old_token` (NULL: none), begins a new one and notes the browser, in one
 * transaction with the journal. */
apr_status_t pd_session_begin(pd_sign_in_t *result, const pd_portal_t *portal,
                              const pd_client_t *client, const char *login_or_email,
                              const char *password, const char *old_token, apr_pool_t *p);

/* Ends one session; success also when there was none. */
apr_status_t pd_session_end(const pd_portal_t *portal, const char *token, apr_pool_t *p);

/* Ending sessions from elsewhere (pd_session_end.c). Each acts on the very next request in every
 * process: the transaction takes the session's right to be, and tells the caches. Rows that are
 * left are dead whatever becomes of them. */

/* One, by its id. `person_id`: only if it is this person's; NULL: whoever's it is. `ended` 0: there
 * was none. */
apr_status_t pd_session_end_one(int *ended, const pd_portal_t *portal, const char *person_id,
                                const char *session_id, apr_pool_t *p);

/* All of a person but the one of this id (NULL: all), also those that are being begun just now.
 * APR_ENOENT: no such person. */
apr_status_t pd_session_end_others(int *ended, const pd_portal_t *portal, const char *person_id,
                                   const char *but_session_id, apr_pool_t *p);

/* Everybody's. One small transaction raises a number that every session must carry, whatever the
 * clocks say; `removed` counts the dead rows that were swept away afterwards, in small steps. */
apr_status_t pd_session_end_all(int *removed, const pd_portal_t *portal, apr_pool_t *p);

/* The good sessions of a person, as pd_session_t, last used first: id, person_id and instants are
 * set, and the sealed origin; nothing else. */
apr_status_t pd_session_list(apr_array_header_t **sessions, const pd_portal_t *portal,
                             const char *person_id, apr_pool_t *p);

/* Removes sessions past their limits. */
apr_status_t pd_session_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p);

#endif
