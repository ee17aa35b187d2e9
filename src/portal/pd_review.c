/* Reminders to look at one's own data. The row count of one UPDATE decides who writes. */
#include "portal/pd_review.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "base/pd_stop.h"
#include "portal/pd_field.h"
#include "portal/pd_journal.h"
#include "portal/pd_notice.h"
#include "portal/pd_outbox.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define KIND "review"

enum { COUNT, DUE, NOTE };

const pd_sql_t pd_review_sql[] = {
    [COUNT] = {"review_count",
               "SELECT COUNT(*) FROM person WHERE state = 'active' AND reviewed_at > 0"
               " AND reviewed_at < %lld",
               "i", "how many have a year that is over"},
    [DUE] = {"review_due",
             "SELECT id FROM person WHERE state = 'active' AND reviewed_at > 0"
             " AND reviewed_at < %lld ORDER BY reviewed_at LIMIT %lld",
             "s", "whose year is over"},
    [NOTE] = {"review_note",
              "UPDATE person SET reviewed_at = %lld WHERE id = %s AND state = 'active'"
              " AND reviewed_at > 0 AND reviewed_at < %lld",
              "", "a person is reminded, unless it was done or something was changed"},
    {NULL, NULL, NULL, NULL}};

typedef struct reminder_t {
    const pd_portal_t *portal;
    const char *person_id;
    apr_time_t now;
    int in_silence; /* can't be written to: in a year again */
    int written;
    pd_person_t person;
} reminder_t;

static apr_status_t remind_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    reminder_t *reminder = baton;
    const pd_portal_t *portal = reminder->portal;
    const char *id = reminder->person_id;
    int noted;
    reminder->written = 0;
    apr_status_t status = pd_conn_exec(
        &noted, conn, &pd_review_sql[NOTE],
        PD_ARGS(PD_N(reminder->now), PD_T(id), PD_N(reminder->now - PD_REVIEW_EVERY)), p);
    if (status != APR_SUCCESS || !noted || reminder->in_silence)
        return status;
    status = pd_notice_offer(&reminder->written, conn, portal, id, KIND, NULL, p);
    if (status != APR_SUCCESS || !reminder->written)
        return status;
    return pd_journal_add(conn, portal, PD_EVENT_REVIEW_TOLD, id, NULL, reminder->person.key, p);
}

/* One who can't be written to doesn't hold up the others. */
static apr_status_t remind(int *done, const pd_portal_t *portal, const char *id, apr_pool_t *p)
{
    reminder_t reminder = {.portal = portal, .person_id = id, .now = pd_clock_now()};
    apr_status_t status = pd_person_get(&reminder.person, portal, id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, remind_step, &reminder, p);
    if (status == PD_EBUSY || status == PD_EAWAY)
        return status;
    if (status != APR_SUCCESS) {
        pd_log(PD_LOG_ERR, status, "PD0920: person %s can't be reminded to look at the data", id);
        reminder.in_silence = 1;
        return pd_db_transact(portal->db, remind_step, &reminder, p);
    }
    *done += reminder.written;
    return APR_SUCCESS;
}

/* Of those whose year was over at `before`. */
static apr_status_t share_of_run(int *share, const pd_portal_t *portal, apr_time_t before,
                                 apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_review_sql[COUNT], PD_ARGS(PD_N(before)), 1, p);
    apr_int64_t part = status == APR_SUCCESS ? PD_ROW(found, 0)[0].number / PD_REVIEW_PARTS : 0;
    *share = part > PD_REVIEW_SHARE ? (int)part : PD_REVIEW_SHARE;
    return status;
}

static apr_status_t remind_all(int *done, const pd_portal_t *portal, const pd_rows_t *due,
                               apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_time_t end = pd_clock_now() + PD_RUN_MAX;
    apr_status_t status = apr_pool_create(&scratch, p);
    for (int i = 0;
         i < PD_ROW_COUNT(due) && status == APR_SUCCESS && pd_clock_now() < end && !pd_stop_asked();
         i++) {
        apr_pool_clear(scratch);
        status = remind(done, portal, PD_ROW(due, i)[0].text, scratch);
    }
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t pd_review_remind(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *due;
    apr_time_t before = pd_clock_now() - PD_REVIEW_EVERY;
    int busy, share;
    *done = 0;
    apr_status_t status = pd_outbox_is_busy(&busy, portal, p);
    if (status != APR_SUCCESS || busy)
        return status;
    status = share_of_run(&share, portal, before, p);
    if (status == APR_SUCCESS)
        status = pd_db_read(&due, portal->db, &pd_review_sql[DUE],
                            PD_ARGS(PD_N(before), PD_N(share)), share, p);
    return status == APR_SUCCESS ? remind_all(done, portal, due, p) : status;
}
