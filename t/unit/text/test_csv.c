/* Tables for spreadsheet programs. */
#include "pd_test.h"
#include "text/pd_csv.h"
#include <apr_strings.h>

static const struct {
    const char *cell, *written;
} cases[] = {
    {"anna", "\"anna\""},
    {"", "\"\""},
    {"a,b;c", "\"a,b;c\""},
    {"say \"yes\"", "\"say \"\"yes\"\"\""},
    {"two\nlines", "\"two\nlines\""},
    {"анна", "\"анна\""},
    /* no formulas */
    {"=1+1", "\"'=1+1\""},
    {"+7", "\"'+7\""},
    {"-anna", "\"'-anna\""},
    {"@SUM(A1)", "\"'@SUM(A1)\""},
    {"\t=1", "\"'\t=1\""},
    {"\r=1", "\"'\r=1\""},
    {"=\"x\"", "\"'=\"\"x\"\"\""},
    {"1-2", "\"1-2\""},
};

START_TEST(cells_are_quoted)
{
    pd_buf_t row;
    const char *cells[] = {cases[_i].cell, "end", NULL};
    pd_buf_init(&row, 1000, tp);
    pd_csv_row(&row, cells);
    ck_assert_str_eq(row.bytes, apr_pstrcat(tp, cases[_i].written, ",\"end\"\r\n", NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("csv");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, cells_are_quoted, 0, sizeof(cases) / sizeof(cases[0]));
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
