/* Accept-Encoding, and the forms of an answer. */
#include "pd_test.h"
#include "text/pd_encoding.h"
#include <string.h>
#include <apr_strings.h>
#include <zlib.h>

#define BR   PD_ENCODING_BROTLI
#define GZ   PD_ENCODING_GZIP
#define NONE PD_ENCODING_IDENTITY

static const struct {
    const char *header;
    pd_encoding_e chosen;
} cases[] = {
    {NULL, NONE},
    {"", NONE},
    {"gzip", GZ},
    {"GZip", GZ},
    {"x-gzip", GZ},
    {"br", BR},
    {"gzip, deflate, br", BR},
    {"br, gzip", BR},
    {"gzip, deflate, br, zstd", BR},
    {"deflate, zstd, compress", NONE},
    {"gzip;q=1.0, br;q=0.9", GZ},
    {"gzip;q=0.5, br;q=0.501", BR},
    {"gzip;q=0.001", GZ},
    {"gzip;q=0", NONE},
    {"gzip;q=0.000, br", BR},
    {"gzip, br;q=0", GZ},
    /* the bytes as they are: asked for, or refused */
    {"identity", NONE},
    {"gzip;q=0.5, identity", NONE},
    {"gzip;q=0.5, identity;q=0.5", GZ},
    {"gzip, identity;q=0.5, *;q=0", GZ},
    {"identity;q=0", NONE},
    {"identity;q=0, gzip;q=0.1", GZ},
    {"*;q=0", NONE},
    {"*;q=0, gzip", GZ},
    /* whatever there is */
    {"*", BR},
    {"*;q=0.5, gzip", GZ},
    {"*, br;q=0", GZ},
    {"*, br;q=0, gzip;q=0", NONE},
    {"*;q=0.2, identity;q=0.1", BR},
    {"*;q=0.1, identity;q=0.2", NONE},
    /* twice: what was said first */
    {"gzip;q=0, gzip", NONE},
    {"gzip, x-gzip;q=0", GZ},
    {"*;q=0, *", NONE},
    /* white space, empty elements */
    {" , ,gzip ; q=0.4 ,\tbr;Q=0.3 ,", GZ},
    {"gzip\t;\tq=1", GZ},
    /* part of a name is another name */
    {"gzipped, xbr, brotli", NONE},
    {"b, gzi", NONE},
    /* malformed anywhere: nothing of it is believed */
    {"gzip;q=1.5", NONE},
    {"gzip;q=1.001", NONE},
    {"gzip;q=0.1234", NONE},
    {"gzip;q=", NONE},
    {"gzip;q", NONE},
    {"gzip;q =1", NONE},
    {"gzip;", NONE},
    {"gzip;x=1", NONE},
    {"gzip;q=1;x=1", NONE},
    {"gzip br", NONE},
    {"br, gzip=1", NONE},
    {"br, \"gzip\"", NONE},
    {"br, gzip\xd1\x80", NONE},
    {"br;q=-1", NONE},
};

START_TEST(choose)
{
    pd_encoding_e chosen = pd_encoding_choose(cases[_i].header);
    ck_assert_msg(chosen == cases[_i].chosen, "%s: %d", cases[_i].header, (int)chosen);
}
END_TEST

static const char *unpack(const pd_encoded_form_t *form, apr_size_t length)
{
    char *bytes = apr_pcalloc(tp, length + 1);
    z_stream stream = {.next_in = (z_const Bytef *)form->bytes,
                       .avail_in = (uInt)form->length,
                       .next_out = (Bytef *)bytes,
                       .avail_out = (uInt)length + 1};
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(stream.total_out, length);
    inflateEnd(&stream);
    return bytes;
}

START_TEST(forms)
{
    static const apr_size_t lengths[] = {0, 1, 17, 70000, 300000};
    pd_encoded_t one, two;
    apr_size_t length = lengths[_i / 2];
    pd_encoding_effort_e effort = _i % 2 ? PD_ENCODING_THOROUGH : PD_ENCODING_QUICK;
    char *bytes = apr_palloc(tp, length + 1);
    for (apr_size_t i = 0; i < length; i++) {
        bytes[i] = "some words "[i % 11];
    }
    ck_assert_int_eq(pd_encoding_make(&one, bytes, length, effort, tp, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_encoding_make(&two, bytes, length, effort, tp, tp), APR_SUCCESS);
    ck_assert_ptr_eq(one.form[NONE].bytes, bytes);
    ck_assert_int_eq(memcmp(unpack(&one.form[GZ], length), bytes, length), 0);
    for (int i = 0; i < PD_ENCODING_COUNT; i++) {
        ck_assert_str_eq(one.form[i].etag, two.form[i].etag);
        ck_assert_uint_eq(one.form[i].length, two.form[i].length);
        ck_assert_int_eq(memcmp(one.form[i].bytes, two.form[i].bytes, one.form[i].length), 0);
        if (length > 1000 && i != NONE) {
            ck_assert_uint_lt(one.form[i].length, length / 50);
        }
    }
}
END_TEST

START_TEST(names)
{
    pd_encoded_t encoded, other;
    pd_encoding_name(&encoded, "abc", 3, tp);
    ck_assert_str_eq(encoded.form[NONE].etag, "\"ba7816bf8f01cfea414140de5dae2223\"");
    ck_assert_str_eq(encoded.form[GZ].etag, "\"ba7816bf8f01cfea414140de5dae2223-gzip\"");
    ck_assert_str_eq(encoded.form[BR].etag, "\"ba7816bf8f01cfea414140de5dae2223-br\"");
    ck_assert_uint_eq(encoded.form[NONE].length, 3);
    ck_assert_ptr_null(encoded.form[GZ].bytes);
    ck_assert_ptr_null(encoded.form[BR].bytes);
    pd_encoding_name(&other, "abd", 3, tp);
    ck_assert_str_ne(encoded.form[NONE].etag, other.form[NONE].etag);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("encoding");
    TCase *tc = tcase_create("encoding");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, choose, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_loop_test(tc, forms, 0, 10);
    tcase_add_test(tc, names);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
