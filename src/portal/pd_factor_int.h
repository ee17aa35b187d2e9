/* What the files of the second factor share. */
#ifndef PD_FACTOR_INT_H
#define PD_FACTOR_INT_H
#include "portal/pd_factor.h"
#include "portal/pd_person.h"

/* Inside a transaction: a letter that tells of a change. `what` is a name of the letter's contract:
 * "turned_on", "turned_off", "renewed", "code_used", "was_reset". */
apr_status_t pd_factor_tell(pd_conn_t *conn, const pd_portal_t *portal, const pd_person_t *person,
                            const char *what, apr_pool_t *p);

/* Inside a transaction: does a sign-in go on with a second factor? */
apr_status_t pd_factor_is_on(int *on, pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Inside a transaction: takes the factor and all its codes. `had` 0: there was none. */
apr_status_t pd_factor_remove(int *had, pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Inside a transaction that has ended all sessions of a person, by a link that takes the account
 * back: the same for one that was set up at `since` or later, by whoever had the account then. */
apr_status_t pd_factor_remove_since(int *had, pd_conn_t *conn, const char *person_id,
                                    apr_time_t since, apr_pool_t *p);

/* Later in it, when the person had one: letter and journal. */
apr_status_t pd_factor_tell_removed(pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_person_t *person, const char *link_purpose,
                                    apr_pool_t *p);

typedef struct pd_factor_secret_t {
    const char *text;   /* NULL: there is none */
    const char *sealed; /* as it stands in the database: whether it is still the same */
} pd_factor_secret_t;

/* The secret of a kind, opened. */
apr_status_t pd_factor_secret(pd_factor_secret_t *secret, const pd_portal_t *portal,
                              const pd_person_t *person, const char *kind, apr_pool_t *p);

/* What a code that was typed may be right for. All zeros: for nothing. */
typedef struct pd_factor_code_t {
    apr_int64_t step;      /* the code is right for; 0: for none */
    const char *sealed;    /* the secret that it is right for */
    const char *lost_code; /* hash of what may be a code for a lost telephone; NULL: it can't */
} pd_factor_code_t;

/* By the person's secret of a kind. A code for a lost telephone opens nothing but what the
 * authenticator has opened before. */
apr_status_t pd_factor_read_code(pd_factor_code_t *code, const pd_portal_t *portal,
                                 const pd_person_t *person, const char *kind, const char *typed,
                                 apr_pool_t *p);

/* Inside a transaction: uses up a code of PD_FACTOR_KIND. `used` 0: it is wrong, or taken already.
 */
apr_status_t pd_factor_use_code(int *used, pd_conn_t *conn, const char *person_id,
                                const pd_factor_code_t *code, apr_pool_t *p);

/* Inside a transaction that puts a secret in another's place: of two at once the second waits, and
 * finds what the first has done. */
apr_status_t pd_factor_lock(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

#define PD_FACTOR_KIND     "totp"
#define PD_FACTOR_KIND_NEW "totp-new"

#endif
