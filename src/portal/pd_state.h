/* A portal as it looks from outside, as a value: what was counted, and what the database holds.
 *
 * Nobody who looks asks the database: a job of one process reads its figures now and then into a
 * small block of shared memory, and says in it whether the database answers.
 *
 *   | up | read_ticks | people_due | ... | figure[0] | figure[1] | ...      all zeros: nothing read
 * yet
 *
 * Every word is atomic and stands for itself; figures of two readings may be seen side by side. */
#ifndef PD_STATE_H
#define PD_STATE_H
#include "portal/pd_portal.h"

typedef enum {
    PD_FIGURE_SESSIONS,        /* alive */
    PD_FIGURE_PEOPLE,          /* active */
    PD_FIGURE_LETTERS_WAITING, /* queued, or on their way */
    PD_FIGURE_LETTERS_FAILED,  /* given up, not yet removed */
    PD_FIGURE_LETTER_OLDEST,   /* since when the oldest waits; 0: none waits */
    PD_FIGURE_POLICY,          /* the version in force; 0: none */
    PD_FIGURE_POLICY_NEXT,     /* when the next one takes force; 0: none is announced */
    PD_FIGURE_WITHDRAWAL_NEXT, /* when the first of the open ones is due, or was; 0: none is open */
    PD_FIGURE_WITHDRAWALS_OVERDUE,
    PD_FIGURE_MAX
} pd_figure_e;

struct pd_state_shared_t {
    apr_uint32_t up;          /* the database answered when it was last looked at */
    apr_int64_t read_ticks;   /* pd_clock_ticks of the last good reading; 0: none yet */
    apr_int64_t people_due;   /* pd_clock_ticks: people are not counted again before */
    apr_int64_t people_read;  /* they were counted once */
    apr_uint32_t places_said; /* pd_places_new: which state of the file was told */
    apr_int64_t figure[PD_FIGURE_MAX];
};

/* Reads the figures into portal->state (NULL: nothing to do). An error is the database's: the block
 * then says that it is not up, and keeps the figures with their age. */
apr_status_t pd_state_read(const pd_portal_t *portal, apr_pool_t *p);

/* Somebody found the database away. Any thread. `shared` may be NULL. */
void pd_state_away(pd_state_shared_t *shared);

typedef struct pd_state_t {
    apr_uint64_t count[PD_COUNT_MAX];
    int up;
    int known, people_known; /* else `figure` says nothing of all, or of people */
    apr_interval_time_t age; /* of the figures */
    apr_time_t now;
    apr_int64_t figure[PD_FIGURE_MAX];
} pd_state_t;

/* How the portal stands now. Asks no database. Any thread. */
void pd_state_take(pd_state_t *state, const pd_counts_t *counts, const pd_state_shared_t *shared);

#endif
