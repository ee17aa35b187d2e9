/* Every statement of the project is understood by both engines, has a label of its own, and reads
 * no table from end to end. */
#include "portal_test.h"

START_TEST(test_prepare)
{
    if (!portal_open(_i))
        return;
    apr_hash_t *labels = apr_hash_make(tp);
    int n = 0;
    for (const pd_sql_t *const *table = pd_sql_tables; *table; table++) {
        for (const pd_sql_t *sql = *table; sql->label; sql++, n++) {
            const char *why = "";
            ck_assert_msg(pd_db_try_prepare(&why, portal.db, sql, tp) == APR_SUCCESS, "%s: %s",
                          sql->label, why);
            ck_assert_msg(!apr_hash_get(labels, sql->label, APR_HASH_KEY_STRING), "%s twice",
                          sql->label);
            apr_hash_set(labels, sql->label, APR_HASH_KEY_STRING, sql);
            ck_assert_msg(sql->purpose && *sql->purpose, "%s has no purpose", sql->label);
        }
    }
    ck_assert_int_gt(n, 40);
}
END_TEST

static int arguments(pd_arg_t *args, const char *text)
{
    int n = 0;
    for (const char *at = text; (at = strchr(at, '%')); at++) {
        if (at[1] == '%')
            at++;
        else
            args[n++] = at[1] == 's' ? PD_T("x") : PD_N(1);
    }
    return n;
}

START_TEST(test_plans)
{
    if (!portal_open(0))
        return;
    for (const pd_sql_t *const *table = pd_sql_tables; *table; table++) {
        for (const pd_sql_t *sql = *table; sql->label; sql++) {
            pd_arg_t args[32];
            const pd_rows_t *rows;
            pd_sql_t explain = {apr_pstrcat(tp, "explain ", sql->label, NULL),
                                apr_pstrcat(tp, "EXPLAIN QUERY PLAN ", sql->text, NULL), "iiis",
                                "test"};
            int n = arguments(args, sql->text);
            ck_assert_int_eq(pd_db_read(&rows, portal.db, &explain, args, n, 50, tp), APR_SUCCESS);
            for (int i = 0; i < PD_ROW_COUNT(rows); i++)
                ck_assert_msg(strncmp(PD_ROW(rows, i)[3].text, "SCAN", 4) != 0, "%s: %s",
                              sql->label, PD_ROW(rows, i)[3].text);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/sql", &tcase);
    tcase_add_loop_test(tcase, test_prepare, 0, N_ENGINES);
    tcase_add_test(tcase, test_plans);
    return pd_test_main(suite);
}
