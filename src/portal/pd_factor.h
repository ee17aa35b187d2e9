/* The second factor of a sign-in (F15): a code of an authenticator application (crypt/pd_totp.h),
 * or one of ten codes kept for a lost telephone. The secret is a row of `credential`, kind "totp",
 * sealed under the person's key. Each code is taken once: of all who send one at the same time, one
 * wins. Wrong codes slow the person's further tries (pd_guess_factor), never for good.
 *
 * A session of a person who has a factor says PD_MFA_DUE in `mfa_at` until a code was given: it is
 * good for that and nothing else. The session is begun with it. Whoever turns a factor on, off, or
 * resets it ends all sessions but his own in the same transaction (pd_session_clear), so that none
 * says otherwise than the rows of `credential`, not even one that is being begun at that instant:
 * the person's generation has changed.
 *
 * A passkey is to be one more kind of `credential` row, "passkey", its `used_step` the signature
 * counter: PD_FACTOR_KINDS is by what sessions are begun, and pd_factor_submit where what was
 * sent is checked. */
#ifndef PD_FACTOR_H
#define PD_FACTOR_H
#include "portal/pd_guess.h"
#include "portal/pd_session.h"

#define PD_FACTOR_CODES 10

/* In SQL: the kinds of credential that make a second factor due. */
#define PD_FACTOR_KINDS "('totp')"

typedef struct pd_factor_view_t {
    int on;
    int codes_left;
    const char *secret; /* base32, shown and not yet confirmed; NULL: none */
    const char *uri;    /* otpauth, of it */
} pd_factor_view_t;

apr_status_t pd_factor_look(pd_factor_view_t *view, const pd_portal_t *portal,
                            const char *person_id, apr_pool_t *p);

/* Makes a new secret to be shown, in the place of one that was not confirmed. Nothing is asked for
 * at sign-in yet. Does nothing where there is a factor. */
apr_status_t pd_factor_begin(const pd_portal_t *portal, const char *person_id, apr_pool_t *p);

/* What a code is sent for. */
typedef enum {
    PD_FACTOR_ENTER,   /* to finish a sign-in; also by a code for a lost telephone */
    PD_FACTOR_CONFIRM, /* to turn it on */
    PD_FACTOR_RENEW,   /* to get ten new codes, the old ones are void */
    PD_FACTOR_OFF      /* to turn it off */
} pd_factor_act_e;

typedef enum {
    PD_FACTOR_DONE = 0,
    PD_FACTOR_WRONG,  /* or taken already */
    PD_FACTOR_LIMITED /* nothing was checked */
} pd_factor_e;

typedef struct pd_factor_result_t {
    pd_factor_e outcome;
    int retry_after;          /* LIMITED: seconds */
    const char *token;        /* DONE: the session goes on under this cookie value */
    const char *const *codes; /* CONFIRM, RENEW: PD_FACTOR_CODES texts, shown once; else NULL */
} pd_factor_result_t;

/* Checks the code and does the act, in one transaction with journal and letter. The session gets
 * another id and token, and `mfa_at` unless the factor is turned off; CONFIRM and OFF end the
 * person's other sessions. A wrong code of ENTER stands in the history of sign-ins. */
apr_status_t pd_factor_submit(pd_factor_result_t *result, const pd_portal_t *portal,
                              const pd_client_t *client, const pd_session_t *session,
                              pd_factor_act_e act, const char *typed, apr_pool_t *p);

/* An administrator takes it off a person whose telephone is lost: all sessions end. `had` 0: there
 * was none. `reason` is for the journal. */
apr_status_t pd_factor_reset(int *had, const pd_portal_t *portal, const char *person_id,
                             const char *reason, apr_pool_t *p);

#endif
