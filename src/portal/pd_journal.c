/* Writing the journal. Each host has a chain of its own, so that hosts don't queue on one another.
 * The head is raised first: on PostgreSQL that locks its row until the transaction ends, on SQLite
 * the write lock is held anyway, so numbers have no gaps and no doubles.
 *
 * A row is chained to the head value before it, which only a holder of the key can make. Somebody
 * who cuts rows off and writes a head of his own therefore shows for ever, also after the portal
 * has gone on writing behind it. */
#include "portal/pd_journal.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "crypt/pd_hash.h"
#include "portal/pd_journal_int.h"
#include "portal/pd_tables_int.h"

enum { RAISE, START, HEAD, ADD, SET_HEAD };

const pd_sql_t pd_journal_sql[] = {
    [RAISE] = {"journal_raise", "UPDATE journal_head SET sequence = sequence + 1 WHERE host = %s",
               "", "take the next number of this host and lock its chain"},
    [START] = {"journal_start",
               "INSERT INTO journal_head (host, sequence, chain) VALUES (%s, 0, %s)"
               " ON CONFLICT DO NOTHING",
               "", "begin the chain of a host"},
    [HEAD] = {"journal_head", "SELECT sequence, chain FROM journal_head WHERE host = %s", "is",
              "the number taken and the head value before it"},
    [ADD] = {"journal_add",
             "INSERT INTO journal (host, sequence, at, event, subject, details, chain)"
             " VALUES (%s, %lld, %lld, %s, %s, %s, %s)",
             "", "add a row"},
    [SET_HEAD] = {"journal_set_head", "UPDATE journal_head SET chain = %s WHERE host = %s", "",
                  "put the new row's value into the head"},
    {NULL, NULL, NULL, NULL}};

static const char *number(apr_int64_t value, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT, value);
}

const char *pd_journal_chain(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                             const pd_journal_row_t *row, const char *before, apr_pool_t *p)
{
    const char *parts[] = {"row",      host,         number(sequence, p), number(row->at, p),
                           row->event, row->subject, row->details,        before};
    return pd_hash_keyed(keys, PD_KEY_JOURNAL, parts, sizeof(parts) / sizeof(parts[0]), p);
}

const char *pd_journal_link(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                            const char *chain, apr_pool_t *p)
{
    const char *parts[] = {"head", host, number(sequence, p), chain};
    return pd_hash_keyed(keys, PD_KEY_JOURNAL, parts, sizeof(parts) / sizeof(parts[0]), p);
}

/* Takes the next number; a host that writes for the first time gets its head. */
static apr_status_t raise_head(const pd_cell_t **head, pd_conn_t *conn, const pd_portal_t *portal,
                               apr_pool_t *p)
{
    const char *host = portal->settings->host_name;
    int affected;
    apr_status_t status =
        pd_conn_exec(&affected, conn, &pd_journal_sql[RAISE], PD_ARGS(PD_T(host)), p);
    if (status == APR_SUCCESS && affected == 0) {
        const char *first = pd_journal_link(portal->keys, host, 0, "", p);
        status =
            pd_conn_exec(NULL, conn, &pd_journal_sql[START], PD_ARGS(PD_T(host), PD_T(first)), p);
        if (status == APR_SUCCESS)
            status = pd_conn_exec(&affected, conn, &pd_journal_sql[RAISE], PD_ARGS(PD_T(host)), p);
    }
    if (status != APR_SUCCESS)
        return status;
    const pd_rows_t *found;
    status = pd_conn_read(&found, conn, &pd_journal_sql[HEAD], PD_ARGS(PD_T(host)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (affected != 1 || PD_ROW_COUNT(found) != 1) {
        pd_log(PD_LOG_ERR, PD_ESQL, "PD0400: the journal's head of host %s can't be written", host);
        return PD_ESQL;
    }
    *head = PD_ROW(found, 0);
    return APR_SUCCESS;
}

/* Details are bound to their row, so that they can't be moved to another one. */
static const char *row_name(const char *host, apr_int64_t sequence, apr_pool_t *p)
{
    return apr_pstrcat(p, host, "/", number(sequence, p), NULL);
}

static apr_status_t seal_details(const char **sealed, const pd_portal_t *portal,
                                 const char *details, const pd_datakey_t *key, apr_int64_t sequence,
                                 apr_pool_t *p)
{
    *sealed = "";
    if (!details)
        return APR_SUCCESS;
    if (!key)
        key = pd_datakey_system(portal->keys, p);
    return pd_seal(sealed, key, "journal.details",
                   row_name(portal->settings->host_name, sequence, p), details, p);
}

apr_status_t pd_journal_details(const char **details, const pd_portal_t *portal, const char *host,
                                apr_int64_t sequence, const char *sealed, const pd_datakey_t *key,
                                apr_pool_t *p)
{
    *details = "";
    if (*sealed == '\0')
        return APR_SUCCESS;
    if (!key)
        key = pd_datakey_system(portal->keys, p);
    return pd_open(details, key, "journal.details", row_name(host, sequence, p), sealed, p);
}

apr_status_t pd_journal_add(pd_conn_t *conn, const pd_portal_t *portal, const char *event,
                            const char *subject, const char *details, const pd_datakey_t *key,
                            apr_pool_t *p)
{
    const char *host = portal->settings->host_name;
    const pd_cell_t *head;
    apr_status_t status = raise_head(&head, conn, portal, p);
    if (status != APR_SUCCESS)
        return status;
    pd_journal_row_t row = {head[0].number, pd_clock_now(), event, subject, "", NULL};
    status = seal_details(&row.details, portal, details, key, row.sequence, p);
    if (status != APR_SUCCESS)
        return status;
    row.chain = pd_journal_chain(portal->keys, host, row.sequence, &row, head[1].text, p);
    status = pd_conn_exec(NULL, conn, &pd_journal_sql[ADD],
                          PD_ARGS(PD_T(host), PD_N(row.sequence), PD_N(row.at), PD_T(row.event),
                                  PD_T(row.subject), PD_T(row.details), PD_T(row.chain)),
                          p);
    if (status != APR_SUCCESS)
        return status;
    const char *link = pd_journal_link(portal->keys, host, row.sequence, row.chain, p);
    return pd_conn_exec(NULL, conn, &pd_journal_sql[SET_HEAD], PD_ARGS(PD_T(link), PD_T(host)), p);
}
