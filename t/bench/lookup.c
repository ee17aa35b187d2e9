/* How long it takes to find a person by login, through the core as staff's desk does: the median of
 * many look-ups of people at random places, in microseconds. lookup CONFIG PEOPLE LOOKUPS */
#include "bench.h"
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_person.h"

#define PEOPLE_MAX  10000000
#define LOOKUPS_MAX 1000000

static int rising(const void *a, const void *b)
{
    apr_time_t x = *(const apr_time_t *)a, y = *(const apr_time_t *)b;
    return (x > y) - (x < y);
}

static apr_time_t find_one(const pd_portal_t *portal, int people, apr_pool_t *p)
{
    const char *id, *stored;
    const char *login = bench_login((int)pd_random_below((apr_uint32_t)people), p);
    apr_time_t begin = pd_clock_ticks();
    if (pd_person_find(&id, &stored, portal, login, p)) {
        bench_fail("%s is not found", login);
    }
    return pd_clock_ticks() - begin;
}

int main(int argc, char **argv)
{
    apr_pool_t *p, *scratch;
    pd_portal_t portal;
    if (argc != 4) {
        fprintf(stderr, "lookup CONFIG PEOPLE LOOKUPS\n");
        return 64;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&scratch, p);
    int people = bench_number(argv[2], PEOPLE_MAX), n = bench_number(argv[3], LOOKUPS_MAX);
    bench_open(&portal, argv[1], p);
    apr_time_t *times = apr_palloc(p, (apr_size_t)n * sizeof *times);
    for (int i = 0; i < n; i++) {
        times[i] = find_one(&portal, people, scratch);
        apr_pool_clear(scratch);
    }
    qsort(times, (size_t)n, sizeof *times, rising);
    printf("%lld\n", (long long)(n ? times[n / 2] : 0));
    apr_terminate();
    return 0;
}
