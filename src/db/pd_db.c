/* Opening a database, reading outside transactions, trying a statement. Nothing is connected before
 * it is needed: a database that is away must not keep a server from starting. */
#include "db/pd_db_int.h"
#include "base/pd_log.h"
#include <string.h>
#include <apr_strings.h>

#define SAY_AGAIN_AFTER apr_time_from_sec(60)

int pd_db_may_say(pd_db_t *db, pd_say_e what)
{
    apr_time_t now = pd_clock_ticks();
    apr_thread_mutex_lock(db->lock);
    int may = !db->said[what] || now - db->said[what] >= SAY_AGAIN_AFTER;
    if (may) {
        db->said[what] = now;
    }
    apr_thread_mutex_unlock(db->lock);
    return may;
}

pd_engine_e pd_db_engine(const pd_db_t *db)
{
    return db->engine;
}

const char *pd_db_file(const char *driver, const char *params, apr_pool_t *p)
{
    return strcmp(driver, "sqlite3") ? NULL : apr_pstrdup(p, params);
}

/* Connections that are still lent here belong to threads that outlived their pool: a fault of the
 * caller that can't be mended by freeing under them. */
static apr_status_t close_db(void *data)
{
    pd_db_t *db = data;
    pd_db_forget_connections(db);
    if (db->n_open == 0) {
        apr_pool_destroy(db->pool);
    }
    return APR_SUCCESS;
}

static apr_status_t read_params(pd_db_t *db, const char **why, const pd_db_options_t *options)
{
    if (!strcmp(options->driver, "pgsql")) {
        db->engine = PD_ENGINE_PGSQL;
        return pd_params_pgsql(&db->params, why, options->params, options->wait, db->pool);
    }
    if (strcmp(options->driver, "sqlite3")) {
        *why = "the database driver is neither sqlite3 nor pgsql";
        return PD_ESQL;
    }
    /* These names mean something other than a file to SQLite: a database in memory would be another
     * one in each connection, and all of it would be gone with the process. */
    if (!*options->params || options->params[0] == ':' || !strncmp(options->params, "file:", 5)) {
        *why = "the parameter of sqlite3 has to be the path of a file";
        return PD_ESQL;
    }
    db->engine = PD_ENGINE_SQLITE;
    db->params = db->file = pd_db_file(options->driver, options->params, db->pool);
    return APR_SUCCESS;
}

static apr_status_t make_db(pd_db_t *db, const char **why, const pd_db_options_t *options,
                            apr_pool_t *p)
{
    apr_status_t status = read_params(db, why, options);
    if (status) {
        return status;
    }
    if (options->connections_max < 1 || options->wait < 0) {
        *why = "the number of connections and the wait have to be positive";
        return PD_ESQL;
    }
    db->connections_max = options->connections_max;
    db->wait = options->wait;
    db->check_schema = options->check_schema;
    db->idle = apr_pcalloc(db->pool, sizeof(*db->idle) * (apr_size_t)db->connections_max);
    status = apr_thread_mutex_create(&db->lock, APR_THREAD_MUTEX_DEFAULT, db->pool);
    if (!status) {
        status = apr_thread_cond_create(&db->returned, db->pool);
    }
    /* Counts its callers, and climbs from the pool it is given to the process's own: `p` must have
     * that as its root, which db->pool has not. Drivers stay loaded until the process ends. */
    if (!status) {
        status = apr_dbd_init(p);
    }
    if (!status) {
        status = apr_dbd_get_driver(p, options->driver, &db->driver);
    }
    if (status) {
        *why = apr_psprintf(p, "the driver apr_dbd_%s can't be loaded", options->driver);
    }
    return status ? PD_ESQL : APR_SUCCESS;
}

apr_status_t pd_db_open(pd_db_t **db, const char **why, const pd_db_options_t *options,
                        apr_pool_t *p)
{
    apr_pool_t *own;
    *db = NULL;
    *why = NULL;
    apr_status_t status = apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    if (status) {
        *why = "no memory";
        return status;
    }
    pd_db_t *made = apr_pcalloc(own, sizeof(*made));
    made->pool = own;
    status = make_db(made, why, options, p);
    if (status) {
        apr_pool_destroy(own);
        return status;
    }
    apr_pool_cleanup_register(p, made, close_db, apr_pool_cleanup_null);
    *db = made;
    return APR_SUCCESS;
}

apr_status_t pd_db_read(const pd_rows_t **result, pd_db_t *db, const pd_sql_t *sql,
                        const pd_arg_t *args, int n_args, int limit, apr_pool_t *p)
{
    apr_time_t deadline = pd_clock_ticks() + db->wait;
    *result = NULL;
    for (int attempt = 0;; attempt++) {
        pd_conn_t *conn;
        apr_status_t status = pd_lend(&conn, db, deadline);
        if (status) {
            return status;
        }
        status = pd_conn_read(result, conn, sql, args, n_args, limit, p);
        int again = status == PD_EAWAY && conn->again;
        pd_return(conn);
        if (!again || attempt == 1) {
            return status;
        }
        /* What broke one (a restart of the server, a new schema) broke the idle ones too; without
         * this the second attempt would only meet the next victim. */
        pd_db_forget_connections(db);
    }
}

apr_status_t pd_db_empty_log(int *whole, pd_db_t *db, apr_pool_t *p)
{
    static const pd_sql_t checkpoint = {"db_empty_log", "PRAGMA wal_checkpoint(TRUNCATE)", "iii",
                                        "no older page stands in the log"};
    const pd_rows_t *rows;
    *whole = 1;
    if (db->engine != PD_ENGINE_SQLITE) {
        return APR_SUCCESS;
    }
    apr_status_t status = pd_db_read(&rows, db, &checkpoint, PD_NO_ARGS, 1, p);
    *whole = !status && PD_ROW_COUNT(rows) == 1 && PD_ROW(rows, 0)[0].number == 0;
    return status;
}

/* Outside a transaction, which VACUUM demands. */
apr_status_t pd_db_vacuum(pd_db_t *db, const char *table, apr_pool_t *p)
{
    pd_conn_t *conn;
    if (db->engine != PD_ENGINE_PGSQL) {
        return APR_SUCCESS;
    }
    apr_status_t status = pd_lend(&conn, db, pd_clock_ticks() + db->wait);
    if (status) {
        return status;
    }
    status = pd_conn_run(conn, "db_vacuum", apr_pstrcat(p, "VACUUM (SKIP_LOCKED) ", table, NULL));
    pd_return(conn);
    return status == PD_EBUSY ? APR_SUCCESS : status;
}

apr_status_t pd_db_try_prepare(const char **why, pd_db_t *db, const pd_sql_t *sql, apr_pool_t *p)
{
    pd_conn_t *conn;
    apr_dbd_prepared_t *prepared = NULL;
    *why = NULL;
    apr_status_t status = pd_lend(&conn, db, pd_clock_ticks() + db->wait);
    if (status) {
        *why = "no connection";
        return status;
    }
    /* Labelled, so that PostgreSQL really prepares it, with the types of the placeholders. */
    if (apr_dbd_prepare(db->driver, conn->pool, conn->handle, sql->text, "pd_try", &prepared)) {
        *why = apr_pstrdup(p, apr_dbd_error(db->driver, conn->handle, 0));
        status = PD_ESQL;
    }
    /* Forgetting it costs the connection: apr_dbd can't drop a single statement. */
    conn->fault = PD_ESQL;
    pd_return(conn);
    return status;
}
