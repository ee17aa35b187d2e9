/* Notices: messages that a person reads on the portal (F48; seed 4.1.3, 4.1.4). Their words come
 * from templates when they are read, in the language of the page; what is stored are the values of
 * these, sealed under the person's key.
 *
 * A kind is obligatory, or optional: then it needs the consent "notices" and can be turned off by
 * itself (pd_notice_setting.h). Of some kinds a letter goes too, which says no more than that there
 * is a new message: the mere account is sensitive. One letter stands for all that come until the
 * person reads them. */
#ifndef PD_NOTICE_H
#define PD_NOTICE_H
#include <apr_tables.h>
#include "portal/pd_purpose.h"

/* The kind of document that optional kinds need a consent to. */
#define PD_NOTICE_CONSENT "notices"

/* The longest letter-free time: what comes later than that after an unread letter gets another. */
#define PD_NOTICE_BURST apr_time_from_sec((apr_int64_t)7 * 24 * 3600)

typedef enum {
    PD_NOTICE_OF_EVENT, /* the portal writes it where something was done */
    PD_NOTICE_TO_ONE,   /* the administration writes it to one person */
    PD_NOTICE_TO_MANY   /* or to everybody who agreed */
} pd_notice_from_e;

typedef struct pd_notice_kind_t {
    const char *id;      /* "login-changed": templates know it as kind_login_changed */
    const char *purpose; /* of the register */
    const char *consent; /* optional: the consent it needs; NULL: obligatory */
    pd_basis_e basis;
    pd_notice_from_e from;
    const char *letter; /* the letter that tells of it; NULL: none, or the event has its own */
} pd_notice_kind_t;

/* Ended by id NULL. */
extern const pd_notice_kind_t pd_notice_kinds[];

/* NULL: no such kind. */
const pd_notice_kind_t *pd_notice_kind_find(const char *id);

/* Does the person want an optional kind: the consent stands, and it was not turned off? Obligatory
 * ones are always wanted. Inside a transaction. */
apr_status_t pd_notice_wanted(int *wanted, pd_conn_t *conn, const pd_portal_t *portal,
                              const char *person_id, const pd_notice_kind_t *kind, apr_pool_t *p);

/* Inside the transaction of what it tells of, before its journal row: a notice, and the letter of
 * its kind. `values` are texts by name for the template; a text that differs by language stands as
 * NAME_ru and NAME_en; NULL: none. Nothing is written where the purpose doesn't allow it now, or
 * the person doesn't want it. APR_EINVAL: no such kind. */
apr_status_t pd_notice_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                           const char *kind, const apr_table_t *values, apr_pool_t *p);

/* The same; `taken` says whether it was written. */
apr_status_t pd_notice_offer(int *taken, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *person_id, const char *kind, const apr_table_t *values,
                             apr_pool_t *p);

#endif
