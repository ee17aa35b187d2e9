/* A limiter of attempts, shared by processes: who tries too often has to wait, longer each time,
 * and never for good. It is a table over a block of shared memory that is all zeros at first:
 *
 *   8192 sets of 8 entries; an entry is one 64-bit word, changed by one compare-and-swap
 *
 *   | 3: rule | 21: of the hash | 12: count | 28: until, tenths of a second |      0: empty
 *
 * So there is no lock and no half-written state; a process that is killed or frozen anywhere harms
 * nobody. What is counted under a hash leaves no trace of whom it was made of. A hash must be
 * keyed, so that nobody can choose one that meets another's.
 *
 * An entry's count falls by one every `decay` from `until` on. Up to `free` attempts cost nothing;
 * after the first one beyond, the next must wait `first`, then twice as long each time, up to
 * `longest`; the count grows no further than that, so that it falls again soon. An attempt that has
 * to wait is refused and not counted. Where a set is full, the entry that matters least makes room:
 * one that blocks nobody, with the lowest count, oldest.
 *
 * `until` is modulo 310 days; older entries have long decayed. Own decision; RELIABILITY 14, 21. */
#ifndef PD_LIMITER_H
#define PD_LIMITER_H
#include <apr_pools.h>
#include <apr_time.h>

typedef struct pd_limiter_t pd_limiter_t;

#define PD_LIMITER_RULES_MAX 16
#define PD_LIMITER_FREE_MAX  4000

/* Times are of a tenth of a second at least, and of a day at most. */
typedef struct pd_limit_rule_t {
    int free;
    apr_interval_time_t first, longest, decay;
} pd_limit_rule_t;

/* A clock that only goes forward, the same for all processes: pd_clock_ticks. */
typedef apr_time_t pd_limiter_clock_fn(void);

/* Changes with the layout: modules of different shapes never share a block. */
#define PD_LIMITER_SHAPE "-1"

/* Bytes of the block. */
apr_size_t pd_limiter_bytes(void);

/* A limiter over a block, for one process; `rules` is borrowed. Any thread may use it. */
pd_limiter_t *pd_limiter_over(void *block, const pd_limit_rule_t *rules, int n_rules,
                              pd_limiter_clock_fn *clock, apr_pool_t *p);

/* Counts an attempt under a rule and a hash. Gives 0 when it may go on, else how long to wait.
 * `next` (may be NULL) is then how long the one after it will have to wait. */
apr_interval_time_t pd_limiter_attempt(apr_interval_time_t *next, pd_limiter_t *limiter, int rule,
                                       apr_uint64_t hash);

/* How long an attempt would have to wait now; counts nothing and makes no entry. */
apr_interval_time_t pd_limiter_wait(pd_limiter_t *limiter, int rule, apr_uint64_t hash);

/* Takes back one attempt that proved good, and the wait it brought. */
void pd_limiter_give_back(pd_limiter_t *limiter, int rule, apr_uint64_t hash);

/* Forgets all attempts. */
void pd_limiter_forget(pd_limiter_t *limiter, int rule, apr_uint64_t hash);

#endif
