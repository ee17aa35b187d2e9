/* Migrations of this test instead of the program's: splitting, and a failure half way. */
#include "db_test.h"

/* Takes the place of the archive's. The third needs a table that isn't there at first. */
const pd_migration_t pd_migrations[] = {
    {1, "first",
     "-- a comment; with a semicolon and a ' quote\n"
     "CREATE TABLE a (x TEXT NOT NULL, -- here; too\n"
     "    n BIGINT NOT NULL);\n"
     "\n"
     ";INSERT INTO a VALUES ('one; -- ''still'' text', 1);\n"
     "INSERT INTO a VALUES ('two', 2)"},
    {2, "empty", "-- nothing to do\n"},
    {3, "needs-helper", "CREATE TABLE b (x TEXT NOT NULL);\nINSERT INTO b SELECT x FROM helper;\n"},
    {0, NULL, NULL},
};

static const pd_sql_t texts = {"t_texts", "SELECT x, n FROM a ORDER BY n", "si", ""};
static const pd_sql_t versions = {
    "t_versions", "SELECT number, name, applied_at FROM schema_version ORDER BY number", "isi", ""};
static const pd_sql_t count_b = {"t_b", "SELECT count(*) FROM b", "i", ""};

START_TEST(stops_at_a_failure_and_resumes)
{
    pd_db_options_t options;
    const pd_rows_t *rows;
    const char *why;
    int applied, version;
    pd_db_t *db = db_test_empty(&options, _i);
    if (!db) {
        return;
    }
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), PD_ESQL);
    ck_assert_int_eq(applied, 2);
    ck_assert_ptr_null(strstr(test_log, "PD0312")); /* no statement of before is met again */
    ck_assert_ptr_nonnull(strstr(why, "migration 3 (needs-helper)"));
    ck_assert_int_eq(pd_migrate_current(&version, db, tp), 0);
    ck_assert_int_eq(version, 2);
    /* Nothing of the third is there, not even its first statement. */
    ck_assert_int_eq(pd_db_read(&rows, db, &count_b, PD_NO_ARGS, 1, tp), PD_ESQL);

    ck_assert_int_eq(
        DB_TEST_RUN(db, "CREATE TABLE helper (x TEXT)", "INSERT INTO helper VALUES ('h')"), 0);
    ck_assert_int_eq(pd_migrate_apply(&applied, &why, db, tp), 0);
    ck_assert_int_eq(applied, 1);
    ck_assert_int_eq(pd_db_read(&rows, db, &count_b, PD_NO_ARGS, 1, tp), 0);
    ck_assert_int_eq(PD_ROW(rows, 0)[0].number, 1);

    ck_assert_int_eq(pd_db_read(&rows, db, &texts, PD_NO_ARGS, 3, tp), 0);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 2);
    ck_assert_str_eq(PD_ROW(rows, 0)[0].text, "one; -- 'still' text");
    ck_assert_int_eq(pd_db_read(&rows, db, &versions, PD_NO_ARGS, 4, tp), 0);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 3);
    ck_assert_str_eq(PD_ROW(rows, 1)[1].text, "empty");
    ck_assert_int_gt(PD_ROW(rows, 2)[2].number, 0);
}
END_TEST

START_TEST(embedding_keeps_every_byte)
{
    const char *c = apr_pstrcat(tp, test_folder, "/out.c", NULL);
    const char *sql = apr_pstrcat(tp, test_folder, "/0001-odd-one.sql", NULL);
    char line[256];
    if (access("src/db/embed-migrations", R_OK)) {
        printf("# SKIP embedding: not run from the top folder\n");
        return;
    }
    FILE *file = fopen(sql, "w");
    fputs("-- \\n \"q\" \xd0\x96 %s\n", file);
    fclose(file);
    ck_assert_int_eq(system(apr_pstrcat(tp, "sh src/db/embed-migrations ", sql, " >", c, NULL)), 0);
    file = fopen(c, "r");
    int found = 0;
    while (fgets(line, sizeof(line), file)) {
        found |= !strcmp(line, "     \"-- \\\\n \\\"q\\\" \xd0\x96 %s\\n\"\n");
    }
    fclose(file);
    ck_assert(found);
    /* A gap in the numbers, and a name of another form, stop the build. */
    ck_assert_int_ne(system("sh src/db/embed-migrations x/0002-b.sql >/dev/null 2>&1"), 0);
    const char *second = apr_pstrcat(tp, test_folder, "/0002-b.sql", NULL);
    ck_assert_int_eq(rename(sql, second), 0);
    ck_assert_int_ne(
        system(apr_pstrcat(tp, "sh src/db/embed-migrations ", second, " >/dev/null 2>&1", NULL)),
        0);
    unlink(second);
    unlink(c);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = db_test_suite("db-migrate-steps", &tcase);
    tcase_add_loop_test(tcase, stops_at_a_failure_and_resumes, 0, N_ENGINES);
    tcase_add_test(tcase, embedding_keeps_every_byte);
    return pd_test_main(suite);
}
