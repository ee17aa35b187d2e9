/* A person's notices as the person reads them (F48). Nobody else sees any; an id of somebody
 * else's is as unknown as a made-up one. */
#ifndef PD_INBOX_H
#define PD_INBOX_H
#include "portal/pd_notice.h"

typedef struct pd_inbox_notice_t {
    const char *id; /* newer ones have greater ids */
    const pd_notice_kind_t *kind;
    apr_time_t at;
    int is_read;
    const apr_table_t *values; /* opened */
} pd_inbox_notice_t;

/* Where a page of the list begins: behind this notice. Unread ones come first, then those that were
 * read, each newest first. */
typedef struct pd_inbox_place_t {
    int in_read;        /* among those that were read */
    const char *before; /* its id; NULL: from the newest on */
} pd_inbox_place_t;

/* At most `limit` as pd_inbox_notice_t. */
apr_status_t pd_inbox_list(apr_array_header_t **notices, const pd_portal_t *portal,
                           const char *person_id, const pd_inbox_place_t *from, int limit,
                           apr_pool_t *p);

/* How many are unread, counted up to PD_INBOX_COUNT_MAX. */
#define PD_INBOX_COUNT_MAX 100
apr_status_t pd_inbox_count(int *unread, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p);

/* One of them. APR_ENOENT: the person has no such. */
apr_status_t pd_inbox_get(pd_inbox_notice_t *notice, const pd_portal_t *portal,
                          const char *person_id, const char *id, apr_pool_t *p);

/* Marks one as read; that it was so already is no error. APR_ENOENT: the person has no such. */
apr_status_t pd_inbox_read(const pd_portal_t *portal, const char *person_id, const char *id,
                           apr_pool_t *p);

/* Marks all as read up to the one of this id: what came after it has not been shown. */
apr_status_t pd_inbox_read_all(const pd_portal_t *portal, const char *person_id, const char *newest,
                               apr_pool_t *p);

/* Removes one for ever. APR_ENOENT: the person has no such (any more). */
apr_status_t pd_inbox_delete(const pd_portal_t *portal, const char *person_id, const char *id,
                             apr_pool_t *p);

/* Removes those older than `age`, read or not; at most `limit` in one transaction. */
apr_status_t pd_inbox_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                             int limit, apr_pool_t *p);

#endif
