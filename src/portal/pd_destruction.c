/* Destroying: one table says where people's data stand, what removes them and what counts those
 * left. Acts are pd_destruction_act.c. */
#include "portal/pd_destruction.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "portal/pd_act.h"
#include "portal/pd_destruction_int.h"
#include "portal/pd_document.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_ledger.h"
#include "portal/pd_person.h"
#include "portal/pd_role.h"
#include "portal/pd_tables_int.h"

#define BY_JOB      "job"
#define UNWIPED_MAX 100

/* By then nothing is under way any more that knew the person as active. */
#define LATE apr_time_from_sec(60)

/* A table whose rows belong to one person each. */
#define OF_PERSON(X, table)                                                                        \
    X(table, "DELETE FROM " #table " WHERE person_id = %s",                                        \
      "SELECT COUNT(*) FROM " #table " WHERE person_id = %s", 0)

/* Of the ledger of acts goes from where they were done; the proof stays. */
#define PLACES(X)                                                                                  \
    OF_PERSON(X, recovery)                                                                         \
    OF_PERSON(X, identifier)                                                                       \
    OF_PERSON(X, credential)                                                                       \
    OF_PERSON(X, factor_code)                                                                      \
    OF_PERSON(X, registration)                                                                     \
    OF_PERSON(X, address_change)                                                                   \
    OF_PERSON(X, former_address)                                                                   \
    OF_PERSON(X, session)                                                                          \
    OF_PERSON(X, device)                                                                           \
    OF_PERSON(X, sign_in)                                                                          \
    OF_PERSON(X, sign_in_country)                                                                  \
    OF_PERSON(X, link)                                                                             \
    OF_PERSON(X, letter)                                                                           \
    OF_PERSON(X, withdrawal)                                                                       \
    OF_PERSON(X, told)                                                                             \
    OF_PERSON(X, notice)                                                                           \
    OF_PERSON(X, notice_off)                                                                       \
    OF_PERSON(X, role)                                                                             \
    OF_PERSON(X, unused_notice)                                                                    \
    OF_PERSON(X, closing)                                                                          \
    X(act,                                                                                         \
      "UPDATE act SET address = '', agent = '' WHERE pseudonym = %s"                               \
      " AND (address <> '' OR agent <> '')",                                                       \
      "SELECT COUNT(*) FROM act WHERE pseudonym = %s AND (address <> '' OR agent <> '')", 1)       \
    X(person,                                                                                      \
      "UPDATE person SET state = 'destroyed', data_key = '', login = '', email = '',"              \
      " language = '', generation = generation + 1, policy_version = 0, created_at = 0,"           \
      " confirmed_at = 0, signed_in_at = 0, reviewed_at = 0"                                       \
      " WHERE id = %s AND state <> 'destroyed'",                                                   \
      "SELECT COUNT(*) FROM person WHERE id = %s AND (state <> 'destroyed' OR data_key <> ''"      \
      " OR login <> '' OR email <> '')",                                                           \
      0)

#define AS_INDEX(table, remove, left, by_pseudonym) REMOVE_##table, LEFT_##table,
#define AS_SQL(table, remove, left, by_pseudonym)                                                  \
    [REMOVE_##table] = {"destroy_" #table, remove, "", "data of one person"},                      \
    [LEFT_##table] = {"destroyed_" #table, left, "i", "what is left of them"},
#define AS_PLACE(table, remove, left, by_pseudonym)                                                \
    {#table, &pd_destruction_sql[REMOVE_##table], &pd_destruction_sql[LEFT_##table], by_pseudonym},

enum { PLACES(AS_INDEX) HOLD, GROUND, DUE, UNWIPED, WIPED };

/* The withdrawals that ask for the whole account. */
#define OPEN_WITHDRAWAL "w.task = 'close' AND w.done_at = 0"

const pd_sql_t pd_destruction_sql[] = {
    PLACES(AS_SQL)[HOLD] = {"destroy_hold",
                            "UPDATE person SET generation = generation WHERE id = %s"
                            " AND state <> 'destroyed'",
                            "", "nobody changes the person's state until it is done"},
    [GROUND] = {"destroy_ground",
                "SELECT COALESCE((SELECT c.asked_at FROM closing c WHERE c.person_id = p.id"
                " AND c.due_at <= %lld AND p.state = 'closing'), 0),"
                " COALESCE((SELECT MIN(w.started_at) FROM withdrawal w WHERE w.person_id = p.id"
                " AND " OPEN_WITHDRAWAL " AND w.due_at <= %lld), 0)"
                " FROM person p WHERE p.id = %s",
                "ii", "since when there is a ground, if it is due"},
    [DUE] = {"destroy_due",
             "SELECT c.person_id, c.reason FROM closing c JOIN person p ON p.id = c.person_id"
             " WHERE c.due_at <= %lld AND p.state = 'closing'"
             " AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person_id = c.person_id"
             " AND (r.until = 0 OR r.until > %lld))"
             " UNION ALL SELECT w.person_id, '" PD_DESTRUCTION_WITHDRAWAL "' FROM withdrawal w"
             " JOIN person p ON p.id = w.person_id WHERE " OPEN_WITHDRAWAL
             " AND w.due_at <= %lld AND p.state IN ('active', 'blocked')"
             " AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person_id = w.person_id"
             " AND (r.until = 0 OR r.until > %lld)) LIMIT %lld",
             "ss", "whose data are due"},
    [UNWIPED] = {"destroy_unwiped",
                 "SELECT person_id FROM destruction WHERE wiped_at = 0"
                 " ORDER BY destroyed_at LIMIT 100",
                 "s", "of whom what was freed has yet to be cleared away"},
    [WIPED] = {"destroy_wiped",
               "UPDATE destruction SET wiped_at = %lld WHERE wiped_at = 0 AND person_id = %s"
               " AND destroyed_at < %lld",
               "", "nothing came late, and what was freed is cleared away"},
    {NULL, NULL, NULL, NULL}};

const pd_destruction_place_t pd_destruction_places[] = {PLACES(AS_PLACE){NULL, NULL, NULL, 0}};

typedef struct work_t {
    const pd_portal_t *portal;
    pd_destruction_t *destruction;
    pd_destruction_e outcome;
    int again;              /* of a restored database: no ground is asked for */
    const char *categories; /* then: as the act has them; NULL: what is found now */
    apr_time_t ended_at;    /* when the person was destroyed first */
    int done;
} work_t;

/* Removes, and then looks again: an act that tells of a destruction that did not happen would be
 * worse than none. `categories`: what there was, or NULL. */
static apr_status_t clear_place(json_t *categories, pd_conn_t *conn,
                                const pd_destruction_place_t *place, const char *name,
                                apr_pool_t *p)
{
    const pd_rows_t *left;
    int removed = 0;
    apr_status_t status = pd_conn_exec(&removed, conn, place->remove, PD_ARGS(PD_T(name)), p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&left, conn, place->left, PD_ARGS(PD_T(name)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW(left, 0)[0].number != 0) {
        pd_log(PD_LOG_ERR, 0, "PD0853: rows of a person are left in %s", place->table);
        return PD_ESQL;
    }
    if (removed)
        json_object_set_new(categories, place->table, json_integer(removed));
    return APR_SUCCESS;
}

/* `categories`: JSON of what there was; "{}": nothing. */
static apr_status_t clear(const char **categories, pd_conn_t *conn, const pd_portal_t *portal,
                          const char *person_id, apr_pool_t *p)
{
    json_t *counted = json_object();
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    apr_status_t status = APR_SUCCESS;
    for (const pd_destruction_place_t *place = pd_destruction_places;
         place->table && status == APR_SUCCESS; place++)
        status = clear_place(counted, conn, place, place->by_pseudonym ? pseudonym : person_id, p);
    *categories = pd_json_text(counted, p);
    return status;
}

/* Is there still a ground? A recall or a consent given again may have come first: they wait for the
 * row and for the ledger that are held here, or were waited for. An order given to a person here
 * and now needs none of them; the job has an order's closing, which can be recalled. */
static apr_status_t find_ground(work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    pd_destruction_t *destruction = work->destruction;
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_conn_read(
        &found, conn, &pd_destruction_sql[GROUND],
        PD_ARGS(PD_N(now), PD_N(now + PD_CLOSING_EARLY), PD_T(destruction->person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    int by_withdrawal = strcmp(destruction->reason, PD_DESTRUCTION_WITHDRAWAL) == 0;
    destruction->asked_at = cell[by_withdrawal ? 1 : 0].number;
    int is_told_to = strcmp(destruction->responsible, BY_JOB) != 0;
    if (destruction->asked_at == 0 && is_told_to &&
        strcmp(destruction->reason, PD_CLOSING_ORDER) == 0)
        destruction->asked_at = destruction->destroyed_at;
    if (destruction->asked_at == 0)
        work->outcome = PD_DESTRUCTION_GROUNDLESS;
    return APR_SUCCESS;
}

static apr_status_t may_destroy(work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = work->destruction->person_id;
    int there = 0, held = 0;
    work->outcome = PD_DESTRUCTION_DONE;
    apr_status_t status = pd_act_hold(conn, work->portal, id, PD_DOCUMENT_PROCESSING, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&there, conn, &pd_destruction_sql[HOLD], PD_ARGS(PD_T(id)), p);
    if (status == APR_SUCCESS && !there)
        work->outcome = PD_DESTRUCTION_GROUNDLESS;
    if (status != APR_SUCCESS || !there)
        return status;
    status = pd_role_held(&held, conn, id, p);
    if (held)
        work->outcome = PD_DESTRUCTION_APPOINTED;
    return status == APR_SUCCESS && !held ? find_ground(work, conn, p) : status;
}

/* After the rows: the act, what caches must hear, the journal. */
static apr_status_t tell(work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    int added;
    const pd_destruction_t *destruction = work->destruction;
    apr_status_t status = pd_destruction_add_act(&added, conn, work->portal, destruction, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, destruction->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s, s:s}", "act", destruction->id, "reason",
                               work->again ? PD_DESTRUCTION_RESTORED : destruction->reason, "by",
                               destruction->responsible),
                     p);
    return pd_journal_add(conn, work->portal, PD_EVENT_PERSON_DESTROYED, destruction->person_id,
                          details, NULL, p);
}

static apr_status_t destroy_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    pd_destruction_t *destruction = work->destruction;
    apr_status_t status = may_destroy(work, conn, p);
    if (status != APR_SUCCESS || work->outcome != PD_DESTRUCTION_DONE)
        return status;
    status = pd_ledger_remember(conn, work->portal, destruction->person_id, work->ended_at, p);
    if (status == APR_SUCCESS)
        status = clear(&destruction->categories, conn, work->portal, destruction->person_id, p);
    return status == APR_SUCCESS ? tell(work, conn, p) : status;
}

apr_status_t pd_destruction_do(pd_destruction_e *outcome, pd_destruction_t *destruction,
                               const pd_portal_t *portal, apr_pool_t *p)
{
    work_t work = {.portal = portal, .destruction = destruction};
    const pd_settings_t *settings = portal->settings;
    destruction->destroyed_at = work.ended_at = pd_clock_now();
    destruction->id = pd_random_uuid7(destruction->destroyed_at, p);
    destruction->operator= settings->operator? settings->operator: "";
    destruction->system =
        apr_pstrcat(p, settings->site_name, ", ", settings->base_url, settings->path, NULL);
    destruction->wiped_at = 0;
    apr_status_t status = pd_db_transact(portal->db, destroy_step, &work, p);
    *outcome = work.outcome;
    if (status == APR_SUCCESS && work.outcome == PD_DESTRUCTION_DONE)
        pd_log(PD_LOG_NOTICE, 0, "PD0852: person %s: the data are destroyed, act %s",
               destruction->person_id, destruction->id);
    return status;
}

apr_status_t pd_destruction_due(int *done, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    *done = 0;
    apr_status_t first = pd_db_read(
        &found, portal->db, &pd_destruction_sql[DUE],
        PD_ARGS(PD_N(now), PD_N(now), PD_N(now + PD_CLOSING_EARLY), PD_N(now), PD_N(limit)), limit,
        p);
    for (int i = 0; first == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        pd_destruction_e outcome;
        const pd_cell_t *cell = PD_ROW(found, i);
        pd_destruction_t destruction = {
            .person_id = cell[0].text, .reason = cell[1].text, .note = "", .responsible = BY_JOB};
        apr_status_t status = pd_destruction_do(&outcome, &destruction, portal, p);
        if (status == APR_SUCCESS && outcome == PD_DESTRUCTION_DONE)
            ++*done; /* else somebody was faster */
        if (status != APR_SUCCESS)
            pd_log(PD_LOG_ERR, status, "PD0854: person %s is due and not destroyed", cell[0].text);
        first = first ? first : status;
    }
    return first;
}

static apr_status_t repeat_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    int added;
    const char *categories = "{}";
    pd_destruction_t *destruction = work->destruction;
    apr_status_t status =
        pd_ledger_remember(conn, work->portal, destruction->person_id, work->ended_at, p);
    if (status == APR_SUCCESS)
        status = clear(&categories, conn, work->portal, destruction->person_id, p);
    work->done = status == APR_SUCCESS && strcmp(categories, "{}") != 0;
    destruction->categories = work->categories ? work->categories : categories;
    if (status != APR_SUCCESS || work->done)
        return status == APR_SUCCESS ? tell(work, conn, p) : status;
    status = pd_destruction_add_act(&added, conn, work->portal, destruction, p);
    work->done = added;
    return status;
}

apr_status_t pd_destruction_repeat(int *done, const pd_portal_t *portal,
                                   const pd_destruction_t *destruction, apr_pool_t *p)
{
    pd_destruction_t again = *destruction;
    work_t work = {.portal = portal,
                   .destruction = &again,
                   .again = 1,
                   .categories = destruction->id ? destruction->categories : NULL,
                   .ended_at = destruction->destroyed_at};
    if (!again.id) {
        again = (pd_destruction_t){.id = pd_random_uuid7(pd_clock_now(), p),
                                   .person_id = destruction->person_id,
                                   .operator= "",
                                   .system = "",
                                   .reason = PD_DESTRUCTION_RESTORED,
                                   .note = "",
                                   .asked_at = destruction->destroyed_at,
                                   .destroyed_at = pd_clock_now(),
                                   .responsible = PD_ROLE_BY_PROGRAM};
    }
    again.wiped_at = 0;
    apr_status_t status = pd_db_transact(portal->db, repeat_step, &work, p);
    *done = status == APR_SUCCESS && work.done;
    return status;
}

typedef struct wipe_t {
    const pd_portal_t *portal;
    const pd_rows_t *people;
} wipe_t;

/* A request that was under way may have written of them meanwhile. */
static apr_status_t clear_again_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const wipe_t *wipe = baton;
    const char *categories;
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(wipe->people); i++)
        status = clear(&categories, conn, wipe->portal, PD_ROW(wipe->people, i)[0].text, p);
    return status;
}

static apr_status_t wiped_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const wipe_t *wipe = baton;
    apr_time_t now = pd_clock_now();
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(wipe->people); i++)
        status = pd_conn_exec(
            NULL, conn, &pd_destruction_sql[WIPED],
            PD_ARGS(PD_N(now), PD_T(PD_ROW(wipe->people, i)[0].text), PD_N(now - LATE)), p);
    return status;
}

/* Where the people's rows stood. */
static apr_status_t clear_away(int *whole, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t status = pd_db_empty_log(whole, portal->db, p);
    for (const pd_destruction_place_t *place = pd_destruction_places;
         place->table && status == APR_SUCCESS; place++)
        status = pd_db_vacuum(portal->db, place->table, p);
    return status;
}

apr_status_t pd_destruction_wipe(const pd_portal_t *portal, apr_pool_t *p)
{
    wipe_t wipe = {.portal = portal};
    int whole = 0;
    apr_status_t status = pd_db_read(&wipe.people, portal->db, &pd_destruction_sql[UNWIPED],
                                     PD_NO_ARGS, UNWIPED_MAX, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(wipe.people) == 0)
        return status;
    status = pd_db_transact(portal->db, clear_again_step, &wipe, p);
    if (status == APR_SUCCESS)
        status = clear_away(&whole, portal, p);
    if (status != APR_SUCCESS || !whole)
        return status; /* a reader is in the way: the next run tries again */
    return pd_db_transact(portal->db, wiped_step, &wipe, p);
}
