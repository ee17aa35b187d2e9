/* What writing and verifying the journal share: the two keyed hashes of a chain. */
#ifndef PD_JOURNAL_INT_H
#define PD_JOURNAL_INT_H
#include "portal/pd_journal.h"

typedef struct pd_journal_row_t {
    apr_int64_t sequence, at;
    const char *event, *subject, *details; /* details sealed or "" */
    const char *chain;
} pd_journal_row_t;

/* The chain value of a row if it stood at `sequence` behind the head value `before`. */
const char *pd_journal_chain(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                             const pd_journal_row_t *row, const char *before, apr_pool_t *p);

/* The head value when the row of this number and chain value is the last ("" for number 0). */
const char *pd_journal_link(const pd_keyring_t *keys, const char *host, apr_int64_t sequence,
                            const char *chain, apr_pool_t *p);

/* A kept head line, "HOST SEQUENCE HEAD"; the host's name may hold spaces. APR_EINVAL: it is none.
 */
apr_status_t pd_journal_anchor_read(const char **host, apr_int64_t *sequence, const char **head,
                                    const char *anchor, apr_pool_t *p);

#endif
