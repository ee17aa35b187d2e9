/* Reading a portal's figures. Whatever grows with the number of people is counted in slices: on
 * SQLite one statement holds back every other thread of its process while it runs, and a slice
 * takes a few milliseconds. */
#include "portal/pd_state.h"
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_stop.h"
#include "portal/pd_outbox.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_withdrawal.h"

#define COUNT_MAX  apr_time_from_sec(10) /* one count; beyond it the figure stays as it was */
#define REST_TIMES 100                   /* a count rests so many times as long as it took */
#define FOREVER    APR_INT64_MAX

enum { SESSIONS, PEOPLE, POLICY };

const pd_sql_t pd_state_sql[] = {
    [SESSIONS] = {"state_sessions",
                  "SELECT COUNT(*), COALESCE(MAX(used_at), 0) FROM session WHERE used_at > %lld"
                  " AND used_at <= COALESCE((SELECT x.used_at FROM session x WHERE x.used_at > %lld"
                  " ORDER BY x.used_at LIMIT 1 OFFSET 9999), %lld)",
                  "ii", "a slice of the sessions that were used lately"},
    [PEOPLE] =
        {"state_people",
         "SELECT COUNT(*), COALESCE(MAX(id), '') FROM person WHERE state = 'active' AND id > %s"
         " AND id <= COALESCE((SELECT x.id FROM person x WHERE x.state = 'active' AND x.id > %s"
         " ORDER BY x.id LIMIT 1 OFFSET 9999), 'z')",
         "is", "a slice of the people; no id comes after z"},
    /* versions take force in the order of their numbers: pd_document_publish */
    [POLICY] = {"state_policy",
                "SELECT COALESCE(MAX(CASE WHEN effective_at <= %lld THEN version ELSE 0 END), 0),"
                " COALESCE(MIN(CASE WHEN effective_at > %lld THEN effective_at END), 0)"
                " FROM document WHERE kind = 'policy'",
                "ii", "the policy in force, and when the next one will be"},
    {NULL, NULL, NULL, NULL}};

#define LOAD(word)         __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

/* Those used within PDPortalSessionIdle, as far as the database knows: others are over, though
 * their rows may stand until the next clearing. */
static apr_status_t count_sessions(apr_int64_t *figure, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_settings_t *settings = portal->settings;
    apr_int64_t after = pd_clock_now() - settings->session_idle - pd_session_note_lag(settings);
    apr_time_t end = pd_clock_ticks() + COUNT_MAX;
    apr_int64_t all = 0, slice;
    do {
        const pd_rows_t *rows;
        apr_status_t status = pd_db_read(&rows, portal->db, &pd_state_sql[SESSIONS],
                                         PD_ARGS(PD_N(after), PD_N(after), PD_N(FOREVER)), 1, p);
        if (status != APR_SUCCESS)
            return status;
        slice = PD_ROW(rows, 0)[0].number;
        after = PD_ROW(rows, 0)[1].number;
        all += slice;
    } while (slice > 0 && pd_clock_ticks() < end && !pd_stop_asked());
    if (slice == 0)
        figure[PD_FIGURE_SESSIONS] = all;
    return APR_SUCCESS;
}

/* `done` 0: there were too many for the time that a count may take. */
static apr_status_t count_people(int *done, apr_int64_t *figure, const pd_portal_t *portal,
                                 apr_pool_t *p)
{
    const char *after = "";
    apr_time_t end = pd_clock_ticks() + COUNT_MAX;
    apr_int64_t all = 0;
    *done = 0;
    while (!*done && pd_clock_ticks() < end && !pd_stop_asked()) {
        const pd_rows_t *rows;
        apr_status_t status = pd_db_read(&rows, portal->db, &pd_state_sql[PEOPLE],
                                         PD_ARGS(PD_T(after), PD_T(after)), 1, p);
        if (status != APR_SUCCESS)
            return status;
        const pd_cell_t *cell = PD_ROW(rows, 0);
        all += cell[0].number;
        after = cell[1].text;
        *done = cell[0].number == 0;
    }
    if (*done)
        figure[PD_FIGURE_PEOPLE] = all;
    return APR_SUCCESS;
}

/* In a portal of many people the count is dear: it takes at most a hundredth of the time. */
static apr_status_t read_people(apr_int64_t *figure, const pd_portal_t *portal, apr_pool_t *p)
{
    pd_state_shared_t *shared = portal->state;
    int done;
    apr_time_t begun = pd_clock_ticks();
    if (begun < LOAD(shared->people_due))
        return APR_SUCCESS;
    apr_status_t status = count_people(&done, figure, portal, p);
    apr_time_t ended = pd_clock_ticks();
    STORE(shared->people_due, ended + (ended - begun) * REST_TIMES);
    if (status == APR_SUCCESS && done)
        STORE(shared->people_read, 1);
    return status;
}

static apr_status_t read_letters(apr_int64_t *figure, const pd_portal_t *portal, apr_pool_t *p)
{
    pd_outbox_state_t letters;
    apr_status_t status = pd_outbox_look(&letters, portal, p);
    figure[PD_FIGURE_LETTERS_WAITING] = letters.queued;
    figure[PD_FIGURE_LETTERS_FAILED] = letters.failed;
    figure[PD_FIGURE_LETTER_OLDEST] = letters.oldest;
    return status;
}

static apr_status_t read_policy(apr_int64_t *figure, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_time_t now = pd_clock_now();
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_state_sql[POLICY], PD_ARGS(PD_N(now), PD_N(now)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    figure[PD_FIGURE_POLICY] = PD_ROW(rows, 0)[0].number;
    figure[PD_FIGURE_POLICY_NEXT] = PD_ROW(rows, 0)[1].number;
    return APR_SUCCESS;
}

static apr_status_t read_withdrawals(apr_int64_t *figure, const pd_portal_t *portal, apr_pool_t *p)
{
    pd_withdrawal_state_t withdrawals;
    apr_status_t status = pd_withdrawal_look(&withdrawals, portal, p);
    figure[PD_FIGURE_WITHDRAWAL_NEXT] = withdrawals.next_at;
    figure[PD_FIGURE_WITHDRAWALS_OVERDUE] = withdrawals.overdue;
    return status;
}

apr_status_t pd_state_read(const pd_portal_t *portal, apr_pool_t *p)
{
    typedef apr_status_t read_fn(apr_int64_t * figure, const pd_portal_t *portal, apr_pool_t *p);
    static read_fn *const readers[] = {read_letters, read_policy, read_withdrawals, count_sessions,
                                       read_people};
    pd_state_shared_t *shared = portal->state;
    apr_int64_t figure[PD_FIGURE_MAX];
    if (shared == NULL)
        return APR_SUCCESS;
    for (int i = 0; i < PD_FIGURE_MAX; i++)
        figure[i] = LOAD(shared->figure[i]);
    for (apr_size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        apr_status_t status = readers[i](figure, portal, p);
        if (status != APR_SUCCESS) {
            pd_state_away(shared);
            return status;
        }
    }
    for (int i = 0; i < PD_FIGURE_MAX; i++)
        STORE(shared->figure[i], figure[i]);
    STORE(shared->read_ticks, pd_clock_ticks());
    STORE(shared->up, 1);
    return APR_SUCCESS;
}

void pd_state_away(pd_state_shared_t *shared)
{
    if (shared != NULL)
        STORE(shared->up, 0);
}

void pd_state_take(pd_state_t *state, const pd_counts_t *counts, const pd_state_shared_t *shared)
{
    memset(state, 0, sizeof(*state));
    for (int i = 0; i < PD_COUNT_MAX; i++)
        state->count[i] = pd_counted(counts, (pd_count_e)i);
    for (int i = 0; i < PD_FIGURE_MAX; i++)
        state->figure[i] = LOAD(shared->figure[i]);
    apr_time_t read_at = LOAD(shared->read_ticks);
    state->up = LOAD(shared->up) != 0;
    state->known = read_at != 0;
    state->people_known = LOAD(shared->people_read) != 0;
    state->age = state->known ? pd_clock_ticks() - read_at : 0;
    state->now = pd_clock_now();
}
