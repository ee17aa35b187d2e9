/* The one way to a database: a bounded pool of connections over apr_dbd (drivers sqlite3, pgsql),
 * statements from tables, one run-and-drain helper, transactions that end. Nothing outside this
 * room calls apr_dbd_*. Measured traps behind these rules: docs/operations.md "Database".
 *
 * Statements. Each portal file keeps its SQL in a table of pd_sql_t. Text is apr_dbd's: %s text,
 * %lld bigint; the same on both engines. On SQLite a statement is prepared once per connection; on
 * PostgreSQL it is sent unnamed each time (a restart of the server would lose named ones for ever).
 * Columns are TEXT and BIGINT only, never NULL.
 *
 * Errors. PD_EBUSY: no connection, gate or lock in time. PD_EAWAY: connection lost (it is thrown
 * away). PD_ESQL: anything else. An error never looks like an empty result. */
#ifndef PD_DB_H
#define PD_DB_H
#include "base/pd_status.h"
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct pd_sql_t {
    const char *label; /* unique in the project: "person_insert" */
    const char *text;
    const char *columns; /* a letter per result column: 's' text, 'i' bigint; "" when none */
    const char *purpose; /* one line: what for */
} pd_sql_t;

typedef enum { PD_ARG_TEXT, PD_ARG_NUMBER } pd_arg_e;
typedef struct pd_arg_t {
    pd_arg_e kind;
    const char *text;
    apr_int64_t number;
} pd_arg_t;
#define PD_T(value) ((pd_arg_t){PD_ARG_TEXT, (value), 0})
#define PD_N(value) ((pd_arg_t){PD_ARG_NUMBER, 0, (value)})
/* PD_ARGS(PD_T(id), PD_N(now)): an array and its length; PD_NO_ARGS for none. */
#define PD_ARGS(...)                                                                               \
    ((const pd_arg_t[]){__VA_ARGS__}),                                                             \
        ((int)(sizeof((const pd_arg_t[]){__VA_ARGS__}) / sizeof(pd_arg_t)))
#define PD_NO_ARGS NULL, 0

/* A result row, cells in the statement's column order. */
typedef struct pd_cell_t {
    const char *text;   /* never NULL for 's'; also set for 'i' */
    apr_int64_t number; /* for 'i' */
} pd_cell_t;
typedef struct pd_rows_t {
    apr_array_header_t *rows; /* of pd_cell_t * */
} pd_rows_t;
#define PD_ROW_COUNT(result) ((result)->rows->nelts)
#define PD_ROW(result, i)    (APR_ARRAY_IDX((result)->rows, (i), const pd_cell_t *))

typedef enum { PD_ENGINE_SQLITE, PD_ENGINE_PGSQL } pd_engine_e;

typedef struct pd_db_options_t {
    const char *driver;       /* "sqlite3" or "pgsql" */
    const char *params;       /* as for DBDParams; for sqlite3 the file's path */
    int connections_max;      /* per process */
    apr_interval_time_t wait; /* longest wait for a connection, the gate, or a lock */
    int check_schema;         /* refuse connections whose schema isn't ours (off to migrate) */
} pd_db_options_t;

typedef struct pd_db_t pd_db_t;     /* one database of one process; any thread */
typedef struct pd_conn_t pd_conn_t; /* a lent connection; one thread */

/* Loads the driver and makes the pool; opens nothing yet. Call after fork, in each process; ends
 * with `p`. PD_ESQL with `why`: no such driver, bad parameters. */
apr_status_t pd_db_open(pd_db_t **db, const char **why, const pd_db_options_t *options,
                        apr_pool_t *p);
pd_engine_e pd_db_engine(const pd_db_t *db);

/* The file of a sqlite3 parameter string, NULL for other drivers. */
const char *pd_db_file(const char *driver, const char *params, apr_pool_t *p);

/* Reading outside a transaction. Returns the rows (all copied into `p`; at most `limit`, more is
 * PD_ESQL: a statement must bound itself). A connection that proves broken is thrown away and the
 * read is tried once more. */
apr_status_t pd_db_read(const pd_rows_t **result, pd_db_t *db, const pd_sql_t *sql,
                        const pd_arg_t *args, int n_args, int limit, apr_pool_t *p);

/* A transaction. `step` runs with a connection inside BEGIN; if it returns success the transaction
 * is committed, otherwise rolled back and its status returned. The whole is tried again, at most 3
 * times with growing pauses within `wait`, on PD_EBUSY, serialisation failure, deadlock or a
 * connection lost before COMMIT was sent (a COMMIT whose answer was lost is PD_EAWAY, never retried
 * here). So `step` may run several times: it sets its outputs anew each time, allocates results in
 * `p`, which is a pool per attempt that lives as long as the caller's pool, and has no effects
 * outside the database. On SQLite writers of the host queue on a cross-process gate, so SQLITE_BUSY
 * is the exception. */
typedef apr_status_t pd_db_step_fn(pd_conn_t *conn, void *baton, apr_pool_t *p);
apr_status_t pd_db_transact(pd_db_t *db, pd_db_step_fn *step, void *baton, apr_pool_t *p);

/* The same for a note that may be left out: one attempt, PD_EBUSY at once where another would wait
 * for the gate or a connection, and for ten seconds after one that failed. SQLite's driver may
 * still hold the caller 1.6 s where a stranger (no program of ours) has the lock: not while
 * somebody waits for a page. */
apr_status_t pd_db_transact_now(pd_db_t *db, pd_db_step_fn *step, void *baton, apr_pool_t *p);

/* Inside a transaction: run and drain. `affected` may be NULL. After the first error every further
 * call of the same transaction returns that error. */
apr_status_t pd_conn_exec(int *affected, pd_conn_t *conn, const pd_sql_t *sql, const pd_arg_t *args,
                          int n_args, apr_pool_t *p);
apr_status_t pd_conn_read(const pd_rows_t **result, pd_conn_t *conn, const pd_sql_t *sql,
                          const pd_arg_t *args, int n_args, int limit, apr_pool_t *p);

/* Inside a transaction: holds `name` until it ends; who asks for the same name meanwhile waits, as
 * for a row. For what no row stands for yet. Does nothing on SQLite, whose writers are one behind
 * the other anyway. */
apr_status_t pd_conn_lock_name(pd_conn_t *conn, const char *name, apr_pool_t *p);

/* Deletes rows whose time is over, in one transaction. `sql` takes an instant and how many at most.
 * `removed` is 0 unless APR_SUCCESS. */
apr_status_t pd_db_expire(int *removed, pd_db_t *db, const pd_sql_t *sql, apr_time_t before,
                          int limit, apr_pool_t *p);

/* Who is to hear of transactions that asked for it by pd_conn_tell: called when one was committed,
 * or may have been (the answer to COMMIT was lost), before pd_db_transact returns. Set once, before
 * the database is used. */
typedef void pd_db_told_fn(void *baton);
void pd_db_on_commit(pd_db_t *db, pd_db_told_fn *told, void *baton);
void pd_conn_tell(pd_conn_t *conn);

/* Prepares one statement on a live connection and forgets it: for the test that walks all tables.
 * `why` is the engine's message. */
apr_status_t pd_db_try_prepare(const char **why, pd_db_t *db, const pd_sql_t *sql, apr_pool_t *p);

/* Copies all of SQLite's log into the database and empties it, so that no older page stands there;
 * `whole` 0: somebody was reading, do it again later. SQLite's alone: PostgreSQL's log is the
 * server's, and nothing is done. */
apr_status_t pd_db_empty_log(int *whole, pd_db_t *db, apr_pool_t *p);

/* Tells PostgreSQL to clear away the outdated rows of a table, as far as nobody can see them any
 * more, instead of waiting for autovacuum; a table that is locked, another owner's, or too large
 * for statement_timeout, is left to that: success means that it was told. Their bytes may stay in
 * free pages and in the server's log. Nothing to do on SQLite, which overwrites what is freed. */
apr_status_t pd_db_vacuum(pd_db_t *db, const char *table, apr_pool_t *p);

/* Closes every idle connection (after a migration, in tests). */
void pd_db_forget_connections(pd_db_t *db);

#endif
