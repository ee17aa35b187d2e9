/* Reading notices, marking and removing them. Every statement names the person beside the id. */
#include "portal/pd_inbox.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_notice_int.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

/* Greater than any id. */
#define NEWEST "g"

enum { UNREAD, READ, COUNT, GET, MARK, MARK_ALL, REMOVE, EXPIRE };

#define COLUMNS "id, kind, content, created_at, read_at"
#define TYPES   "sssii"

const pd_sql_t pd_inbox_sql[] = {
    [UNREAD] = {"inbox_unread",
                "SELECT " COLUMNS " FROM notice WHERE person_id = %s AND read_at = 0 AND id < %s"
                " ORDER BY id DESC LIMIT %lld",
                TYPES, "a person's unread notices, newest first"},
    [READ] = {"inbox_read",
              "SELECT " COLUMNS " FROM notice WHERE person_id = %s AND read_at <> 0 AND id < %s"
              " ORDER BY id DESC LIMIT %lld",
              TYPES, "those that were read, likewise"},
    [COUNT] = {"inbox_count",
               "SELECT id FROM notice WHERE person_id = %s AND read_at = 0 LIMIT 100", "s",
               "how many are unread, as far as anybody wants to know"},
    [GET] = {"inbox_get", "SELECT " COLUMNS " FROM notice WHERE id = %s AND person_id = %s", TYPES,
             "one notice"},
    [MARK] = {"inbox_mark",
              "UPDATE notice SET read_at = %lld WHERE id = %s AND person_id = %s AND read_at = 0",
              "", "a notice was read"},
    [MARK_ALL] = {"inbox_mark_all",
                  "UPDATE notice SET read_at = %lld WHERE person_id = %s AND read_at = 0"
                  " AND id <= %s",
                  "", "all that were shown were read"},
    [REMOVE] = {"inbox_remove", "DELETE FROM notice WHERE id = %s AND person_id = %s", "",
                "a notice that the person doesn't want to keep"},
    [EXPIRE] = {"inbox_expire",
                "DELETE FROM notice WHERE id IN (SELECT x.id FROM notice x WHERE x.created_at < "
                "%lld ORDER BY x.created_at LIMIT %lld)",
                "", "notices whose time is over"},
    {NULL, NULL, NULL, NULL}};

/* What is no JSON object was not sealed by us; a notice without words is shown rather than none. */
static const apr_table_t *parse(const char *text, apr_pool_t *p)
{
    const char *name;
    json_t *value;
    json_t *object = json_loads(text, 0, NULL);
    apr_table_t *values = apr_table_make(p, 4);
    json_object_foreach(object, name, value)
    {
        if (json_is_string(value))
            apr_table_set(values, name, json_string_value(value));
    }
    json_decref(object);
    return values;
}

static apr_status_t open_notice(pd_inbox_notice_t *notice, const pd_cell_t *cell,
                                const pd_datakey_t *key, apr_pool_t *p)
{
    const char *text;
    *notice = (pd_inbox_notice_t){.id = cell[0].text,
                                  .kind = pd_notice_kind_find(cell[1].text),
                                  .at = cell[3].number,
                                  .is_read = cell[4].number != 0};
    apr_status_t status = pd_open(&text, key, PD_NOTICE_PLACE, notice->id, cell[2].text, p);
    if (status == APR_SUCCESS)
        notice->values = parse(text, p);
    return status;
}

static apr_status_t add_rows(apr_array_header_t *notices, const pd_rows_t *rows,
                             const pd_datakey_t *key, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++)
        status = open_notice(apr_array_push(notices), PD_ROW(rows, i), key, p);
    return status;
}

/* One of the two parts of the list, as far as there is room. */
static apr_status_t add_part(apr_array_header_t *notices, const pd_portal_t *portal, int statement,
                             const pd_person_t *person, const char *before, int limit,
                             apr_pool_t *p)
{
    const pd_rows_t *rows;
    int room = limit - notices->nelts;
    if (room <= 0)
        return APR_SUCCESS;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_inbox_sql[statement],
                   PD_ARGS(PD_T(person->id), PD_T(before ? before : NEWEST), PD_N(room)), room, p);
    return status == APR_SUCCESS ? add_rows(notices, rows, person->key, p) : status;
}

apr_status_t pd_inbox_list(apr_array_header_t **notices, const pd_portal_t *portal,
                           const char *person_id, const pd_inbox_place_t *from, int limit,
                           apr_pool_t *p)
{
    pd_person_t person;
    *notices = apr_array_make(p, limit, sizeof(pd_inbox_notice_t));
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS && !from->in_read)
        status = add_part(*notices, portal, UNREAD, &person, from->before, limit, p);
    if (status == APR_SUCCESS)
        status = add_part(*notices, portal, READ, &person, from->in_read ? from->before : NULL,
                          limit, p);
    return status;
}

apr_status_t pd_inbox_count(int *unread, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_inbox_sql[COUNT],
                                     PD_ARGS(PD_T(person_id)), PD_INBOX_COUNT_MAX, p);
    *unread = status == APR_SUCCESS ? PD_ROW_COUNT(rows) : 0;
    return status;
}

apr_status_t pd_inbox_get(pd_inbox_notice_t *notice, const pd_portal_t *portal,
                          const char *person_id, const char *id, apr_pool_t *p)
{
    pd_person_t person;
    const pd_rows_t *rows;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_read(&rows, portal->db, &pd_inbox_sql[GET],
                            PD_ARGS(PD_T(id), PD_T(person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    return open_notice(notice, PD_ROW(rows, 0), person.key, p);
}

/* A change of one notice, or of all up to one. */
typedef struct change_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *id;
    int statement;
    int affected;
} change_t;

static apr_status_t journal(const change_t *change, pd_conn_t *conn, apr_pool_t *p)
{
    const char *event =
        change->statement == REMOVE ? PD_EVENT_NOTICE_REMOVED : PD_EVENT_NOTICE_READ;
    const char *details =
        pd_json_text(json_pack("{s:s, s:i}", change->statement == MARK_ALL ? "up_to" : "notice",
                               change->id, "n", change->affected),
                     p);
    return pd_journal_add(conn, change->portal, event, change->person->id, details,
                          change->person->key, p);
}

/* What comes from a form stands in the journal. */
static int is_id(const char *text)
{
    return strlen(text) == PD_UUID_CHARS && strspn(text, "0123456789abcdef-") == PD_UUID_CHARS;
}

static apr_status_t change_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    change_t *change = baton;
    const char *id = change->id, *person_id = change->person->id;
    const pd_sql_t *sql = &pd_inbox_sql[change->statement];
    apr_time_t now = pd_clock_now();
    apr_status_t status;
    if (change->statement == REMOVE)
        status = pd_conn_exec(&change->affected, conn, sql, PD_ARGS(PD_T(id), PD_T(person_id)), p);
    else if (change->statement == MARK)
        status = pd_conn_exec(&change->affected, conn, sql,
                              PD_ARGS(PD_N(now), PD_T(id), PD_T(person_id)), p);
    else
        status = pd_conn_exec(&change->affected, conn, sql,
                              PD_ARGS(PD_N(now), PD_T(person_id), PD_T(id)), p);
    return status == APR_SUCCESS && change->affected > 0 ? journal(change, conn, p) : status;
}

static apr_status_t change(int *affected, int statement, const pd_portal_t *portal,
                           const char *person_id, const char *id, apr_pool_t *p)
{
    pd_person_t person;
    change_t work = {portal, &person, id, statement, 0};
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, change_step, &work, p);
    *affected = status == APR_SUCCESS ? work.affected : 0;
    return status;
}

apr_status_t pd_inbox_read(const pd_portal_t *portal, const char *person_id, const char *id,
                           apr_pool_t *p)
{
    pd_inbox_notice_t notice;
    int affected;
    apr_status_t status = pd_inbox_get(&notice, portal, person_id, id, p);
    return status == APR_SUCCESS ? change(&affected, MARK, portal, person_id, id, p) : status;
}

apr_status_t pd_inbox_read_all(const pd_portal_t *portal, const char *person_id, const char *newest,
                               apr_pool_t *p)
{
    int affected;
    if (!is_id(newest))
        return APR_SUCCESS;
    return change(&affected, MARK_ALL, portal, person_id, newest, p);
}

apr_status_t pd_inbox_delete(const pd_portal_t *portal, const char *person_id, const char *id,
                             apr_pool_t *p)
{
    int affected;
    apr_status_t status = change(&affected, REMOVE, portal, person_id, id, p);
    return status == APR_SUCCESS && !affected ? APR_ENOENT : status;
}

typedef struct expire_t {
    apr_time_t before;
    int limit;
    int removed; /* output */
} expire_t;

static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    return pd_conn_exec(&expire->removed, conn, &pd_inbox_sql[EXPIRE],
                        PD_ARGS(PD_N(expire->before), PD_N(expire->limit)), p);
}

apr_status_t pd_inbox_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                             int limit, apr_pool_t *p)
{
    expire_t expire = {pd_clock_now() - age, limit, 0};
    apr_status_t status = pd_db_transact(portal->db, expire_step, &expire, p);
    *removed = status == APR_SUCCESS ? expire.removed : 0;
    return status;
}
