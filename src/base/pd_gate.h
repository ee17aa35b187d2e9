/* A counted gate shared by processes: at most `slots` callers are inside, at most `queue` wait, and
 * nobody waits longer than he said. Built of robust process-shared mutexes, so that a process that
 * is killed inside or in the queue gives its place back by the kernel's hand. One that is frozen
 * inside keeps its slot; one that is frozen in the queue holds up the others for less than a
 * second.
 *
 *   one mapping:  | header | slot mutex 0 .. slots-1 | queue mutex 0 .. queue-1 |
 *
 * Own decision: used for password hashing (slots = processors) and, with one slot, as the write
 * gate of SQLite. Enter and leave from the same thread. */
#ifndef PD_GATE_H
#define PD_GATE_H
#include <apr_pools.h>
#include <apr_time.h>

typedef struct pd_gate_t pd_gate_t;

#define PD_GATE_SLOTS_MAX 256
#define PD_GATE_QUEUE_MAX 4096

/* Makes a gate in anonymous shared memory, inherited by every process forked afterwards. Unmapped
 * with `p`. */
apr_status_t pd_gate_create(pd_gate_t **gate, int slots, int queue, apr_pool_t *p);

/* Opens (or makes) a gate in the file `path`, shared with every process that opens it; mode 0600.
 * A file left by an earlier boot, or of another shape, is made anew. The file stays. */
apr_status_t pd_gate_open(pd_gate_t **gate, const char *path, int slots, int queue, apr_pool_t *p);

/* Goes in. `slot` is to be handed to pd_gate_leave. PD_EBUSY: the queue is full, or `wait` passed.
 */
apr_status_t pd_gate_enter(int *slot, pd_gate_t *gate, apr_interval_time_t wait);

void pd_gate_leave(pd_gate_t *gate, int slot);

#endif
