/* What bare password hashing gives on this machine: N threads hash for some seconds with the cost
 * of the portal's default, nothing else. Prints hashes per second. argon2 KEYFILE THREADS SECONDS
 * MEMORY_KIB PASSES */
#include <stdio.h>
#include <stdlib.h>
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <apr_time.h>
#include "crypt/pd_password.h"

#define THREADS_MAX 64

typedef struct worker_t {
    const pd_keyring_t *keys;
    const pd_password_cost_t *cost;
    apr_time_t end;
    long hashes;
} worker_t;

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    while (apr_time_now() < worker->end) {
        const char *stored;
        if (pd_password_hash(&stored, worker->keys, worker->cost, "a password", p)) {
            break;
        }
        worker->hashes++;
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static double measure(int threads, int seconds, const pd_keyring_t *keys,
                      const pd_password_cost_t *cost, apr_pool_t *p)
{
    worker_t workers[THREADS_MAX] = {{0}};
    apr_thread_t *handles[THREADS_MAX] = {0};
    long hashes = 0;
    apr_time_t begin = apr_time_now();
    for (int i = 0; i < threads; i++) {
        workers[i] = (worker_t){keys, cost, begin + apr_time_from_sec(seconds), 0};
        if (apr_thread_create(&handles[i], NULL, work, &workers[i], p)) {
            return 0;
        }
    }
    for (int i = 0; i < threads; i++) {
        apr_status_t status;
        apr_thread_join(&status, handles[i]);
        hashes += workers[i].hashes;
    }
    return (double)hashes * APR_USEC_PER_SEC / (double)(apr_time_now() - begin);
}

int main(int argc, char **argv)
{
    apr_pool_t *p;
    pd_keyring_t *keys;
    const char *why = "";
    if (argc != 6) {
        fprintf(stderr, "argon2 KEYFILE THREADS SECONDS MEMORY_KIB PASSES\n");
        return 64;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    int threads = (int)strtol(argv[2], NULL, 10);
    pd_password_cost_t cost = {(apr_uint32_t)strtoul(argv[4], NULL, 10),
                               (apr_uint32_t)strtoul(argv[5], NULL, 10)};
    if (threads < 1 || threads > THREADS_MAX || pd_keyring_load(&keys, argv[1], &why, p)) {
        fprintf(stderr, "argon2: %s\n", why);
        return 1;
    }
    printf("%.2f\n", measure(threads, (int)strtol(argv[3], NULL, 10), keys, &cost, p));
    apr_terminate();
    return 0;
}
