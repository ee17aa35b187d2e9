/* Blocking a person's data (seed 6.2.4): all sessions end and none begins, so that the site and the
 * applications behind get nothing of the person, and what the registration carries is not done any
 * more; what the law demands goes on (PD_BASIS_LAW). Nothing is removed: unblocked, everything is
 * as it was. */
#ifndef PD_BLOCK_H
#define PD_BLOCK_H
#include "portal/pd_portal.h"

/* One transaction: the state, all sessions, links that open the account, the letter, the journal
 * with the reason. It acts on the very next request in every process. `by`: who did it. `blocked`
 * 0: the person is not active (any more), and nothing is changed. APR_ENOENT: no such person. */
apr_status_t pd_block(int *blocked, const pd_portal_t *portal, const char *person_id,
                      const char *reason, const char *by, apr_pool_t *p);

/* The same the other way; `lifted` 0: the person is not blocked. Sessions don't come back. */
apr_status_t pd_block_lift(int *lifted, const pd_portal_t *portal, const char *person_id,
                           const char *reason, const char *by, apr_pool_t *p);

#endif
