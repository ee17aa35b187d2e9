/* The pool: a stack of idle connections under one lock, and a count that never passes the maximum.
 * Not apr_reslist, because that calls its constructor under its lock: with a PostgreSQL host that
 * doesn't answer, all threads would stand in a row, each waiting for the connect of those before
 * it, and readers could not even take an idle connection. Here connecting and closing happen
 * outside the lock, and nobody waits longer than his deadline. */
#include "db/pd_db_int.h"

#define CONNECT_PAUSE apr_time_from_msec(5)

/* Takes an idle connection, or the right to open one (`*conn` NULL). */
static apr_status_t take(pd_conn_t **conn, unsigned *generation, pd_db_t *db, apr_time_t deadline)
{
    apr_status_t status = APR_SUCCESS;
    *conn = NULL;
    apr_thread_mutex_lock(db->lock);
    while (!db->n_idle && db->n_open >= db->connections_max && !status) {
        apr_time_t left = deadline - pd_clock_ticks();
        status = left > 0 ? apr_thread_cond_timedwait(db->returned, db->lock, left) : APR_TIMEUP;
    }
    if (db->n_idle) {
        *conn = db->idle[--db->n_idle];
        status = APR_SUCCESS;
    }
    else if (db->n_open < db->connections_max) {
        db->n_open++;
        status = APR_SUCCESS;
    }
    *generation = db->generation;
    apr_thread_mutex_unlock(db->lock);
    return status ? PD_EBUSY : APR_SUCCESS;
}

static void give_up_place(pd_db_t *db)
{
    apr_thread_mutex_lock(db->lock);
    db->n_open--;
    apr_thread_cond_signal(db->returned);
    apr_thread_mutex_unlock(db->lock);
}

/* A SQLite file is locked for a moment when the last of its connections closes, in any process, and
 * the one who opens it just then is told BUSY at once. */
static apr_status_t connect_by(pd_conn_t **conn, pd_db_t *db, apr_time_t deadline)
{
    apr_status_t status;
    while ((status = pd_connect(conn, db)) == PD_EBUSY &&
           pd_clock_ticks() + CONNECT_PAUSE < deadline) {
        apr_sleep(CONNECT_PAUSE);
    }
    return status;
}

/* Somebody may have migrated the database under a running server: such a connection is closed, its
 * place kept, and the new one says what is wrong. */
static void drop_if_migrated(pd_conn_t **conn)
{
    if (*conn && (*conn)->db->check_schema &&
        pd_clock_ticks() - (*conn)->checked_at >= PD_DB_SCHEMA_TRUST &&
        pd_conn_check_schema(*conn)) {
        pd_disconnect(*conn);
        *conn = NULL;
    }
}

apr_status_t pd_lend(pd_conn_t **conn, pd_db_t *db, apr_time_t deadline)
{
    unsigned generation;
    apr_status_t status = take(conn, &generation, db, deadline);
    drop_if_migrated(conn);
    if (status || *conn) {
        return status;
    }
    status = connect_by(conn, db, deadline);
    if (status) {
        give_up_place(db);
        return status;
    }
    (*conn)->generation = generation;
    return APR_SUCCESS;
}

static pd_conn_t *take_outdated(pd_db_t *db, apr_time_t now)
{
    if (!db->n_idle || now - db->idle[0]->idle_since < PD_DB_IDLE_MAX) {
        return NULL;
    }
    pd_conn_t *oldest = db->idle[0];
    db->n_idle--;
    for (int i = 0; i < db->n_idle; i++) {
        db->idle[i] = db->idle[i + 1];
    }
    return oldest;
}

static void drop(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    pd_disconnect(conn);
    give_up_place(db);
}

void pd_return(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    pd_conn_t *closing = conn;
    apr_time_t now = pd_clock_ticks();
    apr_thread_mutex_lock(db->lock);
    if (!conn->fault && !conn->in_transaction && conn->generation == db->generation) {
        closing = take_outdated(db, now);
        conn->idle_since = now;
        db->idle[db->n_idle++] = conn;
        apr_thread_cond_signal(db->returned);
    }
    apr_thread_mutex_unlock(db->lock);
    if (closing) {
        drop(closing);
    }
}

void pd_db_forget_connections(pd_db_t *db)
{
    apr_thread_mutex_lock(db->lock);
    db->generation++;
    while (db->n_idle) {
        pd_conn_t *conn = db->idle[--db->n_idle];
        apr_thread_mutex_unlock(db->lock);
        drop(conn);
        apr_thread_mutex_lock(db->lock);
    }
    apr_thread_mutex_unlock(db->lock);
}
