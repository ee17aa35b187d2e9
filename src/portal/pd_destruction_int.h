/* What destroying and its acts share. */
#ifndef PD_DESTRUCTION_INT_H
#define PD_DESTRUCTION_INT_H
#include "portal/pd_destruction.h"

/* Inside the transaction of a destruction: its act. `added` 0: there is one of this number. */
apr_status_t pd_destruction_add_act(int *added, pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_destruction_t *destruction, apr_pool_t *p);

#endif
