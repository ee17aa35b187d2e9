/* Browsers in which a person has signed in (F11): known by the browser id of the form cookie, kept
 * for as long as that cookie lives. */
#ifndef PD_DEVICE_H
#define PD_DEVICE_H
#include "portal/pd_portal.h"

/* After the last sign-in. The form cookie says the same. */
#define PD_DEVICE_DAYS 180

/* Who is called so, if he has signed in in this browser: `lookup` and its kind as of
 * pd_person_lookup_of, `browser` the id or NULL. APR_ENOENT: nobody, or not here; the same work. */
apr_status_t pd_device_find(const char **person_id, const pd_portal_t *portal, const char *kind,
                            const char *lookup, const char *browser, apr_pool_t *p);

/* Inside the transaction of a sign-in. */
apr_status_t pd_device_note(pd_conn_t *conn, const char *person_id, const char *browser,
                            apr_pool_t *p);

/* Forgets every browser of a person: a password was set anew, and who used the old one may still
 * have his. */
apr_status_t pd_device_forget(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Removes those whose time is over. */
apr_status_t pd_device_expire(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p);

#endif
