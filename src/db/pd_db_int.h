/* Inside of the database room. Layers, each using the ones below:
 *
 *   pd_db.c        open, read, try a statement        pd_migrate.c  schema versions
 *   pd_transact.c  gate, BEGIN, step, COMMIT, again
 *   pd_lend.c      the bounded pool                   pd_params.c   PostgreSQL's parameter string
 *   pd_conn.c      prepare, run, drain, classify      pd_connect.c  connect, settings read back
 *
 * Threads. A pd_db_t is shared: what changes in it is guarded by `lock`. A connection belongs to
 * the thread it is lent to; its pools are its own down to the allocator, so nothing in them needs a
 * lock and making or closing one never touches a pool that another thread works in. */
#ifndef PD_DB_INT_H
#define PD_DB_INT_H
#include "db/pd_db.h"
#include "base/pd_clock.h"
#include "base/pd_gate.h"
#include <apr_dbd.h>
#include <apr_hash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

/* An idle connection older than this is closed when another one comes back. */
#define PD_DB_IDLE_MAX apr_time_from_sec(300)

/* How long a look at the schema's version holds. */
#define PD_DB_SCHEMA_TRUST apr_time_from_sec(5)

/* What is said at most once a minute per process. */
typedef enum {
    PD_SAY_UNREACHABLE,
    PD_SAY_LOST,
    PD_SAY_STORAGE,
    PD_SAY_SETTING,
    PD_SAY_LANGUAGE,
    PD_SAY_SCHEMA,
    PD_SAY_GATE,
    PD_SAY_COUNT
} pd_say_e;

struct pd_db_t {
    apr_pool_t *pool; /* own allocator; after pd_db_open used only under `lock` */
    const apr_dbd_driver_t *driver;
    const char *params;
    const char *file; /* of SQLite, else NULL */
    pd_engine_e engine;
    int connections_max;
    apr_interval_time_t wait;
    int check_schema;

    apr_thread_mutex_t *lock;
    apr_thread_cond_t *returned; /* a connection, or the right to open one, came back */
    pd_conn_t **idle;            /* oldest first, `n_idle` of them */
    int n_idle;
    int n_open;          /* idle, lent and being opened */
    unsigned generation; /* connections of an older one are closed, not kept */
    pd_gate_t *gate;     /* SQLite's writers; opened by the first of them */
    apr_time_t said[PD_SAY_COUNT];
    apr_time_t rests_until; /* for pd_db_transact_now */
    pd_db_told_fn *told;    /* pd_db_on_commit; may be NULL */
    void *told_baton;
};

struct pd_conn_t {
    pd_db_t *db;
    apr_pool_t *pool;    /* root of an own allocator; ends with the connection */
    apr_pool_t *scratch; /* cleared after each statement */
    apr_dbd_t *handle;
    apr_hash_t *statements; /* SQLite: text -> apr_dbd_prepared_t */
    unsigned generation;
    apr_time_t idle_since;
    apr_time_t checked_at; /* when the schema was last seen to be ours */
    int in_transaction;
    int tells;          /* pd_conn_tell, in this transaction */
    apr_status_t fault; /* of the first failed statement; such a connection is never lent again */
    int again;          /* the fault may be gone on another attempt */
};

/* May this be said again? */
int pd_db_may_say(pd_db_t *db, pd_say_e what);

/* pd_params.c: the administrator's words plus what he left out. PD_ESQL with `why`. */
apr_status_t pd_params_pgsql(const char **full, const char **why, const char *params,
                             apr_interval_time_t wait, apr_pool_t *p);

/* pd_connect.c. PD_EAWAY: unreachable; PD_ESCHEMA; PD_ESQL: a setting isn't what was asked. */
apr_status_t pd_connect(pd_conn_t **conn, pd_db_t *db);
apr_status_t pd_conn_check_schema(pd_conn_t *conn);
void pd_disconnect(pd_conn_t *conn);

/* pd_lend.c: lends by `deadline` (pd_clock_ticks), else PD_EBUSY. */
apr_status_t pd_lend(pd_conn_t **conn, pd_db_t *db, apr_time_t deadline);
/* Takes back; keeps it only if it is whole and outside a transaction. */
void pd_return(pd_conn_t *conn);

/* pd_conn.c: one constant statement without arguments and result. */
apr_status_t pd_conn_run(pd_conn_t *conn, const char *label, const char *text);
/* Notes a failed statement `label`: rolls back, classifies, logs, sets the connection's fault. */
apr_status_t pd_conn_fail(pd_conn_t *conn, const char *label);

/* pd_migrate.c: the schema's version as this connection sees it. */
apr_status_t pd_migrate_look(int *version, pd_conn_t *conn, apr_pool_t *p);

#endif
