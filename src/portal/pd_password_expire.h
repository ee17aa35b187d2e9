/* Emergency measures (F44, seed 5.5): passwords that may be in strange hands have to be replaced.
 * The sessions of these people end at the very next request in every process; the next sign-in with
 * the right password opens nothing but the page where another one is set; a letter tells. */
#ifndef PD_PASSWORD_EXPIRE_H
#define PD_PASSWORD_EXPIRE_H
#include "portal/pd_portal.h"

typedef struct pd_expired_t {
    apr_int64_t expired; /* whose password has to be replaced since now */
    apr_int64_t already; /* whose had to be before, or who have none */
} pd_expired_t;

/* The people of these ids (of const char *). `reason` goes to the journal, sealed. In small
 * transactions: after a failure `result` counts those that are done, and doing it again does the
 * rest. */
apr_status_t pd_password_expire(pd_expired_t *result, const pd_portal_t *portal,
                                const apr_array_header_t *ids, const char *reason, apr_pool_t *p);

/* Everybody's. All sessions end first, by one small transaction. */
apr_status_t pd_password_expire_all(pd_expired_t *result, const pd_portal_t *portal,
                                    const char *reason, apr_pool_t *p);

#endif
