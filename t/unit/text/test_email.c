/* E-mail addresses. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "text/pd_email.h"
#include <string.h>
#include <apr_strings.h>

static const struct {
    const char *raw, *address, *shown;
    int needs_smtputf8;
} good[] = {
    {"olga@example.org", "olga@example.org", "olga@example.org", 0},
    {"  Olga.P@Example.ORG\r\n", "Olga.P@example.org", "Olga.P@example.org", 0},
    {"a+b-c_d!#$%&'*/=?^`{|}~@x.example", "a+b-c_d!#$%&'*/=?^`{|}~@x.example",
     "a+b-c_d!#$%&'*/=?^`{|}~@x.example", 0},
    {"anna@почта.рф", "anna@xn--80a1acny.xn--p1ai", "anna@почта.рф", 0},
    {"anna@ПОЧТА.рф", "anna@xn--80a1acny.xn--p1ai", "anna@почта.рф", 0},
    {"anna@XN--80A1ACNY.xn--p1ai", "anna@xn--80a1acny.xn--p1ai", "anna@почта.рф", 0},
    {"ольга@почта.рф", "ольга@xn--80a1acny.xn--p1ai", "ольга@почта.рф", 1},
    {"a@straße.example", "a@xn--strae-oqa.example", "a@straße.example", 0},
    {"a@strasse.example", "a@strasse.example", "a@strasse.example", 0},
    {"1@2.example", "1@2.example", "1@2.example", 0},
};

START_TEST(accepted)
{
    pd_email_t email;
    ck_assert_int_eq(pd_email_parse(&email, good[_i].raw, tp), APR_SUCCESS);
    ck_assert_str_eq(email.address, good[_i].address);
    ck_assert_str_eq(email.shown, good[_i].shown);
    ck_assert_int_eq(email.needs_smtputf8, good[_i].needs_smtputf8);
}
END_TEST

static const char *const bad[] = {
    "",
    " ",
    "@",
    "a",
    "a@",
    "@example.org",
    "a@localhost",
    "a@b@example.org",
    "a b@example.org",
    "a@exam ple.org",
    ".a@example.org",
    "a.@example.org",
    "a..b@example.org",
    "a@.example.org",
    "a@example..org",
    "a@example.org.",
    "a@-x.example",
    "a@x-.example",
    "a@x_y.example",
    "\"a b\"@example.org",
    "a(c)@example.org",
    "Olga <a@example.org>",
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@example.1",
    "a@example.0x1f",
    "a,b@example.org",
    "a;b@example.org",
    "a:b@example.org",
    "a\\b@example.org",
    "a@example.org\r\nRCPT TO:<b@example.org>",
    "a\tb@example.org",
    "a\x01@example.org",
    "a\x7f@example.org",
    "a\xc2\x85@example.org",
    "a\xe2\x80\x8b@example.org",
    "a\xc2\xa0@example.org",
    "a\xff@example.org",
    "a@\xff.example",
    "a@xn--a.example",
    "a@xn--x-5da.example",
    "a@xn--Strae-oqa.example.",
    "a@xn--x-uoa.example",
    "a@xn--x-4o0i.example",
    "a@xn--strasse-.example",
    "a@exa\xe2\x80\x8bmple_.org",
    "a@%65xample.org",
};

START_TEST(refused)
{
    pd_email_t email;
    ck_assert_msg(pd_email_parse(&email, bad[_i], tp) == PD_ETEXT, "accepted: %s", bad[_i]);
}
END_TEST

static const char *repeat(char c, int n)
{
    char *text = apr_palloc(tp, (apr_size_t)n + 1);
    memset(text, c, (apr_size_t)n);
    text[n] = '\0';
    return text;
}

START_TEST(limits)
{
    pd_email_t email;
    const char *label = repeat('d', 63);
    const char *domain = apr_pstrcat(tp, label, ".", label, ".", label, NULL); /* 191 */
    const char *most = apr_pstrcat(tp, repeat('a', 62), "@", domain, NULL);
    ck_assert_int_eq(pd_email_parse(&email, most, tp), APR_SUCCESS);
    ck_assert_uint_eq(strlen(email.address), PD_EMAIL_BYTES_MAX);
    const char *more = apr_pstrcat(tp, repeat('a', 63), "@", domain, NULL);
    ck_assert_int_eq(pd_email_parse(&email, more, tp), PD_ELIMIT);
    const char *local = apr_pstrcat(tp, repeat('a', 65), "@example.org", NULL);
    ck_assert_int_eq(pd_email_parse(&email, local, tp), PD_ELIMIT);
    ck_assert_int_eq(pd_email_parse(&email, repeat('a', 100000), tp), PD_ELIMIT);
    const char *long_label = apr_pstrcat(tp, "a@", repeat('d', 64), ".example", NULL);
    ck_assert_int_eq(pd_email_parse(&email, long_label, tp), PD_ETEXT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("email");
    TCase *tc = tcase_create("email");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, accepted, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, limits);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
