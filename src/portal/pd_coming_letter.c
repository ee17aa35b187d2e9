/* Letters about a coming version, in batches: how far they are stands in the database and moves in
 * the transaction that writes them, so that no crash loses or doubles one. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_coming.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

#define KIND       "policy-coming"
#define ACTIVE_FOR (365 * 24 * apr_time_from_sec(3600))

enum { OPEN, PEOPLE, REACH, TELL, NOT_TOLD, UNDELIVERED };

const pd_sql_t pd_coming_letter_sql[] = {
    [OPEN] = {"coming_open",
              "SELECT a.version, a.reached, d.effective_at FROM announcement a JOIN document d"
              " ON d.kind = 'policy' AND d.version = a.version WHERE a.done_at = 0"
              " ORDER BY a.version LIMIT 1",
              "isi", "the announcement whose letters are to be written"},
    [PEOPLE] = {"coming_people",
                "SELECT id, state, signed_in_at, confirmed_at, data_key, email, language"
                " FROM person WHERE id > %s ORDER BY id LIMIT %lld",
                "ssiisss", "the people who come next"},
    [REACH] = {"coming_reach",
               "UPDATE announcement SET reached = %s, done_at = %lld"
               " WHERE version = %lld AND reached = %s AND done_at = 0",
               "", "how far the letters are; another run is further: no row"},
    [TELL] = {"coming_told",
              "INSERT INTO told (version, person_id, way, at) VALUES (%lld, %s, 'letter', %lld)"
              " ON CONFLICT DO NOTHING",
              "", "a person is told by letter, unless it was done"},
    [NOT_TOLD] = {"coming_not_told", "DELETE FROM told WHERE version = %lld AND person_id = %s", "",
                  "the letter may not be written: the page tells, if they come again"},
    /* A letter is written right after its row; rows that came later are of other letters. */
    [UNDELIVERED] = {"coming_undelivered",
                     "DELETE FROM told WHERE person_id = %s AND way = 'letter' AND at ="
                     " (SELECT MAX(t.at) FROM told t WHERE t.person_id = %s AND t.way = 'letter'"
                     " AND t.at <= %lld)",
                     "", "the letter was given up: the page tells, if they come again"},
    {NULL, NULL, NULL, NULL}};

typedef struct batch_t {
    const pd_portal_t *portal;
    const pd_zone_t *zone;
    pd_coming_t coming;
    const char *reached;
    int limit;
    int seen, written;
} batch_t;

/* Who signed in, or confirmed the mailbox, within the year. */
static int is_active(const pd_cell_t *person)
{
    apr_time_t since = pd_clock_now() - ACTIVE_FOR;
    return strcmp(person[1].text, "active") == 0 &&
           (person[2].number > since || person[3].number > since);
}

static pd_value_t *values(const batch_t *batch, apr_pool_t *p)
{
    const pd_settings_t *settings = batch->portal->settings;
    pd_value_t *map = pd_value_map(p);
    const char *url = apr_psprintf(p, "%s%s/policy/%" APR_INT64_T_FMT, settings->base_url,
                                   settings->path, batch->coming.version);
    pd_value_set_text(map, "policy_url", url, p);
    pd_value_set_text(map, "diff_url", apr_pstrcat(p, url, "/diff", NULL), p);
    pd_value_set_date(map, "effective", batch->zone, batch->coming.effective_at, p);
    return map;
}

/* One whose address can't be opened doesn't hold up the others. */
static int address(pd_letter_t *letter, const batch_t *batch, const pd_cell_t *person,
                   apr_pool_t *p)
{
    *letter = (pd_letter_t){
        .kind = KIND, .person_id = person[0].text, .language = person[6].text, .always = 1};
    apr_status_t status =
        pd_datakey_unwrap(&letter->key, batch->portal->keys, person[4].text, person[0].text, p);
    if (status == APR_SUCCESS)
        status = pd_open(&letter->address, letter->key, "person.email", person[0].text,
                         person[5].text, p);
    if (status != APR_SUCCESS) {
        pd_log(PD_LOG_ERR, status, "PD0730: person %s can't be written to", person[0].text);
        return 0;
    }
    letter->mailbox = pd_outbox_mailbox(batch->portal, letter->address, p);
    letter->values = values(batch, p);
    return 1;
}

static apr_status_t write_one(batch_t *batch, pd_conn_t *conn, const pd_cell_t *person,
                              apr_pool_t *p)
{
    pd_letter_t letter;
    int told, written;
    if (!is_active(person) || !address(&letter, batch, person, p))
        return APR_SUCCESS;
    apr_status_t status = pd_conn_exec(
        &told, conn, &pd_coming_letter_sql[TELL],
        PD_ARGS(PD_N(batch->coming.version), PD_T(person[0].text), PD_N(pd_clock_now())), p);
    if (status != APR_SUCCESS || !told)
        return status;
    status = pd_outbox_add(&written, conn, batch->portal, &letter, p);
    if (status == APR_SUCCESS && !written)
        return pd_conn_exec(NULL, conn, &pd_coming_letter_sql[NOT_TOLD],
                            PD_ARGS(PD_N(batch->coming.version), PD_T(person[0].text)), p);
    batch->written += status == APR_SUCCESS;
    return status;
}

apr_status_t pd_coming_undelivered(pd_conn_t *conn, const char *kind, const char *person_id,
                                   apr_time_t written_at, apr_pool_t *p)
{
    if (strcmp(kind, KIND) != 0)
        return APR_SUCCESS;
    return pd_conn_exec(NULL, conn, &pd_coming_letter_sql[UNDELIVERED],
                        PD_ARGS(PD_T(person_id), PD_T(person_id), PD_N(written_at)), p);
}

static apr_status_t journal(const batch_t *batch, pd_conn_t *conn, apr_pool_t *p)
{
    if (batch->written == 0)
        return APR_SUCCESS;
    const char *details =
        pd_json_text(json_pack("{s:I, s:i}", "version", (json_int_t)batch->coming.version,
                               "letters", batch->written),
                     p);
    return pd_journal_add(conn, batch->portal, PD_EVENT_CHANGE_TOLD, "", details, NULL, p);
}

/* `moot`: it is in force by now, and the page before the closed sections tells of it. */
static apr_status_t batch_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    batch_t *batch = baton;
    const pd_rows_t *people;
    int claimed, moot = batch->coming.effective_at <= pd_clock_now();
    batch->seen = batch->written = 0;
    apr_status_t status =
        pd_conn_read(&people, conn, &pd_coming_letter_sql[PEOPLE],
                     PD_ARGS(PD_T(batch->reached), PD_N(batch->limit)), batch->limit, p);
    if (status != APR_SUCCESS)
        return status;
    int n = PD_ROW_COUNT(people), last = moot || n < batch->limit;
    const char *reached = n > 0 ? PD_ROW(people, n - 1)[0].text : batch->reached;
    status = pd_conn_exec(&claimed, conn, &pd_coming_letter_sql[REACH],
                          PD_ARGS(PD_T(reached), PD_N(last ? pd_clock_now() : 0),
                                  PD_N(batch->coming.version), PD_T(batch->reached)),
                          p);
    batch->seen = 1; /* another announcement may wait behind this one */
    if (status != APR_SUCCESS || !claimed || moot)
        return status;
    for (int i = 0; i < n && status == APR_SUCCESS; i++)
        status = write_one(batch, conn, PD_ROW(people, i), p);
    return status == APR_SUCCESS ? journal(batch, conn, p) : status;
}

apr_status_t pd_coming_write(int *done, int *seen, const pd_portal_t *portal, int limit,
                             apr_pool_t *p)
{
    const pd_rows_t *rows;
    int busy;
    batch_t batch = {.portal = portal, .limit = limit};
    *done = *seen = 0;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_coming_letter_sql[OPEN], PD_NO_ARGS, 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    batch.coming = (pd_coming_t){PD_ROW(rows, 0)[0].number, PD_ROW(rows, 0)[2].number};
    batch.reached = PD_ROW(rows, 0)[1].text;
    status = pd_outbox_is_busy(&busy, portal, p);
    if (status != APR_SUCCESS || busy)
        return status;
    status = pd_zone_load(&batch.zone, portal->settings->time_zone, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, batch_step, &batch, p);
    if (status == APR_SUCCESS) {
        *done = batch.written;
        *seen = batch.seen;
    }
    return status;
}
