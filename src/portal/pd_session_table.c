/* The table of sessions in shared memory. Every word is read and written atomically. Contents are
 * loaded with acquire between two looks at the state and stored with release between its two
 * changes, so that a reader who sees the same state twice has seen what one writer wrote (H.-J.
 * Boehm, "Can seqlocks get along with programming language memory models?"). */
#include "portal/pd_session_table.h"
#include <apr_strings.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define WAYS          8
#define KEY_WORDS     (PD_SESSION_KEY_BYTES / 8)
#define CONTENT_WORDS (sizeof(pd_session_entry_t) / 8)
#define HEAD_WORDS    (offsetof(pd_session_entry_t, text) / 8)

struct pd_session_slot_t {
    apr_uint64_t state;
    apr_int64_t used_at, noted_at;
    apr_uint64_t key[KEY_WORDS];
    apr_uint64_t check;
    apr_uint64_t content[CONTENT_WORDS];
    apr_uint64_t spare;
};
_Static_assert(sizeof(pd_session_slot_t) == 512, "a slot is eight cache lines");
_Static_assert(sizeof(pd_session_entry_t) % 8 == 0, "contents are whole words");

/* Hints only: what a slot holds, its key says. 0: empty. One cache line a set. */
typedef struct tags_t {
    apr_uint32_t tag[WAYS];
    apr_uint32_t spare[8];
} tags_t;

struct pd_session_table_t {
    tags_t *tags;             /* [sets] */
    pd_session_slot_t *slots; /* [sets * WAYS] */
    apr_size_t sets;
    apr_uint32_t process;
};

typedef struct place_t {
    apr_uint64_t words[KEY_WORDS];
    apr_size_t set[2];
    apr_uint32_t tag;
} place_t;

/* An entry, seen as words. */
typedef apr_uint64_t word_t __attribute__((may_alias));

#define LOAD(word)          __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#define STORE(word, value)  __atomic_store_n(&(word), (value), __ATOMIC_RELEASE)
#define WRITER_OF(state)    ((apr_uint32_t)(state))
#define TURN_OF(state)      ((state) >> 32)
#define STATE(turn, writer) ((apr_uint64_t)(apr_uint32_t)(turn) << 32 | (writer))
#define SWAP(word, old, next)                                                                      \
    __atomic_compare_exchange_n(&(word), (old), (next), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

apr_status_t pd_session_table_attach(pd_session_table_t **table, void *memory, apr_size_t n_bytes,
                                     apr_pool_t *p)
{
    pd_session_table_t *made = apr_pcalloc(p, sizeof(*made));
    *table = NULL;
    if (n_bytes < PD_SESSION_TABLE_BYTES_MIN)
        return APR_EINVAL;
    made->sets = n_bytes / (sizeof(tags_t) + WAYS * sizeof(pd_session_slot_t));
    made->tags = memory;
    made->slots = (pd_session_slot_t *)(made->tags + made->sets);
    made->process = (apr_uint32_t)getpid();
    *table = made;
    return APR_SUCCESS;
}

apr_size_t pd_session_table_slots(const pd_session_table_t *table)
{
    return table->sets * WAYS;
}

/* Keys are hashes: any bits of them will do. */
static void find_place(place_t *place, const pd_session_table_t *table, const unsigned char *key)
{
    memcpy(place->words, key, sizeof(place->words));
    place->set[0] = (apr_size_t)((place->words[0] >> 32) * table->sets >> 32);
    place->set[1] = (apr_size_t)((place->words[1] >> 32) * table->sets >> 32);
    place->tag = (apr_uint32_t)place->words[2] | 1;
}

static apr_uint64_t checksum(const apr_uint64_t *key, const word_t *content, apr_size_t n_words)
{
    apr_uint64_t sum = key[0] ^ (key[3] << 1);
    for (apr_size_t i = 0; i < n_words; i++) {
        sum = (sum ^ content[i]) * APR_UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    return sum;
}

static int same_key(const pd_session_slot_t *slot, const place_t *place)
{
    for (int i = 0; i < KEY_WORDS; i++) {
        if (LOAD(slot->key[i]) != place->words[i])
            return 0;
    }
    return 1;
}

/* How much of an entry is used; never more than there is. */
static apr_size_t used_words(const pd_session_entry_t *entry)
{
    apr_size_t n_words = HEAD_WORDS + (entry->text_bytes + 7U) / 8;
    return n_words < CONTENT_WORDS ? n_words : CONTENT_WORDS;
}

/* Loads what the slot holds under `key`; 0 when it doesn't fit its check. */
static int load_content(pd_session_entry_t *entry, const pd_session_slot_t *slot,
                        const apr_uint64_t *key)
{
    word_t *words = (word_t *)(void *)entry;
    for (apr_size_t i = 0; i < HEAD_WORDS; i++)
        words[i] = LOAD(slot->content[i]);
    apr_size_t n_words = used_words(entry);
    for (apr_size_t i = HEAD_WORDS; i < n_words; i++)
        words[i] = LOAD(slot->content[i]);
    return LOAD(slot->check) == checksum(key, words, n_words);
}

/* A whole entry of the key, or 0. */
static int read_slot(pd_session_entry_t *entry, apr_time_t *used_at, const pd_session_slot_t *slot,
                     const place_t *place)
{
    apr_uint64_t before = LOAD(slot->state);
    if (WRITER_OF(before) != 0 || !same_key(slot, place))
        return 0;
    int whole = load_content(entry, slot, place->words);
    *used_at = LOAD(slot->used_at);
    return whole && LOAD(slot->state) == before;
}

int pd_session_table_get(pd_session_entry_t *entry, apr_time_t *used_at, pd_session_slot_t **slot,
                         const pd_session_table_t *table,
                         const unsigned char key[PD_SESSION_KEY_BYTES])
{
    place_t place;
    find_place(&place, table, key);
    for (int choice = 0; choice < 2; choice++) {
        const tags_t *tags = &table->tags[place.set[choice]];
        for (int way = 0; way < WAYS; way++) {
            if (LOAD(tags->tag[way]) != place.tag)
                continue;
            *slot = &table->slots[place.set[choice] * WAYS + (apr_size_t)way];
            if (read_slot(entry, used_at, *slot, &place))
                return 1;
        }
    }
    *slot = NULL;
    return 0;
}

void pd_session_table_touch(pd_session_slot_t *slot, apr_time_t now)
{
    apr_time_t used_at = LOAD(slot->used_at);
    if (now - used_at >= PD_SESSION_TOUCH_EVERY || used_at > now) /* a clock that stepped back */
        (void)SWAP(slot->used_at, &used_at, now);
}

/* Gives the state to begin with, or 0 when somebody is at it who may still go on. */
static int may_write(apr_uint64_t *state, const pd_session_slot_t *slot)
{
    *state = LOAD(slot->state);
    apr_uint32_t writer = WRITER_OF(*state);
    return writer == 0 || (kill((pid_t)writer, 0) && errno == ESRCH);
}

/* How gladly a slot is given away: the key's own first, then empty ones, then by last use. */
static apr_int64_t worth(const pd_session_slot_t *slot, apr_uint32_t tag, const place_t *place)
{
    if (tag == place->tag && same_key(slot, place))
        return -2;
    return tag == 0 ? -1 : LOAD(slot->used_at);
}

/* The slot to write, taken: or NULL. */
static pd_session_slot_t *take_slot(apr_uint32_t **tag, pd_session_table_t *table,
                                    const place_t *place)
{
    for (int tries = 0; tries < 3; tries++) {
        pd_session_slot_t *best = NULL;
        apr_uint64_t best_state = 0;
        apr_int64_t best_worth = 0;
        for (int i = 0; i < 2 * WAYS; i++) {
            /* By turns from both sets, so that of two empty slots the emptier set gives one. */
            apr_size_t set = place->set[i & 1];
            apr_uint32_t *its_tag = &table->tags[set].tag[i >> 1];
            pd_session_slot_t *slot = &table->slots[set * WAYS + (apr_size_t)(i >> 1)];
            apr_uint64_t state;
            apr_int64_t its_worth = worth(slot, LOAD(*its_tag), place);
            if ((best == NULL || its_worth < best_worth) && may_write(&state, slot)) {
                best = slot;
                best_state = state;
                best_worth = its_worth;
                *tag = its_tag;
            }
        }
        if (best == NULL)
            return NULL;
        if (SWAP(best->state, &best_state, STATE(TURN_OF(best_state) + 1, table->process)))
            return best;
    }
    return NULL;
}

/* What the slot holds, if it is whole. */
static int copy_content(pd_session_entry_t *entry, const pd_session_slot_t *slot)
{
    apr_uint64_t key[KEY_WORDS];
    for (int i = 0; i < KEY_WORDS; i++)
        key[i] = LOAD(slot->key[i]);
    return load_content(entry, slot, key);
}

/* The last use of the one that makes room, where the database does not know of it. */
static void tell_evicted(pd_session_use_t *use, const pd_session_slot_t *slot)
{
    pd_session_entry_t entry;
    apr_time_t used_at = LOAD(slot->used_at);
    if (used_at - LOAD(slot->noted_at) < PD_SESSION_TOUCH_EVERY || !copy_content(&entry, slot))
        return;
    apr_cpystrn(use->token_hash, entry.text, sizeof(use->token_hash));
    use->used_at = used_at;
}

static void write_slot(pd_session_slot_t *slot, const apr_uint64_t *key,
                       const pd_session_entry_t *entry)
{
    const word_t *words = (const word_t *)(const void *)entry;
    for (int i = 0; i < KEY_WORDS; i++)
        STORE(slot->key[i], key[i]);
    for (apr_size_t i = 0; i < CONTENT_WORDS; i++)
        STORE(slot->content[i], words[i]); /* all: nothing of the one before stays */
    STORE(slot->check, checksum(key, words, used_words(entry)));
}

static void finish(pd_session_slot_t *slot)
{
    STORE(slot->state, STATE(TURN_OF(LOAD(slot->state)) + 1, 0));
}

int pd_session_table_put(pd_session_use_t *evicted, pd_session_table_t *table,
                         const unsigned char key[PD_SESSION_KEY_BYTES],
                         const pd_session_entry_t *entry, apr_time_t used_at, apr_time_t noted_at)
{
    place_t place;
    apr_uint32_t *tag = NULL;
    evicted->used_at = 0;
    find_place(&place, table, key);
    pd_session_slot_t *slot = take_slot(&tag, table, &place);
    if (slot == NULL)
        return 0;
    if (LOAD(*tag) != 0 && !same_key(slot, &place))
        tell_evicted(evicted, slot);
    write_slot(slot, place.words, entry);
    STORE(slot->used_at, used_at);
    STORE(slot->noted_at, noted_at);
    STORE(*tag, place.tag);
    finish(slot);
    return 1;
}

static int is_empty(const tags_t *tags)
{
    apr_uint32_t any = 0;
    for (int way = 0; way < WAYS; way++)
        any |= LOAD(tags->tag[way]);
    return any == 0;
}

/* The entry of a slot on the walk, or 0. The tag after the state: what was wiped before the state
 * was read has no tag any more, and zeros fit their check as well as an entry does. */
static int meet(pd_session_met_t *met, const pd_session_table_t *table)
{
    met->slot = &table->slots[met->number];
    met->state = LOAD(met->slot->state);
    if (LOAD(table->tags[met->number / WAYS].tag[met->number % WAYS]) == 0)
        return 0;
    met->used_at = LOAD(met->slot->used_at);
    met->noted_at = LOAD(met->slot->noted_at);
    return WRITER_OF(met->state) == 0 && copy_content(&met->entry, met->slot) &&
           LOAD(met->slot->state) == met->state;
}

int pd_session_table_next(pd_session_met_t *met, apr_size_t *at, const pd_session_table_t *table)
{
    apr_size_t end = pd_session_table_slots(table);
    while (*at < end) {
        if (*at % WAYS == 0 && is_empty(&table->tags[*at / WAYS])) {
            *at += WAYS;
            continue;
        }
        met->number = (*at)++;
        if (meet(met, table))
            return 1;
    }
    return 0;
}

void pd_session_table_noted(const pd_session_met_t *met)
{
    apr_time_t noted_at = met->noted_at;
    if (LOAD(met->slot->state) == met->state)
        (void)SWAP(met->slot->noted_at, &noted_at, met->used_at);
}

void pd_session_table_clear(pd_session_table_t *table, const pd_session_met_t *met)
{
    static const apr_uint64_t no_key[KEY_WORDS];
    static const pd_session_entry_t nothing;
    apr_uint64_t state = met->state;
    if (!SWAP(met->slot->state, &state, STATE(TURN_OF(state) + 1, table->process)))
        return;
    STORE(table->tags[met->number / WAYS].tag[met->number % WAYS], 0);
    write_slot(met->slot, no_key, &nothing);
    finish(met->slot);
}
