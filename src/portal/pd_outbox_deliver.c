/* The outbox, delivering side. A letter is claimed by one UPDATE that names the state seen, tried
 * outside any transaction, and its outcome recorded by whoever still holds the lease: a sender that
 * dies leaves the letter to the next one. What was sent or has failed keeps no address and no
 * words. */
#include "portal/pd_outbox.h"

#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "portal/pd_coming.h"
#include "portal/pd_journal.h"
#include "portal/pd_notice_setting.h"
#include "portal/pd_recovery.h"
#include "portal/pd_tables_int.h"
#include "text/pd_mime.h"

#include <apr_strings.h>
#include <string.h>

#define RETRY_MIN   apr_time_from_sec(60)
#define RETRY_MAX   apr_time_from_sec(3600)
#define LEASE_SPARE apr_time_from_sec(60)

enum { DUE, CLAIM, GET, AGAIN, DONE };

const pd_sql_t pd_outbox_deliver_sql[] = {
    [DUE] = {"letter_due",
             "SELECT id, state, next_at FROM letter WHERE state IN ('queued', 'sending') "
             "AND next_at <= %lld ORDER BY next_at LIMIT %lld",
             "ssi", "letters to try now, those of dead senders among them"},
    [CLAIM] = {"letter_claim",
               "UPDATE letter SET state = 'sending', lease = %s, next_at = %lld, "
               "attempts = attempts + 1 WHERE id = %s AND state = %s AND next_at = %lld",
               "", "takes a letter if nobody else did"},
    [GET] =
        {"letter_get",
         "SELECT l.person_id, l.kind, l.recipient, l.subject, l.body, l.language, l.message_id, "
         "l.attempts, l.created_at, p.data_key FROM letter l JOIN person p ON p.id = l.person_id "
         "WHERE l.id = %s",
         "sssssssiis", "the letter claimed"},
    [AGAIN] = {"letter_again",
               "UPDATE letter SET state = 'queued', lease = '', next_at = %lld, outcome = %s, "
               "reply_code = %lld WHERE id = %s AND lease = %s",
               "", "back into the queue"},
    [DONE] = {"letter_done",
              "UPDATE letter SET state = %s, lease = '', outcome = %s, reply_code = %lld, "
              "done_at = %lld, recipient = '', subject = '', body = '' "
              "WHERE id = %s AND lease = %s",
              "", "sent or failed: what is left is that there was a letter"},
    {NULL, NULL, NULL, NULL}};

static const char *const outcome_words[] = {[PD_MAIL_ACCEPTED] = "accepted",
                                            [PD_MAIL_REFUSED] = "refused",
                                            [PD_MAIL_DEFERRED] = "deferred",
                                            [PD_MAIL_UNREACHABLE] = "unreachable",
                                            [PD_MAIL_UNKNOWN] = "unknown"};

/* A letter on its way through one try. */
typedef struct errand_t {
    const pd_portal_t *portal;
    const char *id, *lease;
    const char *seen_state; /* as it was found */
    apr_time_t seen_at;
    apr_time_t now;
    int claimed;
    int allowed;          /* its purpose still carries it */
    const pd_cell_t *row; /* of GET */
    pd_mail_result_t result;
    const pd_datakey_t *key; /* NULL: it can't be opened */
    int final;               /* no further try */
    apr_time_t next_at;
} errand_t;

enum { PERSON, KIND, RECIPIENT, SUBJECT, BODY, LANGUAGE, MESSAGE_ID, ATTEMPTS, CREATED, DATA_KEY };

static apr_status_t claim_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    errand_t *errand = baton;
    const pd_rows_t *rows;
    apr_time_t ends = errand->now + 2 * errand->portal->settings->mail_timeout + LEASE_SPARE;
    errand->row = NULL;
    apr_status_t rv = pd_conn_exec(&errand->claimed, conn, &pd_outbox_deliver_sql[CLAIM],
                                   PD_ARGS(PD_T(errand->lease), PD_N(ends), PD_T(errand->id),
                                           PD_T(errand->seen_state), PD_N(errand->seen_at)),
                                   p);
    if (rv || !errand->claimed) {
        return rv;
    }
    rv = pd_conn_read(&rows, conn, &pd_outbox_deliver_sql[GET], PD_ARGS(PD_T(errand->id)), 1, p);
    if (rv || PD_ROW_COUNT(rows) != 1) {
        return rv;
    }
    errand->row = PD_ROW(rows, 0);
    rv = pd_outbox_allowed(&errand->allowed, conn, errand->portal, errand->row[KIND].text,
                           errand->row[PERSON].text, p);
    if (!rv && errand->allowed && pd_letter_is_optional(errand->row[KIND].text)) {
        rv = pd_notice_setting_wanted(&errand->allowed, conn, errand->row[PERSON].text, p);
    }
    return rv;
}

/* Opens the three sealed values and builds the message. */
static apr_status_t build(const char **message, apr_size_t *length, const char **recipient,
                          errand_t *errand, apr_pool_t *p)
{
    const pd_settings_t *settings = errand->portal->settings;
    const pd_cell_t *row = errand->row;
    const char *subject, *body, *unsubscribe = NULL;
    apr_status_t rv = pd_datakey_unwrap(&errand->key, errand->portal->keys, row[DATA_KEY].text,
                                        row[PERSON].text, p);
    if (rv) {
        errand->key = NULL;
        return rv;
    }
    rv = pd_open(recipient, errand->key, "letter.recipient", errand->id, row[RECIPIENT].text, p);
    if (!rv) {
        rv = pd_open(&subject, errand->key, "letter.subject", errand->id, row[SUBJECT].text, p);
    }
    if (!rv) {
        rv = pd_open(&body, errand->key, "letter.body", errand->id, row[BODY].text, p);
    }
    if (!rv && pd_letter_is_optional(row[KIND].text)) {
        rv = pd_unsubscribe_url(&unsubscribe, errand->portal, row[PERSON].text, p);
    }
    if (rv) {
        return rv;
    }
    pd_mime_t mail = {.from = settings->mail_from,
                      .from_name = settings->site_name,
                      .to = *recipient,
                      .subject = subject,
                      .message_id = row[MESSAGE_ID].text,
                      .language = row[LANGUAGE].text,
                      .body = body,
                      .date = row[CREATED].number,
                      .unsubscribe = unsubscribe};
    return pd_mime_write(message, length, &mail, p);
}

/* A letter whose senders died until its time was over is not tried again: it may be what kills
 * them. */
static int is_poison(const errand_t *errand)
{
    return !strcmp(errand->seen_state, "sending") &&
           errand->now - errand->row[CREATED].number > errand->portal->settings->letter_lifetime;
}

static void try_once(errand_t *errand, pd_transport_fn *transport, apr_pool_t *p)
{
    const char *message, *recipient;
    apr_size_t length;
    if (is_poison(errand)) {
        errand->result = (pd_mail_result_t){PD_MAIL_UNKNOWN, 0, "its senders never came back"};
        return;
    }
    if (!errand->allowed) {
        errand->result = (pd_mail_result_t){PD_MAIL_REFUSED, 0, "its purpose carries it no more"};
        return;
    }
    if (pd_recovery_is_late(errand->row[KIND].text, errand->now - errand->row[CREATED].number)) {
        errand->result = (pd_mail_result_t){PD_MAIL_REFUSED, 0, "its link works no more"};
        return;
    }
    apr_status_t rv = build(&message, &length, &recipient, errand, p);
    if (rv) {
        errand->result = (pd_mail_result_t){PD_MAIL_REFUSED, 0, "it can't be opened or written"};
        pd_log(PD_LOG_ERR, rv, "PD0451: letter %s can't be opened or written", errand->id);
        return;
    }
    transport(&errand->result, errand->portal->settings, recipient, errand->row[MESSAGE_ID].text,
              message, length, p);
}

/* 1 min, doubled with each try up to 1 h, give or take a fifth. */
static apr_interval_time_t pause_after(apr_int64_t attempts)
{
    apr_interval_time_t pause = RETRY_MIN;
    for (apr_int64_t i = 1; i < attempts && pause < RETRY_MAX; i++) {
        pause *= 2;
    }
    if (pause > RETRY_MAX) {
        pause = RETRY_MAX;
    }
    return pause / 5 * 4 + (apr_interval_time_t)pd_random_below((apr_uint32_t)(pause / 5 * 2 + 1));
}

static void decide(errand_t *errand)
{
    apr_time_t created = errand->row[CREATED].number;
    apr_time_t over = created + errand->portal->settings->letter_lifetime;
    apr_time_t now = pd_clock_now();
    errand->final = errand->result.outcome == PD_MAIL_ACCEPTED ||
                    errand->result.outcome == PD_MAIL_REFUSED || now >= over;
    errand->next_at = now + pause_after(errand->row[ATTEMPTS].number);
    if (errand->next_at > over) {
        errand->next_at = over;
    }
}

static void report(const errand_t *errand)
{
    const pd_mail_result_t *result = &errand->result;
    const char *reason = result->reason ? result->reason : "";
    if (result->outcome == PD_MAIL_ACCEPTED) {
        pd_log(PD_LOG_INFO, 0, "PD0452: letter %s was accepted", errand->id);
    }
    else if (errand->final) {
        pd_log(PD_LOG_WARNING, 0, "PD0453: letter %s has failed: %s %ld %s", errand->id,
               outcome_words[result->outcome], result->reply_code, reason);
    }
    else if (result->outcome == PD_MAIL_UNREACHABLE) {
        pd_log(PD_LOG_WARNING, 0,
               "PD0454: the mail relay can't be used: %s (reply %ld); letter %s waits", reason,
               result->reply_code, errand->id);
    }
    else {
        pd_log(PD_LOG_INFO, 0, "PD0455: letter %s waits: %s %ld %s", errand->id,
               outcome_words[result->outcome], result->reply_code, reason);
    }
}

static apr_status_t journal_failure(pd_conn_t *conn, const errand_t *errand, apr_pool_t *p)
{
    const char *details = apr_psprintf(
        p, "{\"letter\":\"%s\",\"kind\":\"%s\",\"outcome\":\"%s\",\"reply\":%ld}", errand->id,
        errand->row[KIND].text, outcome_words[errand->result.outcome], errand->result.reply_code);
    return pd_journal_add(conn, errand->portal, PD_EVENT_LETTER_FAILED, errand->row[PERSON].text,
                          details, errand->key, p);
}

/* What a letter's end means for what it carried. */
static apr_status_t follow_up(pd_conn_t *conn, const errand_t *errand, int sent, apr_pool_t *p)
{
    const pd_cell_t *row = errand->row;
    if (sent) {
        return pd_recovery_delivered(conn, row[KIND].text, row[PERSON].text, row[CREATED].number,
                                     p);
    }
    apr_status_t rv =
        pd_coming_undelivered(conn, row[KIND].text, row[PERSON].text, row[CREATED].number, p);
    return rv ? rv : journal_failure(conn, errand, p);
}

static apr_status_t record_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const errand_t *errand = baton;
    const pd_mail_result_t *result = &errand->result;
    const char *outcome = outcome_words[result->outcome];
    int affected = 0;
    if (!errand->final) {
        return pd_conn_exec(NULL, conn, &pd_outbox_deliver_sql[AGAIN],
                            PD_ARGS(PD_N(errand->next_at), PD_T(outcome), PD_N(result->reply_code),
                                    PD_T(errand->id), PD_T(errand->lease)),
                            p);
    }
    int sent = result->outcome == PD_MAIL_ACCEPTED;
    apr_status_t rv = pd_conn_exec(&affected, conn, &pd_outbox_deliver_sql[DONE],
                                   PD_ARGS(PD_T(sent ? "sent" : "failed"), PD_T(outcome),
                                           PD_N(result->reply_code), PD_N(pd_clock_now()),
                                           PD_T(errand->id), PD_T(errand->lease)),
                                   p);
    return rv || !affected ? rv : follow_up(conn, errand, sent, p);
}

static pd_count_e what_came_of(const errand_t *errand)
{
    if (!errand->final)
        return PD_COUNT_LETTER_DELAYED;
    return errand->result.outcome == PD_MAIL_ACCEPTED ? PD_COUNT_LETTER_SENT
                                                      : PD_COUNT_LETTER_FAILED;
}

/* One letter. An error is the database's: the letter's lease runs out and it is tried again. */
static apr_status_t deliver_one(int *tried, errand_t *errand, pd_transport_fn *transport,
                                apr_pool_t *p)
{
    apr_status_t rv = pd_db_transact(errand->portal->db, claim_step, errand, p);
    if (rv || !errand->claimed || !errand->row) {
        return rv;
    }
    ++*tried;
    try_once(errand, transport, p);
    decide(errand);
    report(errand);
    rv = pd_db_transact(errand->portal->db, record_step, errand, p);
    if (rv) {
        pd_log(PD_LOG_ERR, rv,
               "PD0456: the outcome of letter %s could not be recorded; it is tried again",
               errand->id);
    }
    else {
        pd_count(errand->portal->counts, what_came_of(errand));
    }
    return rv;
}

apr_status_t pd_outbox_deliver(int *tried, int *seen, const pd_portal_t *portal,
                               pd_transport_fn *transport, int limit, apr_pool_t *p)
{
    const pd_rows_t *due;
    apr_pool_t *scratch; /* letters in clear don't outlive their try */
    *tried = *seen = 0;
    apr_status_t rv = pd_db_read(&due, portal->db, &pd_outbox_deliver_sql[DUE],
                                 PD_ARGS(PD_N(pd_clock_now()), PD_N(limit)), limit, p);
    if (rv) {
        return rv;
    }
    *seen = PD_ROW_COUNT(due);
    apr_pool_create(&scratch, p);
    for (int i = 0; !rv && i < PD_ROW_COUNT(due); i++) {
        const pd_cell_t *row = PD_ROW(due, i);
        errand_t errand = {.portal = portal,
                           .id = row[0].text,
                           .seen_state = row[1].text,
                           .seen_at = row[2].number,
                           .now = pd_clock_now(),
                           .lease = pd_token_new(scratch)};
        rv = deliver_one(tried, &errand, transport, scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return rv;
}
