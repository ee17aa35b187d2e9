/* Inside of the gate: what lies in shared memory. */
#ifndef PD_GATE_INT_H
#define PD_GATE_INT_H
#include "base/pd_gate.h"

#include <pthread.h>

#define PD_GATE_BOOT_CHARS 36

/* First in the mapping. Other processes write here: sizes are read from it once, when a file is
 * opened and compared, and never used. */
typedef struct pd_gate_header_t {
    char magic[8]; /* written last: a half-made file has none */
    apr_uint32_t mutex_bytes;
    apr_uint32_t slots;
    apr_uint32_t queue;
    char boot[PD_GATE_BOOT_CHARS];
    apr_uint32_t departures; /* a futex: counts those who left */
    apr_uint32_t waiting;    /* the head of the queue sleeps on `departures`: when it last looked,
                              * in milliseconds of pd_clock_ticks, made odd; 0: nobody does */
    pthread_mutex_t head;    /* its owner alone may wait for a slot */
} pd_gate_header_t;

struct pd_gate_t {
    pd_gate_header_t *header;
    pthread_mutex_t *slot_mutexes;  /* [slots] */
    pthread_mutex_t *queue_mutexes; /* [queue] */
    int slots;
    int queue;
    apr_size_t n_bytes;
};

int pd_gate_shape_sound(int slots, int queue);
apr_size_t pd_gate_bytes(int slots, int queue);

/* Makes the mutexes of a mapping that is all zeros and nobody else's yet. */
apr_status_t pd_gate_furnish(pd_gate_header_t *header, int slots, int queue);

/* A gate over a furnished mapping, which is unmapped with `p`. */
void pd_gate_attach(pd_gate_t **gate, void *mapping, int slots, int queue, apr_pool_t *p);

#endif
