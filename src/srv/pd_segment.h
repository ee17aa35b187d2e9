/* Shared memory that outlives graceful restarts: made by the parent, inherited by its children of
 * all generations, gone with the parent. The parent never reads it, and keeps its size in memory of
 * its own, since children may write it (RELIABILITY rule 5). */
#ifndef PD_SEGMENT_H
#define PD_SEGMENT_H
#include <apr_pools.h>

/* The segment of a name and size: the one of the generation before, or a new one, all zeros. One of
 * the same name and another size is left to the older generations. `retires`: the first 32 bits of
 * one that is let go are set to 1, whatever is in it, so that older generations know. Call in
 * post_config. */
apr_status_t pd_segment_get(void **memory, const char *name, apr_size_t n_bytes, int retires);

/* After the last pd_segment_get of a post_config: lets go of those that nobody asked for. */
void pd_segment_sweep(void);

#endif
