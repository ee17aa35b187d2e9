/* A look at one's own data (F22; seed 6.1.2): once a year everybody whose account is open finds a
 * message in the inbox that asks whether what is kept is still right. The year runs from the
 * confirmation, from the last change by the person, or from the last reminder, whichever came last:
 * person.reviewed_at, which those write; 0: it doesn't run. */
#ifndef PD_REVIEW_H
#define PD_REVIEW_H
#include "portal/pd_portal.h"

#define PD_REVIEW_EVERY apr_time_from_sec((apr_int64_t)365 * 24 * 3600)

/* Writes to the next `limit` people: `done` counts messages, `seen` tells whether there was work;
 * 0: nothing is left for now. Each is a transaction of its own, which another process may have done
 * first. While many letters wait for delivery nobody is written to (pd_outbox_is_busy). */
apr_status_t pd_review_remind(int *done, int *seen, const pd_portal_t *portal, int limit,
                              apr_pool_t *p);

#endif
