/* The store of ready pages. The lock is held to find, swap and count, never while anything is
 * rendered, compressed, freed or asked of the database. */
#include "portal/pd_ready.h"
#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <string.h>
#include "base/pd_clock.h"
#include "portal/pd_coherence.h"

typedef struct page_t {
    pd_encoded_t encoded;
    apr_pool_t *pool; /* its own, with all of this */
    apr_uint32_t holders;
    apr_uint64_t used; /* under the store's lock */
    apr_uint32_t hash;
    const char *path, *language, *about;
    apr_int64_t tick;
    apr_time_t from, until;
    int in_force;
} page_t;

struct pd_ready_t {
    apr_thread_mutex_t *lock;
    int making;
    apr_uint64_t uses;
    page_t *pages[PD_READY_PAGES];
};

static void hold(page_t *page)
{
    apr_atomic_inc32(&page->holders);
}

static void let_go(page_t *page)
{
    if (page != NULL && apr_atomic_dec32(&page->holders) == 0) {
        apr_pool_destroy(page->pool);
    }
}

static apr_status_t on_end_of_answer(void *page)
{
    let_go(page);
    return APR_SUCCESS;
}

static apr_status_t on_end_of_store(void *store)
{
    pd_ready_t *ready = store;
    for (int i = 0; i < PD_READY_PAGES; i++) {
        let_go(ready->pages[i]);
        ready->pages[i] = NULL;
    }
    return APR_SUCCESS;
}

apr_status_t pd_ready_create(pd_ready_t **ready, apr_pool_t *p)
{
    *ready = apr_pcalloc(p, sizeof(**ready));
    apr_status_t rv = apr_thread_mutex_create(&(*ready)->lock, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, *ready, on_end_of_store, apr_pool_cleanup_null);
    }
    return rv;
}

/* FNV-1a, over the path and then the language. */
static apr_uint32_t hash_of(const char *path, const char *language)
{
    apr_uint32_t hash = 2166136261u;
    for (; *path != '\0'; path++) {
        hash = (hash ^ (unsigned char)*path) * 16777619u;
    }
    for (; *language != '\0'; language++) {
        hash = (hash ^ (unsigned char)*language) * 16777619u;
    }
    return hash;
}

static int is_page(const page_t *page, apr_uint32_t hash, const char *path, const char *language)
{
    return page != NULL && page->hash == hash && strcmp(page->path, path) == 0 &&
           strcmp(page->language, language) == 0;
}

/* The wall clock may go back too. */
static int is_good(const page_t *page, const pd_portal_t *portal, apr_time_t now)
{
    return now >= page->from && now < page->until &&
           pd_coherence_documents_good(portal->coherence, page->tick);
}

static page_t *find(pd_ready_t *ready, const char *path, const char *language)
{
    apr_uint32_t hash = hash_of(path, language);
    page_t *found = NULL;
    apr_thread_mutex_lock(ready->lock);
    for (int i = 0; i < PD_READY_PAGES && found == NULL; i++) {
        if (is_page(ready->pages[i], hash, path, language)) {
            found = ready->pages[i];
            found->used = ++ready->uses;
            hold(found);
        }
    }
    apr_thread_mutex_unlock(ready->lock);
    return found;
}

const pd_encoded_t *pd_ready_get(const char **about, const pd_portal_t *portal, const char *path,
                                 const char *language, apr_pool_t *p)
{
    if (portal->ready == NULL || pd_coherence_refresh(portal, p) != APR_SUCCESS) {
        return NULL;
    }
    page_t *page = find(portal->ready, path, language);
    if (page == NULL || !is_good(page, portal, pd_clock_now())) {
        let_go(page);
        return NULL;
    }
    apr_pool_cleanup_register(p, page, on_end_of_answer, apr_pool_cleanup_null);
    *about = page->about;
    return &page->encoded;
}

void pd_ready_begin(pd_ready_turn_t *turn, const pd_portal_t *portal, const char *path,
                    const char *language)
{
    pd_ready_t *ready = portal->ready;
    *turn = (pd_ready_turn_t){.path = path, .language = language};
    if (ready == NULL) {
        return;
    }
    apr_thread_mutex_lock(ready->lock);
    int is_ours = !ready->making;
    ready->making = 1;
    apr_thread_mutex_unlock(ready->lock);
    if (is_ours) {
        turn->portal = portal;
        turn->tick = pd_coherence_tick(portal->coherence);
    }
}

void pd_ready_end(pd_ready_turn_t *turn)
{
    if (turn->portal != NULL) {
        pd_ready_t *ready = turn->portal->ready;
        apr_thread_mutex_lock(ready->lock);
        ready->making = 0;
        apr_thread_mutex_unlock(ready->lock);
        turn->portal = NULL;
    }
}

/* A pool that shares nothing with others, so that its memory goes back when it ends. */
static apr_pool_t *make_pool(apr_pool_t *like)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;
    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (apr_pool_create_unmanaged_ex(&pool, apr_pool_abort_get(like), allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

/* Held by its maker. NULL: no memory. */
static page_t *make_page(const pd_ready_turn_t *turn, const char *bytes, apr_size_t length,
                         apr_pool_t *ptemp)
{
    apr_pool_t *pool = make_pool(ptemp);
    if (pool == NULL) {
        return NULL;
    }
    page_t *page = apr_pcalloc(pool, sizeof(*page));
    const char *copy = apr_pmemdup(pool, bytes, length);
    page->pool = pool;
    page->holders = 1;
    page->path = apr_pstrdup(pool, turn->path);
    page->language = apr_pstrdup(pool, turn->language);
    page->about = apr_pstrdup(pool, turn->about);
    page->hash = hash_of(page->path, page->language);
    page->tick = turn->tick;
    page->from = turn->from;
    page->until = turn->until;
    page->in_force = turn->in_force;
    /* Who walks through all the old versions must not keep a processor busy. */
    pd_encoding_effort_e effort = turn->in_force ? PD_ENCODING_THOROUGH : PD_ENCODING_QUICK;
    if (pd_encoding_make(&page->encoded, copy, length, effort, pool, ptemp) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    return page;
}

/* What has the least worth goes first: nothing, what is no good any more, what is not in force. */
static int worth(const page_t *page, const pd_portal_t *portal, apr_time_t now)
{
    return page == NULL ? 0 : !is_good(page, portal, now) ? 1 : 2 + page->in_force;
}

/* The place of a new page: that of the older one of the same name, else that of the least worth.
 * Under the lock. */
static page_t **place_for(const page_t *page, const pd_portal_t *portal, apr_time_t now)
{
    page_t **pages = portal->ready->pages, **place = NULL;
    int least = 0;
    for (int i = 0; i < PD_READY_PAGES; i++) {
        if (is_page(pages[i], page->hash, page->path, page->language)) {
            return &pages[i];
        }
        int value = worth(pages[i], portal, now);
        if (place == NULL || value < least ||
            (value == least && value > 0 && pages[i]->used < (*place)->used)) {
            place = &pages[i];
            least = value;
        }
    }
    return place;
}

static void put(page_t *page, const pd_portal_t *portal, apr_time_t now)
{
    pd_ready_t *ready = portal->ready;
    apr_thread_mutex_lock(ready->lock);
    page_t **place = place_for(page, portal, now), *old = *place;
    page->used = ++ready->uses;
    hold(page);
    *place = page;
    apr_thread_mutex_unlock(ready->lock);
    let_go(old);
}

const pd_encoded_t *pd_ready_keep(pd_ready_turn_t *turn, const char *bytes, apr_size_t length,
                                  apr_pool_t *p)
{
    const pd_portal_t *portal = turn->portal;
    apr_time_t now = pd_clock_now();
    page_t *page = NULL;
    /* The clock is looked at several times while a page is made: across an instant, a part of it
     * may be of before. */
    if (portal != NULL && length <= PD_READY_BYTES_MAX && now >= turn->from && now < turn->until) {
        page = make_page(turn, bytes, length, p);
    }
    if (page != NULL) {
        put(page, portal, now);
        apr_pool_cleanup_register(p, page, on_end_of_answer, apr_pool_cleanup_null);
    }
    pd_ready_end(turn);
    return page ? &page->encoded : NULL;
}
