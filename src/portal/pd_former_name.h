/* Names that a person gave up by a change (F14): a login stays reserved for 90 days, an e-mail
 * address as long as the link works that brings it back. Meanwhile nobody else can take it, it
 * signs nobody in, and its person may have it back by another change. So nobody is taken for
 * somebody else the day after, and bringing an address back never fails because another account has
 * it. */
#ifndef PD_FORMER_NAME_H
#define PD_FORMER_NAME_H
#include "portal/pd_portal.h"

#define PD_LOGIN_RESERVED_DAYS 90
#define PD_LOGIN_RESERVED      apr_time_from_sec((apr_int64_t)PD_LOGIN_RESERVED_DAYS * 24 * 3600)

/* Logins that one person may keep from others in this way. */
#define PD_LOGINS_RESERVED_MAX 5

/* Inside a transaction: all names of a kind ("login", "email") that the person has in use, but for
 * the one of this look-up, are given up and reserved until then. */
apr_status_t pd_former_name_keep(pd_conn_t *conn, const char *person_id, const char *kind,
                                 const char *but_lookup, apr_time_t until, apr_pool_t *p);

/* Inside a transaction: how many of a kind are reserved for the person. */
apr_status_t pd_former_name_count(int *count, pd_conn_t *conn, const char *person_id,
                                  const char *kind, apr_pool_t *p);

/* Frees those whose time is over. At most `limit` in one transaction. */
apr_status_t pd_former_name_expire(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p);

#endif
