/* What writing, cutting and verifying the journal share: the keyed hashes of a chain, where it
 * begins, and the walk along it. */
#ifndef PD_JOURNAL_INT_H
#define PD_JOURNAL_INT_H
#include "portal/pd_journal.h"

typedef struct pd_journal_row_t {
    apr_int64_t sequence, at;
    const char *event, *subject, *details; /* details sealed or "" */
    const char *chain;
} pd_journal_row_t;

/* Columns of a row, and the row of a result that has them in this order. */
#define PD_JOURNAL_COLUMNS "sequence, at, event, subject, details, chain"
#define PD_JOURNAL_TYPES   "iissss"
pd_journal_row_t pd_journal_row(const pd_cell_t *cell);

/* The chain value of a row if it stood at `sequence` behind the head value `before`. */
const char *pd_journal_chain(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                             const pd_journal_row_t *row, const char *before, apr_pool_t *p);

/* The head value when the row of this number and chain value is the last ("" for number 0). */
const char *pd_journal_link(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                            const char *chain, apr_pool_t *p);

/* Where a chain begins (pd_journal_start.c). */
typedef struct pd_journal_start_t {
    apr_int64_t sequence; /* the last row that was removed; 0: none was */
    apr_int64_t told;     /* up to which a row of the journal says so */
    apr_time_t cut_at;
    const char *link; /* head value behind `sequence` */
    int genuine;      /* made with the key */
} pd_journal_start_t;

apr_status_t pd_journal_start_read(pd_journal_start_t *start, const pd_portal_t *portal,
                                   const char *host, apr_pool_t *p);

/* The same inside a transaction, until whose end nobody else moves it. */
apr_status_t pd_journal_start_hold(pd_journal_start_t *start, pd_conn_t *conn,
                                   const pd_portal_t *portal, const char *host, apr_pool_t *p);
apr_status_t pd_journal_start_put(pd_conn_t *conn, const pd_portal_t *portal, const char *host,
                                  const pd_journal_start_t *start, apr_pool_t *p);

/* The next host behind `host` that has a head, "" for the first; NULL at the end. */
apr_status_t pd_journal_next_chain(const char **host, const pd_portal_t *portal, apr_pool_t *p);

/* A kept head line, "HOST SEQUENCE HEAD"; the host's name may hold spaces. APR_EINVAL: it is none.
 */
apr_status_t pd_journal_anchor_read(const char **host, apr_int64_t *sequence, const char **head,
                                    const char *anchor, apr_pool_t *p);

/* A head that was kept elsewhere, and what became of it. */
typedef struct pd_journal_anchor_t {
    const char *host; /* "" when there is none */
    apr_int64_t sequence;
    const char *head;
    int seen;             /* its chain was met */
    apr_int64_t cut_upto; /* the chain has begun behind it: the last row removed; else 0 */
} pd_journal_anchor_t;

/* Walks one chain to its end or its first fault (pd_journal_walk.c), for pd_journal_verify. */
apr_status_t pd_journal_walk(pd_journal_report_t *report, const pd_portal_t *portal,
                             const char *host, pd_journal_anchor_t *anchor, apr_pool_t *p);

#endif
