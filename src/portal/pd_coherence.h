/* Coherence of what processes keep in memory with the database (DESIGN 5.2).
 *
 * One small block in shared memory per portal. Changes are counted by ticks of this host; whatever
 * is kept remembers the tick it was read at, and is stale as soon as its subject's tick is later:
 *
 *   wanted ----- rung by who changed something    (also through the bell, by other programs)
 *   heard  ----- the `wanted` up to which the database was read; equal: we are up to date
 *   read_at ---- when it was read; older than PDPortalSessionRecheck: read again (other hosts)
 *   number ----- the last row of invalidation that was applied
 *   tick ------- grows with every row applied
 *   everybody, documents, person[hash of id] ---- the tick of their last change
 *
 * Whoever finds `heard` behind `wanted`, or `read_at` too old, reads the new rows himself before he
 * trusts anything; half way to too old, one request reads ahead, so that the others need not wait.
 * There is no lock: every word is atomic, a process that dies at any point leaves at worst a
 * repeated reading, which makes things stale that were not. People of one bucket are stale
 * together.
 *
 * The first 32 bits of the block are 0, and 1 when a newer module, with a block of another shape,
 * has taken its place: then nothing that is kept counts, and the database is asked each time. */
#ifndef PD_COHERENCE_H
#define PD_COHERENCE_H
#include "base/pd_bell.h"
#include "portal/pd_portal.h"

typedef struct pd_coherence_shared_t pd_coherence_shared_t;

/* Changes with the layout: modules of different shapes never share a block. */
#define PD_COHERENCE_SHAPE "-1"

/* What the block takes; a mapping that is all zeros is a good one. */
apr_size_t pd_coherence_bytes(void);

/* A process's view of the block `shared`. `bell` may be NULL. Lives as long as `p`. */
apr_status_t pd_coherence_attach(pd_coherence_t **coherence, void *shared, pd_bell_t *bell,
                                 apr_pool_t *p);

/* Where the bell of a portal's database lies on this host. */
const char *pd_coherence_bell_path(const pd_settings_t *settings, const pd_keyring_t *keys,
                                   apr_pool_t *p);

/* Something was committed: everybody on this host has to look before he trusts anything. */
void pd_coherence_ring(pd_coherence_t *coherence);

/* Brings the block up to date where it is not. Anything but success: it can't be known what
 * changed, so that nothing that is kept may be used. With recheck 0 it reads at each call. */
apr_status_t pd_coherence_refresh(const pd_portal_t *portal, apr_pool_t *p);

/* The tick to remember with what is read from the database after this call. */
apr_int64_t pd_coherence_tick(const pd_coherence_t *coherence);

/* Is what was read of a person at `tick` still good? After pd_coherence_refresh. */
int pd_coherence_person_good(const pd_coherence_t *coherence, apr_uint32_t bucket,
                             apr_int64_t tick);
apr_uint32_t pd_coherence_bucket(const char *person_id);

/* The same for documents of all kinds. */
int pd_coherence_documents_good(const pd_coherence_t *coherence, apr_int64_t tick);

#endif
