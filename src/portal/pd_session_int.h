/* What beginning and ending a session share. */
#ifndef PD_SESSION_INT_H
#define PD_SESSION_INT_H
#include "portal/pd_session.h"

/* Ends the session of a token's hash, if there is one, with its journal row. */
apr_status_t pd_session_drop(pd_conn_t *conn, const pd_portal_t *portal, const char *token_hash,
                             apr_pool_t *p);

/* Details of a journal row about a session. */
const char *pd_session_details(const char *id, apr_pool_t *p);

#endif
