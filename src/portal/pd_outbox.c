/* The outbox, writing side: a letter is rendered, sealed and put into the queue within the caller's
 * transaction; and what is over is removed. Delivery is pd_outbox_deliver.c. */
#include "portal/pd_outbox.h"

#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_journal.h"
#include "portal/pd_tables_int.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define LETTER_BYTES_MAX  ((apr_size_t)64 * 1024)
#define SUBJECT_BYTES_MAX 250
#define HOUR              apr_time_from_sec(3600)

#define BUSY_LETTERS 200

enum { COUNT, INSERT, LACK, LOOK, WAITING, EXPIRE };

const pd_sql_t pd_outbox_sql[] = {
    [COUNT] = {"letter_count",
               "SELECT COUNT(*) FROM letter WHERE mailbox = %s AND created_at > %lld", "i",
               "letters to one mailbox since an instant"},
    [INSERT] = {"letter_insert",
                "INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject, body, "
                "language, message_id, state, attempts, next_at, lease, outcome, reply_code, "
                "created_at, done_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued', 0, "
                "%lld, '', '', 0, %lld, 0)",
                "", "a new letter"},
    [LACK] = {"letter_lack",
              "INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject, body, "
              "language, message_id, state, attempts, next_at, lease, outcome, reply_code, "
              "created_at, done_at) VALUES (%s, %s, %s, '', '', '', '', %s, '', 'failed', 0, 0, "
              "'', 'no text', 0, %lld, %lld)",
              "", "a letter that has no text"},
    [LOOK] = {"letter_look",
              "SELECT state, COUNT(*), MIN(created_at), "
              "COALESCE(SUM(CASE WHEN outcome = 'no text' THEN 1 ELSE 0 END), 0) FROM letter "
              "WHERE state IN ('queued', 'sending', 'failed') GROUP BY state",
              "siii", "how the queue stands"},
    [WAITING] = {"letter_waiting",
                 "SELECT id FROM letter WHERE state = 'queued' ORDER BY next_at LIMIT 200", "s",
                 "letters that wait, also for a relay that is away"},
    [EXPIRE] = {"letter_expire",
                "DELETE FROM letter WHERE id IN (SELECT x.id FROM letter x "
                "WHERE x.state IN ('sent', 'failed') AND x.done_at < %lld LIMIT %lld)",
                "", "letters done long ago"},
    {NULL, NULL, NULL, NULL}};

static const char *const confirm_names[] = {"link", "code", "hours", "site_name", "base_url", NULL};
static const char *const known_names[] = {"given_up", "sign_in_url", "site_name", "base_url", NULL};
static const char *const attempts_names[] = {"site_name", "base_url", NULL};
static const char *const notice_names[] = {"inbox_url", "site_name", "base_url", NULL};
static const char *const notice_optional_names[] = {"inbox_url", "unsubscribe_url", "site_name",
                                                    "base_url", NULL};
static const char *const recovery_names[] = {"link", "code", "site_name", "base_url", NULL};
static const char *const password_names[] = {"sign_in_url", "site_name", "base_url", NULL};
static const char *const factor_names[] = {"turned_on", "turned_off", "renewed",
                                           "code_used", "was_reset",  "sign_in_url",
                                           "site_name", "base_url",   NULL};
static const char *const sign_in_names[] = {"sign_in_url", "site_name", "base_url", NULL};
static const char *const email_code_names[] = {"code",      "link",     "hours",
                                               "site_name", "base_url", NULL};
static const char *const email_known_names[] = {"given_up", "site_name", "base_url", NULL};
static const char *const email_changed_names[] = {"link", "sign_in_url", "site_name", "base_url",
                                                  NULL};
/* A date is a map as pd_value_set_date makes it. */
static const char *const new_place_names[] = {
    "travel", "country", "region", "browser", "system", "at",  "zone",      "not_me_url", "day",
    "year",   "time",    "iso",    "m1",      "m2",     "m3",  "m4",        "m5",         "m6",
    "m7",     "m8",      "m9",     "m10",     "m11",    "m12", "site_name", "base_url",   NULL};
/* One record of an act, and how its instant is written: partials "record" and "date". */
#define RECORD                                                                                     \
    "title", "version", "ru", "en", "wording", "at", "zone", "url", "sha256", "number", "form",    \
        "address", "agent", "day", "year", "time", "iso", "m1", "m2", "m3", "m4", "m5", "m6",      \
        "m7", "m8", "m9", "m10", "m11", "m12", "consents_url", "site_name", "base_url"
static const char *const unused_names[] = {
    "sign_in_url", "due", "day", "year", "time", "iso", "m1",  "m2",        "m3",       "m4", "m5",
    "m6",          "m7",  "m8",  "m9",   "m10",  "m11", "m12", "site_name", "base_url", NULL};
static const char *const closing_names[] = {
    "link", "sign_in_url", "unused", "due", "day",       "year",     "time", "iso",
    "m1",   "m2",          "m3",     "m4",  "m5",        "m6",       "m7",   "m8",
    "m9",   "m10",         "m11",    "m12", "site_name", "base_url", NULL};
static const char *const receipt_names[] = {RECORD, "acts", "acknowledged", "is_processing", NULL};
static const char *const withdrawn_names[] = {RECORD, "due", "closes", NULL};
/* The date is a map as pd_value_set_date makes it. */
static const char *const policy_coming_names[] = {
    "policy_url", "diff_url", "effective", "day",       "year",     "time", "iso", "m1",
    "m2",         "m3",       "m4",        "m5",        "m6",       "m7",   "m8",  "m9",
    "m10",        "m11",      "m12",       "site_name", "base_url", NULL};

const pd_contract_t pd_letter_contracts[] = {
    {"mail/confirm.txt", confirm_names, NULL},
    {"mail/known.txt", known_names, NULL},
    {"mail/attempts.txt", attempts_names, NULL},
    {"mail/password.txt", password_names, NULL},
    {"mail/password-changed.txt", sign_in_names, NULL},
    {"mail/password-expired.txt", sign_in_names, NULL},
    {"mail/login-changed.txt", sign_in_names, NULL},
    {"mail/email-code.txt", email_code_names, NULL},
    {"mail/email-known.txt", email_known_names, NULL},
    {"mail/email-changed.txt", email_changed_names, NULL},
    {"mail/email-restored.txt", sign_in_names, NULL},
    {"mail/new-place.txt", new_place_names, NULL},
    {"mail/notice.txt", notice_names, NULL},
    {"mail/notice-optional.txt", notice_optional_names, NULL},
    {"mail/recovery.txt", recovery_names, NULL},
    {"mail/second-factor.txt", factor_names, NULL},
    {"mail/consent-receipt.txt", receipt_names, NULL},
    {"mail/consent-withdrawn.txt", withdrawn_names, NULL},
    {"mail/unused.txt", unused_names, NULL},
    {"mail/closing.txt", closing_names, NULL},
    {"mail/closing-recalled.txt", sign_in_names, NULL},
    {"mail/blocked.txt", sign_in_names, NULL},
    {"mail/unblocked.txt", sign_in_names, NULL},
    {"mail/policy-coming.txt", policy_coming_names, NULL},
    {NULL, NULL, NULL}};

const pd_letter_kind_t pd_letter_kinds[] = {
    {"confirm", "4.1.5", NULL, PD_BASIS_PURPOSE},
    {"known", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"attempts", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"password", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"password-changed", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"password-expired", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"login-changed", "4.1.4", NULL, PD_BASIS_PURPOSE},
    /* To correct one's address is a right. And the ledger is looked into no more than for
       "email-known". */
    {"email-code", "4.1.5", NULL, PD_BASIS_LAW},
    {"email-known", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"email-changed", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"email-restored", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"new-place", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"notice", "4.1.3", NULL, PD_BASIS_PURPOSE},
    {"notice-optional", "4.1.3", "notices", PD_BASIS_PURPOSE},
    {"recovery", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"second-factor", "4.1.4", NULL, PD_BASIS_PURPOSE},
    {"consent-receipt", "4.1.3", NULL, PD_BASIS_LAW},
    {"consent-withdrawn", "4.1.3", NULL, PD_BASIS_LAW},
    {"unused", "4.1.3", NULL, PD_BASIS_LAW},
    {"closing", "4.1.3", NULL, PD_BASIS_LAW},
    {"closing-recalled", "4.1.3", NULL, PD_BASIS_LAW},
    {"blocked", "4.1.3", NULL, PD_BASIS_LAW},
    {"unblocked", "4.1.3", NULL, PD_BASIS_LAW},
    {"policy-coming", "4.1.3", NULL, PD_BASIS_PURPOSE},
    {NULL, NULL, NULL, PD_BASIS_PURPOSE}};

static const pd_letter_kind_t *find_kind(const char *name)
{
    for (const pd_letter_kind_t *kind = pd_letter_kinds; kind->kind; kind++) {
        if (!strcmp(kind->kind, name)) {
            return kind;
        }
    }
    return NULL;
}

const pd_letter_kind_t *pd_letter_kind_of_file(const char *file)
{
    for (const pd_letter_kind_t *kind = pd_letter_kinds; kind->kind; kind++) {
        apr_size_t length = strlen(kind->kind);
        if (!strncmp(file, "mail/", 5) && !strncmp(file + 5, kind->kind, length) &&
            !strcmp(file + 5 + length, ".txt")) {
            return pd_purpose_find(kind->purpose) ? kind : NULL;
        }
    }
    return NULL;
}

int pd_letter_is_optional(const char *name)
{
    const pd_letter_kind_t *kind = find_kind(name);
    return kind && kind->consent;
}

const char *pd_outbox_mailbox(const pd_portal_t *portal, const char *address, apr_pool_t *p)
{
    char *folded = apr_pstrdup(p, address);
    for (char *at = folded; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    return pd_hash_lookup(portal->keys, "mailbox", folded, p);
}

typedef struct text_t {
    const char *subject, *body;
} text_t;

/* First line the subject, an empty line, then the body. */
static apr_status_t split(text_t *text, const char *rendered, apr_pool_t *p)
{
    apr_size_t length = strcspn(rendered, "\r\n");
    const char *body = rendered + length;
    text->subject = apr_pstrmemdup(p, rendered, length);
    if (length == 0 || length > SUBJECT_BYTES_MAX) {
        return PD_ETEMPLATE;
    }
    body += strspn(body, "\r\n");
    text->body = apr_pstrdup(p, body);
    return *body ? APR_SUCCESS : PD_ETEMPLATE;
}

static apr_status_t render(text_t *text, const pd_portal_t *portal, const pd_letter_t *letter,
                           apr_pool_t *p)
{
    const char *file = apr_pstrcat(p, "mail/", letter->kind, ".txt", NULL);
    const pd_mustache_t *mustache = pd_templates_get(portal->templates, file, letter->language);
    apr_status_t rv = PD_ETEMPLATE;
    if (mustache) {
        pd_buf_t out;
        pd_buf_init(&out, LETTER_BYTES_MAX, p);
        pd_value_set_text(letter->values, "site_name", portal->settings->site_name, p);
        pd_value_set_text(letter->values, "base_url", portal->settings->base_url, p);
        pd_mustache_render(mustache, letter->values, &out, p);
        rv = out.overflow ? PD_ELIMIT : split(text, out.bytes, p);
    }
    if (rv) {
        pd_log(
            PD_LOG_ERR, rv,
            "PD0450: template %s (%s) makes no letter: it needs a subject line, an empty line and "
            "a body",
            file, letter->language);
    }
    return rv;
}

static apr_status_t insert(pd_conn_t *conn, const pd_portal_t *portal, const pd_letter_t *letter,
                           const text_t *text, apr_time_t now, apr_pool_t *p)
{
    const char *id = pd_random_uuid7(now, p);
    const char *recipient, *subject, *body;
    const char *message_id =
        apr_pstrcat(p, id, "@", pd_settings_base_host(portal->settings, p), NULL);
    apr_status_t rv = pd_seal(&recipient, letter->key, "letter.recipient", id, letter->address, p);
    if (!rv) {
        rv = pd_seal(&subject, letter->key, "letter.subject", id, text->subject, p);
    }
    if (!rv) {
        rv = pd_seal(&body, letter->key, "letter.body", id, text->body, p);
    }
    if (rv) {
        return rv;
    }
    return pd_conn_exec(NULL, conn, &pd_outbox_sql[INSERT],
                        PD_ARGS(PD_T(id), PD_T(letter->person_id), PD_T(letter->kind),
                                PD_T(letter->always ? "" : letter->mailbox), PD_T(recipient),
                                PD_T(subject), PD_T(body), PD_T(letter->language), PD_T(message_id),
                                PD_N(now), PD_N(now)),
                        p);
}

/* Its row counts as one of a letter that failed, and goes as those do. */
static apr_status_t insert_lack(pd_conn_t *conn, const pd_portal_t *portal,
                                const pd_letter_t *letter, apr_time_t now, apr_pool_t *p)
{
    const char *id = pd_random_uuid7(now, p);
    apr_status_t rv = pd_conn_exec(NULL, conn, &pd_outbox_sql[LACK],
                                   PD_ARGS(PD_T(id), PD_T(letter->person_id), PD_T(letter->kind),
                                           PD_T(letter->language), PD_N(now), PD_N(now)),
                                   p);
    if (rv) {
        return rv;
    }
    const char *details = apr_psprintf(
        p, "{\"letter\":\"%s\",\"kind\":\"%s\",\"outcome\":\"no text\"}", id, letter->kind);
    pd_log(PD_LOG_ERR, 0, "PD0750: letter %s of the kind %s is lacking: what it tells of was done",
           id, letter->kind);
    return pd_journal_add(conn, portal, PD_EVENT_LETTER_FAILED, letter->person_id, details,
                          letter->key, p);
}

/* A kind that isn't in the table names no purpose, and so is refused like any other such use. */
apr_status_t pd_outbox_allowed(int *allowed, pd_conn_t *conn, const pd_portal_t *portal,
                               const char *name, const char *person_id, apr_pool_t *p)
{
    const pd_letter_kind_t *kind = find_kind(name);
    pd_use_t use = {.what = apr_pstrcat(p, "letter ", name, NULL)};
    pd_use_e outcome;
    if (kind) {
        use.purpose = kind->purpose;
        use.consent = kind->consent;
        use.basis = kind->basis;
    }
    apr_status_t rv = pd_purpose_use_within(&outcome, conn, portal, &use, person_id, p);
    *allowed = !rv && outcome == PD_USE_LAWFUL;
    return rv;
}

apr_status_t pd_outbox_add(int *written, pd_conn_t *conn, const pd_portal_t *portal,
                           const pd_letter_t *letter, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_time_t now = pd_clock_now();
    text_t text;
    int allowed;
    *written = 0;
    apr_status_t rv = pd_outbox_allowed(&allowed, conn, portal, letter->kind, letter->person_id, p);
    if (rv || !allowed) {
        return rv;
    }
    /* Before counting: else two at once would each take the last place of the hour. */
    rv = pd_conn_lock_name(conn, letter->mailbox, p);
    if (!rv) {
        rv = pd_conn_read(&rows, conn, &pd_outbox_sql[COUNT],
                          PD_ARGS(PD_T(letter->mailbox), PD_N(now - HOUR)), 1, p);
    }
    if (rv ||
        (!letter->always && PD_ROW(rows, 0)[0].number >= portal->settings->letters_per_hour)) {
        return rv;
    }
    rv = render(&text, portal, letter, p);
    if (rv && letter->may_lack) {
        return insert_lack(conn, portal, letter, now, p);
    }
    if (!rv) {
        rv = insert(conn, portal, letter, &text, now, p);
    }
    if (!rv) {
        *written = 1;
    }
    return rv;
}

apr_status_t pd_outbox_is_busy(int *busy, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t rv =
        pd_db_read(&rows, portal->db, &pd_outbox_sql[WAITING], PD_NO_ARGS, BUSY_LETTERS, p);
    *busy = !rv && PD_ROW_COUNT(rows) == BUSY_LETTERS;
    return rv;
}

apr_status_t pd_outbox_look(pd_outbox_state_t *state, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *state = (pd_outbox_state_t){0, 0, 0, 0};
    apr_status_t rv = pd_db_read(&rows, portal->db, &pd_outbox_sql[LOOK], PD_NO_ARGS, 3, p);
    for (int i = 0; !rv && i < PD_ROW_COUNT(rows); i++) {
        const pd_cell_t *row = PD_ROW(rows, i);
        if (!strcmp(row[0].text, "failed")) {
            state->failed = row[1].number;
            state->lacking = row[3].number;
            continue;
        }
        state->queued += row[1].number;
        if (!state->oldest || row[2].number < state->oldest) {
            state->oldest = row[2].number;
        }
    }
    return rv;
}

apr_status_t pd_outbox_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                              int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_outbox_sql[EXPIRE], pd_clock_now() - age, limit,
                        p);
}
