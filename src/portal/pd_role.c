/* Roles, given and taken. In force is what began and has not ended; pd_session_facts.c reads by the
 * same rule. An end set ahead comes by the clock. A dismissal is written as a negative instant: it
 * has come by every clock, also by one that steps back, or by another host's that is behind. */
#include "portal/pd_role.h"
#include <string.h>
#include "base/pd_clock.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_withdrawal.h"

#define ROLE_CHARS_MIN 2
#define ROLE_CHARS_MAX 32
#define ROLES_MAX      500

enum { APPOINT, DISMISS, HELD, LIST };

const pd_sql_t pd_role_sql[] = {
    [APPOINT] = {"role_appoint",
                 "INSERT INTO role (person_id, role, appointed_by, since, until)"
                 " VALUES (%s, %s, %s, %lld, 0) ON CONFLICT (person_id, role) DO UPDATE"
                 " SET appointed_by = excluded.appointed_by, since = excluded.since, until = 0"
                 " WHERE role.until <> 0",
                 "", "a role without an end, unless the person has it so"},
    [DISMISS] = {"role_dismiss",
                 "UPDATE role SET until = %lld WHERE person_id = %s AND role = %s"
                 " AND (until = 0 OR until > %lld)",
                 "", "the end of a role"},
    [HELD] = {"role_held",
              "SELECT COUNT(*) FROM role WHERE person_id = %s"
              " AND since <= %lld AND (until = 0 OR until > %lld)",
              "i", "whether a person holds any role"},
    [LIST] = {"role_list",
              "SELECT role, since, until, appointed_by FROM role WHERE person_id = %s"
              " AND since <= %lld AND (until = 0 OR until > %lld) ORDER BY role LIMIT 500",
              "siis", "roles in force of a person"},
    {NULL, NULL, NULL, NULL}};

int pd_role_wellformed(const char *role)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    apr_size_t length = strlen(role);
    return length >= ROLE_CHARS_MIN && length <= ROLE_CHARS_MAX && strspn(role, letters) > 0 &&
           strspn(role, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* After the row of the role: caches, then the journal. */
static apr_status_t tell(pd_conn_t *conn, const pd_portal_t *portal, const char *event,
                         const pd_appointment_t *appointment, apr_pool_t *p)
{
    apr_status_t status = pd_invalidation_add(conn, PD_INVALID_PERSON, appointment->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "role", appointment->role, "by", appointment->by), p);
    return pd_journal_add(conn, portal, event, appointment->person_id, details, appointment->key,
                          p);
}

apr_status_t pd_role_appoint(int *changed, pd_conn_t *conn, const pd_portal_t *portal,
                             const pd_appointment_t *appointment, apr_pool_t *p)
{
    apr_status_t status =
        pd_conn_exec(changed, conn, &pd_role_sql[APPOINT],
                     PD_ARGS(PD_T(appointment->person_id), PD_T(appointment->role),
                             PD_T(appointment->by), PD_N(pd_clock_now())),
                     p);
    if (status != APR_SUCCESS || !*changed)
        return status;
    return tell(conn, portal, PD_EVENT_ROLE_APPOINTED, appointment, p);
}

apr_status_t pd_role_held(int *held, pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_conn_read(&found, conn, &pd_role_sql[HELD],
                                       PD_ARGS(PD_T(person_id), PD_N(now), PD_N(now)), 1, p);
    *held = status == APR_SUCCESS && PD_ROW(found, 0)[0].number > 0;
    return status;
}

apr_status_t pd_role_held_now(int *held, const pd_portal_t *portal, const char *person_id,
                              apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_db_read(&found, portal->db, &pd_role_sql[HELD],
                                     PD_ARGS(PD_T(person_id), PD_N(now), PD_N(now)), 1, p);
    *held = status == APR_SUCCESS && PD_ROW(found, 0)[0].number > 0;
    return status;
}

typedef struct dismiss_t {
    const pd_portal_t *portal;
    const pd_appointment_t *appointment;
    int changed;
} dismiss_t;

static apr_status_t dismiss_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    dismiss_t *dismiss = baton;
    const pd_appointment_t *appointment = dismiss->appointment;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_conn_exec(
        &dismiss->changed, conn, &pd_role_sql[DISMISS],
        PD_ARGS(PD_N(-now), PD_T(appointment->person_id), PD_T(appointment->role), PD_N(now)), p);
    if (status == APR_SUCCESS && dismiss->changed)
        status = pd_withdrawal_role_ended(conn, dismiss->portal, appointment->person_id, p);
    if (status != APR_SUCCESS || !dismiss->changed)
        return status;
    return tell(conn, dismiss->portal, PD_EVENT_ROLE_DISMISSED, appointment, p);
}

apr_status_t pd_role_dismiss(int *changed, const pd_portal_t *portal,
                             const pd_appointment_t *appointment, apr_pool_t *p)
{
    dismiss_t dismiss = {portal, appointment, 0};
    apr_status_t status = pd_db_transact(portal->db, dismiss_step, &dismiss, p);
    *changed = status == APR_SUCCESS && dismiss.changed;
    return status;
}

apr_status_t pd_role_list(apr_array_header_t **roles, const pd_portal_t *portal,
                          const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    *roles = apr_array_make(p, 4, sizeof(pd_role_t));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_role_sql[LIST],
                                     PD_ARGS(PD_T(person_id), PD_N(now), PD_N(now)), ROLES_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        APR_ARRAY_PUSH(*roles, pd_role_t) =
            (pd_role_t){cell[0].text, cell[1].number, cell[2].number, cell[3].text};
    }
    return status;
}
