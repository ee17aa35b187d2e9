/* The list of segments hangs in httpd's retained data, which survives that the module itself is
 * unloaded and loaded anew. Its shape is part of that: a changed one gets a new KEY. */
#include "srv/pd_segment.h"
#include <apr_strings.h>
#include <errno.h>
#include <httpd.h>
#include <http_config.h>
#include <http_main.h>
#include <sys/mman.h>

#define KEY "pdportal-segments-1"

typedef struct segment_t {
    struct segment_t *next;
    char *name; /* of the process's pool, as all of this */
    void *memory;
    apr_size_t n_bytes;
    int asked;
    int retires;
} segment_t;

typedef struct list_t {
    segment_t *first;
} list_t;

static list_t *list(void)
{
    list_t *kept = ap_retained_data_get(KEY);
    return kept ? kept : ap_retained_data_create(KEY, sizeof(list_t));
}

static segment_t *find(list_t *all, const char *name)
{
    for (segment_t *segment = all->first; segment != NULL; segment = segment->next) {
        if (strcmp(segment->name, name) == 0) {
            return segment;
        }
    }
    return NULL;
}

/* Records are used again, so that reloads don't grow the pool. */
static segment_t *add(list_t *all, const char *name)
{
    segment_t *segment = apr_pcalloc(ap_pglobal, sizeof(*segment));
    segment->name = apr_pstrdup(ap_pglobal, name);
    segment->next = all->first;
    all->first = segment;
    return segment;
}

static void let_go(segment_t *segment)
{
    if (segment->memory != NULL) {
        if (segment->retires) {
            __atomic_store_n((apr_uint32_t *)segment->memory, 1, __ATOMIC_SEQ_CST);
        }
        munmap(segment->memory, segment->n_bytes);
        segment->memory = NULL;
    }
}

apr_status_t pd_segment_get(void **memory, const char *name, apr_size_t n_bytes, int retires)
{
    list_t *all = list();
    segment_t *segment = find(all, name);
    if (segment == NULL) {
        segment = add(all, name);
    }
    if (segment->memory != NULL && segment->n_bytes != n_bytes) {
        let_go(segment);
    }
    if (segment->memory == NULL) {
        /* Without a promise of memory: what is never used is never taken. */
        void *made = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made == MAP_FAILED) {
            return APR_FROM_OS_ERROR(errno);
        }
        segment->memory = made;
        segment->n_bytes = n_bytes;
    }
    segment->asked = 1;
    segment->retires = retires;
    *memory = segment->memory;
    return APR_SUCCESS;
}

void pd_segment_sweep(void)
{
    for (segment_t *segment = list()->first; segment != NULL; segment = segment->next) {
        if (!segment->asked) {
            let_go(segment);
        }
        segment->asked = 0;
    }
}
