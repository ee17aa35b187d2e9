/* The table of sessions under stress: processes full of threads that read and write few keys, first
 * in peace, then while the parent kills one after the other, and freezes others in between.
 * "session_table [SECONDS [KILLS]]"; `make tsan` runs it under ThreadSanitizer.
 *
 * "whole": what is read of a key is what one writer wrote, never parts of two. "alive": while a
 * process lies frozen or dead, wherever in a write it was caught, readers and writers of the others
 * go on; how soon each was heard of is printed. "usable": at the end no slot is lost, whatever the
 * dead left behind. */
#include <apr_general.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/pd_clock.h"
#include "portal/pd_session_table.h"

#define PROCESSES 4
#define THREADS   8
#define WRITERS   3
#define KEYS      700 /* more than there are slots */
#define BYTES     PD_SESSION_TABLE_BYTES_MIN
#define AFTER_ALL ((apr_int64_t)1 << 50)
#define PATIENCE  apr_time_from_sec(20) /* a machine may be busy elsewhere */

/* Where an entry was read that nobody wrote. */
enum { WHOLE, TORN_BY_KEY, TORN_ON_A_WALK };

typedef struct work_t {
    apr_uint64_t reads, found, writes;
} work_t;

typedef struct shared_t {
    work_t of[PROCESSES];
    int torn; /* TORN_... */
    int stop;
    char table[BYTES];
} shared_t;

static shared_t *shared;
static apr_pool_t *pool;
static int number; /* of this process */

static apr_uint64_t load(const apr_uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void add(apr_uint64_t *word)
{
    __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
}

static void make_key(unsigned char key[PD_SESSION_KEY_BYTES], unsigned n)
{
    for (unsigned i = 0; i < PD_SESSION_KEY_BYTES; i++) {
        n = n * 1664525u + 1013904223u;
        key[i] = (unsigned char)(n >> 24);
    }
}

/* Everything in an entry follows from its key and one number. */
static void make_entry(pd_session_entry_t *entry, unsigned n, apr_int64_t version)
{
    memset(entry, 0, sizeof(*entry));
    entry->tick = version;
    entry->created_at = entry->mfa_at = version * 3 + n;
    entry->authenticated_at = entry->expires_at = version * 5 + n;
    entry->facts_until = entry->policy_version = version ^ n;
    entry->bucket = n;
    entry->texts = 6;
    entry->text_bytes = (apr_uint16_t)(60 + (version * 7 + n) % (PD_SESSION_TEXT_BYTES - 60));
    memset(entry->text, 'a' + (int)((version + n) % 26), entry->text_bytes);
}

static int is_whole(const pd_session_entry_t *entry, unsigned n)
{
    pd_session_entry_t meant;
    make_entry(&meant, n, entry->tick);
    return entry->text_bytes == meant.text_bytes &&
           memcmp(entry, &meant, offsetof(pd_session_entry_t, text) + meant.text_bytes) == 0;
}

static int read_one(pd_session_table_t *table, unsigned n)
{
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t entry;
    pd_session_slot_t *slot;
    apr_time_t used_at;
    make_key(key, n);
    if (!pd_session_table_get(&entry, &used_at, &slot, table, key)) {
        return 0;
    }
    if (!is_whole(&entry, n)) {
        __atomic_store_n(&shared->torn, TORN_BY_KEY, __ATOMIC_SEQ_CST);
    }
    pd_session_table_touch(slot, used_at + apr_time_from_sec(1));
    return 1;
}

static int write_one(pd_session_table_t *table, unsigned n, apr_int64_t version)
{
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t entry;
    pd_session_use_t evicted;
    make_key(key, n);
    make_entry(&entry, n, version);
    return pd_session_table_put(&evicted, table, key, &entry, version, 0);
}

/* Now and then all of it, as the job does. */
static void walk(pd_session_table_t *table)
{
    pd_session_met_t met;
    apr_size_t at = 0;
    for (unsigned n = 0; pd_session_table_next(&met, &at, table); n++) {
        if (!is_whole(&met.entry, met.entry.bucket)) {
            __atomic_store_n(&shared->torn, TORN_ON_A_WALK, __ATOMIC_SEQ_CST);
        }
        if (n % 50 == 0) {
            pd_session_table_clear(table, &met);
        }
        else {
            pd_session_table_noted(&met);
        }
    }
}

typedef struct thread_t {
    pd_session_table_t *table;
    unsigned seed;
    int writes;
} thread_t;

static void *work(void *data)
{
    const thread_t *thread = data;
    unsigned state = thread->seed;
    work_t *done = &shared->of[number];
    for (unsigned i = 0; !__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST); i++) {
        unsigned n = (unsigned)rand_r(&state) % KEYS;
        if (thread->writes && write_one(thread->table, n, rand_r(&state))) {
            add(&done->writes);
        }
        if (read_one(thread->table, n)) {
            add(&done->found);
        }
        add(&done->reads);
        if (thread->writes && i % 4096 == 4095) {
            walk(thread->table);
        }
    }
    return NULL;
}

static int run_threads(unsigned seed)
{
    pthread_t threads[THREADS];
    thread_t of[THREADS];
    pd_session_table_t *table;
    if (pd_session_table_attach(&table, shared->table, BYTES, pool)) {
        return 2;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        of[i] = (thread_t){table, seed * THREADS + i, i < WRITERS};
        if (pthread_create(&threads[i], NULL, work, &of[i]) != 0) {
            return 2;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}

static pid_t start(int at)
{
    static unsigned seed = 1;
    pid_t pid = fork();
    if (pid == 0) {
        number = at;
        _exit(run_threads(seed));
    }
    seed++;
    return pid;
}

static int stop_all(const pid_t *pids)
{
    int sound = 1;
    __atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) {
            printf("# process %d did not end well: wait status %d\n", i, status);
            sound = 0;
        }
    }
    __atomic_store_n(&shared->stop, 0, __ATOMIC_SEQ_CST);
    return sound;
}

static int none_torn(void)
{
    static const char *const words[] = {"", "by its key", "on a walk"};
    if (shared->torn) {
        printf("# an entry that nobody wrote was read %s\n", words[shared->torn]);
    }
    return !shared->torn;
}

static int in_peace(int seconds)
{
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = start(i);
    }
    sleep((unsigned)seconds);
    int sound = stop_all(pids) & none_torn();
    printf("%s in peace: %llu reads, %llu found, %llu writes\n", sound ? "ok" : "not ok",
           (unsigned long long)load(&shared->of[0].reads),
           (unsigned long long)load(&shared->of[0].found),
           (unsigned long long)load(&shared->of[0].writes));
    return sound;
}

static int moved(const work_t *before, const work_t *now)
{
    return load(&now->reads) > before->reads && load(&now->writes) > before->writes;
}

/* Waits until all others have read and written since. */
static int others_go_on(int victim)
{
    work_t before[PROCESSES];
    memcpy(before, shared->of, sizeof(before));
    apr_time_t begun = pd_clock_ticks();
    for (int i = 0; i < PROCESSES; i++) {
        while (i != victim && !moved(&before[i], &shared->of[i])) {
            usleep(500);
            if (pd_clock_ticks() - begun > PATIENCE) {
                printf("# process %d stood still while process %d was away\n", i, victim);
                return 0;
            }
        }
    }
    return 1;
}

static int under_kills(int kills)
{
    pid_t pids[PROCESSES];
    int sound = 1, status, killed = 0;
    apr_time_t slowest = 0;
    unsigned chance = 1;
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = start(i);
    }
    sound &= others_go_on(-1);
    for (int n = 0; killed < kills && sound && !shared->torn; n++) {
        int victim = n % PROCESSES, freezes = n % 3 == 0;
        usleep((useconds_t)(rand_r(&chance) % 3000));
        kill(pids[victim], freezes ? SIGSTOP : SIGKILL);
        apr_time_t begun = pd_clock_ticks();
        sound &= others_go_on(victim);
        apr_time_t took = pd_clock_ticks() - begun;
        slowest = took > slowest ? took : slowest;
        if (freezes) {
            kill(pids[victim], SIGCONT); /* it goes on in the middle of its write */
            continue;
        }
        waitpid(pids[victim], &status, 0);
        killed++;
        pids[victim] = start(victim);
    }
    sound &= stop_all(pids) & none_torn();
    printf("%s under %d kills, and freezes between them; the others were heard of after %ld ms at "
           "most\n",
           sound ? "ok" : "not ok", killed, (long)(slowest / 1000));
    return sound;
}

/* Far more keys than slots, used later than any before, so that each slot in turn is the one to
 * give away: in the end each must hold one, or a dead writer has kept it. */
static int usable(void)
{
    pd_session_table_t *table;
    pd_session_met_t met;
    apr_size_t at = 0, filled = 0;
    int sound = pd_session_table_attach(&table, shared->table, BYTES, pool) == APR_SUCCESS;
    for (unsigned n = 0; n < 20 * KEYS && sound; n++) {
        sound = write_one(table, n, AFTER_ALL + n) && read_one(table, n);
    }
    while (sound && pd_session_table_next(&met, &at, table)) {
        filled++;
    }
    sound = sound && filled == pd_session_table_slots(table);
    printf("%s usable afterwards: %lu of %lu slots filled\n",
           sound && !shared->torn ? "ok" : "not ok", (unsigned long)filled,
           (unsigned long)pd_session_table_slots(table));
    return sound && !shared->torn;
}

static int number_or(const char *text, int otherwise)
{
    long given = strtol(text, NULL, 10);
    return given > 0 && given < 100000 ? (int)given : otherwise;
}

int main(int argc, char **argv)
{
    int seconds = number_or(argc > 1 ? argv[1] : "", 10);
    int kills = number_or(argc > 2 ? argv[2] : "", 200);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || apr_initialize() || apr_pool_create(&pool, NULL)) {
        return 2;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    return in_peace(seconds) && under_kills(kills) && usable() ? 0 : 1;
}
