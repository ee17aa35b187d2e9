/* Reports (F26): who has agreed to a version of a document, or read it, and who has not. Numbers
 * are for editors; names for administrators, who look page by page, and each look is written down
 * before anything is shown. */
#ifndef PD_REPORT_H
#define PD_REPORT_H
#include "portal/pd_portal.h"

/* Of the ledger: also people who are no more. It is not counted beyond PD_REPORT_COUNT_MAX. */
#define PD_REPORT_COUNT_MAX 100000
typedef struct pd_report_counts_t {
    apr_int64_t acknowledged, consented, withdrew;
} pd_report_counts_t;

apr_status_t pd_report_counts(pd_report_counts_t *counts, const pd_portal_t *portal,
                              const char *kind, apr_int64_t version, apr_pool_t *p);

typedef struct pd_report_person_t {
    const char *login; /* opened; where it can't be, the id */
    const char *verb;  /* the last act: acknowledged, consented, withdrew; "" : none */
    apr_time_t at;     /* of the act; else 0 */
    const char *language, *form;
} pd_report_person_t;

typedef enum { PD_REPORT_ALL, PD_REPORT_ACTED, PD_REPORT_NOT } pd_report_e;

typedef struct pd_report_t {
    const char *kind;
    apr_int64_t version;
    pd_report_e which;
    const char *after; /* "" to begin; moves on with each page; NULL: there is no other */
} pd_report_t;

/* The next page: people (of pd_report_person_t) who are active or blocked, as they registered; of
 * those who have not acted only the active ones. At most PD_REPORT_PAGE; may be empty although more
 * follow. */
#define PD_REPORT_PAGE 100
apr_status_t pd_report_page(apr_array_header_t **people, pd_report_t *report,
                            const pd_portal_t *portal, apr_pool_t *p);

/* Notes that somebody of the staff, or PD_ROLE_BY_PROGRAM, looks at names, at whose, and for which
 * purpose of use. `by` a person's id or that word. */
apr_status_t pd_report_look(const pd_portal_t *portal, const char *by, const pd_report_t *report,
                            const char *purpose, apr_pool_t *p);

/* A page as rows of CSV; with `head` a byte order mark and the names of the columns. */
void pd_report_csv(pd_buf_t *to, const apr_array_header_t *people, int head, apr_pool_t *p);

#endif
