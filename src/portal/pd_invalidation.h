/* What caches outside the database must hear of. A change writes one numbered row in its own
 * transaction; each host reads the rows that are new to it, and what it keeps of the subject is
 * asked of the database anew. That the caches are told at once is the database room's work
 * (pd_db_on_commit), so that no duty can forget it. Source: DESIGN 5.2. */
#ifndef PD_INVALIDATION_H
#define PD_INVALIDATION_H
#include "portal/pd_portal.h"

typedef enum {
    PD_INVALID_PERSON,    /* a session ended, state, roles, consents, generation */
    PD_INVALID_EVERYBODY, /* all sessions */
    PD_INVALID_DOCUMENTS  /* a version was published */
} pd_invalid_e;

/* Inside the transaction of the change: after its other rows and before its journal row, since on
 * PostgreSQL the head stays locked until the end. `subject`: a person's id, or "". */
apr_status_t pd_invalidation_add(pd_conn_t *conn, pd_invalid_e kind, const char *subject,
                                 apr_pool_t *p);

typedef struct pd_invalidation_t {
    apr_int64_t number;
    pd_invalid_e kind;
    const char *subject;
} pd_invalidation_t;

/* What came after `known`, oldest first. `head` is the number of the newest row that ever was; when
 * fewer rows than `head` - `known` are given, the rest is gone or too many, and all that is kept
 * must be asked anew. */
apr_status_t pd_invalidation_read(apr_int64_t *head, apr_array_header_t **rows,
                                  const pd_portal_t *portal, apr_int64_t known, apr_pool_t *p);

/* Removes rows that every host has read long ago. */
apr_status_t pd_invalidation_expire(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p);

/* How the feed stands. */
typedef struct pd_invalidation_state_t {
    int has_head;         /* without its row no change is ever heard of */
    apr_time_t newest_at; /* of the newest row; 0: there is none */
} pd_invalidation_state_t;
apr_status_t pd_invalidation_look(pd_invalidation_state_t *state, const pd_portal_t *portal,
                                  apr_pool_t *p);

#endif
