/* Login names, their skeletons, and free text. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "text/pd_login.h"
#include <string.h>
#include <apr_strings.h>

static const struct {
    const char *raw, *name; /* NULL: refused with `outcome` */
    pd_login_e outcome;
} cases[] = {
    {"olga", "olga", PD_LOGIN_OK},
    {"Ольга", "ольга", PD_LOGIN_OK},
    {"Anna-Maria_1.x", "anna-maria_1.x", PD_LOGIN_OK},
    {"12345", "12345", PD_LOGIN_OK},
    {"ольга1990", "ольга1990", PD_LOGIN_OK},
    {"ＡＤＭＩＮ１", "admin1", PD_LOGIN_OK},
    {"и\xcc\x86од", "йод", PD_LOGIN_OK},
    {"ΝΙΚΟΣ", "νικοσ", PD_LOGIN_OK},
    {"straße", "straße", PD_LOGIN_OK},
    {"გიორგი", "გიორგი", PD_LOGIN_OK},
    {"Արամ", "արամ", PD_LOGIN_OK},
    {"שלום1", "שלום1", PD_LOGIN_OK},
    {"محمد", "محمد", PD_LOGIN_OK},
    {"漢字かな", "漢字かな", PD_LOGIN_OK},
    {"abcdefghijabcdefghijabcdefghij12", "abcdefghijabcdefghijabcdefghij12", PD_LOGIN_OK},
    {"абвгдежзийабвгдежзийабвгдежзий12", "абвгдежзийабвгдежзийабвгдежзий12", PD_LOGIN_OK},
    {"", NULL, PD_LOGIN_SHORT},
    {"ab", NULL, PD_LOGIN_SHORT},
    {"юя", NULL, PD_LOGIN_SHORT},
    {"abcdefghijabcdefghijabcdefghij123", NULL, PD_LOGIN_LONG},
    {"абвгдежзийабвгдежзийабвгдежзий123", NULL, PD_LOGIN_LONG},
    {"olga@example.org", NULL, PD_LOGIN_CHARACTERS},
    {"olga petrova", NULL, PD_LOGIN_CHARACTERS},
    {" olga", NULL, PD_LOGIN_CHARACTERS},
    {"olga\n", NULL, PD_LOGIN_CHARACTERS},
    {".olga", NULL, PD_LOGIN_CHARACTERS},
    {"olga.", NULL, PD_LOGIN_CHARACTERS},
    {"_olga", NULL, PD_LOGIN_CHARACTERS},
    {"olga-", NULL, PD_LOGIN_CHARACTERS},
    {"<olga>", NULL, PD_LOGIN_CHARACTERS},
    {"olga/..", NULL, PD_LOGIN_CHARACTERS},
    {"ol\xe2\x80\x8bga", NULL, PD_LOGIN_CHARACTERS}, /* zero-width space */
    {"ol\xc2\xadga", NULL, PD_LOGIN_CHARACTERS},     /* soft hyphen */
    {"ol\xe2\x80\xaega", NULL, PD_LOGIN_CHARACTERS}, /* right-to-left override */
    {"ol\xef\xb8\x8fga", NULL, PD_LOGIN_CHARACTERS}, /* variation selector */
    {"\xe1\x85\x9folga", NULL, PD_LOGIN_CHARACTERS}, /* hangul filler */
    {"\xe2\x84\xaa"
     "elvin",
     "kelvin", PD_LOGIN_OK}, /* Kelvin sign: lower case makes it a plain k, before any look-up */
    {"ﬁona", NULL, PD_LOGIN_CHARACTERS}, /* ligature */
    {"olga²", NULL, PD_LOGIN_CHARACTERS},
    {"olga٣", NULL, PD_LOGIN_CHARACTERS}, /* a digit of another script */
    {"𝐚𝐝𝐦𝐢𝐧", NULL, PD_LOGIN_CHARACTERS}, /* mathematical letters */
    {"ꓮꓓꓟꓲꓠ", NULL, PD_LOGIN_CHARACTERS}, /* Lisu */
    {"olga😀", NULL, PD_LOGIN_CHARACTERS},
    {"\xcc\x81olga", NULL, PD_LOGIN_CHARACTERS},                 /* begins with a mark */
    {"o\xcc\xa7\xcc\xa8\xcc\xa9lga", NULL, PD_LOGIN_CHARACTERS}, /* a pile of marks */
    {"1שלום", NULL, PD_LOGIN_CHARACTERS}, /* would be shown the other way round */
    {"аdmin", NULL, PD_LOGIN_MIXED},      /* Cyrillic а */
    {"ольгаolga", NULL, PD_LOGIN_MIXED},
    {"νikos", NULL, PD_LOGIN_MIXED},
    {"olga漢", NULL, PD_LOGIN_MIXED},
};

START_TEST(parse)
{
    pd_login_e outcome;
    pd_login_t login;
    ck_assert_int_eq(pd_login_parse(&outcome, &login, cases[_i].raw, tp), APR_SUCCESS);
    ck_assert_msg(outcome == cases[_i].outcome, "%s: %d", cases[_i].raw, (int)outcome);
    ck_assert_pstr_eq(login.name, cases[_i].name);
    ck_assert_int_eq(login.skeleton != NULL, login.name != NULL);
}
END_TEST

START_TEST(invalid_utf8)
{
    pd_login_e outcome;
    pd_login_t login;
    ck_assert_int_eq(pd_login_parse(&outcome, &login, "ol\xffga", tp), PD_ETEXT);
    ck_assert_int_ne(outcome, PD_LOGIN_OK);
    ck_assert_ptr_null(login.name);
}
END_TEST

START_TEST(very_long)
{
    pd_login_e outcome;
    pd_login_t login;
    char *raw = apr_palloc(tp, 100001);
    memset(raw, 'a', 100000);
    raw[100000] = '\0';
    ck_assert_int_eq(pd_login_parse(&outcome, &login, raw, tp), APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_LOGIN_LONG);
}
END_TEST

static const struct {
    const char *a, *b;
    int alike;
} pairs[] = {
    {"coco", "сосо", 1},                                              /* Cyrillic */
    {"coco", "COCO", 1},    {"paxa", "раха", 1},   {"kok", "κοκ", 1}, /* Greek */
    {"bob0", "bobo", 1},    {"paul1", "paull", 1}, {"strasse", "straße", 1},
    {"ëva", "ёva", 0}, /* the second is mixed */
    {"ёхо", "ëxo", 1},      {"igor", "ıgor", 1},   {"igor", "i\xcc\x87gor", 1},
    {"hoo", "հօօ", 1}, /* Armenian */
    {"uno", "սոօ", 1},      {"goo", "ցօօ", 1},     {"ольга", "olga", 0},
    {"anna.b", "annab", 0}, {"иван", "иоан", 0},
};

static const char *skeleton(const char *raw)
{
    pd_login_e outcome;
    pd_login_t login;
    ck_assert_int_eq(pd_login_parse(&outcome, &login, raw, tp), APR_SUCCESS);
    return login.skeleton != NULL ? login.skeleton : "(refused)";
}

START_TEST(skeletons)
{
    const char *a = skeleton(pairs[_i].a);
    const char *b = skeleton(pairs[_i].b);
    ck_assert_msg((strcmp(a, b) == 0) == pairs[_i].alike, "%s: %s, %s: %s", pairs[_i].a, a,
                  pairs[_i].b, b);
}
END_TEST

static const struct {
    const char *raw, *text;
} texts[] = {
    {"correct horse", "correct horse"},
    {"", ""},
    {"Пароль И\xcc\x86", "Пароль Й"},
    {"a\xc2\xa0"
     "b\xe3\x80\x80"
     "c\xe2\x80\x83",
     "a b c "},
    {"ＡBc", "ＡBc"},
    {"a\tb", NULL},
    {"a\nb", NULL},
    {"a\x7f", NULL},
    {"a\xc2\x85", NULL},
    {"\xff", NULL},
    {"\xed\xa0\x80", NULL},
};

START_TEST(opaque)
{
    ck_assert_pstr_eq(pd_text_opaque(texts[_i].raw, tp), texts[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("login");
    TCase *tc = tcase_create("login");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, parse, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, invalid_utf8);
    tcase_add_test(tc, very_long);
    tcase_add_loop_test(tc, skeletons, 0, sizeof(pairs) / sizeof(pairs[0]));
    tcase_add_loop_test(tc, opaque, 0, sizeof(texts) / sizeof(texts[0]));
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
