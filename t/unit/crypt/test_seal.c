/* Sealed values, data keys and hashes. */
#include "pd_crypt_test.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_seal.h"
#include "base/pd_status.h"

static const char *const plains[] = {
    "", "a", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xbe\xd0\xb2",
    "a longer text, of more than one block of sixty-four bytes: the cipher goes on"};

START_TEST(value_opens_where_it_was_sealed)
{
    const pd_datakey_t *key;
    const char *wrapped, *sealed, *again, *plain;
    ck_assert_int_eq(pd_datakey_new(&key, &wrapped, keyring_of(RING_A), "p1", tp), APR_SUCCESS);
    ck_assert_int_eq(pd_seal(&sealed, key, "person.email", "p1", plains[_i], tp), APR_SUCCESS);
    ck_assert_int_eq(strncmp(sealed, "1.1.", 4), 0);
    ck_assert_int_eq(pd_open(&plain, key, "person.email", "p1", sealed, tp), APR_SUCCESS);
    ck_assert_str_eq(plain, plains[_i]);
    ck_assert_int_eq(pd_seal(&again, key, "person.email", "p1", plains[_i], tp), APR_SUCCESS);
    ck_assert_str_ne(sealed, again);
}
END_TEST

START_TEST(moved_or_foreign_value_stays_shut)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    const pd_datakey_t *key, *other;
    const char *wrapped, *sealed, *plain;
    pd_datakey_new(&key, &wrapped, keyring, "p1", tp);
    pd_datakey_new(&other, &wrapped, keyring, "p1", tp);
    pd_seal(&sealed, key, "person.email", "p1", "secret", tp);
    ck_assert_int_eq(pd_open(&plain, other, "person.email", "p1", sealed, tp), PD_ESEAL);
    ck_assert_ptr_null(plain);
    ck_assert_int_eq(pd_open(&plain, key, "person.login", "p1", sealed, tp), PD_ESEAL);
    ck_assert_int_eq(pd_open(&plain, key, "person.email", "p2", sealed, tp), PD_ESEAL);
    /* what one part loses the next may not win */
    ck_assert_int_eq(pd_open(&plain, key, "person.emai", "lp1", sealed, tp), PD_ESEAL);
    ck_assert_int_eq(
        pd_open(&plain, pd_datakey_system(keyring, tp), "person.email", "p1", sealed, tp),
        PD_ESEAL);
}
END_TEST

START_TEST(every_changed_or_cut_character_is_seen)
{
    const pd_datakey_t *key;
    const char *wrapped, *sealed, *plain;
    pd_datakey_new(&key, &wrapped, keyring_of(RING_A), "p1", tp);
    pd_seal(&sealed, key, "person.email", "p1", "secret!", tp);
    for (size_t i = 0; i < strlen(sealed); i++) {
        char *forged = apr_pstrdup(tp, sealed);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(pd_open(&plain, key, "person.email", "p1", forged, tp), PD_ESEAL);
        forged = apr_pstrmemdup(tp, sealed, i);
        ck_assert_int_eq(pd_open(&plain, key, "person.email", "p1", forged, tp), PD_ESEAL);
        forged = apr_pstrdup(tp, sealed);
        forged[i] = '2';
        if (strcmp(forged, sealed) != 0) {
            ck_assert_int_eq(pd_open(&plain, key, "person.email", "p1", forged, tp), PD_ESEAL);
        }
    }
    ck_assert_int_eq(pd_open(&plain, key, "person.email", "p1", NULL, tp), PD_ESEAL);
    ck_assert_int_eq(
        pd_open(&plain, key, "person.email", "p1", apr_pstrcat(tp, sealed, "A", NULL), tp),
        PD_ESEAL);
}
END_TEST

START_TEST(data_key_is_bound_to_owner_and_master_key)
{
    pd_keyring_t *a = keyring_of(RING_A);
    const pd_datakey_t *key, *opened;
    const char *wrapped, *sealed, *plain;
    pd_datakey_new(&key, &wrapped, a, "p1", tp);
    pd_seal(&sealed, key, "person.email", "p1", "secret", tp);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, a, wrapped, "p1", tp), APR_SUCCESS);
    ck_assert_int_eq(pd_open(&plain, opened, "person.email", "p1", sealed, tp), APR_SUCCESS);
    ck_assert_str_eq(plain, "secret");
    ck_assert_int_eq(pd_datakey_unwrap(&opened, a, wrapped, "p2", tp), PD_ESEAL);
    ck_assert_ptr_null(opened);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, keyring_of(RING_B), wrapped, "p1", tp), PD_ESEAL);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, a, sealed, "p1", tp), PD_ESEAL);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, a, NULL, "p1", tp), PD_ESEAL);
}
END_TEST

START_TEST(rotation_keeps_what_was_sealed)
{
    pd_keyring_t *a = keyring_of(RING_A), *ab = keyring_of(RING_AB);
    const pd_datakey_t *key, *opened;
    const char *wrapped, *rewrapped, *sealed, *plain;
    pd_datakey_new(&key, &wrapped, a, "p1", tp);
    pd_seal(&sealed, key, "person.email", "p1", "secret", tp);
    ck_assert_int_eq(pd_datakey_rewrap(&rewrapped, ab, wrapped, "p1", tp), APR_SUCCESS);
    ck_assert_int_eq(strncmp(rewrapped, "1.2.", 4), 0);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, ab, rewrapped, "p1", tp), APR_SUCCESS);
    ck_assert_int_eq(pd_open(&plain, opened, "person.email", "p1", sealed, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_datakey_unwrap(&opened, a, rewrapped, "p1", tp), PD_ESEAL);
    ck_assert_int_eq(pd_datakey_rewrap(&wrapped, ab, rewrapped, "p1", tp), APR_SUCCESS);
    ck_assert_ptr_null(wrapped);

    pd_seal(&sealed, pd_datakey_system(a, tp), "setting.x", "1", "value", tp);
    ck_assert_int_eq(pd_open(&plain, pd_datakey_system(ab, tp), "setting.x", "1", sealed, tp), 0);
    ck_assert_str_eq(plain, "value");
    pd_seal(&sealed, pd_datakey_system(ab, tp), "setting.x", "1", "value", tp);
    ck_assert_int_eq(strncmp(sealed, "1.2.", 4), 0);
    ck_assert_int_eq(pd_open(&plain, pd_datakey_system(a, tp), "setting.x", "1", sealed, tp),
                     PD_ESEAL);
}
END_TEST

START_TEST(hashes_separate_kinds_keys_and_parts)
{
    pd_keyring_t *a = keyring_of(RING_A);
    const char *const split[] = {"ab", "c"}, *const other[] = {"a", "bc"}, *const one[] = {"abc"},
                      *const empty[] = {"abc", ""}, *const nothing[] = {"abc", NULL};
    const char *all[9];
    all[0] = pd_hash_lookup(a, "login", "ivan", tp);
    all[1] = pd_hash_lookup(a, "email", "ivan", tp);
    all[2] = pd_hash_lookup(keyring_of(RING_B), "login", "ivan", tp);
    all[3] = pd_hash_keyed(a, PD_KEY_JOURNAL, split, 2, tp);
    all[4] = pd_hash_keyed(a, PD_KEY_JOURNAL, other, 2, tp);
    all[5] = pd_hash_keyed(a, PD_KEY_JOURNAL, one, 1, tp);
    all[6] = pd_hash_keyed(a, PD_KEY_JOURNAL, empty, 2, tp);
    all[7] = pd_hash_keyed(a, PD_KEY_JOURNAL, nothing, 2, tp);
    all[8] = pd_hash_keyed(a, PD_KEY_CODE, split, 2, tp);
    for (int i = 0; i < 9; i++) {
        ck_assert_uint_eq(strlen(all[i]), PD_HASH_CHARS);
        for (int k = 0; k < i; k++) {
            ck_assert_str_ne(all[i], all[k]);
        }
    }
    ck_assert_str_eq(all[0], pd_hash_lookup(keyring_of(RING_AB), "login", "ivan", tp));
}
END_TEST

START_TEST(sha256_is_the_common_one)
{
    ck_assert_str_eq(pd_hash_sha256("abc", 3, tp),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_str_eq(pd_hash_sha256("", 0, tp),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt/seal");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, crypt_setup, crypt_teardown);
    tcase_add_loop_test(all, value_opens_where_it_was_sealed, 0, ROWS(plains));
    tcase_add_test(all, moved_or_foreign_value_stays_shut);
    tcase_add_test(all, every_changed_or_cut_character_is_seen);
    tcase_add_test(all, data_key_is_bound_to_owner_and_master_key);
    tcase_add_test(all, rotation_keeps_what_was_sealed);
    tcase_add_test(all, hashes_separate_kinds_keys_and_parts);
    tcase_add_test(all, sha256_is_the_common_one);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
