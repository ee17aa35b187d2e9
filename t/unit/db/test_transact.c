/* Transactions: kept or undone as a whole, tried again where that helps, nothing lost between
 * threads, processes and foreign locks. */
#include "db_test.h"
#include <signal.h>

static const pd_sql_t insert = {"t_insert", "INSERT INTO t (id, n) VALUES (%s, %lld)", "", ""};
static const pd_sql_t insert_new = {
    "t_insert_new", "INSERT INTO t (id, n) VALUES (%s, %lld) ON CONFLICT DO NOTHING", "", ""};
static const pd_sql_t insert_u = {"u_insert", "INSERT INTO u (t_id) VALUES (%s)", "", ""};
static const pd_sql_t count_sql = {"t_count", "SELECT count(*) FROM t", "i", ""};
static const pd_sql_t get = {"t_get", "SELECT n FROM t WHERE id = %s", "i", ""};
static const pd_sql_t lock = {"t_lock", "UPDATE t SET n = n WHERE id = %s", "", ""};
static const pd_sql_t set = {"t_set", "UPDATE t SET n = %lld WHERE id = %s", "", ""};

static pd_db_t *with_tables(pd_db_options_t *options, int engine)
{
    pd_db_t *db = db_test_empty(options, engine);
    if (db) {
        ck_assert_int_eq(DB_TEST_RUN(db, "CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT NOT NULL)",
                                     "CREATE TABLE u (t_id TEXT NOT NULL REFERENCES t (id))",
                                     "INSERT INTO t VALUES ('a', 0), ('b', 0)"),
                         0);
    }
    return db;
}

static apr_int64_t number(pd_db_t *db, const pd_sql_t *sql, const char *id)
{
    const pd_rows_t *rows;
    const pd_arg_t arg = PD_T(id);
    ck_assert_int_eq(pd_db_read(&rows, db, sql, &arg, id ? 1 : 0, 1, tp), 0);
    return PD_ROW(rows, 0)[0].number;
}

typedef struct plan_t {
    const char *name;
    const pd_sql_t *sql[3]; /* each run with ("x", 1) or ("x") */
    apr_status_t answer;    /* of the step, if nothing failed */
    int ignore_errors;
    apr_status_t expected;
    apr_int64_t rows;
    int runs;
} plan_t;

static int step_runs;

static apr_status_t follow(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const plan_t *plan = baton;
    step_runs++;
    for (int i = 0; i < 3 && plan->sql[i]; i++) {
        int u = plan->sql[i] == &insert_u;
        const pd_arg_t args[] = {PD_T("x"), PD_N(1)};
        apr_status_t status = pd_conn_exec(NULL, conn, plan->sql[i], args, u ? 1 : 2, p);
        if (status && !plan->ignore_errors) {
            return status;
        }
    }
    return plan->answer;
}

static const pd_sql_t broken = {"t_broken", "INSERT INTO nosuch VALUES (%s, %lld)", "", ""};
static const pd_sql_t with_rows = {"t_rows", "INSERT INTO t (id, n) VALUES (%s, %lld) RETURNING id",
                                   "s", ""};
static const plan_t plans[] = {
    {"kept", {&insert, &insert_u}, 0, 0, 0, 3, 1},
    {"the step says no", {&insert, &insert_u}, APR_ENOENT, 0, APR_ENOENT, 2, 1},
    {"busy by its own word", {&insert}, PD_EBUSY, 0, PD_EBUSY, 2, 4},
    {"an error undoes all", {&insert, &broken}, 0, 0, PD_ESQL, 2, 1},
    {"an error can't be ignored", {&insert, &broken, &insert}, 0, 1, PD_ESQL, 2, 1},
    {"doubled", {&insert, &insert}, 0, 0, PD_ESQL, 2, 1},
    {"doubled with a way out", {&insert, &insert_new}, 0, 0, 0, 3, 1},
    {"rows where none are taken", {&with_rows}, 0, 0, PD_ESQL, 2, 1},
    {"a reference that leads nowhere", {&insert_u}, 0, 0, PD_ESQL, 2, 1},
};

START_TEST(whole_or_not_at_all)
{
    pd_db_options_t options;
    for (int i = 0; i < (int)(sizeof(plans) / sizeof(plans[0])); i++) {
        pd_db_t *db = with_tables(&options, _i);
        if (!db) {
            return;
        }
        step_runs = 0;
        apr_status_t status = pd_db_transact(db, follow, (void *)&plans[i], tp);
        ck_assert_msg(status == plans[i].expected, "%s: %d", plans[i].name, status);
        ck_assert_int_eq(step_runs, plans[i].runs);
        ck_assert_int_eq(number(db, &count_sql, NULL), plans[i].rows);
        ck_assert_int_eq(DB_TEST_RUN(db, "DELETE FROM u", "DROP TABLE u", "DROP TABLE t"), 0);
    }
}
END_TEST

static apr_status_t count_conflicts(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    int *affected = baton;
    apr_status_t status =
        pd_conn_exec(&affected[0], conn, &insert_new, PD_ARGS(PD_T("c"), PD_N(1)), p);
    return status ? status
                  : pd_conn_exec(&affected[1], conn, &insert_new, PD_ARGS(PD_T("c"), PD_N(1)), p);
}

/* The driver's code for a row is no passing fault: not tried again. */
START_TEST(rows_the_table_hides_are_refused)
{
    static const pd_sql_t hidden = {"t_hidden",
                                    "INSERT INTO t (id, n) VALUES (%s, %lld) RETURNING id", "", ""};
    static const plan_t plan = {"hidden rows", {&hidden}, 0, 0, PD_ESQL, 2, 1};
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, 0);
    step_runs = 0;
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plan, tp), PD_ESQL);
    ck_assert_int_eq(step_runs, 1);
    ck_assert_int_eq(number(db, &count_sql, NULL), 2);
}
END_TEST

START_TEST(affected_rows_tell_a_conflict)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, _i);
    int affected[2] = {-1, -1};
    if (db) {
        ck_assert_int_eq(pd_db_transact(db, count_conflicts, affected, tp), 0);
        ck_assert_int_eq(affected[0], 1);
        ck_assert_int_eq(affected[1], 0);
    }
}
END_TEST

/* What a pool that ends under the step would do; nothing may go on after that, so it is done in a
 * process of its own. */
static apr_status_t leave_early(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    pd_db_t *own = baton;
    if (pd_conn_exec(NULL, conn, &insert, PD_ARGS(PD_T("x"), PD_N(1)), p)) {
        _exit(2);
    }
    apr_pool_clear(p);
    _exit(own->n_open == 0 ? 0 : 1);
}

START_TEST(a_pool_that_ends_undoes)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, _i);
    int result;
    if (!db) {
        return;
    }
    pd_db_forget_connections(db);
    if (!fork()) {
        pd_db_t *own = db_test_open(&options, tp);
        pd_db_transact(own, leave_early, own, tp);
        _exit(3);
    }
    wait(&result);
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(number(db, &count_sql, NULL), 2);
    ck_assert_int_eq(DB_TEST_RUN(db, "INSERT INTO t VALUES ('y', 1)"), 0);
}
END_TEST

/* Counts up 'a' by reading and writing, which loses updates unless the row is locked first. */
static apr_status_t count_up(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_rows_t *rows;
    (void)baton;
    apr_status_t status = pd_conn_exec(NULL, conn, &lock, PD_ARGS(PD_T("a")), p);
    if (!status) {
        status = pd_conn_read(&rows, conn, &get, PD_ARGS(PD_T("a")), 1, p);
    }
    if (!status) {
        apr_int64_t n = PD_ROW(rows, 0)[0].number;
        status = pd_conn_exec(NULL, conn, &set, PD_ARGS(PD_N(n + 1), PD_T("a")), p);
    }
    return status;
}

#define THREADS   4
#define PROCESSES 2
#define ROUNDS    25

static void *count_rounds(void *data)
{
    pd_db_t *db = data;
    apr_pool_t *p;
    apr_uintptr_t failures = 0;
    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        const pd_rows_t *rows;
        failures += pd_db_transact(db, count_up, NULL, p) != 0;
        failures += pd_db_read(&rows, db, &get, PD_ARGS(PD_T("a")), 1, p) != 0;
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return (void *)failures;
}

static int count_in_threads(const pd_db_options_t *options)
{
    pthread_t threads[THREADS];
    apr_uintptr_t failures = 0;
    pd_db_options_t fewer = *options;
    fewer.connections_max = THREADS - 1;
    pd_db_t *db = db_test_open(&fewer, tp);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, count_rounds, db);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failures += (apr_uintptr_t)result;
    }
    return failures ? 1 : 0;
}

START_TEST(no_update_is_lost)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, _i);
    if (!db) {
        return;
    }
    pd_db_forget_connections(db);
    for (int i = 0; i < PROCESSES; i++) {
        if (!fork()) {
            _exit(count_in_threads(&options));
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int result;
        wait(&result);
        ck_assert_int_eq(result, 0);
    }
    ck_assert_int_eq(number(db, &get, "a"), PROCESSES * THREADS * ROUNDS);
}
END_TEST

/* Two transactions that lock a and b crosswise: each waits for the other at the barrier once. */
typedef struct cross_t {
    pd_db_t *db;
    const char *ids[2];
    pthread_barrier_t *barrier;
    int runs;
    apr_status_t status;
} cross_t;

static apr_status_t lock_crosswise(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    cross_t *cross = baton;
    apr_status_t status = pd_conn_exec(NULL, conn, &lock, PD_ARGS(PD_T(cross->ids[0])), p);
    if (!cross->runs++) {
        pthread_barrier_wait(cross->barrier);
    }
    return status ? status : pd_conn_exec(NULL, conn, &lock, PD_ARGS(PD_T(cross->ids[1])), p);
}

static void *run_crosswise(void *data)
{
    cross_t *cross = data;
    apr_pool_t *p;
    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    cross->status = pd_db_transact(cross->db, lock_crosswise, cross, p);
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(a_deadlock_is_tried_again)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, 1);
    pthread_barrier_t barrier;
    pthread_t thread;
    if (!db) {
        return;
    }
    pthread_barrier_init(&barrier, NULL, 2);
    cross_t one = {db, {"a", "b"}, &barrier, 0, -1};
    cross_t two = {db, {"b", "a"}, &barrier, 0, -1};
    pthread_create(&thread, NULL, run_crosswise, &one);
    run_crosswise(&two);
    pthread_join(thread, NULL);
    ck_assert_int_eq(one.status, 0);
    ck_assert_int_eq(two.status, 0);
    ck_assert_int_eq(one.runs + two.runs, 3);
    ck_assert_ptr_nonnull(strstr(test_log, "deadlock detected"));
    pthread_barrier_destroy(&barrier);
}
END_TEST

typedef struct holder_t {
    pid_t pid;
    int release; /* writing here lets go */
} holder_t;

static int holder_pipe[2];
static int ready_pipe[2];

static apr_status_t hold_and_wait(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    char c;
    (void)baton;
    apr_status_t status = pd_conn_exec(NULL, conn, &insert, PD_ARGS(PD_T("held"), PD_N(1)), p);
    if (write(ready_pipe[1], "r", 1) != 1 || read(holder_pipe[0], &c, 1) != 1) {
        _exit(2);
    }
    return status;
}

/* A process that is inside a transaction (of this room, or a stranger's past the gate). */
static holder_t hold(const pd_db_options_t *options, int stranger)
{
    char c;
    ck_assert_int_eq(pipe(holder_pipe) | pipe(ready_pipe), 0);
    holder_t holder = {fork(), holder_pipe[1]};
    if (!holder.pid) {
        close(holder_pipe[1]); /* so that it ends with us, should a check fail here */
        pd_db_t *db = db_test_open(options, tp);
        if (stranger) {
            pd_conn_t *conn;
            _exit(pd_lend(&conn, db, pd_clock_ticks() + db->wait) ||
                  pd_conn_run(conn, "test", "BEGIN IMMEDIATE") || hold_and_wait(conn, NULL, tp) ||
                  pd_conn_run(conn, "test", "COMMIT"));
        }
        _exit(pd_db_transact(db, hold_and_wait, NULL, tp) ? 1 : 0);
    }
    ck_assert_int_eq(read(ready_pipe[0], &c, 1), 1);
    return holder;
}

static void let_go(const holder_t *holder, int by_killing)
{
    int result;
    if (by_killing) {
        kill(holder->pid, SIGKILL);
    }
    else {
        ck_assert_int_eq(write(holder->release, "x", 1), 1);
    }
    waitpid(holder->pid, &result, 0);
    ck_assert(by_killing || result == 0);
    for (int i = 0; i < 2; i++) {
        close(holder_pipe[i]);
        close(ready_pipe[i]);
    }
}

START_TEST(a_foreign_lock_is_busy_and_bounded)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, 0);
    pd_db_forget_connections(db);
    holder_t stranger = hold(&options, 1);
    db->wait = apr_time_from_msec(50);
    step_runs = 0;
    apr_time_t start = pd_clock_ticks();
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), PD_EBUSY);
    ck_assert_int_lt(pd_clock_ticks() - start, apr_time_from_sec(10)); /* 1.65 s and much room */
    ck_assert_int_eq(step_runs, 0);
    /* Readers don't notice. */
    ck_assert_int_eq(number(db, &count_sql, NULL), 2);
    let_go(&stranger, 0);
    db->wait = options.wait;
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), 0);
    ck_assert_int_eq(number(db, &count_sql, NULL), 4);
}
END_TEST

START_TEST(a_killed_writer_leaves_nothing)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, _i);
    if (!db) {
        return;
    }
    pd_db_forget_connections(db);
    holder_t writer = hold(&options, 0);
    if (!_i) {
        /* It holds the gate, so waiting is at most our wait and the driver isn't even asked. */
        db->wait = apr_time_from_msec(50);
        ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), PD_EBUSY);
        ck_assert_ptr_null(strstr(test_log, "PD0310"));
        db->wait = options.wait;
    }
    let_go(&writer, 1);
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), 0);
    ck_assert_int_eq(number(db, &count_sql, NULL), 3);
}
END_TEST

static apr_status_t fill_disk(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    static char text[100000];
    memset(text, 'x', sizeof(text) - 1);
    const pd_rows_t *rows;
    static const pd_sql_t pages = {"t_pages", "PRAGMA max_page_count=10", "i", ""};
    apr_status_t status = pd_conn_read(&rows, conn, &pages, PD_NO_ARGS, 1, p);
    ++*(int *)baton;
    return status ? status : pd_conn_exec(NULL, conn, &insert, PD_ARGS(PD_T(text), PD_N(1)), p);
}

START_TEST(a_full_disk_is_away_and_not_tried_again)
{
    pd_db_options_t options;
    int runs = 0;
    pd_db_t *db = with_tables(&options, 0);
    ck_assert_int_eq(pd_db_transact(db, fill_disk, &runs, tp), PD_EAWAY);
    ck_assert_int_eq(runs, 1);
    ck_assert_ptr_nonnull(strstr(test_log, "PD0313"));
    ck_assert_int_eq(number(db, &count_sql, NULL), 2);
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), 0);
}
END_TEST

static const pd_sql_t suicide = {
    "t_suicide", "SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS TEXT)", "s", ""};

static apr_status_t lose_connection_once(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_rows_t *rows;
    int *runs = baton;
    apr_status_t status = pd_conn_exec(NULL, conn, &insert, PD_ARGS(PD_T("x"), PD_N(1)), p);
    return status || (*runs)++ ? status : pd_conn_read(&rows, conn, &suicide, PD_NO_ARGS, 1, p);
}

START_TEST(a_lost_connection_is_tried_again)
{
    pd_db_options_t options;
    int runs = 0;
    pd_db_t *db = with_tables(&options, 1);
    if (db) {
        ck_assert_int_eq(pd_db_transact(db, lose_connection_once, &runs, tp), 0);
        ck_assert_int_eq(runs, 2);
        ck_assert_ptr_nonnull(strstr(test_log, "PD0312"));
        ck_assert_int_eq(number(db, &count_sql, NULL), 3);
    }
}
END_TEST

/* The server ends the session at COMMIT: whether it was kept can't be known, so no second try. */
START_TEST(a_lost_commit_is_not_tried_again)
{
    pd_db_options_t options;
    pd_db_t *db = with_tables(&options, 1);
    if (!db) {
        return;
    }
    ck_assert_int_eq(
        DB_TEST_RUN(db,
                    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
                    "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
                    "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON t DEFERRABLE INITIALLY "
                    "DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"),
        0);
    step_runs = 0;
    ck_assert_int_eq(pd_db_transact(db, follow, (void *)&plans[0], tp), PD_EAWAY);
    ck_assert_int_eq(step_runs, 1);
    ck_assert_int_eq(number(db, &count_sql, NULL), 2);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = db_test_suite("db-transact", &tcase);
    tcase_add_loop_test(tcase, whole_or_not_at_all, 0, N_ENGINES);
    tcase_add_loop_test(tcase, affected_rows_tell_a_conflict, 0, N_ENGINES);
    tcase_add_loop_test(tcase, no_update_is_lost, 0, N_ENGINES);
    tcase_add_loop_test(tcase, a_killed_writer_leaves_nothing, 0, N_ENGINES);
    tcase_add_loop_test(tcase, a_pool_that_ends_undoes, 0, N_ENGINES);
    tcase_add_test(tcase, rows_the_table_hides_are_refused);
    tcase_add_test(tcase, a_deadlock_is_tried_again);
    tcase_add_test(tcase, a_foreign_lock_is_busy_and_bounded);
    tcase_add_test(tcase, a_full_disk_is_away_and_not_tried_again);
    tcase_add_test(tcase, a_lost_connection_is_tried_again);
    tcase_add_test(tcase, a_lost_commit_is_not_tried_again);
    return pd_test_main(suite);
}
