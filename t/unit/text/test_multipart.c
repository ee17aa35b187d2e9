/* Forms with files: what browsers send, and nothing looser. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "base/pd_bytes.h"
#include "text/pd_multipart.h"
#include <string.h>
#include <apr_strings.h>

#define TYPE "multipart/form-data; boundary=XyZ"
#define PART(name, value)                                                                          \
    "--XyZ\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value)                                                                     \
    "--XyZ\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"a b.md\"\r\n"          \
    "Content-Type: text/markdown\r\n\r\n" value "\r\n"
#define END "--XyZ--\r\n"

static const struct {
    const char *type, *body, *value; /* of field "a" */
    apr_status_t status;
} cases[] = {
    {TYPE, PART("a", "1") END, "1", APR_SUCCESS},
    {TYPE, PART("a", "1") "--XyZ--", "1", APR_SUCCESS},
    {"multipart/form-data; boundary=\"XyZ\"", PART("a", "1") END, "1", APR_SUCCESS},
    {"multipart/form-data;boundary=XyZ; charset=utf-8", PART("a", "1") END, "1", APR_SUCCESS},
    {TYPE, PART("b", "2") PART("a", "1") END, "1", APR_SUCCESS},
    {TYPE, PART("a", "") END, "", APR_SUCCESS},
    {TYPE, PART("a", "one\r\ntwo\r\n") END, "one\ntwo\n", APR_SUCCESS},
    {TYPE, PART("a", "so: --XyZ") END, "so: --XyZ", APR_SUCCESS},
    {TYPE, PART("a", "Оля") END, "Оля", APR_SUCCESS},
    {TYPE, FILE_PART("a", "text") END, NULL, APR_SUCCESS},
    {TYPE, END, NULL, APR_SUCCESS},
    /* not so */
    {TYPE, "", NULL, PD_ETEXT},
    {TYPE, PART("a", "1"), NULL, PD_ETEXT},
    {TYPE, PART("a", "1") "--XyZ\r\n", NULL, PD_ETEXT},
    {TYPE, PART("a", "1") END "more", NULL, PD_ETEXT},
    {TYPE, PART("a", "1") PART("a", "2") END, NULL, PD_ETEXT},
    {TYPE, PART("a", "1") FILE_PART("a", "2") END, NULL, PD_ETEXT},
    {TYPE, PART("", "1") END, NULL, PD_ETEXT},
    {TYPE, PART("a\x01", "1") END, NULL, PD_ETEXT},
    {TYPE, PART("a", "\xff") END, NULL, PD_ETEXT},
    {TYPE, PART("a", "\x1b") END, NULL, PD_ETEXT},
    {TYPE, PART("a", "x\ry") END, NULL, PD_ETEXT},
    {TYPE, "--XyZ\r\nContent-Type: text/plain\r\n\r\n1\r\n" END, NULL, PD_ETEXT},
    {TYPE, "--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n" END, NULL, PD_ETEXT},
    {TYPE, "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" END, NULL, PD_ETEXT},
    {TYPE, "--XyZ\nContent-Disposition: form-data; name=\"a\"\n\n1\n" END, NULL, PD_ETEXT},
    {TYPE, "preamble\r\n" PART("a", "1") END, NULL, PD_ETEXT},
    {"multipart/form-data", PART("a", "1") END, NULL, PD_ETEXT},
    {"multipart/form-data; boundary=", PART("a", "1") END, NULL, PD_ETEXT},
    {"multipart/form-data; boundary=Xy\x01", PART("a", "1") END, NULL, PD_ETEXT},
    {"multipart/form-data; boundary=other", PART("a", "1") END, NULL, PD_ETEXT},
};

START_TEST(parse)
{
    const pd_form_t *form;
    apr_status_t rv =
        pd_multipart_parse(&form, cases[_i].type, cases[_i].body, strlen(cases[_i].body), tp);
    ck_assert_int_eq(rv, cases[_i].status);
    ck_assert_int_eq(form != NULL, rv == APR_SUCCESS);
    if (form != NULL) {
        ck_assert_pstr_eq(pd_form_get(form, "a"), cases[_i].value);
    }
}
END_TEST

/* A file's bytes are as they were, whatever they are. */
START_TEST(files)
{
    static const char body[] = FILE_PART("f", "one\r\n\0\xff--XyZ") FILE_PART("none", "") END;
    const pd_form_t *form;
    apr_size_t length;
    ck_assert_int_eq(pd_multipart_parse(&form, TYPE, body, sizeof(body) - 1, tp), APR_SUCCESS);
    const char *bytes = pd_form_file(&length, form, "f");
    ck_assert_uint_eq(length, 12);
    ck_assert_mem_eq(bytes, "one\r\n\0\xff--XyZ", 12);
    ck_assert_ptr_null(pd_form_get(form, "f"));
    ck_assert_ptr_null(pd_form_file(&length, form, "none"));
    ck_assert_uint_eq(length, 0);
    ck_assert_ptr_null(pd_form_file(&length, form, "nothing"));
    ck_assert_str_eq(pd_form_get_trimmed(form, "f", tp), "");
}
END_TEST

START_TEST(limits)
{
    const pd_form_t *form;
    pd_buf_t body;
    pd_buf_init(&body, PD_MULTIPART_BYTES_MAX * 2, tp);
    for (int i = 0; i <= PD_FORM_FIELDS_MAX; i++) {
        pd_buf_printf(&body, PART("f%d", "1"), i);
    }
    pd_buf_puts(&body, END);
    ck_assert_int_eq(pd_multipart_parse(&form, TYPE, body.bytes, body.length, tp), PD_ELIMIT);
    while (body.length <= PD_MULTIPART_BYTES_MAX) {
        pd_buf_puts(&body, "more and more and more and more");
    }
    ck_assert_int_eq(pd_multipart_parse(&form, TYPE, body.bytes, body.length, tp), PD_ELIMIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("multipart");
    TCase *tcase = tcase_create("multipart");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, parse, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, limits);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
