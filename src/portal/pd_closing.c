/* Closing and recall. Both decide by the row count of one UPDATE of the person's state, so that two
 * hands at once, or a recall and the job that destroys, make one outcome. */
#include "portal/pd_closing_int.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_role.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_withdrawal.h"

enum { ADD, ADD_UNUSED, CLOSE, OF_PERSON, REOPEN, REMOVE };

const pd_sql_t pd_closing_sql[] = {
    [ADD] = {"closing_add",
             "INSERT INTO closing (person_id, was, reason, asked_at, due_at)"
             " SELECT id, state, CAST(%s AS TEXT), CAST(%lld AS BIGINT), CAST(%lld AS BIGINT)"
             " FROM person WHERE id = %s AND state IN ('active', 'blocked')"
             " ON CONFLICT DO NOTHING",
             "", "begin closing, and keep what a recall restores"},
    [ADD_UNUSED] = {"closing_add_unused",
                    "INSERT INTO closing (person_id, was, reason, asked_at, due_at)"
                    " SELECT p.id, p.state, CAST(%s AS TEXT), CAST(%lld AS BIGINT),"
                    " CAST(%lld AS BIGINT) FROM person p JOIN unused_notice u ON u.person_id = p.id"
                    " WHERE p.id = %s AND p.state = 'active' AND p.signed_in_at < u.told_at"
                    " ON CONFLICT DO NOTHING",
                    "", "likewise of an account that nobody has used since its person was told"},
    [CLOSE] = {"closing_close",
               "UPDATE person SET state = 'closing' WHERE id = %s"
               " AND state IN ('active', 'blocked')",
               "", "the account is being closed"},
    [OF_PERSON] = {"closing_of_person", "SELECT due_at FROM closing WHERE person_id = %s", "i",
                   "until when a recall is good"},
    [REOPEN] = {"closing_reopen",
                "UPDATE person SET state = (SELECT c.was FROM closing c"
                " WHERE c.person_id = person.id) WHERE id = %s AND state = 'closing'"
                " AND EXISTS (SELECT 1 FROM closing c WHERE c.person_id = person.id"
                " AND c.due_at > %lld)",
                "", "recalled in time: as it was"},
    [REMOVE] = {"closing_remove", "DELETE FROM closing WHERE person_id = %s", "",
                "nothing is being closed any more"},
    {NULL, NULL, NULL, NULL}};

typedef struct recall_t {
    const pd_portal_t *portal;
    pd_person_t person;
    const char *token, *purpose;
    int recalled;
} recall_t;

apr_status_t pd_closing_due(apr_time_t *due_at, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p)
{
    const pd_zone_t *zone;
    apr_array_header_t *open;
    apr_status_t status = pd_zone_load(&zone, portal->settings->time_zone, p);
    if (status == APR_SUCCESS)
        status = pd_withdrawal_list(&open, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    *due_at = pd_zone_day_end(zone, pd_clock_now(), PD_CLOSING_DAYS);
    for (int i = 0; i < open->nelts; i++) {
        const pd_withdrawal_t *withdrawal = &APR_ARRAY_IDX(open, i, pd_withdrawal_t);
        apr_time_t last = withdrawal->due_at - PD_CLOSING_EARLY;
        if (strcmp(withdrawal->task, PD_WITHDRAWAL_CLOSE) == 0 && last < *due_at)
            *due_at = last;
    }
    return APR_SUCCESS;
}

/* The link outlives the instant by nothing: recall and destruction part at due_at. */
static apr_status_t tell_person(const pd_closing_work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    const char *token;
    pd_value_t *values = pd_value_map(p);
    apr_status_t status =
        pd_link_make(&token, conn, work->person.id, PD_LINK_RECALL, work->due_at, p);
    if (status != APR_SUCCESS)
        return status;
    pd_value_set_text(values, "link",
                      pd_account_url(work->portal, apr_pstrcat(p, "recall?t=", token, NULL), p), p);
    pd_value_set_bool(values, "unused", strcmp(work->reason, PD_CLOSING_UNUSED) == 0, p);
    pd_value_set_date(values, "due", work->zone, work->due_at, p);
    return pd_account_letter(conn, work->portal, &work->person, "closing", values, p);
}

/* APR_SUCCESS with outcome BEGUN: the state is changed. */
static apr_status_t change_state(pd_closing_work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    int added = 0, held;
    apr_status_t status = pd_role_held(&held, conn, work->person.id, p);
    work->outcome = PD_CLOSING_APPOINTED;
    if (status != APR_SUCCESS || held)
        return status;
    int unused = strcmp(work->reason, PD_CLOSING_UNUSED) == 0;
    status = pd_conn_exec(&added, conn, &pd_closing_sql[unused ? ADD_UNUSED : ADD],
                          PD_ARGS(PD_T(work->reason), PD_N(pd_clock_now()), PD_N(work->due_at),
                                  PD_T(work->person.id)),
                          p);
    work->outcome = added ? PD_CLOSING_BEGUN : PD_CLOSING_ALREADY;
    if (status != APR_SUCCESS || !added)
        return status;
    int closed;
    status = pd_conn_exec(&closed, conn, &pd_closing_sql[CLOSE], PD_ARGS(PD_T(work->person.id)), p);
    work->outcome = status == APR_SUCCESS && closed ? PD_CLOSING_BEGUN : PD_CLOSING_ALREADY;
    return status == APR_SUCCESS && !closed ? APR_EEXIST : status; /* destroyed meanwhile */
}

apr_status_t pd_closing_step(pd_closing_work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    int ended;
    const char *id = work->person.id;
    apr_status_t status = change_state(work, conn, p);
    if (status != APR_SUCCESS || work->outcome != PD_CLOSING_BEGUN)
        return status;
    status = pd_session_clear(&ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = tell_person(work, conn, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(json_pack("{s:s, s:s, s:i}", "reason", work->reason, "by",
                                                 work->by, "sessions_ended", ended),
                                       p);
    return pd_journal_add(conn, work->portal, PD_EVENT_CLOSING_BEGUN, id, details, work->person.key,
                          p);
}

static apr_status_t begin_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    return pd_closing_step(baton, conn, p);
}

apr_status_t pd_closing_prepare(pd_closing_work_t *work, const char *person_id, apr_pool_t *p)
{
    apr_status_t status = pd_person_get(&work->person, work->portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_zone_load(&work->zone, work->portal->settings->time_zone, p);
    return status == APR_SUCCESS ? pd_closing_due(&work->due_at, work->portal, person_id, p)
                                 : status;
}

apr_status_t pd_closing_begin(pd_closing_e *outcome, const pd_portal_t *portal,
                              const char *person_id, const char *reason, const char *by,
                              apr_pool_t *p)
{
    pd_closing_work_t work = {.portal = portal, .reason = reason, .by = by};
    apr_status_t status = pd_closing_prepare(&work, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, begin_step, &work, p);
    if (APR_STATUS_IS_EEXIST(status))
        status = APR_SUCCESS; /* nothing of it stays */
    *outcome = work.outcome;
    if (status == APR_SUCCESS && work.outcome == PD_CLOSING_BEGUN)
        pd_log(PD_LOG_INFO, 0, "PD0850: person %s: the account is being closed", person_id);
    return status;
}

apr_status_t pd_closing_link(const char **token, pd_conn_t *conn, const char *person_id,
                             apr_pool_t *p)
{
    return pd_link_make(token, conn, person_id, PD_LINK_RECALL_NOW,
                        pd_clock_now() + PD_LINK_SIGN_IN_LIFETIME, p);
}

/* The letter's link, or that of a sign-in: `purpose` says which it was. */
static apr_status_t find_link(pd_link_e *link, const char **person_id, const char **purpose,
                              const pd_portal_t *portal, const char *token, apr_pool_t *p)
{
    *purpose = PD_LINK_RECALL;
    apr_status_t status = pd_link_look(link, person_id, portal, token, *purpose, p);
    if (status != APR_SUCCESS || *link != PD_LINK_NONE)
        return status;
    *purpose = PD_LINK_RECALL_NOW;
    return pd_link_look(link, person_id, portal, token, *purpose, p);
}

apr_status_t pd_closing_look(apr_time_t *due_at, const pd_portal_t *portal, const char *token,
                             apr_pool_t *p)
{
    const char *person_id, *purpose;
    const pd_rows_t *found;
    pd_link_e link;
    *due_at = 0;
    apr_status_t status = find_link(&link, &person_id, &purpose, portal, token, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    status =
        pd_db_read(&found, portal->db, &pd_closing_sql[OF_PERSON], PD_ARGS(PD_T(person_id)), 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) && PD_ROW(found, 0)[0].number > pd_clock_now())
        *due_at = PD_ROW(found, 0)[0].number;
    return status;
}

apr_status_t pd_closing_reopen(int *reopened, pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    apr_status_t status = pd_conn_exec(reopened, conn, &pd_closing_sql[REOPEN],
                                       PD_ARGS(PD_T(person_id), PD_N(pd_clock_now())), p);
    if (status != APR_SUCCESS || !*reopened)
        return status;
    status = pd_conn_exec(NULL, conn, &pd_closing_sql[REMOVE], PD_ARGS(PD_T(person_id)), p);
    if (status == APR_SUCCESS)
        status = pd_link_void(conn, person_id, PD_LINK_RECALL, p);
    return status == APR_SUCCESS ? pd_link_void(conn, person_id, PD_LINK_RECALL_NOW, p) : status;
}

apr_status_t pd_closing_tell_recalled(pd_conn_t *conn, const pd_portal_t *portal,
                                      const pd_person_t *person, apr_pool_t *p)
{
    apr_status_t status = pd_account_letter(conn, portal, person, "closing-recalled", NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_journal_add(conn, portal, PD_EVENT_CLOSING_RECALLED, person->id, NULL, person->key,
                          p);
}

/* Used up first; a link that was good while the account could no longer be kept is used in vain. */
static apr_status_t recall_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    recall_t *work = baton;
    int used = 0;
    work->recalled = 0;
    apr_status_t status = pd_link_use(&used, conn, work->token, work->purpose, p);
    if (status == APR_SUCCESS && used)
        status = pd_closing_reopen(&work->recalled, conn, work->person.id, p);
    if (status != APR_SUCCESS || !work->recalled)
        return status;
    return pd_closing_tell_recalled(conn, work->portal, &work->person, p);
}

apr_status_t pd_closing_recall(int *recalled, const pd_portal_t *portal, const char *token,
                               apr_pool_t *p)
{
    recall_t work = {.portal = portal, .token = token};
    const char *person_id;
    pd_link_e link;
    *recalled = 0;
    apr_status_t status = find_link(&link, &person_id, &work.purpose, portal, token, p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    status = pd_person_get(&work.person, portal, person_id, p);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS; /* destroyed this very moment */
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, recall_step, &work, p);
    *recalled = status == APR_SUCCESS && work.recalled;
    if (*recalled)
        pd_log(PD_LOG_INFO, 0, "PD0851: person %s: the closing was recalled", person_id);
    return status;
}
