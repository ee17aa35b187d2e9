/* Counters of one portal, shared by all processes: for the status page and the metrics. They only
 * grow; one that is missed by a process killed in between harms nobody. Any thread. */
#ifndef PD_COUNT_H
#define PD_COUNT_H
#include <apr.h>

typedef enum {
    PD_COUNT_SESSION_HIT,     /* an authorised request answered from shared memory */
    PD_COUNT_SESSION_MISS,    /* the session was asked of the database */
    PD_COUNT_SESSION_EVICTED, /* one made room for another in shared memory */
    PD_COUNT_SESSION_BEGUN,
    PD_COUNT_SESSION_ENDED,
    PD_COUNT_SIGN_IN_REFUSED, /* wrong, unknown, not confirmed, blocked */
    PD_COUNT_LIMITED,         /* answered 429 before any work */
    PD_COUNT_HASHING_BUSY,    /* answered 503: no place at the hashing gate */
    PD_COUNT_REGISTRATION_BEGUN,
    PD_COUNT_REGISTRATION_CONFIRMED,
    PD_COUNT_LETTER_SENT,
    PD_COUNT_LETTER_DELAYED, /* a try that will be repeated */
    PD_COUNT_LETTER_FAILED,
    PD_COUNT_UNAVAILABLE, /* answered 503: the database */
    PD_COUNT_USE_REFUSED, /* of somebody's data, for want of a lawful purpose */
    PD_COUNT_MAX
} pd_count_e;

typedef struct pd_counts_t {
    apr_uint64_t n[PD_COUNT_MAX];
} pd_counts_t;

/* `counts` NULL: nobody counts (pdportalctl, unit tests). */
static inline void pd_count(pd_counts_t *counts, pd_count_e what)
{
    if (counts != NULL) {
        __atomic_add_fetch(&counts->n[what], 1, __ATOMIC_RELAXED);
    }
}

static inline apr_uint64_t pd_counted(const pd_counts_t *counts, pd_count_e what)
{
    return __atomic_load_n(&counts->n[what], __ATOMIC_RELAXED);
}

#endif
