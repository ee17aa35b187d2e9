/* Passwords: right, wrong, stale, and stored texts that nobody should trust. */
#include "pd_crypt_test.h"
#include "crypt/pd_password.h"
#include "base/pd_status.h"

static const pd_password_cost_t cheap = {8192, 1}, dearer = {8192, 2};

static const char *hashed(pd_keyring_t *keyring, const char *password)
{
    const char *stored;
    ck_assert_int_eq(pd_password_hash(&stored, keyring, &cheap, password, tp), APR_SUCCESS);
    return stored;
}

static pd_password_e verdict(pd_keyring_t *keyring, const pd_password_cost_t *cost,
                             const char *stored, const char *password)
{
    pd_password_e outcome = PD_PASSWORD_RIGHT;
    ck_assert_int_eq(pd_password_verify(&outcome, keyring, cost, stored, password, tp), 0);
    return outcome;
}

START_TEST(password_is_right_as_a_whole)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    char *longest = apr_pcalloc(tp, PD_PASSWORD_BYTES_MAX + 1);
    memset(longest, 'p', PD_PASSWORD_BYTES_MAX);
    const char *stored = hashed(keyring, longest);
    ck_assert_int_eq(verdict(keyring, &cheap, stored, longest), PD_PASSWORD_RIGHT);
    longest[PD_PASSWORD_BYTES_MAX - 1] = 'q';
    ck_assert_int_eq(verdict(keyring, &cheap, stored, longest), PD_PASSWORD_WRONG);
    ck_assert_int_eq(verdict(keyring, &cheap, stored, ""), PD_PASSWORD_WRONG);
    ck_assert_int_eq(strncmp(stored, "1.1.$argon2id$v=19$m=8192,t=1,p=1$", 34), 0);
    ck_assert_str_ne(hashed(keyring, "same"), hashed(keyring, "same"));
}
END_TEST

START_TEST(too_long_password_is_refused)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    char *endless = apr_pcalloc(tp, PD_PASSWORD_BYTES_MAX + 2);
    const char *stored;
    memset(endless, 'p', PD_PASSWORD_BYTES_MAX + 1);
    ck_assert_int_eq(pd_password_hash(&stored, keyring, &cheap, endless, tp), PD_ELIMIT);
    ck_assert_ptr_null(stored);
    ck_assert_int_eq(verdict(keyring, &cheap, hashed(keyring, "x"), endless), PD_PASSWORD_WRONG);
}
END_TEST

START_TEST(stale_hash_asks_for_a_new_one)
{
    pd_keyring_t *a = keyring_of(RING_A), *ab = keyring_of(RING_AB);
    const char *stored = hashed(a, "pass");
    ck_assert_int_eq(verdict(a, &dearer, stored, "pass"), PD_PASSWORD_RIGHT_REHASH);
    ck_assert_int_eq(verdict(a, &dearer, stored, "past"), PD_PASSWORD_WRONG);
    ck_assert_int_eq(verdict(ab, &cheap, stored, "pass"), PD_PASSWORD_RIGHT_REHASH);
    stored = hashed(ab, "pass");
    ck_assert_int_eq(strncmp(stored, "1.2.", 4), 0);
    ck_assert_int_eq(verdict(ab, &cheap, stored, "pass"), PD_PASSWORD_RIGHT);
}
END_TEST

START_TEST(pepper_is_part_of_the_password)
{
    const char *stored = hashed(keyring_of(RING_A), "pass");
    ck_assert_int_eq(verdict(keyring_of(RING_B), &cheap, stored, "pass"), PD_PASSWORD_WRONG);
}
END_TEST

START_TEST(nobody_has_no_password)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    ck_assert_int_eq(verdict(keyring, &cheap, NULL, "pass"), PD_PASSWORD_WRONG);
    ck_assert_int_eq(verdict(keyring, &cheap, NULL, ""), PD_PASSWORD_WRONG);
}
END_TEST

#define SALT_HASH "$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static const char *const bad[] = {
    "",
    "1.",
    "x",
    "1.1",
    "1.1.",
    "2.1.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH,
    "1.3.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH,
    "1.0.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH,
    "1.1.$argon2i$v=19$m=8192,t=1,p=1" SALT_HASH,
    "1.1.$argon2id$v=16$m=8192,t=1,p=1" SALT_HASH,
    "1.1.$argon2id$v=19$m=1048577,t=1,p=1" SALT_HASH,
    "1.1.$argon2id$v=19$m=4294967295,t=1,p=1" SALT_HASH,
    "1.1.$argon2id$v=19$m=8192,t=65,p=1" SALT_HASH,
    "1.1.$argon2id$v=19$m=8192,t=1,p=8" SALT_HASH,
    "1.1.$argon2id$v=19$m=7,t=1,p=1" SALT_HASH,
    "1.1.$argon2id$v=19$m=8192,t=1,p=1$c29t",
    "1.1.$argon2id$v=19$m=8192,t=1,p=1$****$****",
    "1.1.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH SALT_HASH,
    "1.1.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH "*",
    "1.1.$y$j9T$abc$def",
};

START_TEST(malformed_text_is_an_error_not_an_outcome)
{
    pd_password_e outcome = PD_PASSWORD_RIGHT;
    ck_assert_int_eq(pd_password_verify(&outcome, keyring_of(RING_A), &cheap, bad[_i], "pass", tp),
                     PD_ESEAL);
    ck_assert_int_eq(outcome, PD_PASSWORD_WRONG);
}
END_TEST

START_TEST(sound_foreign_text_is_just_wrong)
{
    ck_assert_int_eq(
        verdict(keyring_of(RING_A), &cheap, "1.1.$argon2id$v=19$m=8192,t=1,p=1" SALT_HASH, "pass"),
        PD_PASSWORD_WRONG);
}
END_TEST

static const pd_password_cost_t unsound[] = {{7, 1}, {1048577, 1}, {8192, 0}, {8192, 65}};

START_TEST(cost_is_bounded)
{
    const char *stored;
    pd_password_e outcome = PD_PASSWORD_RIGHT;
    pd_keyring_t *keyring = keyring_of(RING_A);
    ck_assert_int_eq(pd_password_hash(&stored, keyring, &unsound[_i], "p", tp), APR_EINVAL);
    ck_assert_int_eq(pd_password_verify(&outcome, keyring, &unsound[_i], NULL, "p", tp),
                     APR_EINVAL);
    ck_assert_int_eq(outcome, PD_PASSWORD_WRONG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt/password");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, crypt_setup, crypt_teardown);
    tcase_add_test(all, password_is_right_as_a_whole);
    tcase_add_test(all, too_long_password_is_refused);
    tcase_add_test(all, stale_hash_asks_for_a_new_one);
    tcase_add_test(all, pepper_is_part_of_the_password);
    tcase_add_test(all, nobody_has_no_password);
    tcase_add_loop_test(all, malformed_text_is_an_error_not_an_outcome, 0, ROWS(bad));
    tcase_add_test(all, sound_foreign_text_is_just_wrong);
    tcase_add_loop_test(all, cost_is_bounded, 0, ROWS(unsound));
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
