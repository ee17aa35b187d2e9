/* Argon2id by the program beside the server, and what happens when that program fails. Where it
 * stands is told by PD_HASH_PROGRAM, else build/pdportal-hash. */
#include "pd_crypt_test.h"
#include "base/pd_log.h"
#include "crypt/pd_argon.h"
#include <stdlib.h>

#define INPUT "0123456789012345678901234567890123456789012"

static pd_argon_t made(void)
{
    pd_argon_t argon = {.memory_kib = 8192, .passes = 1, .input = INPUT};
    ck_assert_int_eq(pd_argon(&argon), PD_ARGON_DONE);
    ck_assert_int_eq(strncmp(argon.text, "$argon2id$v=19$m=8192,t=1,p=1$", 30), 0);
    return argon;
}

static pd_argon_e compared(const pd_argon_t *with, const char *input)
{
    pd_argon_t argon = {.memory_kib = 0};
    memcpy(argon.text, with->text, sizeof argon.text);
    memcpy(argon.input, input, sizeof argon.input);
    return pd_argon(&argon);
}

/* What would have been logged. */
static int n_logged;

static void count_line(void *baton, pd_log_level_e level, apr_status_t status, const char *message)
{
    (void)baton;
    (void)level;
    (void)status;
    n_logged += strncmp(message, "PD0251: ", 8) == 0;
}

/* A program that only does this. */
static void use_script(const char *line)
{
    const char *path = path_of("program");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", line);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    pd_argon_use(path);
}

/* The real one, behind a script that notes what it was given. */
static void use_real_program(void)
{
    const char *path = getenv("PD_HASH_PROGRAM");
    path = path ? path : "build/pdportal-hash";
    char *whole = realpath(path, NULL);
    ck_assert_msg(whole && access(whole, X_OK) == 0, "%s is not there", path);
    use_script(apr_psprintf(tp, "{ env; ls /proc/self/fd | wc -w; } >>'%s'\nexec '%s'",
                            path_of("given"), whole));
    free(whole);
}

static const char *given(void)
{
    char *text = apr_pcalloc(tp, 4096);
    FILE *file = fopen(path_of("given"), "r");
    ck_assert_ptr_nonnull(file);
    (void)!fread(text, 1, 4095, file);
    fclose(file);
    return text;
}

static void argon_setup(void)
{
    crypt_setup();
    n_logged = 0;
    pd_log_set_sink(count_line, NULL);
}

static void argon_teardown(void)
{
    pd_argon_use(NULL);
    pd_log_set_sink(NULL, NULL);
    crypt_teardown();
}

START_TEST(program_and_process_agree)
{
    pd_argon_t here = made();
    setenv("PD_SECRET_OF_THE_SERVER", "x", 1);
    int open_file = dup(1); /* without close-on-exec */
    use_real_program();
    pd_argon_t there = made();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(compared(&here, INPUT), PD_ARGON_DONE);
        ck_assert_int_eq(compared(&there, INPUT), PD_ARGON_DONE);
        ck_assert_int_eq(compared(&there, "x" INPUT), PD_ARGON_DIFFERENT);
        ck_assert_int_eq(compared(&(pd_argon_t){.text = "$argon2id$nonsense"}, INPUT),
                         PD_ARGON_MALFORMED);
        pd_argon_use(NULL);
    }
    ck_assert_int_eq(n_logged, 0);
    /* Its three files, and the one by which "ls" looks. */
    ck_assert_msg(strstr(given(), "\n4\n"), "%s", given());
    ck_assert_msg(!strstr(given(), "PD_SECRET"), "%s", given());
    close(open_file);
}
END_TEST

static const char *const broken[] = {"exit 1",
                                     "echo nothing of the kind",
                                     "exec cat >/dev/null",
                                     "head -c 192 /dev/zero",
                                     "exec /nowhere",
                                     "cat",
                                     "kill -SYS $$"};

START_TEST(broken_program_is_done_without)
{
    use_script(broken[_i]);
    pd_argon_t argon = made();
    ck_assert_int_eq(compared(&argon, INPUT), PD_ARGON_DONE);
    ck_assert_int_eq(compared(&argon, "x" INPUT), PD_ARGON_DIFFERENT);
    pd_argon_use(NULL);
    ck_assert_int_eq(compared(&argon, INPUT), PD_ARGON_DONE);
}
END_TEST

START_TEST(missing_program_is_done_without)
{
    pd_argon_use("/nowhere/pdportal-hash");
    pd_argon_t argon = made();
    pd_argon_use(NULL);
    ck_assert_int_eq(compared(&argon, INPUT), PD_ARGON_DONE);
}
END_TEST

/* As when memory runs out: doing it again, here, would make it worse. */
START_TEST(killed_program_is_not_repeated)
{
    pd_argon_t argon = {.memory_kib = 8192, .passes = 1, .input = INPUT};
    use_script("kill -9 $$");
    ck_assert_int_eq(pd_argon(&argon), PD_ARGON_NO_MEMORY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crypt/argon");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, argon_setup, argon_teardown);
    tcase_add_test(all, program_and_process_agree);
    tcase_add_loop_test(all, broken_program_is_done_without, 0, ROWS(broken));
    tcase_add_test(all, missing_program_is_done_without);
    tcase_add_test(all, killed_program_is_not_repeated);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
