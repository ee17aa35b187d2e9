/* What changing an e-mail address and bringing it back share. */
#ifndef PD_EMAIL_INT_H
#define PD_EMAIL_INT_H
#include "portal/pd_person.h"

/* Inside a transaction that holds the name `lookup`: the address becomes the person's, and his
 * other one is given up, reserved for him as long as a link may bring it back. `email` is sealed.
 * `moved` 0: it is somebody's, or the person isn't active. */
apr_status_t pd_email_move(int *moved, pd_conn_t *conn, const pd_person_t *person,
                           const char *email, const char *lookup, int already_own, apr_pool_t *p);

/* The name to hold for an address, with others who want the same mailbox. */
const char *pd_email_lookup(const pd_portal_t *portal, const char *address, apr_pool_t *p);

/* Inside a transaction: what waits for a code waits no longer. */
apr_status_t pd_email_change_drop(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* pd_email_restore.c: keeps the person's present address, and writes a letter to it with the link
 * that brings it back. */
apr_status_t pd_email_keep_former(pd_conn_t *conn, const pd_portal_t *portal,
                                  const pd_person_t *person, apr_pool_t *p);

#endif
