/* The counted gate, with processes that are killed inside, in the queue and at its head. */
#include "pd_test.h"
#include "base/pd_clock.h"
#include "base/pd_gate_int.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREVER apr_time_from_sec(60)
/* A slot that is free is taken within a second, whoever is frozen; on a busy machine later, so this
 * is only much less than for ever, as it was when the frozen one was waited for. */
#define WITHIN      apr_time_from_sec(30)
#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

/* What the processes of a case share. */
typedef struct shared_t {
    int inside;
    int most;
    int entered;
    int busy;
} shared_t;

static shared_t *shared;
static char *path;

static void setup(void)
{
    pd_test_setup();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    path = apr_pstrdup(tp, "/tmp/pd-gate-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(path);
}

static void teardown(void)
{
    unlink(path);
    munmap(shared, sizeof *shared);
    pd_test_teardown();
}

static pd_gate_t *gate_of(int slots, int queue)
{
    pd_gate_t *gate;
    ck_assert_int_eq(pd_gate_create(&gate, slots, queue, tp), APR_SUCCESS);
    return gate;
}

static int enter(pd_gate_t *gate, apr_interval_time_t wait)
{
    int slot;
    ck_assert_int_eq(pd_gate_enter(&slot, gate, wait), APR_SUCCESS);
    return slot;
}

static apr_status_t try_enter(pd_gate_t *gate, apr_interval_time_t wait)
{
    int slot;
    return pd_gate_enter(&slot, gate, wait);
}

static void count_in(void)
{
    int now = __atomic_add_fetch(&shared->inside, 1, __ATOMIC_SEQ_CST);
    int most = __atomic_load_n(&shared->most, __ATOMIC_SEQ_CST);
    while (now > most && !__atomic_compare_exchange_n(&shared->most, &most, now, 0,
                                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    __atomic_add_fetch(&shared->entered, 1, __ATOMIC_SEQ_CST);
}

static void count_out(void)
{
    __atomic_sub_fetch(&shared->inside, 1, __ATOMIC_SEQ_CST);
}

/* A child that goes in and stays there until it is killed; it tells through a pipe that it is in.
 */
static pid_t stay_inside(pd_gate_t *gate)
{
    int ends[2];
    char token = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        int slot;
        token = pd_gate_enter(&slot, gate, FOREVER) ? 'n' : 'y';
        (void)!write(ends[1], &token, 1);
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &token, 1), 1);
    ck_assert_int_eq(token, 'y');
    close(ends[0]);
    return child;
}

static int places_taken(pd_gate_t *gate)
{
    int taken = 0;
    for (int i = 0; i < gate->queue; i++) {
        int error = pthread_mutex_trylock(&gate->queue_mutexes[i]);
        if (error == EOWNERDEAD) {
            pthread_mutex_consistent(&gate->queue_mutexes[i]);
        }
        if (error == EBUSY) {
            taken++;
        }
        else {
            pthread_mutex_unlock(&gate->queue_mutexes[i]);
        }
    }
    return taken;
}

/* A child that waits in the queue; comes back when it stands there. */
static pid_t stand_in_queue(pd_gate_t *gate)
{
    int before = places_taken(gate);
    pid_t child = fork();
    if (child == 0) {
        int slot;
        /* busy: just now the parent tries the places */
        while (pd_gate_enter(&slot, gate, FOREVER)) {
            sched_yield();
        }
        pd_gate_leave(gate, slot);
        _exit(0);
    }
    while (places_taken(gate) == before) {
        sched_yield();
    }
    return child;
}

static void kill_and_reap(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static void freeze(pid_t child)
{
    int status;
    ck_assert_int_eq(kill(child, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
}

/* Waits until the head of the queue sleeps. */
static void head_sleeps(const pd_gate_t *gate)
{
    while (!__atomic_load_n(&gate->header->waiting, __ATOMIC_SEQ_CST)) {
        sched_yield();
    }
}

static int exit_code(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(slots_are_counted)
{
    pd_gate_t *gate = gate_of(2, 1);
    int first = enter(gate, 0), second = enter(gate, 0);
    ck_assert_int_ne(first, second);
    ck_assert_int_eq(try_enter(gate, 0), PD_EBUSY);
    ck_assert_int_eq(try_enter(gate, 1000), PD_EBUSY);
    ck_assert_int_eq(places_taken(gate), 0);
    pd_gate_leave(gate, first);
    ck_assert_int_eq(enter(gate, 0), first);
    pd_gate_leave(gate, first);
    pd_gate_leave(gate, second);
    pd_gate_leave(gate, -1);
    pd_gate_leave(gate, 2);
    first = enter(gate, 0);
    second = enter(gate, 0);
    ck_assert_int_eq(try_enter(gate, 0), PD_EBUSY);
    pd_gate_leave(gate, first);
    pd_gate_leave(gate, second);
}
END_TEST

static const struct {
    int slots, queue;
} shapes[] = {{0, 1}, {-1, 1}, {1, -1}, {PD_GATE_SLOTS_MAX + 1, 1}, {1, PD_GATE_QUEUE_MAX + 1}};

START_TEST(shape_is_bounded)
{
    pd_gate_t *gate;
    ck_assert_int_eq(pd_gate_create(&gate, shapes[_i].slots, shapes[_i].queue, tp), APR_EINVAL);
    ck_assert_int_eq(pd_gate_open(&gate, path, shapes[_i].slots, shapes[_i].queue, tp), APR_EINVAL);
    ck_assert_ptr_null(gate);
}
END_TEST

START_TEST(killed_inside_gives_its_place_back)
{
    pd_gate_t *gate = gate_of(1, 2);
    pid_t child = stay_inside(gate);
    ck_assert_int_eq(try_enter(gate, 0), PD_EBUSY);
    kill_and_reap(child);
    pd_gate_leave(gate, enter(gate, 0));
    pd_gate_leave(gate, enter(gate, 0));
}
END_TEST

START_TEST(waiter_enters_when_the_one_inside_is_killed)
{
    pd_gate_t *gate = gate_of(1, 2);
    pid_t inside = stay_inside(gate), waiter = stand_in_queue(gate);
    kill_and_reap(inside);
    ck_assert_int_eq(exit_code(waiter), 0);
}
END_TEST

START_TEST(waiter_takes_whichever_slot_frees)
{
    pd_gate_t *gate = gate_of(3, 2);
    int slots[3];
    for (int i = 0; i < 3; i++) {
        slots[i] = enter(gate, 0);
    }
    for (int i = 0; i < 3; i++) {
        pid_t waiter = stand_in_queue(gate);
        pd_gate_leave(gate, slots[i]);
        ck_assert_int_eq(exit_code(waiter), 0);
        slots[i] = enter(gate, 0);
    }
    for (int i = 0; i < 3; i++) {
        pd_gate_leave(gate, slots[i]);
    }
}
END_TEST

START_TEST(full_queue_refuses_and_killed_waiters_free_it)
{
    pd_gate_t *gate = gate_of(1, 2);
    int slot = enter(gate, 0);
    pid_t head = stand_in_queue(gate), second = stand_in_queue(gate);
    /* at once: it would wait for a minute otherwise */
    ck_assert_int_eq(try_enter(gate, FOREVER), PD_EBUSY);
    kill_and_reap(head);
    ck_assert_int_eq(places_taken(gate), 1);
    pid_t third = stand_in_queue(gate);
    kill_and_reap(third);
    pd_gate_leave(gate, slot);
    ck_assert_int_eq(exit_code(second), 0);
    ck_assert_int_eq(places_taken(gate), 0);
    pd_gate_leave(gate, enter(gate, 0));
}
END_TEST

/* The place is free, and the one whose turn it is doesn't take it: a newcomer and one who stood
 * behind it before get in all the same. */
START_TEST(frozen_head_holds_up_nobody)
{
    pd_gate_t *gate = gate_of(1, 4);
    int slot = enter(gate, 0);
    pid_t head = stand_in_queue(gate);
    head_sleeps(gate);
    pid_t second = stand_in_queue(gate);
    freeze(head);
    apr_time_t free_since = pd_clock_ticks();
    pd_gate_leave(gate, slot);
    slot = enter(gate, WITHIN);
    pd_gate_leave(gate, slot);
    ck_assert_int_eq(exit_code(second), 0);
    ck_assert_int_lt(pd_clock_ticks() - free_since, WITHIN);
    /* It stays so, and nobody gets in beside another. */
    slot = enter(gate, 0);
    ck_assert_int_eq(try_enter(gate, 0), PD_EBUSY);
    pid_t third = stand_in_queue(gate);
    pd_gate_leave(gate, slot);
    ck_assert_int_eq(exit_code(third), 0);
    slot = enter(gate, 0);
    ck_assert_int_eq(kill(head, SIGCONT), 0);
    pd_gate_leave(gate, slot);
    ck_assert_int_eq(exit_code(head), 0);
    ck_assert_int_eq(places_taken(gate), 0);
    ck_assert_int_eq(gate->header->waiting, 0);
}
END_TEST

/* Frozen for good, then killed: nothing of it is left. */
START_TEST(frozen_head_that_is_killed_leaves_the_gate_whole)
{
    pd_gate_t *gate = gate_of(1, 4);
    int slot = enter(gate, 0);
    pid_t head = stand_in_queue(gate);
    head_sleeps(gate);
    freeze(head);
    pid_t second = stand_in_queue(gate);
    kill_and_reap(head);
    pd_gate_leave(gate, slot);
    ck_assert_int_eq(exit_code(second), 0);
    pd_gate_leave(gate, enter(gate, 0));
    ck_assert_int_eq(places_taken(gate), 0);
}
END_TEST

static void come_and_go(pd_gate_t *gate, int times)
{
    for (int i = 0; i < times; i++) {
        int slot;
        if (pd_gate_enter(&slot, gate, FOREVER)) {
            __atomic_add_fetch(&shared->busy, 1, __ATOMIC_SEQ_CST);
            continue;
        }
        count_in();
        sched_yield();
        count_out();
        pd_gate_leave(gate, slot);
    }
}

static void *thread_of(void *gate)
{
    come_and_go(gate, 300);
    return NULL;
}

/* Four processes of three threads each; the queue holds them all, so nobody may be refused. */
START_TEST(never_more_inside_than_slots)
{
    pd_gate_t *gate = gate_of(2, 12);
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            pthread_t threads[3];
            for (int k = 0; k < 3; k++) {
                if (pthread_create(&threads[k], NULL, thread_of, gate)) {
                    _exit(1);
                }
            }
            for (int k = 0; k < 3; k++) {
                pthread_join(threads[k], NULL);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(exit_code(children[i]), 0);
    }
    ck_assert_int_le(shared->most, 2);
    ck_assert_int_eq(shared->busy, 0);
    ck_assert_int_eq(shared->entered, 4 * 3 * 300);
    ck_assert_int_eq(places_taken(gate), 0);
}
END_TEST

/* Has somebody gone in `times` more, within the limit? */
static int goes_on(int times)
{
    int enough = __atomic_load_n(&shared->entered, __ATOMIC_SEQ_CST) + times;
    apr_time_t deadline = pd_clock_ticks() + WITHIN;
    while (__atomic_load_n(&shared->entered, __ATOMIC_SEQ_CST) < enough) {
        if (pd_clock_ticks() > deadline) {
            return 0;
        }
        sched_yield();
    }
    return 1;
}

/* Children are frozen wherever they happen to be, with one slot at most. */
START_TEST(gate_goes_on_whoever_is_frozen)
{
    pd_gate_t *gate = gate_of(2, 4);
    pid_t children[4];
    int held_up = 0;
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (;;) {
                come_and_go(gate, 1000);
            }
        }
    }
    for (int round = 0; round < 16; round++) {
        pid_t child = children[round % 4];
        freeze(child);
        held_up += !goes_on(20);
        ck_assert_int_eq(kill(child, SIGCONT), 0);
    }
    /* Read before: the killed don't count themselves out. */
    int most = __atomic_load_n(&shared->most, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++) {
        kill_and_reap(children[i]);
    }
    ck_assert_int_eq(held_up, 0);
    ck_assert_int_le(most, 2);
    ck_assert_int_eq(shared->busy, 0);
    ck_assert_int_eq(places_taken(gate), 0);
}
END_TEST

/* Children are killed wherever they happen to be; afterwards the gate is whole. The counter of
 * those inside can't be used here: the killed don't count themselves out. */
START_TEST(gate_survives_any_kill)
{
    pd_gate_t *gate = gate_of(2, 4);
    for (int round = 0; round < 60; round++) {
        pid_t children[4];
        int before = __atomic_load_n(&shared->entered, __ATOMIC_SEQ_CST);
        for (int i = 0; i < 4; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                for (;;) {
                    come_and_go(gate, 1000);
                }
            }
        }
        while (__atomic_load_n(&shared->entered, __ATOMIC_SEQ_CST) < before + 20 + round) {
            sched_yield();
        }
        for (int i = 0; i < 4; i++) {
            kill_and_reap(children[i]);
        }
        ck_assert_int_eq(places_taken(gate), 0);
        int first = enter(gate, 0), second = enter(gate, 0);
        ck_assert_int_eq(try_enter(gate, 0), PD_EBUSY);
        pd_gate_leave(gate, first);
        pd_gate_leave(gate, second);
    }
}
END_TEST

static pd_gate_t *open_gate(int slots, int queue)
{
    pd_gate_t *gate;
    ck_assert_int_eq(pd_gate_open(&gate, path, slots, queue, tp), APR_SUCCESS);
    return gate;
}

START_TEST(file_is_one_gate_for_all_who_open_it)
{
    struct stat info;
    pd_gate_t *one = open_gate(1, 1), *same = open_gate(1, 1);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    int slot = enter(one, 0);
    ck_assert_int_eq(try_enter(same, 0), PD_EBUSY);
    ck_assert_int_eq(try_enter(open_gate(1, 1), 0), PD_EBUSY);
    pd_gate_leave(one, slot);
    pd_gate_leave(same, enter(same, 0));
    kill_and_reap(stay_inside(same));
    pd_gate_leave(one, enter(one, 0));
}
END_TEST

START_TEST(another_shape_leaves_the_mapped_file_whole)
{
    pd_gate_t *old = open_gate(1, 1);
    int slot = enter(old, 0);
    pd_gate_t *wider = open_gate(2, 3);
    int first = enter(wider, 0), second = enter(wider, 0);
    ck_assert_int_eq(try_enter(wider, 0), PD_EBUSY);
    pd_gate_leave(wider, first);
    pd_gate_leave(wider, second);
    /* the old mapping still stands on its own file: no SIGBUS, no lost place */
    ck_assert_int_eq(try_enter(old, 0), PD_EBUSY);
    pd_gate_leave(old, slot);
    pd_gate_leave(old, enter(old, 0));
}
END_TEST

static void write_at(off_t offset, const char *bytes, size_t length)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, length, offset), (ssize_t)length);
    close(fd);
}

START_TEST(file_of_an_earlier_boot_is_made_anew)
{
    apr_pool_t *earlier;
    pd_gate_t *gate;
    apr_pool_create(&earlier, tp);
    ck_assert_int_eq(pd_gate_open(&gate, path, 1, 1, earlier), APR_SUCCESS);
    pid_t child = stay_inside(gate);
    write_at((off_t)offsetof(pd_gate_header_t, boot), "00000000", 8);
    pd_gate_t *fresh = open_gate(1, 1);
    pd_gate_leave(fresh, enter(fresh, 0));
    kill_and_reap(child);
    apr_pool_destroy(earlier);
}
END_TEST

START_TEST(half_made_or_strange_file_is_made_anew)
{
    write_at(0, "pdg", 3);
    pd_gate_t *gate = open_gate(2, 1);
    pd_gate_leave(gate, enter(gate, 0));
    unlink(path);
    write_at(0, "", 0);
    gate = open_gate(2, 1);
    pd_gate_leave(gate, enter(gate, 0));
}
END_TEST

START_TEST(unsafe_file_is_refused)
{
    pd_gate_t *gate;
    write_at(0, "", 0);
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_int_eq(pd_gate_open(&gate, path, 1, 1, tp), APR_EACCES);
    unlink(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_int_ne(pd_gate_open(&gate, path, 1, 1, tp), APR_SUCCESS);
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_ne(pd_gate_open(&gate, path, 1, 1, tp), APR_SUCCESS);
    ck_assert_ptr_null(gate);
}
END_TEST

/* Many open a file that is not there yet, at the same moment: all get the same gate. */
START_TEST(opening_at_once_is_safe)
{
    pid_t children[8];
    for (int i = 0; i < 8; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            for (int k = 0; k < 20; k++) {
                pd_gate_t *gate;
                int slot;
                apr_pool_t *p;
                apr_pool_create(&p, NULL);
                if (pd_gate_open(&gate, path, 1, 8, p) || pd_gate_enter(&slot, gate, FOREVER)) {
                    _exit(1);
                }
                count_in();
                sched_yield();
                count_out();
                pd_gate_leave(gate, slot);
                apr_pool_destroy(p);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(exit_code(children[i]), 0);
    }
    ck_assert_int_eq(shared->most, 1);
    ck_assert_int_eq(shared->entered, 160);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/gate");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, slots_are_counted);
    tcase_add_loop_test(all, shape_is_bounded, 0, ROWS(shapes));
    tcase_add_test(all, killed_inside_gives_its_place_back);
    tcase_add_test(all, waiter_enters_when_the_one_inside_is_killed);
    tcase_add_test(all, waiter_takes_whichever_slot_frees);
    tcase_add_test(all, full_queue_refuses_and_killed_waiters_free_it);
    tcase_add_test(all, frozen_head_holds_up_nobody);
    tcase_add_test(all, frozen_head_that_is_killed_leaves_the_gate_whole);
    tcase_add_test(all, never_more_inside_than_slots);
    tcase_add_test(all, gate_goes_on_whoever_is_frozen);
    tcase_add_test(all, gate_survives_any_kill);
    tcase_add_test(all, file_is_one_gate_for_all_who_open_it);
    tcase_add_test(all, another_shape_leaves_the_mapped_file_whole);
    tcase_add_test(all, file_of_an_earlier_boot_is_made_anew);
    tcase_add_test(all, half_made_or_strange_file_is_made_anew);
    tcase_add_test(all, unsafe_file_is_refused);
    tcase_add_test(all, opening_at_once_is_safe);
    suite_add_tcase(suite, all);
    return pd_test_main(suite);
}
