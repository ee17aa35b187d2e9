/* Tokens, codes and form tokens. */
#include "pd_crypt_test.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_token.h"

#define NOW     apr_time_from_sec(1800000000)
#define MAX_AGE apr_time_from_sec(3600)

START_TEST(token_is_wellformed_and_new_each_time)
{
    const char *token = pd_token_new(tp);
    ck_assert_uint_eq(strlen(token), PD_TOKEN_CHARS);
    ck_assert(pd_token_wellformed(token));
    ck_assert_str_ne(token, pd_token_new(tp));
    ck_assert_uint_eq(strlen(pd_token_hash(token, tp)), PD_HASH_CHARS);
    ck_assert_str_eq(pd_token_hash(token, tp), pd_token_hash(token, tp));
    ck_assert_str_ne(pd_token_hash(token, tp), token);
}
END_TEST

static const struct {
    const char *token;
    int wellformed;
} shapes[] = {
    {KEY_A, 1},
    {KEY_B, 1},
    {NULL, 0},
    {"", 0},
    {KEY_A "A", 0},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh", 0},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh=", 0},
    {"AAECAwQFBgcICQoLDA0OD+AREhMUFRYXGBkaGxwdHh8", 0},
    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh\xc3", 0},
};

START_TEST(token_shape_is_exact)
{
    ck_assert_int_eq(pd_token_wellformed(shapes[_i].token), shapes[_i].wellformed);
}
END_TEST

START_TEST(code_is_eight_digits_bound_to_its_row)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    const char *code = pd_code_new(tp), *hash = pd_code_hash(keyring, "r1", "12345678", tp);
    ck_assert_uint_eq(strlen(code), PD_CODE_DIGITS);
    ck_assert_uint_eq(strspn(code, "0123456789"), PD_CODE_DIGITS);
    ck_assert_uint_eq(strlen(hash), PD_HASH_CHARS);
    ck_assert_str_eq(hash, pd_code_hash(keyring, "r1", " 1234-5678\t", tp));
    ck_assert_str_eq(hash, pd_code_hash(keyring_of(RING_AB), "r1", "1234 5678", tp));
    ck_assert_str_ne(hash, pd_code_hash(keyring, "r2", "12345678", tp));
    ck_assert_str_ne(hash, pd_code_hash(keyring, "r11", "2345678", tp));
    ck_assert_str_ne(hash, pd_code_hash(keyring, "r1", "12345679", tp));
    ck_assert_str_ne(hash, pd_code_hash(keyring, "r1", "", tp));
    ck_assert_str_ne(hash, pd_code_hash(keyring_of(RING_B), "r1", "12345678", tp));
}
END_TEST

static const struct {
    const char *name, *purpose, *binding;
    apr_interval_time_t later;
    int good;
} uses[] = {
    {"at once", "login", "session", 0, 1},
    {"at the last moment", "login", "session", MAX_AGE, 1},
    {"too late", "login", "session", MAX_AGE + 1, 0},
    {"from a clock that is ahead", "login", "session", -apr_time_from_sec(300), 1},
    {"from the future", "login", "session", -apr_time_from_sec(300) - 1, 0},
    {"for another form", "reset", "session", 0, 0},
    {"of another session", "login", "sessiom", 0, 0},
    {"with parts shifted", "logins", "ession", 0, 0},
    {"without a binding", "login", NULL, 0, 0},
};

START_TEST(form_token_is_good_for_its_use_only)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    const char *token = pd_form_token_new(keyring, "login", "session", NOW, tp);
    ck_assert_msg(pd_form_token_good(keyring, uses[_i].purpose, uses[_i].binding, token,
                                     NOW + uses[_i].later, MAX_AGE, tp) == uses[_i].good,
                  "%s", uses[_i].name);
}
END_TEST

START_TEST(form_tokens_look_different_and_cannot_be_changed)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    const char *token = pd_form_token_new(keyring, "login", "s", NOW, tp);
    const char *other = pd_form_token_new(keyring, "login", "s", NOW, tp);
    size_t length = strlen(token), equal = 0;
    for (size_t i = 0; i < length; i++) {
        equal += token[i] == other[i];
        char *forged = apr_pstrdup(tp, token);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        ck_assert(!pd_form_token_good(keyring, "login", "s", forged, NOW, MAX_AGE, tp));
        forged = apr_pstrmemdup(tp, token, i);
        ck_assert(!pd_form_token_good(keyring, "login", "s", forged, NOW, MAX_AGE, tp));
    }
    ck_assert_uint_lt(equal, length / 4);
    ck_assert(!pd_form_token_good(keyring, "login", "s", NULL, NOW, MAX_AGE, tp));
    ck_assert(!pd_form_token_good(keyring, "login", "s", apr_pstrcat(tp, token, "A", NULL), NOW,
                                  MAX_AGE, tp));
}
END_TEST

START_TEST(form_token_outlives_a_rotation)
{
    const char *token = pd_form_token_new(keyring_of(RING_A), "login", "s", NOW, tp);
    ck_assert(pd_form_token_good(keyring_of(RING_AB), "login", "s", token, NOW, MAX_AGE, tp));
    ck_assert(!pd_form_token_good(keyring_of(RING_B), "login", "s", token, NOW, MAX_AGE, tp));
    token = pd_form_token_new(keyring_of(RING_AB), "login", "s", NOW, tp);
    ck_assert(!pd_form_token_good(keyring_of(RING_A), "login", "s", token, NOW, MAX_AGE, tp));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt/token");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, crypt_setup, crypt_teardown);
    tcase_add_test(all, token_is_wellformed_and_new_each_time);
    tcase_add_loop_test(all, token_shape_is_exact, 0, ROWS(shapes));
    tcase_add_test(all, code_is_eight_digits_bound_to_its_row);
    tcase_add_loop_test(all, form_token_is_good_for_its_use_only, 0, ROWS(uses));
    tcase_add_test(all, form_tokens_look_different_and_cannot_be_changed);
    tcase_add_test(all, form_token_outlives_a_rotation);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
