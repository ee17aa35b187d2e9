/* The counted gate. A place is a robust mutex, so the kernel gives it back when its owner dies.
 *
 * Who finds no slot takes a place in the queue and then the `head` mutex, on which the kernel lines
 * up the others; the head alone sleeps until somebody leaves (a futex), and tries all slots. So a
 * slot that frees is never missed, whichever it is. A process killed inside can't count itself out:
 * for that case alone the head looks again every CHECK_NANOS. */
#include "base/pd_gate_int.h"
#include "base/pd_status.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NANOS_PER_SEC 1000000000L
#define CHECK_NANOS   100000000L
#define NONE          (-1)

int pd_gate_shape_sound(int slots, int queue)
{
    return slots >= 1 && slots <= PD_GATE_SLOTS_MAX && queue >= 0 && queue <= PD_GATE_QUEUE_MAX;
}

apr_size_t pd_gate_bytes(int slots, int queue)
{
    return sizeof(pd_gate_header_t) + (apr_size_t)(slots + queue) * sizeof(pthread_mutex_t);
}

apr_status_t pd_gate_furnish(pd_gate_header_t *header, int slots, int queue)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t *places = (pthread_mutex_t *)(header + 1);
    int error = pthread_mutexattr_init(&attributes);
    if (error) {
        return APR_FROM_OS_ERROR(error);
    }
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    error = pthread_mutex_init(&header->head, &attributes);
    for (int i = 0; !error && i < slots + queue; i++) {
        error = pthread_mutex_init(&places[i], &attributes);
    }
    pthread_mutexattr_destroy(&attributes);
    return error ? APR_FROM_OS_ERROR(error) : APR_SUCCESS;
}

static apr_status_t unmap(void *data)
{
    pd_gate_t *gate = data;
    munmap(gate->header, gate->n_bytes);
    return APR_SUCCESS;
}

void pd_gate_attach(pd_gate_t **gate, void *mapping, int slots, int queue, apr_pool_t *p)
{
    pd_gate_t *made = apr_pcalloc(p, sizeof *made);
    made->header = mapping;
    made->slot_mutexes = (pthread_mutex_t *)(made->header + 1);
    made->queue_mutexes = made->slot_mutexes + slots;
    made->slots = slots;
    made->queue = queue;
    made->n_bytes = pd_gate_bytes(slots, queue);
    apr_pool_cleanup_register(p, made, unmap, apr_pool_cleanup_null);
    *gate = made;
}

apr_status_t pd_gate_create(pd_gate_t **gate, int slots, int queue, apr_pool_t *p)
{
    *gate = NULL;
    if (!pd_gate_shape_sound(slots, queue)) {
        return APR_EINVAL;
    }
    apr_size_t n_bytes = pd_gate_bytes(slots, queue);
    void *mapping = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) {
        return APR_FROM_OS_ERROR(errno);
    }
    apr_status_t status = pd_gate_furnish(mapping, slots, queue);
    if (status) {
        munmap(mapping, n_bytes);
        return status;
    }
    pd_gate_attach(gate, mapping, slots, queue, p);
    return APR_SUCCESS;
}

/* A mutex guards nothing but its own place: when an owner died there is nothing to mend. */
static int owned(pthread_mutex_t *mutex, int error)
{
    if (error == EOWNERDEAD) {
        return pthread_mutex_consistent(mutex) == 0;
    }
    return error == 0;
}

/* The first free place from `start` on, or NONE. */
static int take_any(pthread_mutex_t *mutexes, int count, int start)
{
    for (int i = 0; i < count; i++) {
        int at = (start + i) % count;
        if (owned(&mutexes[at], pthread_mutex_trylock(&mutexes[at]))) {
            return at;
        }
    }
    return NONE;
}

static int take_slot(pd_gate_t *gate)
{
    return take_any(gate->slot_mutexes, gate->slots, 0);
}

static void futex_wait(apr_uint32_t *word, apr_uint32_t seen, const struct timespec *span)
{
    syscall(SYS_futex, word, FUTEX_WAIT, seen, span, NULL, 0);
}

static void futex_wake_one(apr_uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static struct timespec deadline_in(apr_interval_time_t wait)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)apr_time_sec(wait);
    at.tv_nsec += (long)apr_time_usec(wait) * 1000;
    if (at.tv_nsec >= NANOS_PER_SEC) {
        at.tv_sec++;
        at.tv_nsec -= NANOS_PER_SEC;
    }
    return at;
}

/* How long to sleep at most; 0 when the deadline has passed. */
static int next_span(struct timespec *span, const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t secs = deadline->tv_sec - now.tv_sec;
    long nanos = deadline->tv_nsec - now.tv_nsec;
    if (secs < 0 || (secs == 0 && nanos <= 0)) {
        return 0;
    }
    span->tv_sec = 0;
    span->tv_nsec = CHECK_NANOS;
    if (secs <= 1 && (long)secs * NANOS_PER_SEC + nanos < CHECK_NANOS) {
        span->tv_nsec = (long)secs * NANOS_PER_SEC + nanos;
    }
    return 1;
}

/* Waits as the head for a slot. `departures` is read before the slots are tried: who leaves in
 * between changes it, and the sleep ends at once. */
static int wait_for_slot(pd_gate_t *gate, const struct timespec *deadline)
{
    pd_gate_header_t *header = gate->header;
    struct timespec span;
    int slot;
    __atomic_store_n(&header->waiting, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        apr_uint32_t seen = __atomic_load_n(&header->departures, __ATOMIC_SEQ_CST);
        slot = take_slot(gate);
        if (slot != NONE || !next_span(&span, deadline)) {
            break;
        }
        futex_wait(&header->departures, seen, &span);
    }
    __atomic_store_n(&header->waiting, 0, __ATOMIC_SEQ_CST);
    return slot;
}

/* Without waiting: as the head when nobody else is; beside it only while it does not wait itself,
 * so that no newcomer takes the slot that a waiter was woken for. */
static int enter_at_once(pd_gate_t *gate)
{
    pd_gate_header_t *header = gate->header;
    int slot = NONE;
    if (owned(&header->head, pthread_mutex_trylock(&header->head))) {
        /* A head that was killed asleep left this behind. */
        __atomic_store_n(&header->waiting, 0, __ATOMIC_SEQ_CST);
        slot = take_slot(gate);
        pthread_mutex_unlock(&header->head);
    }
    else if (!__atomic_load_n(&header->waiting, __ATOMIC_SEQ_CST)) {
        slot = take_slot(gate);
    }
    return slot;
}

apr_status_t pd_gate_enter(int *slot, pd_gate_t *gate, apr_interval_time_t wait)
{
    pd_gate_header_t *header = gate->header;
    *slot = enter_at_once(gate);
    if (*slot != NONE) {
        return APR_SUCCESS;
    }
    if (wait <= 0 || gate->queue == 0) {
        return PD_EBUSY;
    }
    const struct timespec deadline = deadline_in(wait);
    /* Each thread begins elsewhere, so that a long queue is not searched from its full end. */
    int place = take_any(gate->queue_mutexes, gate->queue, (int)gettid() % gate->queue);
    if (place == NONE) {
        return PD_EBUSY;
    }
    if (owned(&header->head, pthread_mutex_clocklock(&header->head, CLOCK_MONOTONIC, &deadline))) {
        *slot = wait_for_slot(gate, &deadline);
        pthread_mutex_unlock(&header->head);
    }
    pthread_mutex_unlock(&gate->queue_mutexes[place]);
    return *slot == NONE ? PD_EBUSY : APR_SUCCESS;
}

void pd_gate_leave(pd_gate_t *gate, int slot)
{
    pd_gate_header_t *header = gate->header;
    if (slot < 0 || slot >= gate->slots || pthread_mutex_unlock(&gate->slot_mutexes[slot])) {
        return;
    }
    __atomic_add_fetch(&header->departures, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&header->waiting, __ATOMIC_SEQ_CST)) {
        futex_wake_one(&header->departures);
    }
}
