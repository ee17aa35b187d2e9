/* A bell: one counter in a small file that programs of one host share, so that pdportalctl is heard
 * by every process of httpd at once. Who hears it looks into the database; nothing else can be said
 * by it, so that whoever may write the file can at most make us look.
 *
 *   | "pdbell1\n" | count, 64 bits |      the shape never changes: old and new modules share it */
#ifndef PD_BELL_H
#define PD_BELL_H
#include <apr_pools.h>

typedef struct pd_bell_t pd_bell_t;

/* Opens the bell at `path`; `make`: and makes it, mode 0600, where there is none. APR_ENOENT: none
 * is there. APR_EACCES: it is a stranger's, or others may write it. Unmapped with `p`. */
apr_status_t pd_bell_open(pd_bell_t **bell, const char *path, int make, apr_pool_t *p);

/* Whoever makes the bell at its opening, as each process of httpd does, holds it until `p` ends,
 * and the kernel lets go when it is killed. This takes it for one alone, until `p` ends: whoever
 * makes the bell at its opening waits so long. Makes one where there is none, so that there is
 * something to hold. PD_EBUSY: somebody holds it. */
apr_status_t pd_bell_take(const char *path, apr_pool_t *p);

/* Any thread. */
void pd_bell_ring(pd_bell_t *bell);
apr_uint64_t pd_bell_count(const pd_bell_t *bell);

#endif
