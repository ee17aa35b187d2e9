/* The counted gate. A place is a robust mutex, so the kernel gives it back when its owner dies.
 *
 * Who finds no slot takes a place in the queue and then the `head` mutex, on which the kernel lines
 * up the others; the head alone sleeps until somebody leaves (a futex), and tries all slots. So a
 * slot that frees is never missed, whichever it is. A process killed inside can't count itself out:
 * for that case alone the head looks again every CHECK.
 *
 * A head that is frozen (SIGSTOP, a debugger) keeps its mutex and takes no slot. So the head notes
 * when it looks; once that is FROZEN_MSECS ago, newcomers no longer stand back for it, and those in
 * line, who see to it every LOOK, wait for a slot themselves. Taking a live head for a frozen one
 * lets somebody in before his turn, and nothing else. */
#include "base/pd_gate_int.h"
#include "base/pd_clock.h"
#include "base/pd_status.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CHECK        apr_time_from_msec(100)
#define LOOK         apr_time_from_msec(250)
#define LOOK_SPREAD  apr_time_from_msec(50)
#define FROZEN_MSECS 300u /* more than CHECK, and room for a processor that is busy */
#define NONE         (-1)

#define LOAD(word)         __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_SEQ_CST)

typedef enum {
    HEAD_NONE,  /* nobody sleeps as the head */
    HEAD_AWAKE, /* somebody does, and looks after himself */
    HEAD_FROZEN /* it has not looked for too long: frozen, or killed asleep */
} head_e;

/* How long somebody is ready to wait; by pd_clock_ticks. */
typedef struct patience_t {
    apr_time_t from, deadline;
} patience_t;

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

static struct timespec timespec_of(apr_time_t span)
{
    return (struct timespec){(time_t)apr_time_sec(span), (long)apr_time_usec(span) * 1000};
}

static void futex_wait(apr_uint32_t *word, apr_uint32_t seen, apr_interval_time_t span)
{
    const struct timespec at_most = timespec_of(span);
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &at_most, NULL, 0);
}

static void futex_wake_one(apr_uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* How long to sleep at most; 0 when the deadline has passed. */
static apr_interval_time_t next_span(const patience_t *patience)
{
    apr_interval_time_t left = patience->deadline - pd_clock_ticks();
    return left < 0 ? 0 : left < CHECK ? left : CHECK;
}

/* When one in line sees to the head. He loses his place in the kernel's line by that; so all do it
 * at the same instants, who came earlier a little before who came later, and stand again as they
 * stood. */
static apr_time_t next_look(const patience_t *patience)
{
    apr_time_t at = (pd_clock_ticks() / LOOK + 1) * LOOK, left = patience->deadline - at;
    apr_interval_time_t later = LOOK_SPREAD * left / (patience->deadline - patience->from);
    return later < left ? at + later : patience->deadline;
}

/* The instant of a look, as it stands in `waiting`: never 0. */
static apr_uint32_t look_now(void)
{
    return (apr_uint32_t)(pd_clock_ticks() / 1000) | 1;
}

static head_e see_head(const pd_gate_header_t *header)
{
    apr_uint32_t looked = LOAD(header->waiting);
    if (looked == 0) {
        return HEAD_NONE;
    }
    return look_now() - looked > FROZEN_MSECS ? HEAD_FROZEN : HEAD_AWAKE;
}

/* Waits for a slot as the head, or beside one as long as it is frozen. `departures` is read before
 * the slots are tried: who leaves in between changes it, and the sleep ends at once. */
static int wait_for_slot(pd_gate_t *gate, const patience_t *patience, int as_head)
{
    pd_gate_header_t *header = gate->header;
    int slot;
    for (;;) {
        if (as_head) {
            STORE(header->waiting, look_now());
        }
        apr_uint32_t seen = LOAD(header->departures);
        slot = take_slot(gate);
        apr_interval_time_t span = next_span(patience);
        if (slot != NONE || span == 0 || (!as_head && see_head(header) != HEAD_FROZEN)) {
            break;
        }
        futex_wait(&header->departures, seen, span);
    }
    if (as_head) {
        STORE(header->waiting, 0);
    }
    return slot;
}

/* Stands in line for being the head, and waits as such. */
static int wait_in_line(pd_gate_t *gate, const patience_t *patience)
{
    pthread_mutex_t *head = &gate->header->head;
    int slot = NONE, error;
    do {
        const struct timespec look = timespec_of(next_look(patience));
        error = pthread_mutex_clocklock(head, CLOCK_MONOTONIC, &look);
        if (owned(head, error)) {
            slot = wait_for_slot(gate, patience, 1);
            pthread_mutex_unlock(head);
            break;
        }
        if (see_head(gate->header) != HEAD_AWAKE) {
            slot = wait_for_slot(gate, patience, 0);
        }
        /* Any other error would come back at once, again and again. */
    } while (slot == NONE && error == ETIMEDOUT && next_span(patience) > 0);
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
        STORE(header->waiting, 0);
        slot = take_slot(gate);
        pthread_mutex_unlock(&header->head);
    }
    else if (see_head(header) != HEAD_AWAKE) {
        slot = take_slot(gate);
    }
    return slot;
}

apr_status_t pd_gate_enter(int *slot, pd_gate_t *gate, apr_interval_time_t wait)
{
    *slot = enter_at_once(gate);
    if (*slot != NONE) {
        return APR_SUCCESS;
    }
    if (wait <= 0 || gate->queue == 0) {
        return PD_EBUSY;
    }
    apr_time_t now = pd_clock_ticks();
    const patience_t patience = {now, now + wait};
    /* Each thread begins elsewhere, so that a long queue is not searched from its full end. */
    int place = take_any(gate->queue_mutexes, gate->queue, (int)gettid() % gate->queue);
    if (place == NONE) {
        return PD_EBUSY;
    }
    *slot = wait_in_line(gate, &patience);
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
    if (LOAD(header->waiting)) {
        futex_wake_one(&header->departures);
    }
}
