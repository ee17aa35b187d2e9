/* Transactions: gate, BEGIN, the caller's step, COMMIT or ROLLBACK, and the whole again where that
 * can help. BEGIN and COMMIT are sent as plain statements. apr_dbd's own transactions are left
 * alone: a start that fails still marks the handle, the mark is a pointer into the caller's pool,
 * and on a lost PostgreSQL connection the driver's start reads through a null pointer. */
#include "db/pd_db_int.h"
#include "base/pd_log.h"
#include <apr_strings.h>

#define TRIES_MORE  3
#define FIRST_PAUSE apr_time_from_msec(10)
#define PAUSE_GROWS 4
#define GATE_QUEUE  1024
#define REST        apr_time_from_sec(10)

/* One attempt, and what a pool that goes in the middle of it has to put back. */
typedef struct attempt_t {
    pd_db_t *db;
    pd_conn_t *conn;
    int in_gate;
    int slot;
    int again;
} attempt_t;

/* The gate's file lies beside the database, made by whoever writes first. */
static apr_status_t find_gate(pd_gate_t **gate, pd_db_t *db)
{
    apr_status_t status = APR_SUCCESS;
    apr_thread_mutex_lock(db->lock);
    if (!db->gate) {
        const char *path = apr_pstrcat(db->pool, db->file, "-gate", NULL);
        status = pd_gate_open(&db->gate, path, 1, GATE_QUEUE, db->pool);
        if (status) {
            db->gate = NULL;
        }
    }
    *gate = db->gate;
    apr_thread_mutex_unlock(db->lock);
    if (status && pd_db_may_say(db, PD_SAY_GATE)) {
        pd_log(PD_LOG_ERR, status, "PD0320: the write gate %s-gate can't be opened", db->file);
    }
    return status ? PD_EAWAY : APR_SUCCESS;
}

/* Before the connection: who waits here must not keep one from the readers. */
static apr_status_t enter_gate(attempt_t *attempt, apr_time_t deadline)
{
    pd_gate_t *gate;
    if (attempt->db->engine != PD_ENGINE_SQLITE) {
        return APR_SUCCESS;
    }
    apr_status_t status = find_gate(&gate, attempt->db);
    if (status) {
        return status;
    }
    apr_time_t left = deadline - pd_clock_ticks();
    status = pd_gate_enter(&attempt->slot, gate, left > 0 ? left : 0);
    attempt->in_gate = status == APR_SUCCESS;
    return status;
}

/* The connection first: one that failed may hold its transaction open until it is closed, and the
 * next writer would meet its lock. Also the cleanup, should something leave through a step. */
static apr_status_t give_back(void *data)
{
    attempt_t *attempt = data;
    if (attempt->conn) {
        pd_return(attempt->conn);
        attempt->conn = NULL;
    }
    if (attempt->in_gate) {
        pd_gate_leave(attempt->db->gate, attempt->slot);
        attempt->in_gate = 0;
    }
    return APR_SUCCESS;
}

void pd_db_on_commit(pd_db_t *db, pd_db_told_fn *told, void *baton)
{
    db->told = told;
    db->told_baton = baton;
}

void pd_conn_tell(pd_conn_t *conn)
{
    conn->tells = 1;
}

static apr_status_t commit(attempt_t *attempt)
{
    pd_conn_t *conn = attempt->conn;
    pd_db_t *db = attempt->db;
    apr_status_t status = pd_conn_run(conn, "COMMIT", "COMMIT");
    if (conn->tells && db->told) {
        db->told(db->told_baton);
    }
    if (!status) {
        conn->in_transaction = 0;
        return APR_SUCCESS;
    }
    /* The answer was lost, not the question: it may well be committed. */
    attempt->again = status == PD_EBUSY;
    return status;
}

static apr_status_t run_step(attempt_t *attempt, pd_db_step_fn *step, void *baton, apr_pool_t *p)
{
    pd_conn_t *conn = attempt->conn;
    int sqlite = attempt->db->engine == PD_ENGINE_SQLITE;
    apr_status_t status = pd_conn_run(conn, "BEGIN", sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
    if (!status) {
        conn->in_transaction = 1;
        conn->tells = 0;
        status = step(conn, baton, p);
    }
    if (conn->fault) {
        /* Whatever the step made of it: the transaction is gone. */
        attempt->again = conn->again;
        return conn->fault;
    }
    if (!status) {
        return commit(attempt);
    }
    attempt->again = status == PD_EBUSY;
    if (!pd_conn_run(conn, "ROLLBACK", "ROLLBACK")) {
        conn->in_transaction = 0;
    }
    return status;
}

static apr_status_t try_once(int *again, pd_db_t *db, pd_db_step_fn *step, void *baton,
                             apr_time_t deadline, apr_pool_t *p)
{
    attempt_t *attempt = apr_pcalloc(p, sizeof(*attempt));
    attempt->db = db;
    apr_pool_cleanup_register(p, attempt, give_back, apr_pool_cleanup_null);
    apr_status_t status = enter_gate(attempt, deadline);
    if (!status) {
        status = pd_lend(&attempt->conn, db, deadline);
    }
    if (!status) {
        status = run_step(attempt, step, baton, p);
    }
    apr_pool_cleanup_run(p, attempt, give_back);
    *again = attempt->again;
    return status;
}

/* Also sets it: a database that was busy is left alone for a while. */
static int is_resting(pd_db_t *db, int was_busy)
{
    apr_time_t now = pd_clock_ticks();
    apr_thread_mutex_lock(db->lock);
    if (was_busy) {
        db->rests_until = now + REST;
    }
    int resting = now < db->rests_until;
    apr_thread_mutex_unlock(db->lock);
    return resting;
}

apr_status_t pd_db_transact_now(pd_db_t *db, pd_db_step_fn *step, void *baton, apr_pool_t *p)
{
    apr_pool_t *attempt_pool;
    int again;
    if (is_resting(db, 0)) {
        return PD_EBUSY;
    }
    apr_status_t status = apr_pool_create(&attempt_pool, p);
    if (!status) {
        status = try_once(&again, db, step, baton, pd_clock_ticks(), attempt_pool);
    }
    if (status == PD_EBUSY || status == PD_EAWAY) {
        is_resting(db, 1);
    }
    return status;
}

apr_status_t pd_db_transact(pd_db_t *db, pd_db_step_fn *step, void *baton, apr_pool_t *p)
{
    apr_time_t deadline = pd_clock_ticks() + db->wait;
    apr_interval_time_t pause = FIRST_PAUSE;
    for (int tries_left = TRIES_MORE;; tries_left--) {
        apr_pool_t *attempt_pool;
        int again = 0;
        apr_status_t status = apr_pool_create(&attempt_pool, p);
        if (status) {
            return status;
        }
        status = try_once(&again, db, step, baton, deadline, attempt_pool);
        if (!status) {
            return APR_SUCCESS;
        }
        apr_pool_destroy(attempt_pool);
        if (status == PD_EAWAY) {
            pd_db_forget_connections(db);
        }
        if (!again || !tries_left || pd_clock_ticks() + pause >= deadline) {
            return status;
        }
        apr_sleep(pause);
        pause *= PAUSE_GROWS;
    }
}

typedef struct expire_t {
    const pd_sql_t *sql;
    apr_time_t before;
    int limit;
    int removed; /* output */
} expire_t;

static apr_status_t expire_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    expire_t *expire = baton;
    return pd_conn_exec(&expire->removed, conn, expire->sql,
                        PD_ARGS(PD_N(expire->before), PD_N(expire->limit)), p);
}

apr_status_t pd_db_expire(int *removed, pd_db_t *db, const pd_sql_t *sql, apr_time_t before,
                          int limit, apr_pool_t *p)
{
    expire_t expire = {sql, before, limit, 0};
    apr_status_t status = pd_db_transact(db, expire_step, &expire, p);
    *removed = status ? 0 : expire.removed;
    return status;
}
