/* Warning and closing. The row of a warning decides who writes the letter; whether the account was
 * used since is asked in the transaction that closes it. */
#include "portal/pd_unused.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_zone.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_closing.h"
#include "portal/pd_journal.h"
#include "portal/pd_tables_int.h"

#define WARNED_BEFORE apr_time_from_sec((apr_int64_t)PD_UNUSED_WARNED_DAYS * 24 * 3600)

enum { FIND, NOTE, OVER, FORGET };

const pd_sql_t pd_unused_sql[] = {
    [FIND] = {"unused_find",
              "SELECT p.id FROM person p WHERE p.state = 'active' AND p.signed_in_at < %lld"
              " AND p.confirmed_at < %lld"
              " AND NOT EXISTS (SELECT 1 FROM unused_notice u WHERE u.person_id = p.id)"
              " AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person_id = p.id"
              " AND (r.until = 0 OR r.until > %lld)) ORDER BY p.signed_in_at LIMIT %lld",
              "s", "whose account nobody has used, and who was not told"},
    [NOTE] = {"unused_note",
              "INSERT INTO unused_notice (person_id, told_at, close_at)"
              " SELECT id, CAST(%lld AS BIGINT), CAST(%lld AS BIGINT) FROM person WHERE id = %s"
              " AND state = 'active' AND signed_in_at < %lld ON CONFLICT DO NOTHING",
              "", "a person is told"},
    [OVER] = {"unused_over",
              "SELECT person_id FROM unused_notice WHERE close_at <= %lld ORDER BY close_at"
              " LIMIT %lld",
              "s", "whose time after the letter is over"},
    [FORGET] = {"unused_forget",
                "DELETE FROM unused_notice WHERE person_id = %s AND close_at <= %lld", "",
                "used since, or closed"},
    {NULL, NULL, NULL, NULL}};

typedef struct warning_t {
    const pd_portal_t *portal;
    pd_person_t person;
    const pd_zone_t *zone;
    apr_time_t before, now;
    int noted;
} warning_t;

static apr_status_t warn_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    warning_t *warning = baton;
    const pd_person_t *person = &warning->person;
    apr_time_t close_at = pd_zone_day_end(warning->zone, warning->now, PD_UNUSED_WARNED_DAYS);
    apr_status_t status = pd_conn_exec(
        &warning->noted, conn, &pd_unused_sql[NOTE],
        PD_ARGS(PD_N(warning->now), PD_N(close_at), PD_T(person->id), PD_N(warning->before)), p);
    if (status != APR_SUCCESS || !warning->noted)
        return status;
    pd_value_t *values = pd_value_map(p);
    pd_value_set_date(values, "due", warning->zone, close_at, p);
    status = pd_account_letter(conn, warning->portal, person, "unused", values, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, warning->portal, PD_EVENT_UNUSED_TOLD, person->id, NULL,
                          person->key, p);
}

/* One who can't be written to doesn't hold up the others, and is not closed either. */
static apr_status_t warn(int *done, warning_t *warning, const char *person_id, apr_pool_t *p)
{
    apr_status_t status = pd_person_get(&warning->person, warning->portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(warning->portal->db, warn_step, warning, p);
    if (status == APR_SUCCESS)
        *done += warning->noted;
    else
        pd_log(PD_LOG_ERR, status, "PD0855: person %s can't be told that the account is unused",
               person_id);
    return status;
}

static apr_status_t warn_all(int *done, warning_t *warning, int limit, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t first = pd_db_read(
        &found, warning->portal->db, &pd_unused_sql[FIND],
        PD_ARGS(PD_N(warning->before), PD_N(warning->before), PD_N(warning->now), PD_N(limit)),
        limit, p);
    for (int i = 0; first == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        apr_status_t status = warn(done, warning, PD_ROW(found, i)[0].text, p);
        first = status == PD_EBUSY || status == PD_EAWAY ? status : APR_SUCCESS;
    }
    return first;
}

typedef struct forget_t {
    const char *person_id;
    apr_time_t now;
} forget_t;

static apr_status_t forget_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const forget_t *forget = baton;
    return pd_conn_exec(NULL, conn, &pd_unused_sql[FORGET],
                        PD_ARGS(PD_T(forget->person_id), PD_N(forget->now)), p);
}

static apr_status_t close_one(int *done, const warning_t *warning, const char *person_id,
                              apr_pool_t *p)
{
    const pd_portal_t *portal = warning->portal;
    pd_closing_e outcome;
    forget_t forget = {person_id, warning->now};
    apr_status_t status =
        pd_closing_begin(&outcome, portal, person_id, PD_CLOSING_UNUSED, "job", p);
    if (status == APR_SUCCESS && outcome == PD_CLOSING_BEGUN)
        ++*done;
    if (status == APR_SUCCESS || status == APR_ENOENT)
        return pd_db_transact(portal->db, forget_step, &forget, p);
    pd_log(PD_LOG_ERR, status, "PD0856: person %s: the unused account can't be closed", person_id);
    return status;
}

/* One who can't be closed doesn't hold up the others. */
static apr_status_t close_all(int *done, const warning_t *warning, int limit, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t first = pd_db_read(&found, warning->portal->db, &pd_unused_sql[OVER],
                                    PD_ARGS(PD_N(warning->now), PD_N(limit)), limit, p);
    for (int i = 0; first == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        apr_status_t status = close_one(done, warning, PD_ROW(found, i)[0].text, p);
        first = status == PD_EBUSY || status == PD_EAWAY ? status : APR_SUCCESS;
    }
    return first;
}

apr_status_t pd_unused_run(int *done, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    apr_int64_t term = portal->settings->term_account;
    warning_t warning = {.portal = portal, .now = pd_clock_now()};
    *done = 0;
    if (term < 0) {
        return APR_SUCCESS; /* without limit, or undecided */
    }
    warning.before = warning.now - (term > WARNED_BEFORE ? term - WARNED_BEFORE : term);
    apr_status_t status = pd_zone_load(&warning.zone, portal->settings->time_zone, p);
    if (status == APR_SUCCESS)
        status = close_all(done, &warning, limit, p);
    return status == APR_SUCCESS ? warn_all(done, &warning, limit, p) : status;
}
