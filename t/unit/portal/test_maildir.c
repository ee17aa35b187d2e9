/* The Maildir: a whole letter appears under new/, privately, with a name that tells nothing. */
#include "pd_test.h"

#include "portal/pd_outbox.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE "To: reader@example.org\r\nSubject: x\r\n\r\nWords\r\n"

static const char *folder;

static void setup(void)
{
    pd_test_setup();
    folder = mkdtemp(apr_pstrdup(tp, "/tmp/pd-test-maildir-XXXXXX"));
    ck_assert_ptr_nonnull(folder);
}

/* The only file of a part of the Maildir; NULL: none. `n` counts. */
static const char *only_file(int *n, const char *dir)
{
    apr_dir_t *listing;
    apr_finfo_t info;
    const char *name = NULL;
    *n = 0;
    ck_assert_int_eq(apr_dir_open(&listing, dir, tp), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, listing) == APR_SUCCESS) {
        if (info.name[0] != '.') {
            name = apr_pstrcat(tp, dir, "/", info.name, NULL);
            ++*n;
        }
    }
    apr_dir_close(listing);
    return name;
}

static pd_mail_result_t deliver(const char *dir)
{
    pd_mail_result_t result;
    pd_settings_t *settings = pd_settings_new(tp);
    settings->mail_relay = apr_pstrcat(tp, "maildir:", dir, NULL);
    settings->host_name = "a/b:c";
    ck_assert(pd_transport(settings) == pd_maildir_deliver);
    pd_maildir_deliver(&result, settings, "reader@example.org", "id-1@www.example.org", MESSAGE,
                       strlen(MESSAGE), tp);
    return result;
}

START_TEST(letter_arrives_whole_and_private)
{
    const char *dir = apr_pstrcat(tp, folder, "/mail", NULL);
    struct stat info;
    char bytes[200] = "";
    int n;
    ck_assert_int_eq(deliver(dir).outcome, PD_MAIL_ACCEPTED);
    const char *name = only_file(&n, apr_pstrcat(tp, dir, "/new", NULL));
    ck_assert_int_eq(n, 1);
    ck_assert_ptr_null(strstr(name, "reader"));
    ck_assert_ptr_null(strchr(strrchr(name, '/'), ':'));
    FILE *file = fopen(name, "rb");
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes - 1, file), strlen(MESSAGE));
    fclose(file);
    ck_assert_str_eq(bytes, MESSAGE);
    ck_assert_int_eq(stat(name, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(dir, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    only_file(&n, apr_pstrcat(tp, dir, "/tmp", NULL));
    ck_assert_int_eq(n, 0);
    ck_assert_int_eq(deliver(dir).outcome, PD_MAIL_ACCEPTED);
    only_file(&n, apr_pstrcat(tp, dir, "/new", NULL));
    ck_assert_int_eq(n, 2);
}
END_TEST

START_TEST(folder_that_cannot_be_written_is_told)
{
    const char *file = apr_pstrcat(tp, folder, "/mail", NULL);
    FILE *made = fopen(file, "w");
    ck_assert_ptr_nonnull(made);
    fclose(made);
    ck_assert_int_eq(deliver(file).outcome, PD_MAIL_UNREACHABLE);
    ck_assert_int_eq(deliver(apr_pstrcat(tp, folder, "/none/mail", NULL)).outcome,
                     PD_MAIL_UNREACHABLE);
}
END_TEST

static void remove_tree(const char *path)
{
    static const char *const parts[] = {"/new", "/tmp", "/cur"};
    const char *name;
    int n;
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *dir = apr_pstrcat(tp, path, parts[i], NULL);
        while (!access(dir, F_OK) && (name = only_file(&n, dir))) {
            unlink(name);
        }
        rmdir(dir);
    }
    unlink(path);
    rmdir(path);
}

static void teardown(void)
{
    remove_tree(apr_pstrcat(tp, folder, "/mail", NULL));
    rmdir(folder);
    pd_test_teardown();
}

int main(void)
{
    Suite *suite = suite_create("maildir");
    TCase *tcase = tcase_create("maildir");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, letter_arrives_whole_and_private);
    tcase_add_test(tcase, folder_that_cannot_be_written_is_told);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
