/* The real migrations, and what a program that wants another schema does. */
#include "db_test.h"

static const pd_sql_t people = {"t_people", "SELECT count(*) FROM person", "i", ""};

static pd_db_t *checked(const pd_db_options_t *options)
{
    pd_db_options_t strict = *options;
    strict.check_schema = 1;
    return db_test_open(&strict, tp);
}

START_TEST(empty_to_wanted)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    const char *why;
    int applied, version;
    pd_db_t *db = db_test_empty(&options, _i);
    if (!db) {
        return;
    }
    ck_assert_int_ge(pd_migrate_wanted(), 1);
    ck_assert_int_eq(pd_migrate_current(&version, db, tp), 0);
    ck_assert_int_eq(version, 0);
    pd_db_t *strict = checked(&options);
    ck_assert_int_eq(pd_db_read(&rows, strict, &people, PD_NO_ARGS, 1, tp), PD_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(test_log, "schema is version 0, this program wants"));
    test_log[0] = '\0';
    ck_assert_int_eq(pd_db_read(&rows, strict, &people, PD_NO_ARGS, 1, tp), PD_ESCHEMA);
    ck_assert_str_eq(test_log, ""); /* once a minute */

    ck_assert_msg(pd_migrate_apply(&applied, &why, db, tp) == 0, "%s %s", why, test_log);
    ck_assert_int_eq(applied, pd_migrate_wanted());
    ck_assert_int_eq(pd_migrate_current(&version, db, tp), 0);
    ck_assert_int_eq(version, pd_migrate_wanted());
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), 0);
    ck_assert_int_eq(applied, 0);
    ck_assert_int_eq(pd_db_read(&rows, strict, &people, PD_NO_ARGS, 1, tp), 0);
    ck_assert_int_eq(PD_ROW(rows, 0)[0].number, 0);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    const char *why;
    int applied;
    pd_db_t *db = db_test_empty(&options, _i);
    if (!db) {
        return;
    }
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), 0);
    ck_assert_int_eq(DB_TEST_RUN(db, "INSERT INTO schema_version VALUES (9999, 'future', 0)"), 0);
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), PD_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(why, "9999"));
    ck_assert_int_eq(pd_db_read(&rows, checked(&options), &people, PD_NO_ARGS, 1, tp), PD_ESCHEMA);
}
END_TEST

START_TEST(several_at_once_apply_each_once)
{
    pd_db_options_t options;
    int total = 0;
    pd_db_t *db = db_test_empty(&options, _i);
    if (!db) {
        return;
    }
    pd_db_forget_connections(db);
    for (int i = 0; i < 3; i++) {
        if (!fork()) {
            const char *why;
            int applied;
            apr_status_t status = pd_migrate_apply(&applied, &why, db_test_open(&options, tp), tp);
            if (status) {
                printf("# %d %s: %s", status, why, test_log);
                fflush(stdout);
            }
            _exit(status ? 100 : applied);
        }
    }
    for (int i = 0; i < 3; i++) {
        int result;
        wait(&result);
        ck_assert(WIFEXITED(result));
        total += WEXITSTATUS(result);
    }
    ck_assert_int_eq(total, pd_migrate_wanted());
}
END_TEST

START_TEST(a_missing_file_is_not_made)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    struct stat info;
    db_test_options(&options, 0);
    ck_assert_int_eq(pd_db_read(&rows, checked(&options), &people, PD_NO_ARGS, 1, tp), PD_ESCHEMA);
    ck_assert_ptr_nonnull(strstr(test_log, "PD0302"));
    ck_assert_int_eq(stat(options.params, &info), -1);
}
END_TEST

START_TEST(a_new_file_is_its_owners)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-gate"};
    pd_db_options_t options;
    const char *why;
    int applied;
    mode_t old = umask(0);
    pd_db_t *db = db_test_empty(&options, 0);
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), 0);
    const pd_rows_t *rows;
    ck_assert_int_eq(pd_db_read(&rows, db, &people, PD_NO_ARGS, 1, tp), 0);
    umask(old);
    for (int i = 0; i < 4; i++) {
        struct stat info;
        ck_assert_int_eq(stat(apr_pstrcat(tp, options.params, ends[i], NULL), &info), 0);
        ck_assert_int_eq(info.st_mode & 0777, 0600);
    }
}
END_TEST

START_TEST(a_dangling_link_is_not_followed)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    const char *target = apr_pstrcat(tp, test_folder, "/elsewhere", NULL);
    struct stat info;
    db_test_options(&options, 0);
    ck_assert_int_eq(symlink(target, options.params), 0);
    ck_assert_int_eq(pd_db_read(&rows, db_test_open(&options, tp), &people, PD_NO_ARGS, 1, tp),
                     PD_EAWAY);
    ck_assert_int_eq(stat(target, &info), -1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = db_test_suite("db-migrate", &tcase);
    tcase_add_loop_test(tcase, empty_to_wanted, 0, N_ENGINES);
    tcase_add_loop_test(tcase, a_newer_schema_is_refused, 0, N_ENGINES);
    tcase_add_loop_test(tcase, several_at_once_apply_each_once, 0, N_ENGINES);
    tcase_add_test(tcase, a_missing_file_is_not_made);
    tcase_add_test(tcase, a_new_file_is_its_owners);
    tcase_add_test(tcase, a_dangling_link_is_not_followed);
    return pd_test_main(suite);
}
