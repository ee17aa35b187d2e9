/* Which optional kinds of notices a person wants, and leaving their letters with one press
 * (F48; RFC 8058). */
#ifndef PD_NOTICE_SETTING_H
#define PD_NOTICE_SETTING_H
#include "portal/pd_guess.h"
#include "portal/pd_notice.h"

/* The bit of a kind in a set: its place in pd_notice_kinds. */
#define PD_NOTICE_BIT(i) ((apr_uint64_t)1 << (i))

/* The optional kinds that the person turned off. */
apr_status_t pd_notice_setting_get(apr_uint64_t *off, const pd_portal_t *portal,
                                   const char *person_id, apr_pool_t *p);

/* Has just these turned off; obligatory kinds are not looked at. Once nothing optional is wanted,
 * letters of it that wait are not sent any more. */
apr_status_t pd_notice_setting_put(const pd_portal_t *portal, const char *person_id,
                                   apr_uint64_t off, apr_pool_t *p);

/* Inside a transaction: does the person want any optional kind? Letters of them are sent on their
 * way only then, whatever was queued, or deferred, before. */
apr_status_t pd_notice_setting_wanted(int *wanted, pd_conn_t *conn, const char *person_id,
                                      apr_pool_t *p);

/* Inside the transaction that takes back the consent to optional kinds: destroys what was kept for
 * it alone, that is notices of these kinds, read or not, letters that told of them but for one just
 * being sent, and which kinds were turned off. */
apr_status_t pd_notice_setting_destroy(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* The address in an optional letter by which all optional kinds are turned off. Its token is the
 * sealed id of the person: it works as long as the keys do, since an old letter must be as easy to
 * leave as a new one; and it does nothing else. */
apr_status_t pd_unsubscribe_url(const char **url, const pd_portal_t *portal, const char *person_id,
                                apr_pool_t *p);

/* Turns off by such a token; `token` NULL or anything. Whether it was good is not told. What was
 * not is counted as a guess; `retry_after` > 0: nothing was looked at, for so many seconds. */
apr_status_t pd_unsubscribe(int *retry_after, const pd_portal_t *portal, const pd_client_t *client,
                            const char *token, apr_pool_t *p);

#endif
