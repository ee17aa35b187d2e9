/* Blocking and its end. The row count of one UPDATE of the person's state decides, so that of two
 * hands at once one does it, and nobody blocks who is leaving. */
#include "portal/pd_block.h"
#include "base/pd_log.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_email_restore.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_link.h"
#include "portal/pd_password_int.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

enum { BLOCK, LIFT };

const pd_sql_t pd_block_sql[] = {
    [BLOCK] = {"block", "UPDATE person SET state = 'blocked' WHERE id = %s AND state = 'active'",
               "", "a person's data are blocked"},
    [LIFT] = {"block_lift",
              "UPDATE person SET state = 'active' WHERE id = %s AND state = 'blocked'", "",
              "a person's data are not blocked any more"},
    {NULL, NULL, NULL, NULL}};

typedef struct work_t {
    const pd_portal_t *portal;
    pd_person_t person;
    const char *reason, *by;
    int done;
} work_t;

/* What is the same either way, once the state is changed. */
static apr_status_t tell(const work_t *work, pd_conn_t *conn, const char *letter, const char *event,
                         apr_pool_t *p)
{
    const pd_person_t *person = &work->person;
    apr_status_t status = pd_account_letter(conn, work->portal, person, letter, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "reason", work->reason, "by", work->by), p);
    return pd_journal_add(conn, work->portal, event, person->id, details, person->key, p);
}

/* Links that bring a former address back stay, and have their days when the block is lifted; those
 * that disown a sign-in stay, and their days run on. */
static apr_status_t shut(const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    int ended;
    const char *id = work->person.id;
    apr_status_t status = pd_session_clear(&ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_password_void_links(conn, id, p);
    return status == APR_SUCCESS ? pd_link_void(conn, id, PD_LINK_EXPORT, p) : status;
}

static apr_status_t block_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    apr_status_t status =
        pd_conn_exec(&work->done, conn, &pd_block_sql[BLOCK], PD_ARGS(PD_T(work->person.id)), p);
    if (status != APR_SUCCESS || !work->done)
        return status;
    status = shut(work, conn, p);
    return status == APR_SUCCESS ? tell(work, conn, "blocked", PD_EVENT_PERSON_BLOCKED, p) : status;
}

static apr_status_t lift_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    apr_status_t status =
        pd_conn_exec(&work->done, conn, &pd_block_sql[LIFT], PD_ARGS(PD_T(work->person.id)), p);
    if (status != APR_SUCCESS || !work->done)
        return status;
    status = pd_email_renew_former(conn, work->person.id, p);
    if (status != APR_SUCCESS)
        return status;
    return tell(work, conn, "unblocked", PD_EVENT_PERSON_UNBLOCKED, p);
}

static apr_status_t run(int *done, pd_db_step_fn *step, work_t *work, const char *person_id,
                        apr_pool_t *p)
{
    *done = 0;
    apr_status_t status = pd_person_get(&work->person, work->portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(work->portal->db, step, work, p);
    *done = status == APR_SUCCESS && work->done;
    return status;
}

apr_status_t pd_block(int *blocked, const pd_portal_t *portal, const char *person_id,
                      const char *reason, const char *by, apr_pool_t *p)
{
    work_t work = {.portal = portal, .reason = reason, .by = by};
    apr_status_t status = run(blocked, block_step, &work, person_id, p);
    if (*blocked)
        pd_log(PD_LOG_NOTICE, 0, "PD0930: person %s is blocked", person_id);
    return status;
}

apr_status_t pd_block_lift(int *lifted, const pd_portal_t *portal, const char *person_id,
                           const char *reason, const char *by, apr_pool_t *p)
{
    work_t work = {.portal = portal, .reason = reason, .by = by};
    apr_status_t status = run(lifted, lift_step, &work, person_id, p);
    if (*lifted)
        pd_log(PD_LOG_NOTICE, 0, "PD0931: person %s is not blocked any more", person_id);
    return status;
}
