/* The bell: rung by one process, heard by another; made once; a stranger's or a broken one refused.
 */
#include "pd_test.h"
#include "base/pd_bell.h"
#include "base/pd_status.h"
#include <apr_strings.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/pd-bell-XXXXXX";
static const char *path;

static void setup(void)
{
    pd_test_setup();
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 7);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    path = apr_pstrcat(tp, folder, "/bell", NULL);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
    pd_test_teardown();
}

START_TEST(heard_by_another_process)
{
    pd_bell_t *bell, *other;
    ck_assert_int_eq(pd_bell_open(&bell, path, 0, tp), APR_ENOENT);
    ck_assert_int_eq(pd_bell_open(&bell, path, 1, tp), APR_SUCCESS);
    ck_assert_uint_eq(pd_bell_count(bell), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int rang = pd_bell_open(&other, path, 0, tp) == APR_SUCCESS;
        if (rang) {
            pd_bell_ring(other);
        }
        _exit(!rang);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(pd_bell_count(bell), 1);
    ck_assert_int_eq(pd_bell_open(&other, path, 1, tp), APR_SUCCESS);
    ck_assert_uint_eq(pd_bell_count(other), 1);
}
END_TEST

/* Of many who make it at once, all share one. */
START_TEST(made_once)
{
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            pd_bell_t *mine;
            int made = pd_bell_open(&mine, path, 1, tp) == APR_SUCCESS;
            if (made) {
                pd_bell_ring(mine);
            }
            _exit(!made);
        }
    }
    int status, all = 0;
    for (int i = 0; i < 8; i++) {
        wait(&status);
        all += status == 0;
    }
    pd_bell_t *bell;
    ck_assert_int_eq(all, 8);
    ck_assert_int_eq(pd_bell_open(&bell, path, 0, tp), APR_SUCCESS);
    ck_assert_uint_eq(pd_bell_count(bell), 8);
}
END_TEST

static void write_bell(const char *bytes, apr_size_t length, int mode)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
    chmod(path, (mode_t)mode);
}

START_TEST(refused)
{
    static const char good[] = "pdbell1\n\0\0\0\0\0\0\0";
    pd_bell_t *bell;
    write_bell(good, 16, 0600);
    ck_assert_int_eq(pd_bell_open(&bell, path, 0, tp), APR_SUCCESS);
    chmod(path, 0622);
    ck_assert_int_eq(pd_bell_open(&bell, path, 1, tp), APR_EACCES);
    write_bell(good, 15, 0600);
    ck_assert_int_eq(pd_bell_open(&bell, path, 1, tp), APR_EACCES);
    write_bell("pdbell2\n\0\0\0\0\0\0\0", 16, 0600);
    ck_assert_int_eq(pd_bell_open(&bell, path, 1, tp), APR_EACCES);
    const char *elsewhere = apr_pstrcat(tp, folder, "/elsewhere", NULL);
    ck_assert_int_eq(rename(path, elsewhere), 0);
    ck_assert_int_eq(symlink("elsewhere", path), 0);
    ck_assert_int_ne(pd_bell_open(&bell, path, 1, tp), APR_SUCCESS);
    unlink(elsewhere);
}
END_TEST

/* A process that is killed lets go as well. */
static void hold_in_a_child(void)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        pd_bell_t *bell;
        if (pd_bell_open(&bell, path, 1, tp) == APR_SUCCESS && write(ready[1], "", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(pd_bell_take(path, tp), PD_EBUSY);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

START_TEST(taken_by_one_alone)
{
    pd_bell_t *bell;
    apr_pool_t *holder, *taker;
    apr_pool_create(&holder, tp);
    apr_pool_create(&taker, tp);
    ck_assert_int_eq(pd_bell_take(path, taker), APR_SUCCESS);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(pd_bell_take(path, tp), PD_EBUSY);
    apr_pool_clear(taker);
    hold_in_a_child();
    ck_assert_int_eq(pd_bell_open(&bell, path, 1, holder), APR_SUCCESS);
    ck_assert_int_eq(pd_bell_take(path, taker), PD_EBUSY);
    apr_pool_destroy(holder);
    ck_assert_int_eq(pd_bell_open(&bell, path, 0, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_bell_take(path, taker), APR_SUCCESS);
    ck_assert_int_eq(pd_bell_take(path, tp), PD_EBUSY);
    apr_pool_destroy(taker);
    ck_assert_int_eq(pd_bell_take(path, tp), APR_SUCCESS);
}
END_TEST

/* Who comes while it is taken waits, and holds it then. */
START_TEST(waited_for)
{
    int opened[2];
    char byte;
    apr_pool_t *taker;
    apr_pool_create(&taker, tp);
    ck_assert_int_eq(pipe(opened), 0);
    ck_assert_int_eq(pd_bell_take(path, taker), APR_SUCCESS);
    pid_t pid = fork();
    if (pid == 0) {
        pd_bell_t *bell;
        apr_pool_clear(taker); /* the lock is shared with the parent's descriptor */
        if (pd_bell_open(&bell, path, 1, tp) == APR_SUCCESS && write(opened[1], "", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    struct pollfd early = {.fd = opened[0], .events = POLLIN};
    ck_assert_int_eq(poll(&early, 1, 200), 0);
    apr_pool_clear(taker);
    ck_assert_int_eq(read(opened[0], &byte, 1), 1);
    ck_assert_int_eq(pd_bell_take(path, taker), PD_EBUSY);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bell");
    TCase *tc = tcase_create("bell");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, heard_by_another_process);
    tcase_add_test(tc, made_once);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, taken_by_one_alone);
    tcase_add_test(tc, waited_for);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
