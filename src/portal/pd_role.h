/* Roles (F51): appointed staff rights, from, to, by whom. A role is a word; the site's Require
 * rules and the portal's own pages give it a meaning. One row per person and role keeps the last
 * appointment; the journal keeps all. */
#ifndef PD_ROLE_H
#define PD_ROLE_H
#include "portal/pd_person.h"

/* Who appoints when no person of the portal does. */
#define PD_ROLE_BY_PROGRAM "pdportalctl"

/* The words that the portal's own pages for staff know. */
#define PD_ROLE_EDITOR        "editor"        /* documents */
#define PD_ROLE_ADMINISTRATOR "administrator" /* everything */

/* [a-z][a-z0-9-]{1,31} */
int pd_role_wellformed(const char *role);

typedef struct pd_appointment_t {
    const char *person_id;
    const pd_datakey_t *key; /* the person's */
    const char *role;        /* well formed */
    const char *by;          /* a person's id, or PD_ROLE_BY_PROGRAM */
} pd_appointment_t;

/* Last rows of a transaction: the role without an end, what caches must hear, the journal.
 * `changed` 0: the person has it so already, nothing was written. */
apr_status_t pd_role_appoint(int *changed, pd_conn_t *conn, const pd_portal_t *portal,
                             const pd_appointment_t *appointment, apr_pool_t *p);

/* Ends the role now, in a transaction of its own; where the account stood on it alone, what follows
 * from the consent that was taken back begins. `changed` 0: the person doesn't have it. */
apr_status_t pd_role_dismiss(int *changed, const pd_portal_t *portal,
                             const pd_appointment_t *appointment, apr_pool_t *p);

/* Does the person hold any role now? Within a transaction. */
apr_status_t pd_role_held(int *held, pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* The same outside of one. */
apr_status_t pd_role_held_now(int *held, const pd_portal_t *portal, const char *person_id,
                              apr_pool_t *p);

typedef struct pd_role_t {
    const char *role;
    apr_time_t since, until; /* until 0: open */
    const char *appointed_by;
} pd_role_t;

/* The roles of a person in force now, as pd_role_t, by name. */
apr_status_t pd_role_list(apr_array_header_t **roles, const pd_portal_t *portal,
                          const char *person_id, apr_pool_t *p);

#endif
