/* Pages that are the same for everybody, ready to be sent: rendered and compressed once, kept in
 * the memory of each process until what they show changes.
 *
 *   path, language -> the bytes in every coding, their ETags
 *                     tick          of documents (pd_coherence.h), as it was before the reading
 *                     from, until   the instants between which the page reads as it does
 *
 * At most PD_READY_PAGES of at most PD_READY_BYTES_MAX each; the one least recently used makes
 * room, what is in force last. A page is immutable and counted: it goes when the last answer that
 * sends it has gone, wherever that is. Nobody waits for a page to be made: one thread of a process
 * makes one at a time, and others who miss one meanwhile answer for themselves, from the database.
 */
#ifndef PD_READY_H
#define PD_READY_H
#include "portal/pd_portal.h"
#include "text/pd_encoding.h"

#define PD_READY_PAGES     64
#define PD_READY_BYTES_MAX (256 * 1024)

/* The turn of one thread to make a page. All zeros: it has none. */
typedef struct pd_ready_turn_t {
    const pd_portal_t *portal;   /* NULL: it is not this thread's turn */
    const char *path, *language; /* borrowed */
    apr_int64_t tick;
    apr_time_t from, until; /* set by who reads the database; both 0: not to be kept */
    int in_force;           /* likewise */
    const char *about;      /* likewise: the text that the page shows, for a header; NULL: none */
} pd_ready_turn_t;

/* The store of a process; its pages go with `p`, but for those being sent. */
apr_status_t pd_ready_create(pd_ready_t **ready, apr_pool_t *p);

/* The page, and what was noted about it, if it is there and still good; then both stay until `p`
 * ends. NULL: to be made. Any thread. */
const pd_encoded_t *pd_ready_get(const char **about, const pd_portal_t *portal, const char *path,
                                 const char *language, apr_pool_t *p);

/* Before the database is asked: takes the turn, if it is nobody's. */
void pd_ready_begin(pd_ready_turn_t *turn, const pd_portal_t *portal, const char *path,
                    const char *language);

/* Keeps the page that was made in this turn, and ends it. The page as from pd_ready_get; NULL: it
 * is not kept, since it is nobody's turn, it is too big, or it may have changed meanwhile. */
const pd_encoded_t *pd_ready_keep(pd_ready_turn_t *turn, const char *bytes, apr_size_t length,
                                  apr_pool_t *p);

/* Ends a turn that brought no page. */
void pd_ready_end(pd_ready_turn_t *turn);

#endif
