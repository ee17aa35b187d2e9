/* Reading, arguments, columns, faults of statements, lost connections. */
#include "db_test.h"

static const pd_sql_t insert = {"t_insert", "INSERT INTO t (id, n) VALUES (%s, %lld)", "", "row"};
static const pd_sql_t by_id = {"t_by_id", "SELECT id, n FROM t WHERE id = %s", "si", "one"};
static const pd_sql_t all = {"t_all", "SELECT id, n FROM t ORDER BY id", "si", "all"};

static apr_status_t add_rows(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const char *const *ids = baton;
    for (apr_int64_t n = 0; ids[n]; n++) {
        int affected;
        apr_status_t status =
            pd_conn_exec(&affected, conn, &insert, PD_ARGS(PD_T(ids[n]), PD_N(n - 1)), p);
        if (status) {
            return status;
        }
        ck_assert_int_eq(affected, 1);
    }
    return APR_SUCCESS;
}

static pd_db_t *with_rows(pd_db_options_t *options, int engine)
{
    static const char *const ids[] = {"", "it's 100 % \"quoted\"", "\xd0\x96\xf0\x9f\x98\x80",
                                      NULL};
    pd_db_t *db = db_test_empty(options, engine);
    if (db) {
        ck_assert_int_eq(
            DB_TEST_RUN(db, "CREATE TABLE t (id TEXT PRIMARY KEY, n BIGINT NOT NULL, f TEXT)"), 0);
        ck_assert_int_eq(pd_db_transact(db, add_rows, (void *)ids, tp), 0);
    }
    return db;
}

START_TEST(reads_back_what_was_written)
{
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const pd_rows_t *rows;
    if (!db) {
        return;
    }
    ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 3, tp), 0);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 3);
    ck_assert_str_eq(PD_ROW(rows, 0)[0].text, "");
    ck_assert_int_eq(PD_ROW(rows, 0)[1].number, -1);
    ck_assert_str_eq(PD_ROW(rows, 1)[0].text, "it's 100 % \"quoted\"");
    ck_assert_str_eq(PD_ROW(rows, 2)[0].text, "\xd0\x96\xf0\x9f\x98\x80");
    ck_assert_str_eq(PD_ROW(rows, 2)[1].text, "1");
    ck_assert_int_eq(pd_db_read(&rows, db, &by_id, PD_ARGS(PD_T("none")), 1, tp), 0);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 0);
    ck_assert_str_eq(test_log, "");
}
END_TEST

typedef struct wrong_t {
    const char *name;
    pd_sql_t sql;
    pd_arg_t args[2];
    int n_args;
    int limit;
} wrong_t;

#define TEXT_ARG(value)                                                                            \
    {                                                                                              \
        PD_ARG_TEXT, value, 0                                                                      \
    }
#define NUMBER_ARG(value)                                                                          \
    {                                                                                              \
        PD_ARG_NUMBER, NULL, value                                                                 \
    }
static const wrong_t wrong[] = {
    {"no argument", {"w1", "SELECT id FROM t WHERE id = %s", "s", ""}, {TEXT_ARG("")}, 0, 9},
    {"one too many",
     {"w2", "SELECT id FROM t WHERE id = %s", "s", ""},
     {TEXT_ARG(""), TEXT_ARG("")},
     2,
     9},
    {"number for text", {"w3", "SELECT id FROM t WHERE id = %s", "s", ""}, {NUMBER_ARG(1)}, 1, 9},
    {"text for number", {"w4", "SELECT id FROM t WHERE n = %lld", "s", ""}, {TEXT_ARG("1")}, 1, 9},
    {"text is null", {"w5", "SELECT id FROM t WHERE id = %s", "s", ""}, {TEXT_ARG(NULL)}, 1, 9},
    {"unknown placeholder",
     {"w6", "SELECT id FROM t WHERE n = %d", "s", ""},
     {NUMBER_ARG(1)},
     1,
     9},
    {"columns too few", {"w7", "SELECT id, n FROM t", "s", ""}, {TEXT_ARG("")}, 0, 9},
    {"columns too many", {"w8", "SELECT id FROM t", "si", ""}, {TEXT_ARG("")}, 0, 9},
    {"no number", {"w9", "SELECT id FROM t", "i", ""}, {TEXT_ARG("")}, 0, 9},
    {"null", {"w10", "SELECT f FROM t", "s", ""}, {TEXT_ARG("")}, 0, 9},
    {"over the limit", {"w11", "SELECT id FROM t", "s", ""}, {TEXT_ARG("")}, 0, 2},
    {"syntax", {"w12", "SELEKT id FROM t", "s", ""}, {TEXT_ARG("")}, 0, 9},
    {"no such table", {"w13", "SELECT id FROM nosuch", "s", ""}, {TEXT_ARG("")}, 0, 9},
};
#define N_WRONG ((int)(sizeof(wrong) / sizeof(wrong[0])))

START_TEST(a_fault_is_never_an_empty_result)
{
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const pd_rows_t *rows;
    for (int i = 0; db && i < N_WRONG; i++) {
        const wrong_t *w = &wrong[i];
        apr_status_t status = pd_db_read(&rows, db, &w->sql, w->args, w->n_args, w->limit, tp);
        ck_assert_msg(status == PD_ESQL && !rows, "%s: %d", w->name, status);
        ck_assert_msg(strstr(test_log, w->sql.label), "%s: not logged", w->name);
    }
    if (db) {
        ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 3, tp), 0);
    }
}
END_TEST

START_TEST(values_stay_out_of_the_log)
{
    static const pd_sql_t cast = {"t_cast", "SELECT CAST(CAST(%s AS TEXT) AS BIGINT)", "i", ""};
    static const char *const ids[] = {"hidden-id", "hidden-id", NULL};
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const pd_rows_t *rows;
    if (!db) {
        return;
    }
    ck_assert_int_eq(pd_db_transact(db, add_rows, (void *)ids, tp), PD_ESQL);
    if (_i) {
        ck_assert_int_eq(pd_db_read(&rows, db, &cast, PD_ARGS(PD_T("hidden-x")), 1, tp), PD_ESQL);
    }
    ck_assert_ptr_nonnull(strstr(test_log, "PD0311: statement t_insert failed"));
    ck_assert_msg(!strstr(test_log, "hidden"), "%s", test_log);
}
END_TEST

START_TEST(tries_a_statement)
{
    static const pd_sql_t mixed = {"t_mixed", "SELECT id FROM t WHERE n = %s", "s",
                                   "bigint = text"};
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const char *why;
    if (!db) {
        return;
    }
    ck_assert_int_eq(pd_db_try_prepare(&why, db, &insert, tp), 0);
    ck_assert_int_eq(pd_db_try_prepare(&why, db, &insert, tp), 0);
    ck_assert_int_eq(pd_db_try_prepare(&why, db, &wrong[N_WRONG - 1].sql, tp), PD_ESQL);
    ck_assert_ptr_nonnull(strstr(why, "nosuch"));
    ck_assert_int_eq(pd_db_try_prepare(&why, db, &mixed, tp), _i ? PD_ESQL : 0);
}
END_TEST

/* Leaves `n` connections idle. */
static void fill_pool(pd_db_t *db, int n)
{
    pd_conn_t *conns[8];
    const pd_rows_t *rows;
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(pd_lend(&conns[i], db, pd_clock_ticks() + db->wait), 0);
        ck_assert_int_eq(pd_conn_read(&rows, conns[i], &all, PD_NO_ARGS, 9, tp), 0);
    }
    for (int i = 0; i < n; i++) {
        pd_return(conns[i]);
    }
}

START_TEST(the_pool_is_bounded)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    pd_conn_t *conns[4];
    pd_db_t *db = with_rows(&options, _i);
    if (!db) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pd_lend(&conns[i], db, pd_clock_ticks() + db->wait), 0);
    }
    db->wait = apr_time_from_msec(30);
    ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp), PD_EBUSY);
    ck_assert_int_eq(pd_db_transact(db, add_rows, NULL, tp), PD_EBUSY);
    db->wait = options.wait;
    conns[0]->fault = PD_ESQL; /* a dropped one makes room too */
    pd_return(conns[0]);
    ck_assert_int_eq(db->n_open, 3);
    ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp), 0);
    for (int i = 1; i < 4; i++) {
        pd_return(conns[i]);
    }
    ck_assert_int_eq(db->n_idle, 4);
    pd_db_forget_connections(db);
    ck_assert_int_eq(db->n_open, 0);
}
END_TEST

START_TEST(an_outdated_idle_connection_is_closed)
{
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, 0);
    fill_pool(db, 3);
    ck_assert_int_eq(db->n_open, 3);
    db->idle[0]->idle_since -= PD_DB_IDLE_MAX + 1;
    fill_pool(db, 1);
    ck_assert_int_eq(db->n_open, 2);
}
END_TEST

START_TEST(a_connection_changes_its_own_schema)
{
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const pd_rows_t *rows;
    if (db) {
        fill_pool(db, 1);
        ck_assert_int_eq(DB_TEST_RUN(db, "ALTER TABLE t ADD COLUMN g TEXT NOT NULL DEFAULT ''"), 0);
        ck_assert_msg(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp) == 0, "%s", test_log);
    }
}
END_TEST

START_TEST(another_process_changes_the_schema)
{
    pd_db_options_t options;
    pd_db_t *db = with_rows(&options, _i);
    const pd_rows_t *rows;
    if (!db) {
        return;
    }
    fill_pool(db, 3);
    pd_db_t *other = db_test_open(&options, tp);
    ck_assert_int_eq(DB_TEST_RUN(other, "ALTER TABLE t ADD COLUMN g TEXT NOT NULL DEFAULT ''",
                                 "CREATE TABLE u (id TEXT PRIMARY KEY)"),
                     0);
    for (int i = 0; i < 4; i++) {
        ck_assert_msg(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp) == 0, "%s", test_log);
    }
    static const char *const ids[] = {"after", NULL};
    fill_pool(db, 3);
    ck_assert_int_eq(DB_TEST_RUN(other, "ALTER TABLE t ADD COLUMN h TEXT NOT NULL DEFAULT ''"), 0);
    ck_assert_int_eq(pd_db_transact(db, add_rows, (void *)ids, tp), 0);
}
END_TEST

/* "host=DIR ..." of t/tools/private-postgres -> DIR, or NULL. */
static const char *private_folder(void)
{
    const char *params = db_test_pgsql();
    if (!params || strncmp(params, "host=/", 6) || access("t/tools/private-postgres", X_OK)) {
        return NULL;
    }
    return apr_pstrmemdup(tp, params + 5, strcspn(params + 5, " "));
}

START_TEST(a_restarted_server_is_found_again)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    const char *folder = private_folder();
    static const char *const ids[] = {"after", NULL};
    if (!folder) {
        printf("# SKIP restart: no server of t/tools/private-postgres in PD_TEST_PGSQL\n");
        return;
    }
    pd_db_t *db = with_rows(&options, 1);
    for (int writes = 0; writes < 2; writes++) {
        fill_pool(db, 3);
        ck_assert_int_eq(system(apr_pstrcat(tp, "t/tools/private-postgres stop ", folder, NULL)),
                         0);
        if (!writes) {
            ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp), PD_EAWAY);
            ck_assert_int_eq(pd_db_transact(db, add_rows, (void *)ids, tp), PD_EAWAY);
            ck_assert_ptr_nonnull(strstr(test_log, "PD0304"));
            fill_pool(db, 0);
        }
        ck_assert_int_eq(
            system(apr_pstrcat(tp, "t/tools/private-postgres start ", folder, " >&2", NULL)), 0);
        ck_assert_int_eq(writes ? pd_db_transact(db, add_rows, (void *)ids, tp)
                                : pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp),
                         0);
    }
    ck_assert_int_eq(pd_db_read(&rows, db, &all, PD_NO_ARGS, 9, tp), 0);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 4);
}
END_TEST

typedef struct bad_options_t {
    const char *driver;
    const char *params;
    int connections_max;
} bad_options_t;

START_TEST(bad_options_are_named)
{
    static const bad_options_t bad[] = {
        {"mysql", "x", 1},          {"sqlite3", "", 1},
        {"sqlite3", ":memory:", 1}, {"sqlite3", "file:x?mode=memory", 1},
        {"sqlite3", "/tmp/x", 0},   {"pgsql", "postgresql://localhost/x", 1},
        {"pgsql", "host='/tmp", 1}, {"pgsql", "host", 1},
    };
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pd_db_options_t options = {bad[i].driver, bad[i].params, bad[i].connections_max, 1, 0};
        pd_db_t *db;
        const char *why;
        ck_assert_int_eq(pd_db_open(&db, &why, &options, tp), PD_ESQL);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

START_TEST(session_settings_are_added)
{
    const char *full, *why;
    ck_assert_int_eq(pd_params_pgsql(&full, &why, "host = /x dbname='a b\\' options=c'",
                                     apr_time_from_sec(2), tp),
                     0);
    ck_assert_ptr_nonnull(strstr(full, " host = /x dbname='a b\\' options=c'"));
    ck_assert_int_eq(strncmp(full, "application_name=mod_pdportal ", 30), 0);
    ck_assert_ptr_nonnull(strstr(full, " connect_timeout=3 options='-c statement_timeout=5000 "
                                       "-c lock_timeout=2000 "));
    ck_assert_int_eq(pd_params_pgsql(&full, &why,
                                     "options='' connect_timeout=9 client_encoding=UTF8",
                                     apr_time_from_sec(2), tp),
                     0);
    ck_assert_ptr_nonnull(strstr(full, " -c lock_timeout=2000 "));
    ck_assert_ptr_null(strstr(full, "options=''"));
    ck_assert_ptr_null(strstr(full, "connect_timeout=3"));
    ck_assert_str_eq(strstr(full, "client_encoding"), "client_encoding=UTF8");
    /* The administrator's options stand behind ours; of several his last ones count. */
    ck_assert_int_eq(pd_params_pgsql(&full, &why,
                                     "options=x host=/x options = '-c a=\\'b\\\\ c\\'' user=u",
                                     apr_time_from_sec(2), tp),
                     0);
    ck_assert_ptr_nonnull(
        strstr(full, "isolation=read\\\\ committed -c a=\\'b\\\\ c\\'' host=/x user=u"));
    ck_assert_int_eq(pd_params_pgsql(&full, &why, "options=-c\\ a=b\\", 0, tp), 0);
    ck_assert_ptr_nonnull(strstr(full, "isolation=read\\\\ committed -c a=b' "));
    /* An end that would swallow what stands behind it. */
    ck_assert_int_eq(pd_params_pgsql(&full, &why, "dbname=x password=", 0, tp), 0);
    ck_assert_str_eq(strstr(full, "dbname"), "dbname=x password=");
    ck_assert_int_eq(pd_params_pgsql(&full, &why, "postgresql://h/x?sslmode=require", 0, tp),
                     PD_ESQL);
}
END_TEST

START_TEST(session_settings_hold)
{
    static const pd_sql_t shown = {
        "t_shown",
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
        "current_setting('default_transaction_isolation'), current_setting('application_name')",
        "ssss", ""};
    pd_db_options_t options;
    const pd_rows_t *rows;
    if (!db_test_options(&options, 1)) {
        return;
    }
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &shown, PD_NO_ARGS, 1, tp), 0);
    ck_assert_str_eq(PD_ROW(rows, 0)[0].text, "5s");
    ck_assert_str_eq(PD_ROW(rows, 0)[1].text, "20s");
    ck_assert_str_eq(PD_ROW(rows, 0)[2].text, "read committed");
    ck_assert_str_eq(PD_ROW(rows, 0)[3].text, "mod_pdportal");
    const char *params = options.params;
    options.params = apr_pstrcat(tp, params, " options='-c statement_timeout=7s'", NULL);
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &shown, PD_NO_ARGS, 1, tp), 0);
    ck_assert_str_eq(PD_ROW(rows, 0)[0].text, "7s");
    ck_assert_str_eq(PD_ROW(rows, 0)[1].text, "20s");
    ck_assert_str_eq(PD_ROW(rows, 0)[2].text, "read committed");
    static const char *const refused[] = {"synchronous_commit=off", "lock_timeout=0",
                                          "statement_timeout=0"};
    for (int i = 0; i < 3; i++) {
        test_log[0] = '\0';
        options.params = apr_pstrcat(tp, params, " options='-c ", refused[i], "'", NULL);
        ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &shown, PD_NO_ARGS, 1, tp),
                         PD_ESQL);
        ck_assert_ptr_nonnull(strstr(test_log, "PD0300"));
        const char *name = apr_pstrmemdup(tp, refused[i], strcspn(refused[i], "="));
        ck_assert_ptr_nonnull(strstr(test_log, name));
    }
}
END_TEST

START_TEST(a_file_that_is_no_database)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    db_test_options(&options, 0);
    FILE *file = fopen(options.params, "w");
    for (int i = 0; i < 200; i++) {
        fputs("this is no database\n", file);
    }
    fclose(file);
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &all, PD_NO_ARGS, 1, tp),
                     PD_ESQL);
    options.params = apr_pstrcat(tp, test_folder, "/none/t.db", NULL);
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &all, PD_NO_ARGS, 1, tp),
                     PD_EAWAY);
    options.params = test_folder;
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &all, PD_NO_ARGS, 1, tp),
                     PD_EAWAY);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = db_test_suite("db-read", &tcase);
    tcase_add_loop_test(tcase, reads_back_what_was_written, 0, N_ENGINES);
    tcase_add_loop_test(tcase, a_fault_is_never_an_empty_result, 0, N_ENGINES);
    tcase_add_loop_test(tcase, values_stay_out_of_the_log, 0, N_ENGINES);
    tcase_add_loop_test(tcase, tries_a_statement, 0, N_ENGINES);
    tcase_add_loop_test(tcase, the_pool_is_bounded, 0, N_ENGINES);
    tcase_add_loop_test(tcase, a_connection_changes_its_own_schema, 0, N_ENGINES);
    tcase_add_loop_test(tcase, another_process_changes_the_schema, 0, N_ENGINES);
    tcase_add_test(tcase, an_outdated_idle_connection_is_closed);
    tcase_add_test(tcase, a_restarted_server_is_found_again);
    tcase_add_test(tcase, bad_options_are_named);
    tcase_add_test(tcase, session_settings_are_added);
    tcase_add_test(tcase, session_settings_hold);
    tcase_add_test(tcase, a_file_that_is_no_database);
    return pd_test_main(suite);
}
