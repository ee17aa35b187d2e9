/* Staff accounts: persons with a role, made by an administrator. A new one has no password: a
 * one-time link lets the person set it, and until then nobody can sign in and no page knows the
 * person. The administrator vouches for the mailbox; he may know whose a login or an e-mail is. */
#ifndef PD_STAFF_H
#define PD_STAFF_H
#include "portal/pd_portal.h"

typedef struct pd_staff_order_t {
    const char *login, *email; /* as typed */
    const char *role;
    const char *language; /* of a new person; one of pd_languages */
    const char *by;       /* a person's id, or PD_ROLE_BY_PROGRAM */
    int link;             /* wanted also for somebody who has a password */
} pd_staff_order_t;

typedef enum {
    PD_STAFF_DONE = 0,
    PD_STAFF_MISTAKE,     /* `mistake`: "login_short", "email_bad", ..., "role_bad" */
    PD_STAFF_LOGIN_TAKEN, /* and the e-mail is not that person's */
    PD_STAFF_EMAIL_TAKEN, /* and the login is not that person's */
    PD_STAFF_BARRED       /* both are one person's, who isn't active */
} pd_staff_e;

typedef struct pd_staff_result_t {
    pd_staff_e outcome;
    const char *mistake;
    /* for DONE */
    const char *person_id, *login;
    int added;        /* the person is new */
    int appointed;    /* 0: had the role already */
    const char *link; /* the whole URL; NULL: none was made */
    apr_time_t link_until;
} pd_staff_result_t;

/* Makes a person with the role, or gives the role to the one whose login and e-mail these are. One
 * transaction: person, names, link, role, journal. */
apr_status_t pd_staff_add(pd_staff_result_t *result, const pd_portal_t *portal,
                          const pd_staff_order_t *order, apr_pool_t *p);

typedef struct pd_staff_t {
    const char *person_id, *login; /* opened */
    const char *state;
    const char *role;
    apr_time_t since, until;
    const char *appointed_by;
} pd_staff_t;

/* Every role in force of everybody, as pd_staff_t. */
apr_status_t pd_staff_list(apr_array_header_t **staff, const pd_portal_t *portal, apr_pool_t *p);

#endif
