/* Buffers, base64url, UTF-8, wiping, randomness, UUIDs and the log line. */
#include "pd_test.h"
#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <string.h>

START_TEST(buffer_grows_to_its_maximum_and_not_beyond)
{
    pd_buf_t buf;
    pd_buf_init(&buf, 1000, tp);
    for (int i = 0; i < 1000; i++) {
        pd_buf_putc(&buf, 'x');
    }
    ck_assert_int_eq(buf.overflow, 0);
    ck_assert_uint_eq(strlen(buf.bytes), 1000);
    pd_buf_putc(&buf, 'y');
    ck_assert_int_eq(buf.overflow, 1);
    ck_assert_uint_eq(buf.length, 1000);
    ck_assert_int_eq(buf.bytes[999], 'x');
}
END_TEST

START_TEST(buffer_with_room_is_bounded_all_the_same)
{
    static const apr_size_t expected[] = {0, 1, 7, 8, 9, 4096};
    for (int i = 0; i < 6; i++) {
        pd_buf_t buf;
        pd_buf_init_for(&buf, expected[i], 8, tp);
        pd_buf_printf(&buf, "%d", 12345);
        pd_buf_add(&buf, "678", 3);
        ck_assert_str_eq(buf.bytes, "12345678");
        ck_assert_int_eq(buf.overflow, 0);
        pd_buf_putc(&buf, '9');
        ck_assert_str_eq(buf.bytes, "12345678");
        ck_assert_int_eq(buf.overflow, 1);
    }
}
END_TEST

START_TEST(nothing_is_added_after_an_overflow)
{
    pd_buf_t buf;
    pd_buf_init(&buf, 4, tp);
    pd_buf_puts(&buf, "ab");
    pd_buf_puts(&buf, "cde");
    pd_buf_puts(&buf, "f");
    pd_buf_printf(&buf, "%d", 7);
    ck_assert_str_eq(buf.bytes, "ab");
    ck_assert_int_eq(buf.overflow, 1);
    pd_buf_init(&buf, 0, tp);
    pd_buf_puts(&buf, "");
    ck_assert_int_eq(buf.overflow, 0);
    pd_buf_puts(&buf, "a");
    ck_assert_int_eq(buf.overflow, 1);
    ck_assert_str_eq(buf.bytes, "");
}
END_TEST

START_TEST(printf_grows_and_gives_back_what_was_cut)
{
    pd_buf_t buf;
    char *wide = apr_pcalloc(tp, 501);
    memset(wide, 'w', 500);
    pd_buf_init(&buf, 600, tp);
    pd_buf_puts(&buf, "<");
    pd_buf_printf(&buf, "%s|%d", wide, -5);
    ck_assert_uint_eq(buf.length, 504);
    ck_assert_str_eq(buf.bytes + 501, "|-5");
    pd_buf_printf(&buf, "%s", wide);
    ck_assert_int_eq(buf.overflow, 1);
    ck_assert_uint_eq(buf.length, 504);
    ck_assert_str_eq(buf.bytes + 501, "|-5");
    pd_buf_init(&buf, 3, tp);
    pd_buf_printf(&buf, "%s", "abc");
    ck_assert_int_eq(buf.overflow, 0);
    ck_assert_str_eq(buf.bytes, "abc");
}
END_TEST

static const struct {
    const char *text;
    const char *bytes; /* NULL: refused */
} codes[] = {
    {"", ""},        {"Zg", "f"},    {"Zm8", "fo"},   {"Zm9v", "foo"}, {"-_-_", "\xfb\xff\xbf"},
    {"Zg==", NULL},  {"Zh", NULL},   {"Zm9", NULL},   {"Z", NULL},     {"Zm9v\n", NULL},
    {" Zm9v", NULL}, {"+/+/", NULL}, {"Zm9vZ", NULL}, {"Zm 9v", NULL}, {"-\xf4-_", NULL},
};

START_TEST(base64url_is_strict)
{
    unsigned char *bytes;
    apr_size_t n_bytes;
    apr_status_t status = pd_base64url_decode(&bytes, &n_bytes, codes[_i].text, tp);
    if (!codes[_i].bytes) {
        ck_assert_int_eq(status, PD_ETEXT);
        return;
    }
    ck_assert_int_eq(status, APR_SUCCESS);
    ck_assert_uint_eq(n_bytes, strlen(codes[_i].bytes));
    ck_assert_str_eq((char *)bytes, codes[_i].bytes);
    ck_assert_str_eq(pd_base64url_encode(bytes, n_bytes, tp), codes[_i].text);
}
END_TEST

static const struct {
    const char *bytes;
    apr_size_t length;
    int valid;
} utf8[] = {
    {"", 0, 1},
    {"abc", 3, 1},
    {"a\0b", 3, 0},
    {"\xd0\x9f", 2, 1},
    {"\xd0", 1, 0},
    {"\x9f", 1, 0},
    {"\xc0\xaf", 2, 0},
    {"\xc1\xbf", 2, 0},
    {"\xe0\x9f\xbf", 3, 0},
    {"\xe0\xa0\x80", 3, 1},
    {"\xed\x9f\xbf", 3, 1},
    {"\xed\xa0\x80", 3, 0},
    {"\xef\xbf\xbf", 3, 1},
    {"\xe2\x82", 2, 0},
    {"\xe2\x82\x41", 3, 0},
    {"\xf0\x8f\xbf\xbf", 4, 0},
    {"\xf0\x90\x80\x80", 4, 1},
    {"\xf4\x8f\xbf\xbf", 4, 1},
    {"\xf4\x90\x80\x80", 4, 0},
    {"\xf5\x80\x80\x80", 4, 0},
    {"\xff", 1, 0},
};

START_TEST(utf8_follows_rfc3629)
{
    ck_assert_int_eq(pd_utf8_valid(utf8[_i].bytes, utf8[_i].length), utf8[_i].valid);
}
END_TEST

START_TEST(code_points_are_counted)
{
    ck_assert_uint_eq(pd_utf8_count(""), 0);
    ck_assert_uint_eq(pd_utf8_count("a\xd0\x9f\xf0\x9f\x98\x80"), 3);
}
END_TEST

START_TEST(bytes_are_wiped_with_their_pool)
{
    char secret[8] = "secret!";
    apr_pool_t *child;
    apr_pool_create(&child, tp);
    pd_wipe_with_pool(secret, sizeof secret, child);
    ck_assert_str_eq(secret, "secret!");
    apr_pool_destroy(child);
    for (size_t i = 0; i < sizeof secret; i++) {
        ck_assert_int_eq(secret[i], 0);
    }
}
END_TEST

START_TEST(secrets_are_compared_whole)
{
    ck_assert(pd_equal_secret("abcd", "abcd", 4));
    ck_assert(!pd_equal_secret("abcd", "abce", 4));
    ck_assert(pd_equal_secret("abcd", "abce", 3));
}
END_TEST

START_TEST(uuid7_carries_its_instant)
{
    /* RFC 9562, appendix A.6: 2022-02-22T19:22:22Z */
    const char *id = pd_random_uuid7((apr_time_t)0x017F22E279B0 * 1000 + 999, tp);
    ck_assert_uint_eq(strlen(id), PD_UUID_CHARS);
    ck_assert_int_eq(strncmp(id, "017f22e2-79b0-7", 15), 0);
    ck_assert_ptr_nonnull(strchr("89ab", id[19]));
    ck_assert_int_eq(id[18], '-');
    ck_assert_int_eq(id[23], '-');
    ck_assert_str_ne(id, pd_random_uuid7((apr_time_t)0x017F22E279B0 * 1000, tp));
    ck_assert_str_lt(id, pd_random_uuid7((apr_time_t)0x017F22E279B1 * 1000, tp));
}
END_TEST

START_TEST(random_below_stays_below)
{
    int seen[3] = {0, 0, 0};
    for (int i = 0; i < 300; i++) {
        apr_uint32_t got = pd_random_below(3);
        ck_assert_uint_lt(got, 3);
        seen[got]++;
    }
    ck_assert(seen[0] && seen[1] && seen[2]);
    ck_assert_uint_eq(pd_random_below(1), 0);
    ck_assert_uint_eq(pd_random_below(0), 0);
}
END_TEST

static apr_time_t noon(void)
{
    return 42;
}

START_TEST(clock_can_be_replaced_and_brought_back)
{
    pd_clock_set(noon);
    ck_assert_int_eq(pd_clock_now(), 42);
    pd_clock_set(NULL);
    ck_assert_int_gt(pd_clock_now(), apr_time_from_sec(1600000000));
}
END_TEST

static char heard[4096];
static pd_log_level_e heard_level;
static apr_status_t heard_status;

static void listen_in(void *baton, pd_log_level_e level, apr_status_t status, const char *message)
{
    ck_assert_ptr_eq(baton, heard);
    heard_level = level;
    heard_status = status;
    apr_cpystrn(heard, message, sizeof heard);
}

START_TEST(log_line_is_one_bounded_harmless_line)
{
    char *long_text = apr_pcalloc(tp, 5001);
    memset(long_text, 'x', 5000);
    pd_log_set_sink(listen_in, heard);
    pd_log(PD_LOG_INFO, PD_EBUSY, "a%s%d", "b\nPD0001: \x1b[2J\x7f\xc2\x9b\xd0\x9f", 7);
    ck_assert_str_eq(heard, "ab?PD0001: ?[2J???\xd0\x9f"
                            "7");
    ck_assert_int_eq(heard_level, PD_LOG_INFO);
    ck_assert_int_eq(heard_status, PD_EBUSY);
    pd_log(PD_LOG_ERR, 0, "%s", long_text);
    ck_assert_uint_eq(strlen(heard), 2047);
    pd_log_set_sink(NULL, NULL);
}
END_TEST

START_TEST(every_own_status_has_its_words)
{
    char buffer[100];
    for (apr_status_t status = PD_EBUSY; status <= PD_ETEMPLATE; status++) {
        buffer[0] = '\0';
        const char *text = pd_status_text(status, buffer, sizeof buffer);
        ck_assert_ptr_ne(text, buffer);
        ck_assert_uint_gt(strlen(text), 5);
    }
    ck_assert_ptr_eq(pd_status_text(APR_ENOENT, buffer, sizeof buffer), buffer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/bytes");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, pd_test_setup, pd_test_teardown);
    tcase_add_test(all, buffer_grows_to_its_maximum_and_not_beyond);
    tcase_add_test(all, buffer_with_room_is_bounded_all_the_same);
    tcase_add_test(all, nothing_is_added_after_an_overflow);
    tcase_add_test(all, printf_grows_and_gives_back_what_was_cut);
    tcase_add_loop_test(all, base64url_is_strict, 0, (int)(sizeof codes / sizeof codes[0]));
    tcase_add_loop_test(all, utf8_follows_rfc3629, 0, (int)(sizeof utf8 / sizeof utf8[0]));
    tcase_add_test(all, code_points_are_counted);
    tcase_add_test(all, bytes_are_wiped_with_their_pool);
    tcase_add_test(all, secrets_are_compared_whole);
    tcase_add_test(all, uuid7_carries_its_instant);
    tcase_add_test(all, random_below_stays_below);
    tcase_add_test(all, clock_can_be_replaced_and_brought_back);
    tcase_add_test(all, log_line_is_one_bounded_harmless_line);
    tcase_add_test(all, every_own_status_has_its_words);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
