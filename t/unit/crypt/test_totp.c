/* Codes of an authenticator: the vectors of RFC 6238, appendix B, and how far a clock may be off.
 */
#include "pd_test.h"
#include <string.h>
#include "crypt/pd_totp.h"

/* "12345678901234567890", the secret of the appendix, in base32. */
#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define STEP   30

/* The appendix has eight digits; the last six of them are the code of six. */
static const struct {
    apr_int64_t seconds;
    const char *code;
} vectors[] = {{59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
               {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};

START_TEST(rfc_6238_appendix_b)
{
    const char *code = vectors[_i].code + 2;
    apr_time_t now = apr_time_from_sec(vectors[_i].seconds);
    ck_assert_int_eq(pd_totp_step(SECRET, code, now, tp), vectors[_i].seconds / STEP);
}
END_TEST

/* Two steps to either side, and not a second more. */
static const struct {
    apr_int64_t off; /* of the portal's clock, seconds from the beginning of the code's step */
    int right;
} clocks[] = {{0, 1},  {29, 1},  {60, 1},  {89, 1},  {90, 0},
              {-1, 1}, {-60, 1}, {-61, 0}, {300, 0}, {-300, 0}};

START_TEST(a_clock_may_be_off_by_a_minute)
{
    apr_int64_t step = 1234567890 / STEP;
    apr_time_t now = apr_time_from_sec(step * STEP + clocks[_i].off);
    ck_assert_int_eq(pd_totp_step(SECRET, "005924", now, tp), clocks[_i].right ? step : 0);
}
END_TEST

static const struct {
    const char *typed;
    int right;
} typings[] = {{"005924", 1},
               {"005 924", 1},
               {" 005-924 ", 1},
               {"00\t5924", 1},
               {"5924", 0},
               {"0059240", 0},
               {"", 0},
               {NULL, 0},
               {"oo5924", 0},
               {"\xd9\xa0\xd9\xa0"
                "5924",
                0}};

START_TEST(as_people_type_it)
{
    apr_time_t now = apr_time_from_sec(1234567890);
    apr_int64_t step = typings[_i].right ? 1234567890 / STEP : 0;
    ck_assert_int_eq(pd_totp_step(SECRET, typings[_i].typed, now, tp), step);
}
END_TEST

START_TEST(no_code_fits_what_is_no_secret)
{
    apr_time_t now = apr_time_from_sec(1234567890);
    ck_assert_int_eq(pd_totp_step(NULL, "005924", now, tp), 0);
    ck_assert_int_eq(pd_totp_step("not base32!", "005924", now, tp), 0);
}
END_TEST

START_TEST(a_secret_is_new_each_time)
{
    const char *secret = pd_totp_secret_new(tp);
    ck_assert_uint_eq(strlen(secret), 32);
    ck_assert_uint_eq(strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
    ck_assert_str_ne(secret, pd_totp_secret_new(tp));
}
END_TEST

#define N(table) ((int)(sizeof(table) / sizeof(table[0])))

int main(void)
{
    Suite *suite = suite_create("totp");
    TCase *tcase = tcase_create("totp");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, rfc_6238_appendix_b, 0, N(vectors));
    tcase_add_loop_test(tcase, a_clock_may_be_off_by_a_minute, 0, N(clocks));
    tcase_add_loop_test(tcase, as_people_type_it, 0, N(typings));
    tcase_add_test(tcase, no_code_fits_what_is_no_secret);
    tcase_add_test(tcase, a_secret_is_new_each_time);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
