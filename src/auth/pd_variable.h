/* Variables for expressions: PDPORTAL_ID, PDPORTAL_LOGIN, PDPORTAL_ROLES, PDPORTAL_CONSENTS in
 * <If>, Require expr, Header and the like. */
#ifndef PD_VARIABLE_H
#define PD_VARIABLE_H
#include <apr_pools.h>

/* Hook: makes the names known to ap_expr. */
void pd_variable_register(apr_pool_t *p);

#endif
