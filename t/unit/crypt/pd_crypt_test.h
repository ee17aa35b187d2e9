/* Key files for the tests of crypt/: known keys, in a folder of the running case. */
#ifndef PD_CRYPT_TEST_H
#define PD_CRYPT_TEST_H
#include "pd_test.h"
#include "crypt/pd_keyring.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA"

static char *folder;

static inline apr_status_t remove_folder(void *path)
{
    (void)!system(apr_psprintf(tp, "rm -rf '%s'", (char *)path));
    return APR_SUCCESS;
}

static inline const char *path_of(const char *name)
{
    return apr_pstrcat(tp, folder, "/", name, NULL);
}

static inline void crypt_setup(void)
{
    pd_test_setup();
    folder = apr_pstrdup(tp, "/tmp/pd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void crypt_teardown(void)
{
    remove_folder(folder);
    pd_test_teardown();
}

static inline const char *write_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, 0600), 0);
    return path;
}

static inline pd_keyring_t *keyring_of(const char *text)
{
    pd_keyring_t *keyring;
    const char *why;
    const char *path = write_file("ring", text);
    ck_assert_msg(pd_keyring_load(&keyring, path, &why, tp) == APR_SUCCESS, "%s", why);
    return keyring;
}

#define RING_A  "pdportal-key 1 " KEY_A "\n"
#define RING_B  "pdportal-key 1 " KEY_B "\n"
#define RING_AB RING_A "pdportal-key 2 " KEY_B "\n"

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

#endif
