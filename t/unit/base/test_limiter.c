/* The limiter: what is let through at one instant, how delays grow, end and are forgotten, and who
 * makes room in a full set. Time stands still unless a case moves it. */
#include "pd_test.h"
#include "base/pd_limiter.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND ((apr_time_t)APR_USEC_PER_SEC)
#define MINUTE (60 * SECOND)
#define DAY    (24 * 60 * MINUTE)
#define WAYS   8
/* The n-th of many hashes that share one set. */
#define ALIKE(n) ((apr_uint64_t)(n) << 13)

enum { STRICT, WIDE, STEADY, N_RULES };

static const pd_limit_rule_t rules[N_RULES] = {
    [STRICT] = {5, 2 * SECOND, 15 * MINUTE, 30 * MINUTE},
    [WIDE] = {2000, SECOND / 10, SECOND / 10, SECOND / 10},
    [STEADY] = {20, 3 * MINUTE, 3 * MINUTE, 3 * MINUTE}};

static apr_time_t now;
static void *block;
static pd_limiter_t *limiter;

static apr_time_t still(void)
{
    return now;
}

static void setup(void)
{
    pd_test_setup();
    now = 1000 * SECOND;
    block =
        mmap(NULL, pd_limiter_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(block, MAP_FAILED);
    limiter = pd_limiter_over(block, rules, N_RULES, still, tp);
}

static void teardown(void)
{
    munmap(block, pd_limiter_bytes());
    pd_test_teardown();
}

static apr_interval_time_t attempt(int rule, apr_uint64_t hash)
{
    return pd_limiter_attempt(NULL, limiter, rule, hash);
}

/* How many of `n` attempts at this instant are let through. */
static int passes(int rule, apr_uint64_t hash, int n)
{
    int passed = 0;
    for (int i = 0; i < n; i++) {
        passed += attempt(rule, hash) == 0;
    }
    return passed;
}

static const struct {
    const char *name;
    int rule, passed;
    apr_interval_time_t wait;
} instants[] = {{"strict", STRICT, 6, 2 * SECOND},
                {"wide", WIDE, 2001, SECOND / 10},
                {"steady", STEADY, 21, 3 * MINUTE}};

/* Free ones, and one whose answer brings the wait. */
START_TEST(test_instant)
{
    ck_assert_msg(passes(instants[_i].rule, 7, 3000) == instants[_i].passed, "%s",
                  instants[_i].name);
    ck_assert_int_eq(attempt(instants[_i].rule, 7), instants[_i].wait);
    ck_assert_int_eq(passes((instants[_i].rule + 1) % N_RULES, 7, 1), 1); /* another rule */
    ck_assert_int_eq(passes(instants[_i].rule, 8, 1), 1);                 /* another hash */
}
END_TEST

static const int waits[] = {2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900};

START_TEST(test_growth)
{
    apr_interval_time_t next = 1;
    for (int i = 0; i < rules[STRICT].free; i++) {
        ck_assert_int_eq(pd_limiter_attempt(&next, limiter, STRICT, 7), 0);
        ck_assert_int_eq(next, 0);
    }
    for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++) {
        ck_assert_int_eq(pd_limiter_attempt(&next, limiter, STRICT, 7), 0);
        ck_assert_int_eq(next, waits[i] * SECOND);
        ck_assert_int_eq(attempt(STRICT, 7), next); /* refused, and not counted */
        now += next - SECOND / 10;
        ck_assert_int_eq(attempt(STRICT, 7), SECOND / 10);
        now += SECOND / 10;
    }
}
END_TEST

/* After the longest wait the count has grown no higher than it needs to: it falls step by step. */
START_TEST(test_decay)
{
    apr_interval_time_t next;
    for (int i = 0; i < 100; i++) {
        now += attempt(STRICT, 7);
        (void)attempt(STRICT, 7);
    }
    now += 15 * MINUTE; /* until the wait is over */
    now += 30 * MINUTE + 30 * MINUTE;
    ck_assert_int_eq(pd_limiter_attempt(&next, limiter, STRICT, 7), 0);
    ck_assert_int_eq(next, 512 * SECOND);
    now += DAY;
    ck_assert_int_eq(passes(STRICT, 7, 100), 6);
}
END_TEST

/* The count falls although attempts go on, as long as they are rarer than it falls. */
START_TEST(test_steady)
{
    ck_assert_int_eq(passes(STEADY, 7, 100), 21);
    now += 3 * MINUTE;
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(passes(STEADY, 7, 2), 1);
        now += 3 * MINUTE;
    }
    for (int i = 0; i < 200; i++) {
        now += 2 * MINUTE;
        (void)attempt(STEADY, 8); /* every 2 minutes, where one in 3 is taken off */
    }
    ck_assert_int_lt(passes(STEADY, 8, 100), 5);
    for (int i = 0; i < 200; i++) {
        now += 4 * MINUTE;
        ck_assert_int_eq(attempt(STEADY, 9), 0);
    }
    ck_assert_int_eq(passes(STEADY, 9, 100), 20);
}
END_TEST

/* Looking counts nothing, makes no entry, and says what an attempt would. */
START_TEST(test_wait)
{
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pd_limiter_wait(limiter, STRICT, 7), 0);
    for (apr_size_t i = 0; i < pd_limiter_bytes(); i++)
        ck_assert_int_eq(((const char *)block)[i], 0);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(pd_limiter_wait(limiter, STRICT, 7), 0);
        ck_assert_int_eq(pd_limiter_attempt(NULL, limiter, STRICT, 7), 0);
    }
    ck_assert_int_eq(pd_limiter_wait(limiter, STRICT, 7), 2 * SECOND);
    ck_assert_int_eq(pd_limiter_wait(limiter, WIDE, 7), 0);
    now += 2 * SECOND;
    ck_assert_int_eq(pd_limiter_wait(limiter, STRICT, 7), 0);
    ck_assert_int_eq(pd_limiter_attempt(NULL, limiter, STRICT, 7), 0);
    ck_assert_int_eq(pd_limiter_wait(limiter, STRICT, 7), 4 * SECOND);
}
END_TEST

START_TEST(test_give_back)
{
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(attempt(STRICT, 7), 0);
        pd_limiter_give_back(limiter, STRICT, 7);
    }
    ck_assert_int_eq(passes(STRICT, 7, 100), 6);
    pd_limiter_give_back(limiter, STRICT, 7); /* the one that brought the wait */
    ck_assert_int_eq(passes(STRICT, 7, 100), 1);
    ck_assert_int_eq(attempt(STRICT, 7), 2 * SECOND);
    pd_limiter_give_back(limiter, STRICT, 8); /* nothing there */
    ck_assert_int_eq(passes(STRICT, 8, 100), 6);
}
END_TEST

START_TEST(test_forget)
{
    ck_assert_int_eq(passes(STRICT, 7, 100), 6);
    pd_limiter_forget(limiter, STRICT, 7);
    pd_limiter_forget(limiter, STRICT, 7);
    ck_assert_int_eq(passes(STRICT, 7, 100), 6);
    pd_limiter_forget(limiter, STRICT, 7);
    for (apr_size_t i = 0; i < pd_limiter_bytes(); i++) {
        ck_assert_int_eq(((char *)block)[i], 0);
    }
}
END_TEST

/* Thousands who tried once don't push out those who are blocked, nor those who tried more often. */
START_TEST(test_eviction)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(passes(STRICT, ALIKE(i), 100), 6); /* blocked */
        ck_assert_int_eq(passes(STRICT, ALIKE(10 + i), 4), 4);
    }
    for (int i = 0; i < 10000; i++) {
        ck_assert_int_eq(attempt(WIDE, ALIKE(1000 + i)), 0);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attempt(STRICT, ALIKE(i)), 2 * SECOND);
        ck_assert_int_eq(passes(STRICT, ALIKE(10 + i), 100), 2);
    }
}
END_TEST

/* What has decayed makes room before what has not, however high it once was. */
START_TEST(test_eviction_by_age)
{
    ck_assert_int_eq(passes(WIDE, ALIKE(0), 2000), 2000);
    now += 300 * SECOND;
    for (int i = 1; i < WAYS; i++) {
        ck_assert_int_eq(passes(STRICT, ALIKE(i), 3), 3);
    }
    ck_assert_int_eq(passes(STRICT, ALIKE(WAYS), 3), 3);
    for (int i = 1; i <= WAYS; i++) {
        ck_assert_int_eq(passes(STRICT, ALIKE(i), 100), 3);
    }
}
END_TEST

/* A set of nothing but blocked ones still takes a newcomer: the one nearest its end goes. */
START_TEST(test_eviction_of_blocked)
{
    for (int i = 0; i < WAYS; i++) {
        ck_assert_int_eq(passes(STRICT, ALIKE(i), 100), 6);
        now += SECOND / 10;
    }
    ck_assert_int_eq(passes(STRICT, ALIKE(WAYS), 100), 6);
    ck_assert_int_gt(attempt(STRICT, ALIKE(WAYS - 1)), 0);
    ck_assert_int_eq(passes(STRICT, ALIKE(0), 100), 6);
}
END_TEST

static const apr_time_t later[] = {DAY,       154 * DAY, 155 * DAY, 156 * DAY,
                                   309 * DAY, 311 * DAY, 620 * DAY, 3650 * DAY};

/* `until` is modulo 310 days: nobody is blocked by what was long ago. */
START_TEST(test_long_ago)
{
    ck_assert_int_eq(passes(STRICT, 7, 100), 6);
    now += later[_i];
    ck_assert_int_ge(passes(STRICT, 7, 100), 5);
}
END_TEST

/* Words of a rule that this version does not have, or of no version, say nothing and make room. */
START_TEST(test_strange_words)
{
    memset(block, _i * 0x11, pd_limiter_bytes());
    ck_assert_int_le(passes(STRICT, 7, 100), 6);
    pd_limiter_give_back(limiter, STRICT, 7);
    pd_limiter_forget(limiter, STRICT, 7);
    ck_assert_int_le(passes(STRICT, 7, 100), 6);
}
END_TEST

#define PROCESSES 4
#define THREADS   8
#define EACH      100

static int *passed;

static void *try_often(void *unused)
{
    for (int i = 0; i < EACH; i++) {
        if (attempt(STRICT, 7) == 0) {
            __atomic_add_fetch(passed, 1, __ATOMIC_SEQ_CST);
        }
    }
    return unused;
}

static void run_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, try_often, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* All at one instant, from many threads of several processes. */
START_TEST(test_together)
{
    passed = mmap(NULL, sizeof *passed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(passed, MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            run_threads();
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(*passed, rules[STRICT].free + 1);
    munmap(passed, sizeof *passed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/limiter");
    TCase *tcase = tcase_create("limiter");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_instant, 0, sizeof instants / sizeof *instants);
    tcase_add_test(tcase, test_growth);
    tcase_add_test(tcase, test_decay);
    tcase_add_test(tcase, test_steady);
    tcase_add_test(tcase, test_wait);
    tcase_add_test(tcase, test_give_back);
    tcase_add_test(tcase, test_forget);
    tcase_add_test(tcase, test_eviction);
    tcase_add_test(tcase, test_eviction_by_age);
    tcase_add_test(tcase, test_eviction_of_blocked);
    tcase_add_loop_test(tcase, test_long_ago, 0, sizeof later / sizeof *later);
    tcase_add_loop_test(tcase, test_strange_words, 0, 16);
    tcase_add_loop_test(tcase, test_together, 0, 20);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
