/* Values: number texts at the edges, members, shared truths. */
#include <stdint.h>
#include <string.h>
#include "pd_test.h"
#include <apr_strings.h>
#include "tmpl/pd_value.h"

static const struct {
    apr_int64_t number;
    const char *text;
} numbers[] = {
    {0, "0"},
    {7, "7"},
    {-1, "-1"},
    {1000, "1000"},
    {INT64_MAX, "9223372036854775807"},
    {INT64_MIN, "-9223372036854775808"},
};

START_TEST(number_text)
{
    const pd_value_t *value = pd_value_number(numbers[_i].number, tp);
    ck_assert_int_eq(value->kind, PD_VALUE_NUMBER);
    ck_assert(value->number == numbers[_i].number);
    ck_assert_str_eq(value->text, numbers[_i].text);
}
END_TEST

START_TEST(members)
{
    pd_value_t *map = pd_value_map(tp), *list = pd_value_list(tp);
    pd_value_set_text(map, "login", "anna", tp);
    pd_value_set_text(map, "nothing", NULL, tp);
    pd_value_set_number(map, "age", 40, tp);
    pd_value_set_bool(map, "yes", 17, tp);
    pd_value_set_bool(map, "no", 0, tp);
    pd_value_add(list, pd_value_get(map, "login"));
    pd_value_set(map, "list", list);
    ck_assert_str_eq(pd_value_get(map, "login")->text, "anna");
    ck_assert_str_eq(pd_value_get(map, "nothing")->text, "");
    ck_assert_int_eq(pd_value_get(map, "age")->number, 40);
    ck_assert_int_eq(pd_value_get(map, "yes")->number, 1);
    ck_assert_int_eq(pd_value_get(map, "no")->number, 0);
    ck_assert_int_eq(pd_value_get(map, "list")->items->nelts, 1);
    ck_assert_ptr_null(pd_value_get(map, "gone"));
    ck_assert_ptr_null(pd_value_get(list, "login"));
    ck_assert_ptr_null(pd_value_get(NULL, "login"));
}
END_TEST

/* More than there are places and than there is room at first, some names with the same tag ("axbxa"
 * and "aybxa" differ only where it doesn't look), each set twice. */
START_TEST(many_members_are_told_apart)
{
    pd_value_t *map = pd_value_map(tp);
    ck_assert_ptr_null(pd_value_get(map, "n0"));
    pd_value_set_number(map, "axbxa", 1, tp);
    pd_value_set_number(map, "aybxa", 2, tp);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 200; i++) {
            pd_value_set_number(map, apr_psprintf(tp, "n%d", i), i + round, tp);
        }
    }
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(pd_value_get(map, apr_psprintf(tp, "n%d", i))->number, i + 1);
    }
    ck_assert_int_eq(pd_value_get(map, "axbxa")->number, 1);
    ck_assert_int_eq(pd_value_get(map, "aybxa")->number, 2);
    ck_assert_int_eq(map->items->nelts, 202);
    ck_assert_ptr_null(pd_value_get(map, "azbxa"));
    ck_assert_ptr_null(pd_value_get(map, ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("value");
    TCase *tcase = tcase_create("value");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, number_text, 0, sizeof(numbers) / sizeof(numbers[0]));
    tcase_add_test(tcase, members);
    tcase_add_test(tcase, many_members_are_told_apart);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
