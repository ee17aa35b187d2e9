/* Cookie headers: finding and stripping. */
#include "pd_test.h"
#include "text/pd_cookie.h"

static const struct {
    const char *header, *value;
} finds[] = {
    {NULL, NULL},
    {"", NULL},
    {"__Host-pd=abc", "abc"},
    {"a=1; __Host-pd=abc; b=2", "abc"},
    {"a=1;__Host-pd=abc", "abc"},
    {"__Host-pd=", ""},
    {"__Host-pd=\"abc\"", "\"abc\""},
    {"__Host-pd=a=b", "a=b"},
    {"__Host-pdf=abc", NULL},
    {"x__Host-pd=abc", NULL},
    {"__host-pd=abc", NULL},
    {"__Host-pd", NULL},
    {"=__Host-pd=abc", NULL},
    {"__Host-pd=abc; __Host-pd=abc", NULL},
    {"__Host-pd=abc; a=1; __Host-pd =def", NULL},
    {"__Host-pd=a b", "a b"},
    /* two Cookie lines, joined */
    {"a=1, __Host-pd=abc", "abc"},
    {"__Host-pd=abc, __Host-pd=def", NULL},
    {"__Host-pd=a\\b", "a\\b"},
    {"__Host-pd=\xd0\xb0", "\xd0\xb0"},
    {"; ;;__Host-pd=abc;", "abc"},
};

START_TEST(find)
{
    static const char *const names[] = {"__Host-pd", NULL};
    const char *value;
    pd_cookie_take(&value, finds[_i].header, names, tp);
    ck_assert_pstr_eq(value, finds[_i].value);
}
END_TEST

static const struct {
    const char *header, *left;
} strips[] = {
    {NULL, NULL},
    {"", NULL},
    {" ; ;", NULL},
    {"__Host-pd=x", NULL},
    {"__Host-pd=x; __Host-pdf=y", NULL},
    {"a=1", "a=1"},
    {"  a = 1 ;b", "  a = 1 ;b"},
    {"__Host-pd=x; a=1; b=2", "a=1; b=2"},
    {"a=1; __Host-pd=x; b=2", "a=1; b=2"},
    {"a=1, __Host-pd=x; b=2", "a=1; b=2"},
    {"a=[1,2]; __Host-pd=x; b={3,4}", "a=[1,2]; b={3,4}"},
    {"a=1; b=2; __Host-pd=x", "a=1; b=2"},
    {"__Host-pd=x; a=1; __Host-pd=y; __Host-pdf=z", "a=1"},
    {"a=1; __Host-pd", "a=1"},
    {"a=1; __Host-pd =x", "a=1"},
    {"a=\"q; __Host-pd=x; r\"", "a=\"q; r\""},
    {"__Host-pdx=1", "__Host-pdx=1"},
};

START_TEST(strip)
{
    static const char *const names[] = {"__Host-pd", "__Host-pdf", NULL};
    const char *values[2];
    const char *left = pd_cookie_take(values, strips[_i].header, names, tp);
    ck_assert_pstr_eq(left, strips[_i].left);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cookie");
    TCase *tc = tcase_create("cookie");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, find, 0, sizeof(finds) / sizeof(finds[0]));
    tcase_add_loop_test(tc, strip, 0, sizeof(strips) / sizeof(strips[0]));
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
