/* What the files of the second factor share. */
#ifndef PD_FACTOR_INT_H
#define PD_FACTOR_INT_H
#include "portal/pd_factor.h"
#include "portal/pd_person.h"

/* Inside a transaction: a letter that tells of a change. `what` is a name of the letter's contract:
 * "turned_on", "turned_off", "renewed", "code_used", "was_reset". */
apr_status_t pd_factor_tell(pd_conn_t *conn, const pd_portal_t *portal, const pd_person_t *person,
                            const char *what, apr_pool_t *p);

/* Inside a transaction: takes the factor and all its codes. `had` 0: there was none. */
apr_status_t pd_factor_remove(int *had, pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* The secret of a kind, opened; NULL: there is none. */
apr_status_t pd_factor_secret(const char **secret, const pd_portal_t *portal,
                              const pd_person_t *person, const char *kind, apr_pool_t *p);

#define PD_FACTOR_KIND     "totp"
#define PD_FACTOR_KIND_NEW "totp-new"

#endif
