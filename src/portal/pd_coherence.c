/* Reading what changed, and telling what is stale. */
#include "portal/pd_coherence.h"
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "portal/pd_invalidation.h"

#define BUCKETS 16384 /* a power of two */

/* `retired` comes first in every version: pd_segment writes it, whatever else is here. */
struct pd_coherence_shared_t {
    apr_uint32_t retired;
    apr_uint32_t begun; /* the head was read once, so that `number` means something */
    apr_uint64_t wanted, heard;
    apr_int64_t read_at, reading_at; /* pd_clock_ticks */
    apr_int64_t number;
    apr_int64_t tick, everybody, documents;
    apr_int64_t person[BUCKETS];
};

struct pd_coherence_t {
    pd_coherence_shared_t *shared;
    pd_bell_t *bell;
    apr_uint64_t bell_heard; /* of this process */
};

#define LOAD(word)         __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_SEQ_CST)

apr_size_t pd_coherence_bytes(void)
{
    return sizeof(pd_coherence_shared_t);
}

apr_status_t pd_coherence_attach(pd_coherence_t **coherence, void *shared, pd_bell_t *bell,
                                 apr_pool_t *p)
{
    *coherence = apr_pcalloc(p, sizeof(**coherence));
    (*coherence)->shared = shared;
    (*coherence)->bell = bell;
    (*coherence)->bell_heard = bell ? pd_bell_count(bell) : 0;
    /* It may have rung when no process was there that heard it. */
    __atomic_add_fetch(&(*coherence)->shared->wanted, 1, __ATOMIC_SEQ_CST);
    return APR_SUCCESS;
}

const char *pd_coherence_bell_path(const pd_settings_t *settings, const pd_keyring_t *keys,
                                   apr_pool_t *p)
{
    const char *file = pd_db_file(settings->database_driver, settings->database_params, p);
    if (file)
        return apr_pstrcat(p, file, "-bell", NULL);
    /* The fingerprint tells portals apart and says nothing of the key. */
    return apr_psprintf(p, "/dev/shm/pdportal-%lu-%.16s", (unsigned long)geteuid(),
                        pd_keyring_fingerprint(keys, p) + 2);
}

/* Larger of what stands there and `value`. */
static void raise_to(apr_int64_t *word, apr_int64_t value)
{
    apr_int64_t seen = LOAD(*word);
    while (seen < value && !__atomic_compare_exchange_n(word, &seen, value, 0, __ATOMIC_SEQ_CST,
                                                        __ATOMIC_SEQ_CST)) {
    }
}

static void raise_count(apr_uint64_t *word, apr_uint64_t value)
{
    apr_uint64_t seen = LOAD(*word);
    while (seen < value && !__atomic_compare_exchange_n(word, &seen, value, 0, __ATOMIC_SEQ_CST,
                                                        __ATOMIC_SEQ_CST)) {
    }
}

void pd_coherence_ring(pd_coherence_t *coherence)
{
    __atomic_add_fetch(&coherence->shared->wanted, 1, __ATOMIC_SEQ_CST);
    if (coherence->bell)
        pd_bell_ring(coherence->bell);
}

/* A ring of the bell becomes one of the block. Counted there before it is noted here, so that no
 * thread of this process can find both quiet. */
static void hear_bell(pd_coherence_t *coherence)
{
    apr_uint64_t count;
    if (!coherence->bell || (count = pd_bell_count(coherence->bell)) == LOAD(coherence->bell_heard))
        return;
    __atomic_add_fetch(&coherence->shared->wanted, 1, __ATOMIC_SEQ_CST);
    raise_count(&coherence->bell_heard, count);
}

apr_uint32_t pd_coherence_bucket(const char *person_id)
{
    apr_uint32_t hash = 2166136261u; /* FNV-1a: the ids are ours and random */
    for (; *person_id; person_id++)
        hash = (hash ^ (unsigned char)*person_id) * 16777619u;
    return (hash ^ hash >> 15) & (BUCKETS - 1);
}

static void apply(pd_coherence_shared_t *shared, pd_invalid_e kind, const char *subject)
{
    apr_int64_t tick = __atomic_add_fetch(&shared->tick, 1, __ATOMIC_SEQ_CST);
    switch (kind) {
    case PD_INVALID_PERSON:
        raise_to(&shared->person[pd_coherence_bucket(subject)], tick);
        break;
    case PD_INVALID_DOCUMENTS:
        raise_to(&shared->documents, tick);
        break;
    case PD_INVALID_EVERYBODY:
        raise_to(&shared->everybody, tick);
        break;
    }
}

/* Rows are missing, or the database was put back to an earlier state. */
static void apply_everything(pd_coherence_shared_t *shared)
{
    apply(shared, PD_INVALID_EVERYBODY, "");
    apply(shared, PD_INVALID_DOCUMENTS, "");
}

static void apply_rows(pd_coherence_shared_t *shared, apr_int64_t known, apr_int64_t head,
                       const apr_array_header_t *rows)
{
    if (!LOAD(shared->begun) || head - known != rows->nelts)
        apply_everything(shared);
    else {
        for (int i = 0; i < rows->nelts; i++) {
            const pd_invalidation_t *row = &APR_ARRAY_IDX(rows, i, pd_invalidation_t);
            apply(shared, row->kind, row->subject);
        }
    }
    if (head < known)
        STORE(shared->number, head);
    else
        raise_to(&shared->number, head);
    STORE(shared->begun, 1);
}

static apr_status_t read_changes(const pd_portal_t *portal, apr_uint64_t wanted, apr_int64_t now,
                                 apr_pool_t *p)
{
    pd_coherence_shared_t *shared = portal->coherence->shared;
    apr_int64_t head, known = LOAD(shared->number);
    apr_array_header_t *rows;
    apr_status_t status = pd_invalidation_read(&head, &rows, portal, known, p);
    if (status != APR_SUCCESS)
        return status;
    if (head != known || !LOAD(shared->begun))
        apply_rows(shared, known, head, rows);
    /* Both as they were before the reading: what came since is not in it. */
    raise_to(&shared->read_at, now);
    raise_count(&shared->heard, wanted);
    return APR_SUCCESS;
}

/* One of those who pass by reads ahead. */
static int takes_turn(pd_coherence_shared_t *shared, apr_int64_t now, apr_int64_t patience)
{
    apr_int64_t turn = LOAD(shared->reading_at);
    return now - turn > patience && __atomic_compare_exchange_n(&shared->reading_at, &turn, now, 0,
                                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

apr_status_t pd_coherence_refresh(const pd_portal_t *portal, apr_pool_t *p)
{
    pd_coherence_t *coherence = portal->coherence;
    apr_int64_t recheck = portal->settings->session_recheck;
    if (!coherence)
        return PD_EAWAY;
    pd_coherence_shared_t *shared = coherence->shared;
    hear_bell(coherence);
    apr_uint64_t wanted = LOAD(shared->wanted);
    apr_int64_t now = pd_clock_ticks();
    apr_int64_t age = now - LOAD(shared->read_at);
    int current = LOAD(shared->begun) && LOAD(shared->heard) >= wanted && age < recheck;
    if (LOAD(shared->retired))
        return PD_EAWAY;
    if (current && (age < recheck / 2 || !takes_turn(shared, now, recheck / 4)))
        return APR_SUCCESS;
    apr_status_t status = read_changes(portal, wanted, now, p);
    return current ? APR_SUCCESS : status;
}

apr_int64_t pd_coherence_tick(const pd_coherence_t *coherence)
{
    return LOAD(coherence->shared->tick);
}

int pd_coherence_person_good(const pd_coherence_t *coherence, apr_uint32_t bucket, apr_int64_t tick)
{
    const pd_coherence_shared_t *shared = coherence->shared;
    return tick >= LOAD(shared->everybody) &&
           tick >= LOAD(shared->person[bucket & (BUCKETS - 1)]) && !LOAD(shared->retired);
}

int pd_coherence_documents_good(const pd_coherence_t *coherence, apr_int64_t tick)
{
    return tick >= LOAD(coherence->shared->documents) && !LOAD(coherence->shared->retired);
}
