/* Notice of a coming change (F31; seed 9.2): a material version of the policy that was published
 * ahead of its time is announced to everybody. A banner stands on the pages at once
 * (pd_acknowledge_coming); who signed in within a year gets a letter; each person who got none sees
 * a page of its own at the next sign-in. Once per person and version: table told. Editorial
 * versions are not announced. */
#ifndef PD_COMING_H
#define PD_COMING_H
#include "portal/pd_portal.h"

/* Inside the transaction that publishes the version. */
apr_status_t pd_coming_announce(pd_conn_t *conn, apr_int64_t version, apr_pool_t *p);

typedef struct pd_coming_t {
    apr_int64_t version;
    apr_time_t effective_at;
} pd_coming_t;

/* The next material version that a person has not acknowledged ahead of its time. APR_ENOENT: none.
 */
apr_status_t pd_coming_next(pd_coming_t *coming, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p);

/* Is a person who just signed in, with the second factor where there is one, to be shown an
 * announcement? Noted as told at once, whatever becomes of the page: so it comes once, and never in
 * a circle. */
apr_status_t pd_coming_tell(int *due, const pd_portal_t *portal, const char *person_id,
                            apr_pool_t *p);

/* Writes the letters of one announcement to the next `limit` people: `done` counts letters, `seen`
 * tells whether there was work; 0: nothing is left for now. A killed run is taken up where it was,
 * and of two at once one goes on. While many letters wait for delivery none are added, so that no
 * announcement stands in the way of a letter that somebody waits for. */
apr_status_t pd_coming_write(int *done, int *seen, const pd_portal_t *portal, int limit,
                             apr_pool_t *p);

/* Inside the transaction that gives up a letter, of whatever kind, that was written at
 * `written_at`: whom an announcement has not reached is not told of it, and sees the page. */
apr_status_t pd_coming_undelivered(pd_conn_t *conn, const char *kind, const char *person_id,
                                   apr_time_t written_at, apr_pool_t *p);

#endif
