/* Acts of destruction: what is written of one, and how they are read, listed and kept. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_destruction_int.h"
#include "portal/pd_tables_int.h"

#define EXTRACT_MAX 10000
#define PAGE        200

enum { ADD, LIST, GET, EACH, EXTRACT, EXPIRE };

#define COLUMNS                                                                                    \
    "id, person_id, operator, system, reason, note, asked_at, destroyed_at, responsible,"          \
    " categories, wiped_at"
#define TYPES "ssssssiissi"

const pd_sql_t pd_destruction_act_sql[] = {
    [ADD] = {"destruction_add",
             "INSERT INTO destruction (" COLUMNS ")"
             " VALUES (%s, %s, %s, %s, %s, %s, %lld, %lld, %s, %s, 0) ON CONFLICT DO NOTHING",
             "", "an act"},
    /* Ids begin with the instant they were made. */
    [LIST] = {"destruction_list",
              "SELECT " COLUMNS " FROM destruction WHERE id < %s ORDER BY id DESC LIMIT %lld",
              TYPES, "the newest acts before one"},
    [GET] = {"destruction_get", "SELECT " COLUMNS " FROM destruction WHERE id = %s", TYPES,
             "one act"},
    [EACH] = {"destruction_each",
              "SELECT " COLUMNS " FROM destruction WHERE id > %s ORDER BY id LIMIT %lld", TYPES,
              "the oldest acts after one"},
    [EXTRACT] = {"destruction_extract",
                 "SELECT host, sequence, at, event, chain FROM journal WHERE subject = %s"
                 " ORDER BY at DESC, host DESC, sequence DESC LIMIT 10000",
                 "siiss", "what the journal says of a person, bare"},
    [EXPIRE] = {"destruction_expire",
                "DELETE FROM destruction WHERE id IN (SELECT x.id FROM destruction x"
                " WHERE x.destroyed_at < %lld ORDER BY x.destroyed_at LIMIT %lld)",
                "", "acts kept for their term"},
    {NULL, NULL, NULL, NULL}};

/* No id comes after it. */
#define AFTER_ALL "z"

apr_status_t pd_destruction_add_act(int *added, pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_destruction_t *destruction, apr_pool_t *p)
{
    const pd_destruction_t *d = destruction;
    const char *note = "";
    *added = 0;
    apr_status_t status = APR_SUCCESS;
    if (*d->note)
        status = pd_seal(&note, pd_datakey_system(portal->keys, p), "destruction.note", d->id,
                         d->note, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(added, conn, &pd_destruction_act_sql[ADD],
                        PD_ARGS(PD_T(d->id), PD_T(d->person_id), PD_T(d->operator), PD_T(d->system),
                                PD_T(d->reason), PD_T(note), PD_N(d->asked_at),
                                PD_N(d->destroyed_at), PD_T(d->responsible), PD_T(d->categories)),
                        p);
}

static apr_status_t read_act(pd_destruction_t *destruction, const pd_portal_t *portal,
                             const pd_cell_t *cell, apr_pool_t *p)
{
    *destruction =
        (pd_destruction_t){.id = cell[0].text,
                           .person_id = cell[1].text,
                           .operator= cell[2].text,
                           .system = cell[3].text,
                           .reason = cell[4].text,
                           .note = cell[5].text,
                           .asked_at = cell[6].number,
                           .destroyed_at = cell[7].number,
                           .responsible = cell[8].text,
                           .categories = cell[9].text,
                           .wiped_at = cell[10].number,
                           .log_is_servers = pd_db_engine(portal->db) != PD_ENGINE_SQLITE};
    if (*destruction->note == '\0')
        return APR_SUCCESS;
    return pd_open(&destruction->note, pd_datakey_system(portal->keys, p), "destruction.note",
                   destruction->id, destruction->note, p);
}

apr_status_t pd_destruction_list(apr_array_header_t **destructions, const pd_portal_t *portal,
                                 const char *before, int limit, apr_pool_t *p)
{
    const pd_rows_t *found;
    *destructions = apr_array_make(p, 4, sizeof(pd_destruction_t));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_destruction_act_sql[LIST],
                   PD_ARGS(PD_T(before ? before : AFTER_ALL), PD_N(limit)), limit, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        status = read_act(apr_array_push(*destructions), portal, PD_ROW(found, i), p);
    return status;
}

apr_status_t pd_destruction_get(pd_destruction_t *destruction, const pd_portal_t *portal,
                                const char *id, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_destruction_act_sql[GET], PD_ARGS(PD_T(id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    return PD_ROW_COUNT(found) ? read_act(destruction, portal, PD_ROW(found, 0), p) : APR_ENOENT;
}

apr_status_t pd_destruction_each(const pd_portal_t *portal, pd_destruction_each_fn *each,
                                 void *baton, apr_pool_t *p)
{
    char after[PD_UUID_CHARS + 1] = "";
    apr_pool_t *scratch;
    apr_status_t status = apr_pool_create(&scratch, p);
    int n = PAGE;
    while (status == APR_SUCCESS && n == PAGE) {
        const pd_rows_t *found;
        apr_pool_clear(scratch);
        status = pd_db_read(&found, portal->db, &pd_destruction_act_sql[EACH],
                            PD_ARGS(PD_T(after), PD_N(PAGE)), PAGE, scratch);
        n = status == APR_SUCCESS ? PD_ROW_COUNT(found) : 0;
        for (int i = 0; status == APR_SUCCESS && i < n; i++) {
            pd_destruction_t act;
            status = read_act(&act, portal, PD_ROW(found, i), scratch);
            if (status == APR_SUCCESS)
                status = each(baton, &act, scratch);
            apr_cpystrn(after, PD_ROW(found, i)[0].text, sizeof(after));
        }
    }
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t pd_destruction_extract(apr_array_header_t **events, const pd_portal_t *portal,
                                    const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    *events = apr_array_make(p, 8, sizeof(pd_destruction_event_t));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_destruction_act_sql[EXTRACT],
                                     PD_ARGS(PD_T(person_id)), EXTRACT_MAX, p);
    /* The last are those that must not be missing. */
    for (int i = PD_ROW_COUNT(found) - 1; status == APR_SUCCESS && i >= 0; i--) {
        const pd_cell_t *cell = PD_ROW(found, i);
        APR_ARRAY_PUSH(*events, pd_destruction_event_t) = (pd_destruction_event_t){
            cell[0].text, cell[3].text, cell[4].text, cell[1].number, cell[2].number};
    }
    return status;
}

typedef struct expire_t {
    int limit, removed;
} expire_t;

static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    return pd_conn_exec(&expire->removed, conn, &pd_destruction_act_sql[EXPIRE],
                        PD_ARGS(PD_N(pd_clock_now() - PD_DESTRUCTION_KEPT), PD_N(expire->limit)),
                        p);
}

apr_status_t pd_destruction_expire(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p)
{
    expire_t expire = {limit, 0};
    apr_status_t status = pd_db_transact(portal->db, expire_step, &expire, p);
    *removed = status == APR_SUCCESS ? expire.removed : 0;
    return status;
}
