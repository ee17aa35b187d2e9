/* The key file and the keyring. */
#include "pd_crypt_test.h"
#include "crypt/pd_keyring_int.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"

static const struct {
    const char *text;
    int n_masters;   /* 0: refused */
    const char *why; /* part of the sentence */
} files[] = {
    {RING_A, 1, NULL},
    {"pdportal-key 1 " KEY_A, 1, NULL},
    {"# a comment\n\n  \npdportal-key 1 " KEY_A " \t\r\n", 1, NULL},
    {RING_AB, 2, NULL},
    {"pdportal-key 7 " KEY_B "\n" RING_A, 2, NULL},
    {"", 0, "no key of version 1"},
    {"# only\n", 0, "no key of version 1"},
    {"pdportal-key 2 " KEY_A "\n", 0, "no key of version 1"},
    {RING_A "pdportal-key 1 " KEY_B "\n", 0, "line 2: this version stands in the file twice"},
    {"pdportal-key 0 " KEY_A "\n", 0, "line 1: the version"},
    {"pdportal-key 01 " KEY_A "\n", 0, "line 1: the version"},
    {"pdportal-key -1 " KEY_A "\n", 0, "line 1: the version"},
    {"pdportal-key 4294967297 " KEY_A "\n", 0, "line 1: the version"},
    {"pdportal-key  1 " KEY_A "\n", 0, "line 1: the version"},
    {"pdportal-key 1", 0, "line 1: the version"},
    {"pdportal-key 1 " KEY_A "A\n", 0, "line 1: the key is not"},
    {"pdportal-key 1 AAEC\n", 0, "line 1: the key is not"},
    {"pdportal-key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n", 0, "line 1: the key is not"},
    {"pdportal-key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH=8\n", 0, "line 1: the key is not"},
    {"pdportal-key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH\xf4"
     "8\n",
     0, "line 1: the key is not"},
    {"pdportal-key 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0, "but zeros"},
    {"# x\npdportal-keys 1 " KEY_A "\n", 0, "line 2: expected"},
    {" pdportal-key 1 " KEY_A "\n", 0, "line 1: expected"},
    {"-----BEGIN KEY-----\n", 0, "line 1: expected"},
};

START_TEST(text_is_parsed)
{
    pd_masters_t masters;
    const char *why;
    apr_status_t status =
        pd_keyring_parse(&masters, &why, "FILE", files[_i].text, strlen(files[_i].text), tp);
    if (files[_i].n_masters) {
        ck_assert_int_eq(status, APR_SUCCESS);
        ck_assert_int_eq(masters.n_masters, files[_i].n_masters);
        ck_assert_uint_eq(masters.masters[0].version, 1);
        ck_assert_int_eq(masters.masters[0].key[31], 31);
        ck_assert_ptr_null(why);
        return;
    }
    ck_assert_int_eq(status, PD_EKEY);
    ck_assert_ptr_nonnull(strstr(why, files[_i].why));
    ck_assert_ptr_nonnull(strstr(why, "FILE"));
    ck_assert_ptr_null(strstr(why, "AAEC"));
}
END_TEST

START_TEST(versions_are_bounded)
{
    pd_masters_t masters;
    const char *why;
    char *text = "";
    for (int i = 1; i <= PD_KEYRING_VERSIONS_MAX; i++) {
        text = apr_psprintf(tp, "%spdportal-key %d " KEY_A "\n", text, i);
    }
    ck_assert_int_eq(pd_keyring_parse(&masters, &why, "f", text, strlen(text), tp), APR_SUCCESS);
    text = apr_pstrcat(tp, text, "pdportal-key 900 " KEY_A "\n", NULL);
    ck_assert_int_eq(pd_keyring_parse(&masters, &why, "f", text, strlen(text), tp), PD_EKEY);
    ck_assert_ptr_nonnull(strstr(why, "line 33: too many"));
}
END_TEST

/* Loads and expects a refusal whose sentence holds `part` and the path. */
static void refused(const char *path, const char *part)
{
    pd_keyring_t *keyring;
    const char *why;
    ck_assert_int_eq(pd_keyring_load(&keyring, path, &why, tp), PD_EKEY);
    ck_assert_ptr_null(keyring);
    ck_assert_msg(strstr(why, part) && strstr(why, path), "%s", why);
}

START_TEST(file_is_distrusted)
{
    const char *path = write_file("key", RING_A);
    for (int bit = 1; bit <= 040; bit <<= 1) {
        ck_assert_int_eq(chmod(path, (mode_t)(0600 | bit)), 0);
        refused(path, apr_psprintf(tp, "do \"chmod 600 %s\"", path));
    }
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(symlink(path, path_of("link")), 0);
    refused(path_of("link"), "symbolic link");
    refused(path_of("none"), "no such file");
    ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
    refused(path_of("pipe"), "not a regular file");
    refused(folder, "not a regular file");
    char *large = apr_pcalloc(tp, PD_KEYRING_FILE_BYTES_MAX + 2);
    memset(large, '#', PD_KEYRING_FILE_BYTES_MAX + 1);
    refused(write_file("large", large), "too large");
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(path, 65534, 0), 0);
        refused(path, apr_psprintf(tp, "chown root %s", path));
    }
}
END_TEST

START_TEST(created_file_is_private_and_never_overwritten)
{
    const char *path = path_of("new"), *why;
    struct stat info;
    pd_keyring_t *first, *again;
    mode_t before = umask(0);
    ck_assert_int_eq(pd_keyring_create(path, &why, tp), APR_SUCCESS);
    umask(before);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert_int_eq(pd_keyring_load(&first, path, &why, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_create(path, &why, tp), APR_EEXIST);
    ck_assert_ptr_nonnull(strstr(why, path));
    ck_assert_int_eq(pd_keyring_load(&again, path, &why, tp), APR_SUCCESS);
    ck_assert_str_eq(pd_keyring_fingerprint(first, tp), pd_keyring_fingerprint(again, tp));
    ck_assert_int_ne(pd_keyring_create(path_of("no/such"), &why, tp), APR_SUCCESS);
    ck_assert_ptr_nonnull(why);
    ck_assert_int_eq(pd_keyring_create(path_of("other"), &why, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_load(&again, path_of("other"), &why, tp), APR_SUCCESS);
    ck_assert_str_ne(pd_keyring_fingerprint(first, tp), pd_keyring_fingerprint(again, tp));
}
END_TEST

START_TEST(keys_differ_by_use_and_version)
{
    pd_keyring_t *keyring = keyring_of(RING_AB);
    const unsigned char *keys[16];
    int n = 0;
    ck_assert_uint_eq(pd_keyring_version(keyring), 2);
    for (apr_uint32_t version = 1; version <= 2; version++) {
        for (int use = PD_KEY_WRAP; use <= PD_KEY_CHECK; use++) {
            keys[n] = pd_keyring_key(keyring, (pd_key_use_e)use, version);
            ck_assert_ptr_nonnull(keys[n]);
            for (int i = 0; i < n; i++) {
                ck_assert_int_ne(memcmp(keys[i], keys[n], PD_KEY_BYTES), 0);
            }
            n++;
        }
    }
    ck_assert_ptr_null(pd_keyring_key(keyring, PD_KEY_WRAP, 3));
    ck_assert_ptr_null(pd_keyring_key(keyring, PD_KEY_WRAP, 0));
    ck_assert_ptr_null(pd_keyring_key(keyring, (pd_key_use_e)0, 1));
    ck_assert_ptr_null(pd_keyring_key(keyring, (pd_key_use_e)10, 1));
    ck_assert_int_eq(pd_keyring_lock(keyring), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_lock(keyring), APR_SUCCESS);
}
END_TEST

/* Stored fate: another value here means that every database is lost.
 * Computed apart from this program, with Python's hashlib.blake2b. */
START_TEST(derivation_never_changes)
{
    pd_keyring_t *keyring = keyring_of(RING_A);
    ck_assert_str_eq(pd_hex_encode(pd_keyring_key(keyring, PD_KEY_WRAP, 1), 8, tp),
                     "dddce77dcd7e041c");
    ck_assert_str_eq(pd_keyring_fingerprint(keyring, tp),
                     "1.f6MCvKKt48-ZmjD3Fc4n1DxgAhlXyE2jhmvy05DXEac");
}
END_TEST

START_TEST(fingerprint_knows_its_key)
{
    pd_keyring_t *a = keyring_of(RING_A), *b = keyring_of(RING_B), *ab = keyring_of(RING_AB);
    const char *print = pd_keyring_fingerprint(a, tp);
    ck_assert_int_eq(pd_keyring_check(a, print), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_check(ab, print), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_check(b, print), PD_EKEY);
    ck_assert_int_eq(pd_keyring_check(a, ""), PD_EKEY);
    ck_assert_int_eq(pd_keyring_check(a, NULL), PD_EKEY);
    ck_assert_int_eq(pd_keyring_check(a, apr_pstrcat(tp, print, "x", NULL)), PD_EKEY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt/keyring");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, crypt_setup, crypt_teardown);
    tcase_add_loop_test(all, text_is_parsed, 0, ROWS(files));
    tcase_add_test(all, versions_are_bounded);
    tcase_add_test(all, file_is_distrusted);
    tcase_add_test(all, created_file_is_private_and_never_overwritten);
    tcase_add_test(all, keys_differ_by_use_and_version);
    tcase_add_test(all, derivation_never_changes);
    tcase_add_test(all, fingerprint_knows_its_key);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
