/* Shared by the database tests: each case runs on SQLite in a folder of its own, and on PostgreSQL
 * where PD_TEST_PGSQL names a database (which is emptied!). Without it those cases say so, and fail
 * if PD_TEST_REQUIRE_PGSQL=1. */
#ifndef DB_TEST_H
#define DB_TEST_H
#include "pd_test.h"
#include "db/pd_db_int.h"
#include "db/pd_migrate.h"
#include "base/pd_log.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <apr_strings.h>

#define N_ENGINES 2

static const char *test_folder;
static char test_log[4096]; /* what was logged since the case began */
static pthread_mutex_t test_log_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void db_test_sink(void *baton, pd_log_level_e level, apr_status_t status,
                                const char *message)
{
    (void)baton, (void)level, (void)status;
    pthread_mutex_lock(&test_log_lock);
    apr_size_t used = strlen(test_log);
    apr_snprintf(test_log + used, sizeof(test_log) - used, "%s\n", message);
    pthread_mutex_unlock(&test_log_lock);
}

static inline const char *db_test_pgsql(void)
{
    const char *params = getenv("PD_TEST_PGSQL");
    if (params && *params) {
        return params;
    }
    const char *require = getenv("PD_TEST_REQUIRE_PGSQL");
    ck_assert_msg(!require || strcmp(require, "1"), "PD_TEST_PGSQL is not set but required");
    printf("# SKIP pgsql: PD_TEST_PGSQL is not set\n");
    return NULL;
}

/* Options of engine `i`; 0 when it isn't there. */
static inline int db_test_options(pd_db_options_t *options, int i)
{
    options->driver = i ? "pgsql" : "sqlite3";
    options->params = i ? db_test_pgsql() : apr_pstrcat(tp, test_folder, "/t.db", NULL);
    options->connections_max = 4;
    options->wait = apr_time_from_sec(20);
    options->check_schema = 0;
    return options->params != NULL;
}

static inline pd_db_t *db_test_open(const pd_db_options_t *options, apr_pool_t *p)
{
    pd_db_t *db;
    const char *why;
    ck_assert_msg(pd_db_open(&db, &why, options, p) == APR_SUCCESS, "%s", why ? why : "");
    return db;
}

static inline apr_status_t db_test_run_all(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    (void)p;
    for (const char *const *text = baton; *text; text++) {
        apr_status_t status = pd_conn_run(conn, "test", *text);
        if (status) {
            return status;
        }
    }
    return APR_SUCCESS;
}

/* Runs constant statements in one transaction. */
#define DB_TEST_RUN(db, ...)                                                                       \
    pd_db_transact((db), db_test_run_all, (void *)(const char *const[]){__VA_ARGS__, NULL}, tp)

/* An empty database on engine `i`, or NULL. */
static inline pd_db_t *db_test_empty(pd_db_options_t *options, int i)
{
    if (!db_test_options(options, i)) {
        return NULL;
    }
    pd_db_t *db = db_test_open(options, tp);
    if (i) {
        ck_assert_int_eq(DB_TEST_RUN(db, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"), 0);
    }
    return db;
}

static inline void db_test_setup(void)
{
    pd_test_setup();
    char *folder = apr_pstrdup(tp, "/tmp/pd-test-db-XXXXXX");
    test_folder = mkdtemp(folder);
    ck_assert_ptr_nonnull(test_folder);
    test_log[0] = '\0';
    pd_log_set_sink(db_test_sink, NULL);
}

static inline void db_test_teardown(void)
{
    static const char *const names[] = {"t.db", "t.db-wal", "t.db-shm", "t.db-gate"};
    const char *folder = test_folder;
    apr_pool_t *keep;
    apr_pool_create(&keep, NULL);
    folder = apr_pstrdup(keep, folder);
    pd_test_teardown();
    for (int i = 0; i < 4; i++) {
        unlink(apr_pstrcat(keep, folder, "/", names[i], NULL));
    }
    rmdir(folder);
    apr_pool_destroy(keep);
}

static inline Suite *db_test_suite(const char *name, TCase **tcase)
{
    Suite *suite = suite_create(name);
    *tcase = tcase_create(name);
    tcase_add_checked_fixture(*tcase, db_test_setup, db_test_teardown);
    tcase_set_timeout(*tcase, 120);
    suite_add_tcase(suite, *tcase);
    return suite;
}

#endif
