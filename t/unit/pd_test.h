/* Shared main of the unit tests: runs one suite without forking per case (sanitizers and pools see
 * everything) and prints TAP for the Perl harness. */
#ifndef PD_TEST_H
#define PD_TEST_H
#include <check.h>
#include <stdlib.h>
#include <apr_general.h>
#include <apr_pools.h>

/* The pool of the running case; made by pd_test_setup, destroyed by pd_test_teardown. */
static apr_pool_t *tp;

static inline void pd_test_setup(void)
{
    apr_pool_create(&tp, NULL);
}

static inline void pd_test_teardown(void)
{
    apr_pool_destroy(tp);
}

static inline int pd_test_main(Suite *suite)
{
    apr_initialize();
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    int run = srunner_ntests_run(runner);
    srunner_free(runner);
    apr_terminate();
    return failed != 0 || run == 0;
}

#endif
