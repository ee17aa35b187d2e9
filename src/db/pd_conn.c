/* One statement on one connection: check the arguments, prepare, run, drain, and say what an error
 * means. The driver's own codes say little (the SQLite driver uses the old prepare, whose step
 * answers 1 for nearly everything; the PostgreSQL driver hides SQLSTATE), so errors are told apart
 * by the engine's fixed English messages, and what isn't known is PD_ESQL. */
#include "db/pd_db_int.h"
#include "base/pd_log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* SQLITE_ROW, as the driver's query hands it out. */
#define SQLITE_HAS_ROW 100

static const char has_rows[] = "it answers with rows, so it has to be read";

typedef struct known_fault_t {
    const char *part; /* of the message */
    apr_status_t status;
    int again;
} known_fault_t;

static const known_fault_t sqlite_faults[] = {
    {"is locked", PD_EBUSY, 1}, /* database, database table, database schema */
    /* Another process migrated: this connection's statements fail for ever, a new one's don't. */
    {"database schema has changed", PD_EAWAY, 1},
    {"not an error", PD_EAWAY, 1}, /* what is said of a statement this connection outdated itself */
    {"database or disk is full", PD_EAWAY, 0},
    {"disk I/O error", PD_EAWAY, 0},
    {"readonly database", PD_EAWAY, 0},
    {"unable to open database file", PD_EAWAY, 0},
    {NULL, 0, 0},
};

static const known_fault_t pgsql_faults[] = {
    {"deadlock detected", PD_EBUSY, 1},
    {"could not serialize access", PD_EBUSY, 1},
    {"canceling statement due to lock timeout", PD_EBUSY, 1},
    {"canceling statement due to statement timeout", PD_EBUSY, 1},
    {"canceling statement due to conflict with recovery", PD_EBUSY, 1},
    {"No space left on device", PD_EAWAY, 0},
    {"in a read-only transaction", PD_EAWAY, 0},
    {NULL, 0, 0},
};

/* What of a message may be logged: the first line (never DETAIL, which quotes rows), and of
 * PostgreSQL's only up to the first quotation mark or foreign letter, since "invalid input syntax"
 * and its like go on with the value itself. */
static const char *loggable(const pd_conn_t *conn, const char *message)
{
    apr_size_t length = strcspn(message, "\r\n");
    if (conn->db->engine == PD_ENGINE_PGSQL) {
        for (apr_size_t i = 0; i < length; i++) {
            if (message[i] == '"' || message[i] == '\'' || (message[i] & 0x80)) {
                length = i;
            }
        }
    }
    return apr_pstrmemdup(conn->scratch, message, length);
}

static void log_fault(const pd_conn_t *conn, const char *label, const char *message)
{
    pd_db_t *db = conn->db;
    const char *text = loggable(conn, message);
    if (conn->fault == PD_EBUSY) {
        pd_log(PD_LOG_INFO, 0, "PD0310: statement %s met a lock: %s", label, text);
    }
    else if (conn->fault == PD_ESQL) {
        pd_log(PD_LOG_ERR, 0, "PD0311: statement %s failed: %s", label, text);
    }
    else if (conn->again && pd_db_may_say(db, PD_SAY_LOST)) {
        pd_log(PD_LOG_WARNING, 0, "PD0312: a database connection is given up at %s: %s", label,
               text);
    }
    else if (!conn->again && pd_db_may_say(db, PD_SAY_STORAGE)) {
        pd_log(PD_LOG_ERR, 0, "PD0313: the database's storage failed at %s: %s", label, text);
    }
}

apr_status_t pd_conn_fail(pd_conn_t *conn, const char *label)
{
    pd_db_t *db = conn->db;
    int ignored;
    const char *message = apr_dbd_error(db->driver, conn->handle, 0);
    message = apr_pstrdup(conn->scratch, message ? message : "no message");
    /* Ends what is open, and asks a PostgreSQL connection whether it lives: outside a transaction
     * ROLLBACK is only a warning there. */
    int rolled_back = apr_dbd_query(db->driver, conn->handle, &ignored, "ROLLBACK") == 0;
    conn->in_transaction = 0;
    conn->fault = PD_ESQL;
    conn->again = 0;
    const known_fault_t *known = sqlite_faults;
    if (db->engine == PD_ENGINE_PGSQL) {
        known = pgsql_faults;
        if (!rolled_back) {
            conn->fault = PD_EAWAY;
            conn->again = 1;
        }
    }
    for (; conn->fault == PD_ESQL && known->part; known++) {
        if (strstr(message, known->part)) {
            conn->fault = known->status;
            conn->again = known->again;
        }
    }
    log_fault(conn, label, message);
    return conn->fault;
}

/* A statement that this program wrote or called wrongly. */
static apr_status_t fail_own(pd_conn_t *conn, const pd_sql_t *sql, const char *what)
{
    pd_log(PD_LOG_ERR, 0, "PD0314: statement %s: %s", sql->label, what);
    conn->fault = PD_ESQL;
    conn->again = 0;
    return conn->fault;
}

/* Do the arguments fit the placeholders? The drivers read them through untyped pointers: one of the
 * wrong kind would be a wild one. */
static int args_fit(const char *text, const pd_arg_t *args, int n_args)
{
    int n = 0;
    for (const char *c = strchr(text, '%'); c; c = strchr(c, '%')) {
        c++;
        if (*c == '%') {
            c++;
            continue;
        }
        pd_arg_e kind = *c == 's' ? PD_ARG_TEXT : PD_ARG_NUMBER;
        if (kind == PD_ARG_NUMBER && strncmp(c, "lld", 3)) {
            return 0;
        }
        if (n >= n_args || args[n].kind != kind || (kind == PD_ARG_TEXT && !args[n].text)) {
            return 0;
        }
        n++;
    }
    return n == n_args;
}

/* SQLite: once per connection, in its pool, since the driver frees statements only at close.
 * PostgreSQL: unnamed, in the scratch pool: nothing on the server that a restart could lose. */
static apr_status_t prepare(apr_dbd_prepared_t **prepared, pd_conn_t *conn, const pd_sql_t *sql)
{
    pd_db_t *db = conn->db;
    int keep = db->engine == PD_ENGINE_SQLITE;
    *prepared = keep ? apr_hash_get(conn->statements, sql->text, APR_HASH_KEY_STRING) : NULL;
    if (*prepared) {
        return APR_SUCCESS;
    }
    if (apr_dbd_prepare(db->driver, keep ? conn->pool : conn->scratch, conn->handle, sql->text,
                        NULL, prepared)) {
        return pd_conn_fail(conn, sql->label);
    }
    if (keep) {
        apr_hash_set(conn->statements, apr_pstrdup(conn->pool, sql->text), APR_HASH_KEY_STRING,
                     *prepared);
    }
    return APR_SUCCESS;
}

static apr_status_t ready(apr_dbd_prepared_t **prepared, const void ***values, pd_conn_t *conn,
                          const pd_sql_t *sql, const pd_arg_t *args, int n_args)
{
    if (conn->fault) {
        return conn->fault;
    }
    if (!args_fit(sql->text, args, n_args)) {
        return fail_own(conn, sql, "the arguments don't fit the placeholders");
    }
    *values = apr_pcalloc(conn->scratch, sizeof(**values) * (apr_size_t)(n_args + 1));
    for (int i = 0; i < n_args; i++) {
        (*values)[i] = args[i].kind == PD_ARG_TEXT ? (const void *)args[i].text : &args[i].number;
    }
    return prepare(prepared, conn, sql);
}

/* Strict: the whole cell is one bigint. */
static int read_number(apr_int64_t *number, const char *text)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return !errno && end != text && !*end && !apr_isspace(*text);
}

static apr_status_t take_row(const pd_cell_t **cells, pd_conn_t *conn, const pd_sql_t *sql,
                             apr_dbd_row_t *row, int n_columns, apr_pool_t *p)
{
    *cells = NULL;
    pd_cell_t *made = apr_pcalloc(p, sizeof(*made) * (apr_size_t)n_columns);
    for (int i = 0; i < n_columns; i++) {
        char *text = NULL;
        /* datum_get, since get_entry makes "" of NULL on PostgreSQL. */
        if (apr_dbd_datum_get(conn->db->driver, row, i, APR_DBD_TYPE_STRING, &text) || !text) {
            return fail_own(conn, sql, "a column is NULL");
        }
        made[i].text = apr_pstrdup(p, text);
        if (sql->columns[i] == 'i' && !read_number(&made[i].number, text)) {
            return fail_own(conn, sql, "a column is no bigint");
        }
    }
    *cells = made;
    return APR_SUCCESS;
}

static apr_status_t drain(const pd_rows_t **result, pd_conn_t *conn, const pd_sql_t *sql,
                          apr_dbd_results_t *results, int limit, apr_pool_t *p)
{
    const apr_dbd_driver_t *driver = conn->db->driver;
    int n_columns = (int)strlen(sql->columns);
    if (apr_dbd_num_cols(driver, results) != n_columns) {
        return fail_own(conn, sql, "the result has other columns than the table says");
    }
    pd_rows_t *made = apr_palloc(p, sizeof(*made));
    made->rows = apr_array_make(p, 4, sizeof(const pd_cell_t *));
    /* One row pointer throughout, and -1: with a fresh one the PostgreSQL driver starts again. */
    apr_dbd_row_t *row = NULL;
    while (apr_dbd_get_row(driver, conn->scratch, results, &row, -1) == 0) {
        const pd_cell_t *cells;
        if (made->rows->nelts >= limit) {
            return fail_own(conn, sql, "more rows than the caller's limit");
        }
        apr_status_t status = take_row(&cells, conn, sql, row, n_columns, p);
        if (status) {
            return status;
        }
        APR_ARRAY_PUSH(made->rows, const pd_cell_t *) = cells;
    }
    *result = made;
    return APR_SUCCESS;
}

apr_status_t pd_conn_read(const pd_rows_t **result, pd_conn_t *conn, const pd_sql_t *sql,
                          const pd_arg_t *args, int n_args, int limit, apr_pool_t *p)
{
    apr_dbd_prepared_t *prepared;
    apr_dbd_results_t *results = NULL;
    const void **values;
    *result = NULL;
    apr_status_t status = ready(&prepared, &values, conn, sql, args, n_args);
    /* Random access (1), since with 0 an error reads as an empty result on PostgreSQL. */
    if (!status && apr_dbd_pbselect(conn->db->driver, conn->scratch, conn->handle, &results,
                                    prepared, 1, values)) {
        status = pd_conn_fail(conn, sql->label);
    }
    if (!status) {
        status = drain(result, conn, sql, results, limit, p);
    }
    apr_pool_clear(conn->scratch);
    return status;
}

apr_status_t pd_conn_exec(int *affected, pd_conn_t *conn, const pd_sql_t *sql, const pd_arg_t *args,
                          int n_args, apr_pool_t *p)
{
    apr_dbd_prepared_t *prepared;
    const void **values;
    int count = 0;
    (void)p;
    apr_status_t status = ready(&prepared, &values, conn, sql, args, n_args);
    if (!status && *sql->columns) {
        status = fail_own(conn, sql, has_rows);
    }
    if (!status) {
        int error = apr_dbd_pbquery(conn->db->driver, conn->scratch, conn->handle, &count, prepared,
                                    values);
        if (error == SQLITE_HAS_ROW && conn->db->engine == PD_ENGINE_SQLITE) {
            status = fail_own(conn, sql, has_rows);
        }
        else if (error) {
            status = pd_conn_fail(conn, sql->label);
        }
    }
    if (affected) {
        *affected = status ? 0 : count;
    }
    apr_pool_clear(conn->scratch);
    return status;
}

/* Two names of one hash only wait for each other. */
static const pd_sql_t lock_name = {
    "db_lock_name", "SELECT CAST(pg_advisory_xact_lock(hashtextextended(%s, 0)) AS TEXT)", "s",
    "a lock on what no row stands for"};

apr_status_t pd_conn_lock_name(pd_conn_t *conn, const char *name, apr_pool_t *p)
{
    const pd_rows_t *ignored;
    if (conn->db->engine == PD_ENGINE_SQLITE) {
        return conn->fault;
    }
    return pd_conn_read(&ignored, conn, &lock_name, PD_ARGS(PD_T(name)), 1, p);
}

apr_status_t pd_conn_run(pd_conn_t *conn, const char *label, const char *text)
{
    int ignored;
    if (conn->fault) {
        return conn->fault;
    }
    if (apr_dbd_query(conn->db->driver, conn->handle, &ignored, text)) {
        return pd_conn_fail(conn, label);
    }
    return APR_SUCCESS;
}
