/* What the files of closing share. */
#ifndef PD_CLOSING_INT_H
#define PD_CLOSING_INT_H
#include "base/pd_zone.h"
#include "portal/pd_closing.h"
#include "portal/pd_person.h"

/* One closing, from what is read before it to what came of it. */
typedef struct pd_closing_work_t {
    const pd_portal_t *portal;
    const pd_zone_t *zone;
    pd_person_t person;
    const char *reason, *by;
    apr_time_t due_at;
    pd_closing_e outcome;
} pd_closing_work_t;

/* Before the transaction: fills in person, zone and instant. APR_ENOENT: no such person. */
apr_status_t pd_closing_prepare(pd_closing_work_t *work, const char *person_id, apr_pool_t *p);

/* Inside a transaction: begins the closing. APR_EEXIST: it can't be, and nothing may be committed.
 */
apr_status_t pd_closing_step(pd_closing_work_t *work, pd_conn_t *conn, apr_pool_t *p);

#endif
