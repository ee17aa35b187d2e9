/* A look at one's own data (F22; seed 6.1.2): once a year everybody whose account is open finds a
 * message in the inbox that asks whether what is kept is still right. The year runs from the
 * confirmation, from the last change by the person, or from the last reminder, whichever came last:
 * person.reviewed_at, which those write; 0: it doesn't run. */
#ifndef PD_REVIEW_H
#define PD_REVIEW_H
#include "portal/pd_portal.h"

#define PD_REVIEW_EVERY apr_time_from_sec((apr_int64_t)365 * 24 * 3600)

/* One run of the hourly job writes to so many at least, and of more who are due to the 336th part,
 * those first who have waited longest: a backlog, as of an upgrade that brought the reminder, is
 * spread over weeks, and so is the year after. */
#define PD_REVIEW_SHARE 50
#define PD_REVIEW_PARTS (14 * 24)

/* Writes to one run's share; `done` counts messages. Each is a transaction of its own, which
 * another process may have done first. While many letters wait for delivery nobody is written to
 * (pd_outbox_is_busy). */
apr_status_t pd_review_remind(int *done, const pd_portal_t *portal, apr_pool_t *p);

#endif
