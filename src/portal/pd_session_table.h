/* Sessions in shared memory: fixed slots, read without a lock by every process of the host
 * (DESIGN 5.2). The table only shortens: what is not found here is asked of the database.
 *
 *   | tags of set 0 | tags of set 1 | ... | set 0: 8 slots | set 1: 8 slots | ...
 *
 *   slot:  state   64 bits: turn (32) | process that writes (32), 0: nobody, readable
 *          used_at, noted_at    instants; words of their own, written by readers
 *          key     hash of the token, 32 bytes
 *          check   of key and content
 *          content limits, facts, texts
 *
 * Reading: state, content, state again; another turn or a writer means "not found". Writing: the
 * state goes from (turn, 0) to (turn + 1, me) by one compare-and-swap, content, then (turn + 2, 0).
 * Nobody ever waits: who finds a writer at work takes another slot. A slot whose writer died is
 * taken over; one whose writer sleeps is left to it, since it may wake. A key has two sets, so that
 * sets fill evenly; when both are full, the slot used longest ago makes room.
 *
 * The memory may be written by any child: lengths and texts are checked at each reading, and a slot
 * that doesn't fit its check is not found. Any thread. */
#ifndef PD_SESSION_TABLE_H
#define PD_SESSION_TABLE_H
#include <apr_pools.h>
#include <apr_time.h>

#define PD_SESSION_KEY_BYTES  32
#define PD_SESSION_TEXT_BYTES 376

/* In slots and in the hands of readers: no pointers. */
typedef struct pd_session_entry_t {
    apr_int64_t tick; /* of pd_coherence, at which it was read */
    apr_time_t created_at, authenticated_at, mfa_at, expires_at, facts_until;
    apr_int64_t policy_version;
    apr_uint32_t bucket;     /* of the person, for pd_coherence */
    apr_uint16_t texts;      /* how many, one behind the other, each ends in zero */
    apr_uint16_t text_bytes; /* of them all; what lies behind is not kept */
    char text[PD_SESSION_TEXT_BYTES];
} pd_session_entry_t;

/* Changes with the layout: modules of different shapes never share a table. */
#define PD_SESSION_TABLE_SHAPE "-1"

typedef struct pd_session_table_t pd_session_table_t;

/* Where an entry was found: good for pd_session_table_touch only. */
typedef struct pd_session_slot_t pd_session_slot_t;

/* A use that the database does not know of. */
typedef struct pd_session_use_t {
    char token_hash[44]; /* the entry's first text */
    apr_time_t used_at;
} pd_session_use_t;

#define PD_SESSION_TABLE_BYTES_MIN (256 * 1024)

/* A view of `n_bytes` of shared memory that began as zeros. Make it after fork, in each process:
 * the view knows the process. */
apr_status_t pd_session_table_attach(pd_session_table_t **table, void *memory, apr_size_t n_bytes,
                                     apr_pool_t *p);

/* How many sessions fit. */
apr_size_t pd_session_table_slots(const pd_session_table_t *table);

/* Copies the entry of a key. `used_at` is its last use; `slot` where it is. Gives 0 when there is
 * none. */
int pd_session_table_get(pd_session_entry_t *entry, apr_time_t *used_at, pd_session_slot_t **slot,
                         const pd_session_table_t *table,
                         const unsigned char key[PD_SESSION_KEY_BYTES]);

/* Notes a use, at most one in this time: instants that lie nearer are as good as one. */
#define PD_SESSION_TOUCH_EVERY apr_time_from_sec(1)
void pd_session_table_touch(pd_session_slot_t *slot, apr_time_t now);

/* Puts an entry in, used at `used_at`, of which the database knows `noted_at`. `evicted->used_at`
 * is set, else 0, when another one made room whose last use the database does not know. Gives 0
 * when every slot it could have is being written. */
int pd_session_table_put(pd_session_use_t *evicted, pd_session_table_t *table,
                         const unsigned char key[PD_SESSION_KEY_BYTES],
                         const pd_session_entry_t *entry, apr_time_t used_at, apr_time_t noted_at);

/* An entry met on a walk through all. */
typedef struct pd_session_met_t {
    pd_session_entry_t entry;
    apr_time_t used_at, noted_at;
    pd_session_slot_t *slot;
    apr_size_t number; /* of the slot */
    apr_uint64_t state;
} pd_session_met_t;

/* The next entry from slot `*at` on, which goes on; 0 at the end. One that is being written is
 * passed over. */
int pd_session_table_next(pd_session_met_t *met, apr_size_t *at, const pd_session_table_t *table);

/* The database knows of the use met. */
void pd_session_table_noted(const pd_session_met_t *met);

/* Wipes the entry met, if it still stands there. */
void pd_session_table_clear(pd_session_table_t *table, const pd_session_met_t *met);

#endif
