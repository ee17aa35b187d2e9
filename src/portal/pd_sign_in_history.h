/* The history of sign-ins that a person sees (F19): when, from where, with what, and what came of
 * it. Kept for PDPortalTermSignIns.
 *
 * An attempt that has to wait is not a row of its own: nothing is checked of it, and a row for
 * those names alone that somebody has would tell which they are. The attempt before it says so. Of
 * those refused for the password a person gets at most PD_REFUSED_A_DAY rows within 24 hours, so
 * that no stranger can fill the table; the last of them says that there may be more. Who knows the
 * password is no such stranger: every wrong code has its row, and pd_guess_factor bounds them.
 *
 * A name that nobody has leaves rows too, with the same work: how long a refusal takes doesn't tell
 * who has an account. So do refusals beyond the twenty of a day. Nothing reads those rows, and they
 * are kept for a day. */
#ifndef PD_SIGN_IN_HISTORY_H
#define PD_SIGN_IN_HISTORY_H
#include "portal/pd_origin.h"

#define PD_REFUSED_A_DAY 20

typedef enum {
    PD_ATTEMPT_SIGNED_IN = 0,
    PD_ATTEMPT_PASSWORD, /* a wrong one */
    PD_ATTEMPT_PENDING,  /* a right one; the second factor was asked for */
    PD_ATTEMPT_CODE,     /* a wrong code of the second factor, after a right password */
    PD_ATTEMPT_WAITS,    /* a wrong password, after which further attempts had to wait */
    PD_ATTEMPT_CLOSED,   /* a right one, but the account was not open */
    PD_ATTEMPT_MORE,     /* refused, as perhaps others after it that are not listed */
    PD_ATTEMPT_MAX
} pd_attempt_e;

/* As they are stored, by pd_attempt_e. */
extern const char *const pd_attempt_names[];

typedef struct pd_attempt_t {
    const char *id; /* newer ones have greater ids */
    apr_time_t at;
    pd_attempt_e outcome;
    pd_origin_t origin;
} pd_attempt_t;

/* Inside the transaction of the sign-in or its refusal. `key` is the person's. */
apr_status_t pd_sign_in_history_add(pd_conn_t *conn, const char *person_id, const pd_datakey_t *key,
                                    pd_attempt_e outcome, const pd_origin_t *origin, apr_pool_t *p);

/* The same for a name that nobody has. `key` is one that is thrown away. */
apr_status_t pd_sign_in_history_add_nobody(pd_conn_t *conn, const char *lookup,
                                           const pd_datakey_t *key, pd_attempt_e outcome,
                                           const pd_origin_t *origin, apr_pool_t *p);

/* A person's attempts as pd_attempt_t, newest first, at most `limit`; only older ones than that of
 * the id `before` (NULL: from the newest on). For a page, and for the export in turns. */
apr_status_t pd_sign_in_history_list(apr_array_header_t **attempts, const pd_portal_t *portal,
                                     const char *person_id, const pd_datakey_t *key,
                                     const char *before, int limit, apr_pool_t *p);

/* Removes those older than `age`, at most `limit` in one transaction. */
apr_status_t pd_sign_in_history_expire(int *removed, const pd_portal_t *portal,
                                       apr_interval_time_t age, int limit, apr_pool_t *p);

/* Removes the rows of nobody that are older than a day; likewise. */
apr_status_t pd_sign_in_history_expire_nobody(int *removed, const pd_portal_t *portal, int limit,
                                              apr_pool_t *p);

#endif
