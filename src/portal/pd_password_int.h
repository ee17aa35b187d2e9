/* What setting a password by a link, changing it, and making it void share. */
#ifndef PD_PASSWORD_INT_H
#define PD_PASSWORD_INT_H
#include "portal/pd_person_int.h"

/* The password that stands, for a comparison; `stored` NULL: there is none. */
typedef struct pd_standing_t {
    const char *stored; /* opened */
    int expired;        /* it has to be replaced by another one */
} pd_standing_t;
apr_status_t pd_password_standing(pd_standing_t *standing, const pd_portal_t *portal,
                                  const pd_person_t *person, apr_pool_t *p);

/* Inside a transaction: all links of the person to a password are void. */
apr_status_t pd_password_void_links(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Fewest characters of a person's password: staff needs more (F12). */
apr_status_t pd_password_least(apr_int64_t *min_chars, const pd_portal_t *portal,
                               const char *person_id, apr_pool_t *p);

/* In one place of the hashing gate: is it the password that stands (`same`; `but` NULL: whatever)?
 * Else `secret` is its sealed hash. PD_EBUSY: no place in time. */
apr_status_t pd_password_hash_but(int *same, const char **secret, const pd_portal_t *portal,
                                  const pd_person_t *person, const char *password, const char *but,
                                  apr_pool_t *p);

/* Inside a transaction: the new hash in the place of the old one, or the first; it is good again.
 * After the sessions: a sign-in takes them in this order too. */
apr_status_t pd_password_store(pd_conn_t *conn, const char *person_id, const char *secret,
                               apr_pool_t *p);

#endif
