/* The limiter under stress: processes full of threads that attempt, give back and forget, first in
 * peace, then while the parent kills one after the other. "limiter [SECONDS]"; `make tsan` runs it
 * under ThreadSanitizer, whose reports are read in peace.
 *
 * Time stands still, so that exactly free + 1 attempts of a hash may ever pass. A thread counts in
 * shared memory what passed, after the limiter said so: a killed one may count less, never more.
 *
 *   bounded   each alone in its set: at most free + 1 attempts pass
 *   blocked   one that was blocked before, in a set flooded with newcomers: never passes
 *   crowd     the newcomers, and hashes given back and forgotten all the time: only have to end */
#include <apr_general.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/pd_clock.h"
#include "base/pd_limiter.h"

#define PROCESSES 4
#define THREADS   8
#define EPOCHS    32
#define PER_EPOCH 250
#define BOUNDED   (EPOCHS * PER_EPOCH)
#define FREE      5
#define BLOCKED   ((apr_uint64_t)8191)
#define CROWD(n)  (BLOCKED | (apr_uint64_t)(n) << 13)

typedef struct shared_t {
    int passed[BOUNDED];
    int blocked_passed;
    int rounds;
    int epoch; /* which of the bounded ones are tried; so that fresh ones never run out */
    int stop;
} shared_t;

static const pd_limit_rule_t rules[] = {{FREE, 2000000, 900000000, 1800000000}};

static shared_t *shared;
static pd_limiter_t *limiter;

static apr_time_t still(void)
{
    return 1000000000;
}

static void add(int *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

static void *work(void *seed)
{
    unsigned state = *(unsigned *)seed;
    while (!__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
        int epoch = __atomic_load_n(&shared->epoch, __ATOMIC_SEQ_CST);
        int n = epoch * PER_EPOCH + rand_r(&state) % PER_EPOCH;
        if (pd_limiter_attempt(NULL, limiter, 0, (apr_uint64_t)n) == 0) {
            add(&shared->passed[n]);
        }
        if (pd_limiter_attempt(NULL, limiter, 0, BLOCKED) == 0) {
            add(&shared->blocked_passed);
        }
        apr_uint64_t crowd = CROWD(1 + rand_r(&state) % 100);
        if (pd_limiter_attempt(NULL, limiter, 0, crowd) == 0 && n % 2) {
            pd_limiter_give_back(limiter, 0, crowd);
        }
        else if (n % 7 == 0) {
            pd_limiter_forget(limiter, 0, crowd);
        }
        add(&shared->rounds);
    }
    return NULL;
}

static int run_threads(unsigned seed)
{
    unsigned seeds[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = seed * THREADS + i;
        if (pthread_create(&threads[i], NULL, work, &seeds[i]) != 0) {
            return 2;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

static pid_t start(void)
{
    static unsigned seed = 1;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(run_threads(seed));
    }
    seed++;
    return pid;
}

static void next_epoch(int last)
{
    if (shared->epoch < last) {
        add(&shared->epoch);
    }
}

static int in_peace(int seconds)
{
    pid_t pids[PROCESSES];
    int sound = 1;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = start();
    }
    for (int i = 0; i < EPOCHS / 2; i++) {
        usleep((useconds_t)seconds * 2000000 / EPOCHS);
        next_epoch(EPOCHS / 2 - 1);
    }
    __atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < PROCESSES; i++) {
        int status = 1;
        waitpid(pids[i], &status, 0);
        sound &= status == 0;
    }
    __atomic_store_n(&shared->stop, 0, __ATOMIC_SEQ_CST);
    return sound;
}

/* One that ended by itself has crashed. */
static int end(pid_t pid)
{
    int status = 0;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static int with_killings(int seconds)
{
    apr_time_t until = pd_clock_ticks() + apr_time_from_sec(seconds);
    pid_t pids[PROCESSES];
    int sound = 1;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = start();
    }
    for (int i = 0; pd_clock_ticks() < until; i = (i + 1) % PROCESSES) {
        usleep(20000 + (useconds_t)(random() % 60000));
        sound &= end(pids[i]);
        pids[i] = start();
        next_epoch(EPOCHS - 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        sound &= end(pids[i]);
    }
    return sound;
}

static int judge(void)
{
    int worst = 0, reached = 0;
    for (int i = 0; i < BOUNDED; i++) {
        worst = shared->passed[i] > worst ? shared->passed[i] : worst;
        reached += shared->passed[i] > 0;
    }
    printf("%d rounds; at most %d of one hash passed, %d hashes; %d passed that were blocked\n",
           shared->rounds, worst, reached, shared->blocked_passed);
    return worst <= FREE + 1 && reached > 0 && shared->blocked_passed == 0;
}

static void *share(apr_size_t n_bytes)
{
    void *made = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return made == MAP_FAILED ? NULL : made;
}

int main(int argc, char **argv)
{
    int seconds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 4;
    apr_pool_t *p;
    apr_initialize();
    apr_pool_create(&p, NULL);
    shared = share(sizeof *shared);
    void *block = share(pd_limiter_bytes());
    if (!shared || !block) {
        return 2;
    }
    limiter = pd_limiter_over(block, rules, 1, still, p);
    while (pd_limiter_attempt(NULL, limiter, 0, BLOCKED) == 0) {
    }
    int sound = in_peace(seconds / 2);
    sound &= with_killings(seconds - seconds / 2);
    int good = judge() && sound;
    apr_terminate();
    return good ? 0 : 1;
}
