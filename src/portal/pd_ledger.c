/* Acts of destroyed people: remembered, found, and removed when their term is over. */
#include "portal/pd_ledger.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_stop.h"
#include "crypt/pd_hash.h"
#include "portal/pd_destruction.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_look.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"
#include "text/pd_email.h"

#define FOUND_MAX 100
#define PAGE_ROWS 500

enum { WHO, REMEMBER, EARLIER, UNKNOWN, BY_EMAIL, BY_NUMBER, PAGE, REMOVE, REMOVE_TASK, FORGET };

const pd_sql_t pd_ledger_sql[] = {
    [WHO] = {"ledger_who",
             "SELECT p.data_key, p.email FROM person p WHERE p.id = %s AND p.state <> 'destroyed'",
             "ss", "whose address is to be remembered"},
    [REMEMBER] = {"ledger_remember",
                  "INSERT INTO former_person (pseudonym, email, ended_at)"
                  " SELECT a.pseudonym, CAST(%s AS TEXT), CAST(%lld AS BIGINT) FROM act a"
                  " WHERE a.pseudonym = %s LIMIT 1 ON CONFLICT DO NOTHING",
                  "", "whose acts these were"},
    /* An act of a repeated destruction of which no more was kept has the instant of the first one
     * as that of its ground. */
    [EARLIER] = {"ledger_earlier",
                 "SELECT id, person_id, CASE WHEN reason = '" PD_DESTRUCTION_RESTORED
                 "' THEN asked_at ELSE destroyed_at END"
                 " FROM destruction WHERE id > %s ORDER BY id LIMIT 500",
                 "ssi", "a page of the destroyed people"},
    [UNKNOWN] = {"ledger_unknown",
                 "SELECT a.pseudonym FROM act a WHERE a.pseudonym = %s AND NOT EXISTS"
                 " (SELECT 1 FROM former_person f WHERE f.pseudonym = a.pseudonym) LIMIT 1",
                 "s", "whose acts nobody knows to have ended"},
    [BY_EMAIL] = {"ledger_by_email",
                  "SELECT pseudonym FROM former_person WHERE email = %s"
                  " ORDER BY ended_at LIMIT 100",
                  "s", "who had an address"},
    [BY_NUMBER] = {"ledger_by_number", "SELECT pseudonym FROM act WHERE id = %s", "s",
                   "whose receipt it is"},
    /* The instant of an act is in its id: ids begin with it. */
    [PAGE] = {"ledger_page",
              "SELECT x.id, CASE WHEN (EXISTS (SELECT 1 FROM act n"
              " WHERE n.pseudonym = x.pseudonym AND n.kind = x.kind AND n.sequence > x.sequence"
              " AND n.id < %s) OR EXISTS (SELECT 1 FROM former_person f"
              " WHERE f.pseudonym = x.pseudonym AND f.ended_at < %lld))"
              " AND NOT EXISTS (SELECT 1 FROM withdrawal w WHERE w.act = x.id AND w.done_at = 0)"
              " THEN 1 ELSE 0 END FROM act x WHERE x.id > %s AND x.id < %s"
              " ORDER BY x.id LIMIT 500",
              "si", "a page of the old acts, and which of them prove nothing that stands"},
    [REMOVE] = {"ledger_remove", "DELETE FROM act WHERE id = %s", "", "an act that is over"},
    [REMOVE_TASK] = {"ledger_remove_task", "DELETE FROM withdrawal WHERE act = %s AND done_at <> 0",
                     "", "what had followed from it"},
    [FORGET] = {"ledger_forget",
                "DELETE FROM former_person WHERE pseudonym IN (SELECT f.pseudonym"
                " FROM former_person f WHERE f.ended_at < %lld AND NOT EXISTS"
                " (SELECT 1 FROM act a WHERE a.pseudonym = f.pseudonym)"
                " ORDER BY f.ended_at LIMIT %lld)",
                "", "people of whom no act is left"},
    {NULL, NULL, NULL, NULL}};

static const char *index_of(const pd_portal_t *portal, const char *address, apr_pool_t *p)
{
    const char *const parts[] = {"email", address};
    return pd_hash_keyed(portal->keys, PD_KEY_LEDGER, parts, 2, p);
}

/* "": the address doesn't open, or is none. */
static const char *read_address(const pd_portal_t *portal, const char *person_id,
                                const pd_cell_t *cell, apr_pool_t *p)
{
    const pd_datakey_t *key;
    const char *plain;
    pd_email_t email;
    if (pd_datakey_unwrap(&key, portal->keys, cell[0].text, person_id, p) == APR_SUCCESS &&
        pd_open(&plain, key, "person.email", person_id, cell[1].text, p) == APR_SUCCESS &&
        pd_email_parse(&email, plain, p) == APR_SUCCESS)
        return email.address;
    pd_log(PD_LOG_WARNING, 0,
           "PD0910: person %s: the address can't be read, so the acts will be "
           "found by the number of a receipt only",
           person_id);
    return "";
}

apr_status_t pd_ledger_remember(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                                apr_time_t ended_at, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status =
        pd_conn_read(&found, conn, &pd_ledger_sql[WHO], PD_ARGS(PD_T(person_id)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    const char *address = read_address(portal, person_id, PD_ROW(found, 0), p);
    return pd_conn_exec(NULL, conn, &pd_ledger_sql[REMEMBER],
                        PD_ARGS(PD_T(*address ? index_of(portal, address, p) : ""), PD_N(ended_at),
                                PD_T(pd_person_pseudonym(portal, person_id, p))),
                        p);
}

typedef struct former_t {
    const char *pseudonym;
    apr_time_t ended_at;
} former_t;

static apr_status_t remember_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const former_t *former = baton;
    return pd_conn_exec(NULL, conn, &pd_ledger_sql[REMEMBER],
                        PD_ARGS(PD_T(""), PD_N(former->ended_at), PD_T(former->pseudonym)), p);
}

static apr_status_t remember_one(const pd_portal_t *portal, const pd_cell_t *cell, apr_pool_t *p)
{
    const pd_rows_t *unknown;
    former_t former = {pd_person_pseudonym(portal, cell[1].text, p), cell[2].number};
    apr_status_t status = pd_db_read(&unknown, portal->db, &pd_ledger_sql[UNKNOWN],
                                     PD_ARGS(PD_T(former.pseudonym)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(unknown) == 0)
        return status;
    return pd_db_transact(portal->db, remember_step, &former, p);
}

apr_status_t pd_ledger_remember_earlier(const pd_portal_t *portal, apr_pool_t *p)
{
    char after[PD_UUID_CHARS + 1] = "";
    apr_pool_t *scratch;
    apr_status_t status = apr_pool_create(&scratch, p);
    int n = PAGE_ROWS;
    while (status == APR_SUCCESS && n == PAGE_ROWS && !pd_stop_asked()) {
        const pd_rows_t *page;
        apr_pool_clear(scratch);
        status = pd_db_read(&page, portal->db, &pd_ledger_sql[EARLIER], PD_ARGS(PD_T(after)),
                            PAGE_ROWS, scratch);
        n = status == APR_SUCCESS ? PD_ROW_COUNT(page) : 0;
        for (int i = 0; i < n && status == APR_SUCCESS; i++)
            status = remember_one(portal, PD_ROW(page, i), scratch);
        if (n > 0)
            apr_cpystrn(after, PD_ROW(page, n - 1)[0].text, sizeof(after));
    }
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t pd_ledger_find(apr_array_header_t **pseudonyms, const pd_portal_t *portal,
                            const char *email_or_number, apr_pool_t *p)
{
    const pd_rows_t *found;
    pd_email_t email;
    int statement = BY_NUMBER;
    const char *value = email_or_number;
    *pseudonyms = apr_array_make(p, 1, sizeof(const char *));
    if (strchr(value, '@')) {
        if (pd_email_parse(&email, value, p) != APR_SUCCESS)
            return APR_SUCCESS;
        statement = BY_EMAIL;
        value = index_of(portal, email.address, p);
    }
    apr_status_t status = pd_db_read(&found, portal->db, &pd_ledger_sql[statement],
                                     PD_ARGS(PD_T(value)), FOUND_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        APR_ARRAY_PUSH(*pseudonyms, const char *) = PD_ROW(found, i)[0].text;
    return status;
}

typedef struct look_t {
    const pd_portal_t *portal;
    const char *by;
    apr_int64_t count;
} look_t;

static apr_status_t look_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const look_t *look = baton;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s, s:I, s:s}", "by", look->by, "page", PD_LOOK_CONSENTS,
                               "acts", (json_int_t)look->count, "purpose", "4.1.2"),
                     p);
    return pd_journal_add(conn, look->portal, PD_EVENT_STAFF_LOOK, "", details, NULL, p);
}

apr_status_t pd_ledger_look(const pd_portal_t *portal, const char *by, apr_int64_t count,
                            apr_pool_t *p)
{
    look_t look = {portal, by, count};
    return pd_db_transact(portal->db, look_step, &look, p);
}

/* In pages, for most old acts may stand: on SQLite a statement holds back the other threads. An act
 * that is over stays so, since later ones are only added. */
typedef struct walk_t {
    const pd_portal_t *portal;
    apr_time_t before;
    const char *last;              /* from this id on they are younger */
    char after[PD_UUID_CHARS + 1]; /* the next page begins behind it; it outlives the page's pool */
    int is_at_end;
} walk_t;

static walk_t begin_walk(const pd_portal_t *portal, apr_time_t before, apr_pool_t *p)
{
    return (walk_t){.portal = portal, .before = before, .last = pd_random_uuid7(before, p)};
}

/* `over`: the ids of those of the next page that prove nothing that stands. */
static apr_status_t next_page(apr_array_header_t **over, walk_t *walk, apr_pool_t *p)
{
    const pd_rows_t *page;
    *over = apr_array_make(p, PAGE_ROWS, sizeof(const char *));
    apr_status_t status = pd_db_read(
        &page, walk->portal->db, &pd_ledger_sql[PAGE],
        PD_ARGS(PD_T(walk->last), PD_N(walk->before), PD_T(walk->after), PD_T(walk->last)),
        PAGE_ROWS, p);
    int count = status == APR_SUCCESS ? PD_ROW_COUNT(page) : 0;
    for (int i = 0; i < count; i++)
        if (PD_ROW(page, i)[1].number)
            APR_ARRAY_PUSH(*over, const char *) = PD_ROW(page, i)[0].text;
    if (count > 0)
        apr_cpystrn(walk->after, PD_ROW(page, count - 1)[0].text, sizeof(walk->after));
    walk->is_at_end = count < PAGE_ROWS;
    return status;
}

apr_status_t pd_ledger_due(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                           apr_pool_t *p)
{
    apr_array_header_t *over;
    apr_pool_t *scratch;
    walk_t walk = begin_walk(portal, before, p);
    apr_status_t status = apr_pool_create(&scratch, p);
    *due = 0;
    while (status == APR_SUCCESS && !walk.is_at_end && *due < limit && !pd_stop_asked()) {
        apr_pool_clear(scratch);
        status = next_page(&over, &walk, scratch);
        *due += over->nelts;
    }
    apr_pool_destroy(scratch);
    *due = status != APR_SUCCESS ? 0 : *due < limit ? *due : limit;
    return status;
}

typedef struct expire_t {
    const apr_array_header_t *ids;
    int removed;
} expire_t;

static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    apr_status_t status = APR_SUCCESS;
    expire->removed = 0;
    for (int i = 0; i < expire->ids->nelts && status == APR_SUCCESS; i++) {
        const char *id = APR_ARRAY_IDX(expire->ids, i, const char *);
        int one = 0;
        status = pd_conn_exec(NULL, conn, &pd_ledger_sql[REMOVE_TASK], PD_ARGS(PD_T(id)), p);
        if (status == APR_SUCCESS)
            status = pd_conn_exec(&one, conn, &pd_ledger_sql[REMOVE], PD_ARGS(PD_T(id)), p);
        expire->removed += one;
    }
    return status;
}

static apr_status_t expire_page(int *removed, walk_t *walk, apr_pool_t *p)
{
    apr_array_header_t *over;
    apr_status_t status = next_page(&over, walk, p);
    if (status != APR_SUCCESS || over->nelts == 0)
        return status;
    expire_t expire = {over, 0};
    status = pd_db_transact(walk->portal->db, expire_step, &expire, p);
    if (status == APR_SUCCESS)
        *removed += expire.removed;
    return status;
}

apr_status_t pd_ledger_expire(int *removed, const pd_portal_t *portal, apr_time_t before,
                              apr_time_t until, apr_pool_t *p)
{
    apr_pool_t *scratch;
    walk_t walk = begin_walk(portal, before, p);
    apr_status_t status = apr_pool_create(&scratch, p);
    int forgotten;
    *removed = 0;
    do {
        apr_pool_clear(scratch);
        status = status == APR_SUCCESS ? expire_page(removed, &walk, scratch) : status;
    } while (status == APR_SUCCESS && !walk.is_at_end && pd_clock_now() < until &&
             !pd_stop_asked());
    do {
        apr_pool_clear(scratch);
        forgotten = 0;
        if (status == APR_SUCCESS)
            status = pd_db_expire(&forgotten, portal->db, &pd_ledger_sql[FORGET], before, PAGE_ROWS,
                                  scratch);
    } while (forgotten == PAGE_ROWS && !pd_stop_asked());
    apr_pool_destroy(scratch);
    return status;
}
