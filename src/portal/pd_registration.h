/* Registration and confirmation (F01-F04, F16; seed 3.2, 4.1.5). Exactly login, password, e-mail,
 * the policy acknowledged and a separate consent to processing. Nothing here tells whether a login
 * or an e-mail exists before the mailbox is proved: a known e-mail makes a decoy row and a letter
 * to its owner, with the same work. */
#ifndef PD_REGISTRATION_H
#define PD_REGISTRATION_H
#include "portal/pd_guess.h"
#include "portal/pd_portal.h"

/* One mistake in a form: which field, and a code that templates have words for. */
typedef struct pd_mistake_t {
    const char *field; /* "login", "password", "email", "policy", "consent_processing", "code" */
    const char *code;  /* "login_missing", "password_weak", ... */
} pd_mistake_t;

typedef struct pd_registration_form_t {
    const char *login, *password, *email;         /* as typed */
    int policy, consent;                          /* ticked */
    const char *language;                         /* in which the form was shown */
    const char *return_to;                        /* clean target or "" */
    const char *browser;                          /* value of the form cookie */
    const char *address;                          /* of the client, as in pd_client_t */
    const char *agent;                            /* what the browser calls itself; may be NULL */
    const char *policy_wording, *consent_wording; /* of the boxes, as shown */
    apr_int64_t policy_version, consent_version;  /* of the texts, as shown */
} pd_registration_form_t;

typedef enum {
    PD_REGISTRATION_BEGUN = 0,
    PD_REGISTRATION_MISTAKES,
    PD_REGISTRATION_CLOSED,  /* no policy or consent text is in force */
    PD_REGISTRATION_CHANGED, /* another text is in force than was shown: nothing was written */
    PD_REGISTRATION_LIMITED  /* too many from one place: nothing was written */
} pd_registration_e;

/* Checks the form, counts it as one that causes a letter (pd_guess.h), hashes the password inside
 * the hashing gate (before any look-up), and writes registration, letter and journal in one
 * transaction. `mistakes` (of pd_mistake_t) is set for MISTAKES, `retry_after` (seconds) for
 * LIMITED. PD_EBUSY, PD_EAWAY, PD_ESQL: nothing was written. */
apr_status_t pd_registration_begin(pd_registration_e *outcome, apr_array_header_t **mistakes,
                                   int *retry_after, const pd_portal_t *portal,
                                   const pd_registration_form_t *form, apr_pool_t *p);

/* How a confirmation stands, for the page; reads only. */
typedef enum {
    PD_CONFIRM_NONE = 0, /* nothing is known for this browser or link: no link, wrong or expired */
    PD_CONFIRM_WAITING,  /* this browser registered; waits for the code (or the link) */
    PD_CONFIRM_READY,    /* link and registering browser together: a button is enough */
    PD_CONFIRM_NEEDS_PROOF, /* link in a strange browser: password or code is asked */
    PD_CONFIRM_NEEDS_LOGIN, /* mailbox proved, but the login was taken: choose another */
    PD_CONFIRM_DONE         /* this link was confirmed already */
} pd_confirm_e;

typedef struct pd_confirm_view_t {
    pd_confirm_e state;
    const char *language;
    int resend_allowed;
} pd_confirm_view_t;

/* `token` from the link or NULL, `browser` from the form cookie or NULL. */
apr_status_t pd_confirm_look(pd_confirm_view_t *view, const pd_portal_t *portal, const char *token,
                             const char *browser, apr_pool_t *p);

typedef struct pd_confirm_form_t {
    const char *token, *browser;         /* as above */
    const char *address;                 /* of the client, as in pd_client_t */
    const char *code, *password, *login; /* typed; NULL or "" when not */
} pd_confirm_form_t;

typedef enum {
    PD_CONFIRMED = 0,
    PD_CONFIRM_ALREADY,
    PD_CONFIRM_WRONG,       /* code or password wrong, or none where one is needed */
    PD_CONFIRM_EXHAUSTED,   /* too many tries: only the link in the registering browser is left */
    PD_CONFIRM_LOGIN_TAKEN, /* mailbox proved; choose another login */
    PD_CONFIRM_LOGIN_BAD,   /* the other login has a mistake: `mistake` */
    PD_CONFIRM_GONE,        /* expired or unknown */
    PD_CONFIRM_LIMITED      /* too many tries from one place: nothing was checked */
} pd_confirm_outcome_e;

/* Tries are counted before they are checked. On CONFIRMED the person is active, acts are recorded
 * and a letter has their receipts, rivals waiting with the same e-mail are void; `return_to` is
 * where the visitor wanted to go ("" if nowhere). `retry_after` (seconds) is set for LIMITED. Never
 * begins a session. */
apr_status_t pd_confirm_submit(pd_confirm_outcome_e *outcome, const char **return_to,
                               const char **mistake, int *retry_after, const pd_portal_t *portal,
                               const pd_confirm_form_t *form, apr_pool_t *p);

/* A new letter with a new link and code, the old ones void; at most letters_per_hour to a mailbox.
 * The answer is the same whether one was written or not. `retry_after` not 0: too many were asked
 * for from one place, nothing was done. */
apr_status_t pd_confirm_resend(int *retry_after, const pd_portal_t *portal,
                               const pd_confirm_form_t *form, apr_pool_t *p);

/* Removes registrations whose time is over, with everything of theirs. `removed` counts. At most
 * `limit` in one transaction. */
apr_status_t pd_registration_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p);

#endif
