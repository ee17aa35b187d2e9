/* Mailings, in batches. People come in the order of their ids, so the place reached is one id; what
 * one doesn't want or can't get doesn't hold up the others. */
#include "portal/pd_mailing.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_outbox.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

enum { SAME, BEGIN, OPEN, PEOPLE, REACH, COUNT, LOOK };

const pd_sql_t pd_mailing_sql[] = {
    [SAME] = {"mailing_same",
              "SELECT id FROM mailing WHERE done_at = 0 AND kind = %s AND language = %s"
              " AND body = %s ORDER BY id LIMIT 1",
              "s", "a mailing of the same text that is not done"},
    [BEGIN] = {"mailing_begin",
               "INSERT INTO mailing (id, kind, language, body, reached, written, created_at,"
               " done_at) VALUES (%s, %s, %s, %s, '', 0, %lld, 0)",
               "", "a mailing"},
    [OPEN] = {"mailing_open",
              "SELECT id, kind, language, body, reached FROM mailing WHERE done_at = 0"
              " ORDER BY id LIMIT 1",
              "sssss", "the mailing that is to go on"},
    [PEOPLE] = {"mailing_people",
                "SELECT id, state FROM person WHERE id > %s ORDER BY id LIMIT %lld", "ss",
                "the people who come next"},
    /* The text is not kept longer than it is needed. */
    [REACH] = {"mailing_reach",
               "UPDATE mailing SET reached = %s, done_at = %lld,"
               " body = CASE WHEN CAST(%lld AS BIGINT) = 0 THEN body ELSE '' END"
               " WHERE id = %s AND reached = %s AND done_at = 0",
               "", "how far it is; another run is further: no row"},
    [COUNT] = {"mailing_count", "UPDATE mailing SET written = written + %lld WHERE id = %s", "",
               "how many have it"},
    [LOOK] = {"mailing_look", "SELECT written, done_at, stopped_at FROM mailing WHERE id = %s",
              "iii", "how a mailing stands"},
    {NULL, NULL, NULL, NULL}};

static int is_plain(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f ||
            (*at == 0xc2 && at[1] < 0xa0))
            return 0;
    }
    return 1;
}

const char *pd_mailing_check(const char *body)
{
    apr_size_t length = strlen(body), subject = strcspn(body, "\n");
    if (length > PD_MAILING_BYTES_MAX)
        return "it is longer than 32 KiB";
    if (!pd_utf8_valid(body, length) || !is_plain(body))
        return "it is not plain text in UTF-8";
    if (subject == 0 || subject > PD_MAILING_SUBJECT_MAX)
        return "its first line must be the subject, of at most 200 bytes";
    if (body[subject] == '\0' || body[subject + 1] != '\n' ||
        body[subject + 1 + strspn(body + subject + 1, "\n\t ")] == '\0')
        return "after the subject come an empty line and the words";
    return NULL;
}

apr_table_t *pd_mailing_values(const char *body, const char *language, apr_pool_t *p)
{
    apr_size_t subject = strcspn(body, "\n");
    apr_table_t *values = apr_table_make(p, 3);
    apr_table_setn(values, "subject", apr_pstrmemdup(p, body, subject));
    apr_table_set(values, "text", body + subject + strspn(body + subject, "\n"));
    apr_table_set(values, "language", language);
    return values;
}

typedef struct begin_t {
    const pd_portal_t *portal;
    const pd_mailing_text_t *text;
    const char *id;
    int is_new;
} begin_t;

static apr_status_t begin_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    begin_t *begin = baton;
    const pd_mailing_text_t *text = begin->text;
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_lock_name(conn, "mailing", p);
    if (status == APR_SUCCESS)
        status =
            pd_conn_read(&rows, conn, &pd_mailing_sql[SAME],
                         PD_ARGS(PD_T(text->kind), PD_T(text->language), PD_T(text->body)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    begin->is_new = PD_ROW_COUNT(rows) == 0;
    begin->id = begin->is_new ? pd_random_uuid7(pd_clock_now(), p) : PD_ROW(rows, 0)[0].text;
    if (!begin->is_new)
        return APR_SUCCESS;
    status = pd_conn_exec(NULL, conn, &pd_mailing_sql[BEGIN],
                          PD_ARGS(PD_T(begin->id), PD_T(text->kind), PD_T(text->language),
                                  PD_T(text->body), PD_N(pd_clock_now())),
                          p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "mailing", begin->id, "kind", text->kind), p);
    return pd_journal_add(conn, begin->portal, PD_EVENT_MAILING_BEGUN, "", details, NULL, p);
}

apr_status_t pd_mailing_begin(const char **id, int *is_new, const pd_portal_t *portal,
                              const pd_mailing_text_t *text, apr_pool_t *p)
{
    begin_t begin = {.portal = portal, .text = text};
    apr_status_t status = pd_db_transact(portal->db, begin_step, &begin, p);
    if (status != APR_SUCCESS)
        return status;
    *id = begin.id;
    *is_new = begin.is_new;
    if (begin.is_new)
        pd_log(PD_LOG_NOTICE, 0, "PD0831: mailing %s of the kind %s is begun", begin.id,
               text->kind);
    return APR_SUCCESS;
}

typedef struct batch_t {
    const pd_portal_t *portal;
    const char *id, *kind, *reached;
    const apr_table_t *values;
    int limit;
    int written;
} batch_t;

/* One whose key can't be opened doesn't hold up the others. */
static apr_status_t write_one(batch_t *batch, pd_conn_t *conn, const pd_cell_t *person,
                              apr_pool_t *p)
{
    int taken;
    if (strcmp(person[1].text, "active") != 0)
        return APR_SUCCESS;
    apr_status_t status =
        pd_notice_offer(&taken, conn, batch->portal, person[0].text, batch->kind, batch->values, p);
    if (status == PD_ESEAL) {
        pd_log(PD_LOG_ERR, status, "PD0832: person %s can't be written to", person[0].text);
        return APR_SUCCESS;
    }
    batch->written += status == APR_SUCCESS && taken;
    return status;
}

static apr_status_t note_written(const batch_t *batch, pd_conn_t *conn, apr_pool_t *p)
{
    if (batch->written == 0)
        return APR_SUCCESS;
    apr_status_t status = pd_conn_exec(NULL, conn, &pd_mailing_sql[COUNT],
                                       PD_ARGS(PD_N(batch->written), PD_T(batch->id)), p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:i}", "mailing", batch->id, "notices", batch->written), p);
    return pd_journal_add(conn, batch->portal, PD_EVENT_NOTICES_WRITTEN, "", details, NULL, p);
}

static apr_status_t batch_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    batch_t *batch = baton;
    const pd_rows_t *people;
    int claimed;
    batch->written = 0;
    apr_status_t status =
        pd_conn_read(&people, conn, &pd_mailing_sql[PEOPLE],
                     PD_ARGS(PD_T(batch->reached), PD_N(batch->limit)), batch->limit, p);
    if (status != APR_SUCCESS)
        return status;
    int n = PD_ROW_COUNT(people);
    const char *reached = n > 0 ? PD_ROW(people, n - 1)[0].text : batch->reached;
    apr_time_t done_at = n < batch->limit ? pd_clock_now() : 0;
    status = pd_conn_exec(
        &claimed, conn, &pd_mailing_sql[REACH],
        PD_ARGS(PD_T(reached), PD_N(done_at), PD_N(done_at), PD_T(batch->id), PD_T(batch->reached)),
        p);
    if (status != APR_SUCCESS || !claimed)
        return status;
    for (int i = 0; i < n && status == APR_SUCCESS; i++)
        status = write_one(batch, conn, PD_ROW(people, i), p);
    return status == APR_SUCCESS ? note_written(batch, conn, p) : status;
}

apr_status_t pd_mailing_write(int *done, int *seen, const pd_portal_t *portal, int limit,
                              apr_pool_t *p)
{
    const pd_rows_t *rows;
    int busy;
    *done = *seen = 0;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_mailing_sql[OPEN], PD_NO_ARGS, 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    status = pd_outbox_is_busy(&busy, portal, p);
    if (status != APR_SUCCESS || busy)
        return status;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    batch_t batch = {.portal = portal,
                     .id = cell[0].text,
                     .kind = cell[1].text,
                     .reached = cell[4].text,
                     .values = pd_mailing_values(cell[3].text, cell[2].text, p),
                     .limit = limit};
    status = pd_db_transact(portal->db, batch_step, &batch, p);
    if (status == APR_SUCCESS) {
        *done = batch.written;
        *seen = 1;
    }
    return status;
}

apr_status_t pd_mailing_look(pd_mailing_t *mailing, const pd_portal_t *portal, const char *id,
                             apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_mailing_sql[LOOK], PD_ARGS(PD_T(id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    *mailing = (pd_mailing_t){.id = id,
                              .written = cell[0].number,
                              .is_done = cell[1].number != 0,
                              .is_stopped = cell[2].number != 0};
    return APR_SUCCESS;
}

typedef struct one_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *kind;
    const apr_table_t *values;
    int taken;
} one_t;

static apr_status_t one_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    one_t *one = baton;
    apr_status_t status =
        pd_notice_offer(&one->taken, conn, one->portal, one->person->id, one->kind, one->values, p);
    if (status != APR_SUCCESS || !one->taken)
        return status;
    const char *details = pd_json_text(json_pack("{s:s}", "kind", one->kind), p);
    return pd_journal_add(conn, one->portal, PD_EVENT_NOTICES_WRITTEN, one->person->id, details,
                          one->person->key, p);
}

apr_status_t pd_mailing_send_one(int *taken, const pd_portal_t *portal, const char *person_id,
                                 const pd_mailing_text_t *text, apr_pool_t *p)
{
    pd_person_t person;
    one_t one = {portal, &person, text->kind, pd_mailing_values(text->body, text->language, p), 0};
    *taken = 0;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, one_step, &one, p);
    if (status == APR_SUCCESS)
        *taken = one.taken;
    return status;
}
