/* Passwords expire in batches, each of them one transaction: all changes first, the journal last,
 * or its head would be held while people's rows are waited for. */
#include "portal/pd_password_expire.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

#define BATCH 50

enum { EXPIRE, NEXT };

const pd_sql_t pd_password_expire_sql[] = {
    [EXPIRE] = {"password_expire",
                "UPDATE credential SET expired_at = %lld WHERE person_id = %s"
                " AND kind = 'password' AND expired_at = 0",
                "", "the password has to be replaced"},
    [NEXT] = {"password_expire_next",
              "SELECT c.person_id FROM credential c JOIN person p ON p.id = c.person_id"
              " WHERE c.person_id > %s AND c.kind = 'password' AND c.expired_at = 0"
              " AND p.state IN ('active', 'blocked', 'closing') ORDER BY c.person_id LIMIT 50",
              "s", "the next people whose password is good"},
    {NULL, NULL, NULL, NULL}};

/* One person of a batch. */
typedef struct member_t {
    pd_person_t person;
    int changed;
} member_t;

typedef struct batch_t {
    const pd_portal_t *portal;
    const char *reason;
    member_t members[BATCH];
    int n;
} batch_t;

/* The sessions before the credential, as a sign-in takes them. */
static apr_status_t expire_one(member_t *member, const pd_portal_t *portal, pd_conn_t *conn,
                               apr_pool_t *p)
{
    const pd_person_t *person = &member->person;
    int ended;
    apr_status_t status = pd_session_clear(&ended, conn, person->id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(&member->changed, conn, &pd_password_expire_sql[EXPIRE],
                              PD_ARGS(PD_N(pd_clock_now()), PD_T(person->id)), p);
    if (status == APR_SUCCESS && member->changed)
        status = pd_account_letter(conn, portal, person, "password-expired", NULL, p);
    return status;
}

static apr_status_t tell_one(const member_t *member, const batch_t *batch, pd_conn_t *conn,
                             apr_pool_t *p)
{
    const pd_person_t *person = &member->person;
    const char *details = pd_json_text(json_pack("{s:s}", "reason", batch->reason), p);
    apr_status_t status = pd_invalidation_add(conn, PD_INVALID_PERSON, person->id, p);
    if (status != APR_SUCCESS || !member->changed)
        return status;
    return pd_journal_add(conn, batch->portal, PD_EVENT_PASSWORD_EXPIRED, person->id, details,
                          person->key, p);
}

static apr_status_t batch_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    batch_t *batch = baton;
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; i < batch->n && status == APR_SUCCESS; i++)
        status = expire_one(&batch->members[i], batch->portal, conn, p);
    for (int i = 0; i < batch->n && status == APR_SUCCESS; i++)
        status = tell_one(&batch->members[i], batch, conn, p);
    return status;
}

/* Somebody who is gone by now is passed over. */
static apr_status_t add_member(batch_t *batch, const char *id, apr_pool_t *p)
{
    apr_status_t status = pd_person_get(&batch->members[batch->n].person, batch->portal, id, p);
    if (status == APR_SUCCESS)
        batch->n++;
    return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
}

/* The ids from `from` on, at most BATCH. */
static apr_status_t run_batch(pd_expired_t *result, const pd_portal_t *portal,
                              const apr_array_header_t *ids, int from, const char *reason,
                              apr_pool_t *p)
{
    batch_t *batch = apr_pcalloc(p, sizeof(*batch));
    apr_status_t status = APR_SUCCESS;
    batch->portal = portal;
    batch->reason = reason;
    for (int i = from; i < ids->nelts && i < from + BATCH && status == APR_SUCCESS; i++)
        status = add_member(batch, APR_ARRAY_IDX(ids, i, const char *), p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, batch_step, batch, p);
    if (status != APR_SUCCESS)
        return status;
    for (int i = 0; i < batch->n; i++) {
        result->expired += batch->members[i].changed;
        result->already += !batch->members[i].changed;
    }
    return APR_SUCCESS;
}

static void tell(const pd_expired_t *result)
{
    pd_log(PD_LOG_NOTICE, 0, "PD0774: %" APR_INT64_T_FMT " passwords have to be replaced",
           result->expired);
}

apr_status_t pd_password_expire(pd_expired_t *result, const pd_portal_t *portal,
                                const apr_array_header_t *ids, const char *reason, apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_status_t status = APR_SUCCESS;
    *result = (pd_expired_t){0, 0};
    apr_pool_create(&scratch, p);
    for (int from = 0; from < ids->nelts && status == APR_SUCCESS; from += BATCH) {
        apr_pool_clear(scratch);
        status = run_batch(result, portal, ids, from, reason, scratch);
    }
    apr_pool_destroy(scratch);
    tell(result);
    return status;
}

/* The next of all behind `after`, which goes on; none: the end. */
static apr_status_t next_ids(apr_array_header_t **ids, char *after, const pd_portal_t *portal,
                             apr_pool_t *p)
{
    const pd_rows_t *found;
    *ids = apr_array_make(p, BATCH, sizeof(const char *));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_password_expire_sql[NEXT],
                                     PD_ARGS(PD_T(after)), BATCH, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        APR_ARRAY_PUSH(*ids, const char *) = PD_ROW(found, i)[0].text;
    if (status == APR_SUCCESS && (*ids)->nelts > 0)
        apr_cpystrn(after, APR_ARRAY_IDX(*ids, (*ids)->nelts - 1, const char *), PD_UUID_CHARS + 1);
    return status;
}

apr_status_t pd_password_expire_all(pd_expired_t *result, const pd_portal_t *portal,
                                    const char *reason, apr_pool_t *p)
{
    char after[PD_UUID_CHARS + 1] = "";
    apr_array_header_t *ids;
    apr_pool_t *scratch;
    int removed;
    *result = (pd_expired_t){0, 0};
    apr_status_t status = pd_session_end_all(&removed, portal, p);
    apr_pool_create(&scratch, p);
    for (int more = 1; more && status == APR_SUCCESS;) {
        apr_pool_clear(scratch);
        status = next_ids(&ids, after, portal, scratch);
        more = status == APR_SUCCESS && ids->nelts > 0;
        if (more)
            status = run_batch(result, portal, ids, 0, reason, scratch);
    }
    apr_pool_destroy(scratch);
    tell(result);
    return status;
}
