/* Urlencoded forms: decoding, refusals, limits. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "text/pd_form.h"
#include <string.h>
#include <apr_strings.h>

static const struct {
    const char *body, *value; /* of field "a"; NULL: not there */
    apr_status_t status;
} cases[] = {
    {"", NULL, APR_SUCCESS},
    {"a=1", "1", APR_SUCCESS},
    {"a", "", APR_SUCCESS},
    {"a=", "", APR_SUCCESS},
    {"b=2&a=1&c=", "1", APR_SUCCESS},
    {"a=x+y%2Bz", "x y+z", APR_SUCCESS},
    {"%61=1", "1", APR_SUCCESS},
    {"a=b=c", "b=c", APR_SUCCESS},
    {"a=%D0%9E%d0%BB%D1%8F", "Оля", APR_SUCCESS},
    {"a=\xd0\x9e", "О", APR_SUCCESS},
    {"a=x%0D%0Ay%0Az%09", "x\ny\nz\t", APR_SUCCESS},
    {"A=1", NULL, APR_SUCCESS},
    {"a=%2500", "%00", APR_SUCCESS},
    {"a=%00", NULL, PD_ETEXT},
    {"a=%", NULL, PD_ETEXT},
    {"a=%4", NULL, PD_ETEXT},
    {"a=%4g", NULL, PD_ETEXT},
    {"a=%-1", NULL, PD_ETEXT},
    {"a=%C0%AF", NULL, PD_ETEXT},
    {"a=%D0", NULL, PD_ETEXT},
    {"a=%ED%A0%80", NULL, PD_ETEXT},
    {"a=x%0Dy", NULL, PD_ETEXT},
    {"a=%1B", NULL, PD_ETEXT},
    {"a=%7F", NULL, PD_ETEXT},
    {"a=%C2%85", NULL, PD_ETEXT},
    {"a%0A=1", NULL, PD_ETEXT},
    {"a=1&a=1", NULL, PD_ETEXT},
    {"a=1&%61=2", NULL, PD_ETEXT},
    {"=1", NULL, PD_ETEXT},
    {"a=1&&b=2", "1", APR_SUCCESS},
    {"&a=1&", "1", APR_SUCCESS},
};

START_TEST(parse)
{
    const pd_form_t *form;
    apr_status_t rv = pd_form_parse(&form, cases[_i].body, strlen(cases[_i].body), tp);
    ck_assert_int_eq(rv, cases[_i].status);
    ck_assert_int_eq(form != NULL, rv == APR_SUCCESS);
    if (form != NULL) {
        ck_assert_pstr_eq(pd_form_get(form, "a"), cases[_i].value);
    }
}
END_TEST

START_TEST(raw_nul)
{
    const pd_form_t *form;
    ck_assert_int_eq(pd_form_parse(&form, "a=\0b", 4, tp), PD_ETEXT);
}
END_TEST

/* A field whose name and value have these lengths. */
static const char *field(apr_size_t name_length, apr_size_t value_length)
{
    char *body = apr_palloc(tp, name_length + value_length + 2);
    memset(body, 'n', name_length);
    body[name_length] = '=';
    memset(body + name_length + 1, 'v', value_length);
    body[name_length + 1 + value_length] = '\0';
    return body;
}

static const char *fields(int n)
{
    const char *body = "f0=0";
    for (int i = 1; i < n; i++) {
        body = apr_psprintf(tp, "%s&f%d=%d", body, i, i);
    }
    return body;
}

START_TEST(limits)
{
    const struct {
        const char *body;
        apr_status_t status;
    } rows[] = {
        {field(PD_FORM_NAME_MAX, 1), APR_SUCCESS},   {field(PD_FORM_NAME_MAX + 1, 1), PD_ELIMIT},
        {field(1, PD_FORM_VALUE_MAX), APR_SUCCESS},  {field(1, PD_FORM_VALUE_MAX + 1), PD_ELIMIT},
        {field(1, PD_FORM_BYTES_MAX), PD_ELIMIT},    {fields(PD_FORM_FIELDS_MAX), APR_SUCCESS},
        {fields(PD_FORM_FIELDS_MAX + 1), PD_ELIMIT},
    };
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const pd_form_t *form;
        apr_status_t rv = pd_form_parse(&form, rows[i].body, strlen(rows[i].body), tp);
        ck_assert_msg(rv == rows[i].status, "row %d: %d", (int)i, rv);
    }
}
END_TEST

START_TEST(escaped_value_at_its_limit)
{
    const char *body = "a=";
    for (int i = 0; i < PD_FORM_VALUE_MAX / 64; i++) {
        body = apr_pstrcat(tp, body,
                           "%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61"
                           "%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61"
                           "%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61"
                           "%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61%61",
                           NULL);
    }
    const pd_form_t *form;
    ck_assert_int_eq(pd_form_parse(&form, body, strlen(body), tp), APR_SUCCESS);
    ck_assert_uint_eq(strlen(pd_form_get(form, "a")), PD_FORM_VALUE_MAX);
}
END_TEST

static const struct {
    const char *body, *value;
} trims[] = {
    {"a=+x+", "x"},        {"a=%C2%A0%09x+y%0A%C2%A0", "x y"},
    {"a=++", ""},          {"a=x", "x"},
    {"b=x", ""},           {"a=%D0%B0+", "а"},
    {"a=%E2%80%83x", "x"},
};

START_TEST(trim)
{
    const pd_form_t *form;
    ck_assert_int_eq(pd_form_parse(&form, trims[_i].body, strlen(trims[_i].body), tp), APR_SUCCESS);
    ck_assert_str_eq(pd_form_get_trimmed(form, "a", tp), trims[_i].value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("form");
    TCase *tc = tcase_create("form");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, parse, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, raw_nul);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, escaped_value_at_its_limit);
    tcase_add_loop_test(tc, trim, 0, sizeof(trims) / sizeof(trims[0]));
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
