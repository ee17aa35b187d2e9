/* Recovery of access, the job's side: whose name it is, and the letter to him. */
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "portal/pd_journal.h"
#include "portal/pd_link.h"
#include "portal/pd_outbox.h"
#include "portal/pd_recovery.h"
#include "portal/pd_tables_int.h"

#define KIND "recovery"

enum { NEXT, CLAIM, OWNER, ANSWERED, DELIVERED };

const pd_sql_t pd_recovery_letter_sql[] = {
    [NEXT] = {"recovery_next",
              "SELECT id, kind, lookup, expires_at FROM recovery WHERE answered_at = 0"
              " ORDER BY created_at LIMIT 1",
              "sssi", "what was asked for first"},
    [CLAIM] = {"recovery_claim",
               "UPDATE recovery SET answered_at = %lld WHERE id = %s AND answered_at = 0", "",
               "only one process answers"},
    [OWNER] = {"recovery_owner",
               "SELECT p.id, p.data_key, p.email, p.language FROM identifier i"
               " JOIN person p ON p.id = i.person_id"
               " WHERE i.kind = %s AND i.lookup = %s AND i.reserved_until = 0"
               " AND p.state = 'active'",
               "ssss", "who is called so"},
    [ANSWERED] = {"recovery_answered",
                  "UPDATE recovery SET person_id = %s, code = %s WHERE id = %s", "",
                  "the letter is written"},
    /* A link is made right before its letter, and voids those before it. */
    [DELIVERED] = {"recovery_delivered",
                   "UPDATE link SET expires_at = %lld WHERE person_id = %s"
                   " AND purpose = '" PD_LINK_PASSWORD "' AND used_at = 0 AND created_at <= %lld"
                   " AND expires_at > %lld",
                   "", "the hour of the letter's link begins"},
    {NULL, NULL, NULL, NULL}};

typedef struct answer_t {
    const pd_portal_t *portal;
    const char *id, *kind, *lookup;
    int in_silence; /* nobody is written to: it is over, or the mailbox had its letters */
    int claimed;
} answer_t;

static pd_value_t *values_of(const answer_t *answer, const char *token, const char *code,
                             apr_pool_t *p)
{
    const pd_settings_t *settings = answer->portal->settings;
    pd_value_t *values = pd_value_map(p);
    pd_value_set_text(values, "link",
                      apr_pstrcat(p, settings->base_url, settings->path, "/reset?t=", token, NULL),
                      p);
    pd_value_set_text(values, "code", code, p);
    return values;
}

static apr_status_t address(pd_letter_t *letter, const answer_t *answer, const pd_cell_t *cell,
                            apr_pool_t *p)
{
    letter->kind = KIND;
    letter->person_id = cell[0].text;
    letter->language = cell[3].text;
    apr_status_t status =
        pd_datakey_unwrap(&letter->key, answer->portal->keys, cell[1].text, cell[0].text, p);
    if (status == APR_SUCCESS)
        status =
            pd_open(&letter->address, letter->key, "person.email", cell[0].text, cell[2].text, p);
    if (status == APR_SUCCESS)
        letter->mailbox = pd_outbox_mailbox(answer->portal, letter->address, p);
    return status;
}

/* Without a letter the link of an earlier one must stay good: then all of it is taken back. */
static apr_status_t write_to(const answer_t *answer, pd_conn_t *conn, const pd_cell_t *owner,
                             apr_pool_t *p)
{
    pd_letter_t letter = {.always = 0};
    const char *token, *code = pd_code_new(p);
    int written;
    apr_status_t status = address(&letter, answer, owner, p);
    if (status == APR_SUCCESS)
        status = pd_link_make(&token, conn, letter.person_id, PD_LINK_PASSWORD,
                              pd_clock_now() + PD_RECOVERY_WAIT, p);
    if (status != APR_SUCCESS)
        return status;
    letter.values = values_of(answer, token, code, p);
    status = pd_outbox_add(&written, conn, answer->portal, &letter, p);
    if (status == APR_SUCCESS && !written)
        return APR_EEXIST;
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_recovery_letter_sql[ANSWERED],
                              PD_ARGS(PD_T(letter.person_id),
                                      PD_T(pd_code_hash(answer->portal->keys, answer->id, code, p)),
                                      PD_T(answer->id)),
                              p);
    if (status == APR_SUCCESS)
        status = pd_journal_add(conn, answer->portal, PD_EVENT_RECOVERY_ASKED, letter.person_id,
                                NULL, letter.key, p);
    return status;
}

static apr_status_t answer_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    answer_t *answer = baton;
    const pd_rows_t *owner;
    apr_status_t status = pd_conn_exec(&answer->claimed, conn, &pd_recovery_letter_sql[CLAIM],
                                       PD_ARGS(PD_N(pd_clock_now()), PD_T(answer->id)), p);
    if (status != APR_SUCCESS || !answer->claimed || answer->in_silence)
        return status;
    status = pd_conn_read(&owner, conn, &pd_recovery_letter_sql[OWNER],
                          PD_ARGS(PD_T(answer->kind), PD_T(answer->lookup)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(owner) == 0)
        return status;
    return write_to(answer, conn, PD_ROW(owner, 0), p);
}

/* One that can't be answered doesn't hold up the others. */
static void answer_in_silence(apr_status_t *status, answer_t *answer, apr_pool_t *p)
{
    if (!APR_STATUS_IS_EEXIST(*status)) {
        pd_log(PD_LOG_ERR, *status, "PD0880: a letter for the recovery of access can't be written");
    }
    answer->in_silence = 1;
    *status = pd_db_transact(answer->portal->db, answer_step, answer, p);
}

apr_status_t pd_recovery_answer(int *done, int *seen, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    answer_t answer = {.portal = portal};
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_recovery_letter_sql[NEXT], PD_NO_ARGS, 1, p);
    *seen = status == APR_SUCCESS && PD_ROW_COUNT(rows) > 0;
    if (!*seen)
        return status;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    answer.id = cell[0].text;
    answer.kind = cell[1].text;
    answer.lookup = cell[2].text;
    answer.in_silence = pd_clock_now() >= cell[3].number;
    status = pd_db_transact(portal->db, answer_step, &answer, p);
    if (status != APR_SUCCESS && status != PD_EBUSY && status != PD_EAWAY) {
        answer_in_silence(&status, &answer, p);
    }
    *done = status == APR_SUCCESS && answer.claimed;
    return status;
}

int pd_recovery_is_late(const char *kind, apr_interval_time_t age)
{
    return strcmp(kind, KIND) == 0 && age >= PD_RECOVERY_WAIT;
}

apr_status_t pd_recovery_delivered(pd_conn_t *conn, const char *kind, const char *person_id,
                                   apr_time_t written_at, apr_pool_t *p)
{
    apr_time_t until = pd_clock_now() + PD_RECOVERY_LIFETIME;
    if (strcmp(kind, KIND) != 0)
        return APR_SUCCESS;
    return pd_conn_exec(NULL, conn, &pd_recovery_letter_sql[DELIVERED],
                        PD_ARGS(PD_N(until), PD_T(person_id), PD_N(written_at), PD_N(until)), p);
}
