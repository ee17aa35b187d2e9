/* Every field that is stored of a person, as data (F22, F45; seed 2.4, 3.2, 5.1): where it stands,
 * whose word it is, what it is for, how long it is kept and what removes it. The account page, the
 * register of processings and the job that removes what is over are all made from it, and a test
 * compares it with the schema. */
#ifndef PD_FIELD_H
#define PD_FIELD_H
#include "portal/pd_portal.h"

/* From when on a term runs. */
typedef enum {
    PD_SINCE_MADE,   /* it was stored */
    PD_SINCE_SENT,   /* the letter was sent, or given up */
    PD_SINCE_SIGN_IN /* the last sign-in */
} pd_since_e;

typedef enum {
    PD_SOURCE_PERSON, /* given by the person; nobody verified it, but for the mailbox */
    PD_SOURCE_PORTAL  /* made by the portal */
} pd_source_e;

/* So long a run of a job works at one thing: a server that is told to end isn't held up. */
#define PD_RUN_MAX apr_time_from_sec(20)

/* Removes what is over, at most `limit` in one transaction; 0 removed: nothing is left. */
typedef apr_status_t pd_destroy_fn(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p);

/* Finds what is over, at most `limit`. */
typedef apr_status_t pd_due_fn(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                               apr_pool_t *p);

typedef struct pd_field_t {
    const char *id;       /* "email": templates have words for it */
    const char *columns;  /* "person.email device.*", parted by spaces */
    const char *purposes; /* "4.1.1 4.1.3", likewise */
    pd_source_e source;
    pd_since_e since;
    apr_int64_t (*term)(const pd_settings_t *settings); /* as the settings have it */
    const char *directive;                              /* that sets the term; NULL: none does */
    pd_destroy_fn *destroy;                             /* NULL: it goes with the account */
    pd_due_fn *due; /* finds what is over; NULL: the job alone, or another row of the same term */
} pd_field_t;

/* Ended by id NULL. */
extern const pd_field_t pd_fields[];

/* How many rows have outlived their term by more than `past`, counted up to PD_DUE_MAX; 0 where
 * only the job looks, or no term runs. */
#define PD_DUE_MAX 100
/* So long beyond its term may stay what the job or the administration can remove; longer is a
 * fault. */
#define PD_FIELD_OVERDUE apr_time_from_sec(24 * 3600)
apr_status_t pd_field_due(int *due, const pd_portal_t *portal, const pd_field_t *field,
                          apr_interval_time_t past, apr_pool_t *p);

/* Does everything that uses people's data name purposes of the register: fields, letters, jobs?
 * NULL, or what does not. */
const char *pd_field_unnamed(void);

#endif
