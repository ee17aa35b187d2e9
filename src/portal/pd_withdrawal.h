/* What follows from a consent that was taken back (L6; seed 6.2.2): processing stops at once, and
 * what was kept for it is destroyed within 30 calendar days. Each withdrawal has a row with its
 * last instant, open until the task is done or the consent is given again. The law counts from the
 * day after; the portal's zone says which day it is. */
#ifndef PD_WITHDRAWAL_H
#define PD_WITHDRAWAL_H
#include "base/pd_zone.h"
#include "portal/pd_act.h"

#define PD_WITHDRAWAL_DAYS 30

/* The task is soon due: to be told while there is time. */
#define PD_WITHDRAWAL_SOON apr_time_from_sec(5 * 24 * 3600)

/* What is to be done. */
#define PD_WITHDRAWAL_DESTROY "destroy" /* what was kept for this consent alone */
#define PD_WITHDRAWAL_CLOSE   "close"   /* the account, which stood on the consent */

/* The last microsecond in which what follows from a withdrawal at `at` is done in time. */
apr_status_t pd_withdrawal_due(apr_time_t *due_at, const pd_portal_t *portal, apr_time_t at,
                               apr_pool_t *p);

/* Within the transaction of the withdrawal `act` (with an id), before the act itself. `closes`: the
 * account stood on this consent alone. */
apr_status_t pd_withdrawal_add(pd_conn_t *conn, const char *person_id, const pd_act_t *act,
                               int closes, apr_time_t due_at, apr_pool_t *p);

/* Within the transaction that ends a role: an account whose consent was taken back while its
 * person held one stood on the role. With the last one gone it is to be closed, from now on. */
apr_status_t pd_withdrawal_role_ended(pd_conn_t *conn, const pd_portal_t *portal,
                                      const char *person_id, apr_pool_t *p);

/* Within the transaction that gives the consent again: nothing is left to do. */
apr_status_t pd_withdrawal_void(pd_conn_t *conn, const char *person_id, const char *kind,
                                apr_time_t now, apr_pool_t *p);

typedef struct pd_withdrawal_t {
    const char *act; /* the number of its receipt */
    const char *person_id;
    const char *kind;
    const char *task;
    apr_time_t started_at, due_at;
} pd_withdrawal_t;

/* The open ones of a person, or of everybody (NULL), soonest due first, at most 1000. */
apr_status_t pd_withdrawal_list(apr_array_header_t **withdrawals, const pd_portal_t *portal,
                                const char *person_id, apr_pool_t *p);

typedef struct pd_withdrawal_state_t {
    apr_int64_t open, soon, overdue; /* soon and overdue are open too */
    apr_time_t next_at;              /* when the next one is due; 0: none is open */
} pd_withdrawal_state_t;
apr_status_t pd_withdrawal_look(pd_withdrawal_state_t *state, const pd_portal_t *portal,
                                apr_pool_t *p);

/* Somebody says that the task is done; journalled with who said so, sealed by the system's key
 * where the person's is destroyed already. `done` 0: there is no open one of this act, or it is to
 * close the account, which the portal does and notes itself. */
apr_status_t pd_withdrawal_done(int *done, const pd_portal_t *portal, const char *act,
                                const char *by, apr_pool_t *p);

#endif
