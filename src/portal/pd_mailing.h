/* Mailings: one notice for everybody who agreed to its kind (F48). What is to be written stands in
 * the database with how far it is; whoever runs, pdportalctl or the job, writes the next people in
 * one transaction with the place reached. So a killed run is taken up where it was, nobody gets a
 * notice twice, and of two runs at once one goes on. */
#ifndef PD_MAILING_H
#define PD_MAILING_H
#include "portal/pd_notice.h"

/* What the administration writes: the first line of a text is its subject. */
typedef struct pd_mailing_text_t {
    const char *kind;     /* of pd_notice_kinds, not PD_NOTICE_OF_EVENT */
    const char *language; /* of the text */
    const char *body;     /* whole; see pd_mailing_check */
} pd_mailing_text_t;

/* NULL: good; else what a text needs: a subject, an empty line and words; UTF-8 without control
 * characters; at most PD_MAILING_BYTES_MAX bytes. */
#define PD_MAILING_BYTES_MAX   ((apr_size_t)32 * 1024)
#define PD_MAILING_SUBJECT_MAX 200
const char *pd_mailing_check(const char *body);

/* The values of its notice: subject, text, language. */
apr_table_t *pd_mailing_values(const char *body, const char *language, apr_pool_t *p);

/* Begins a mailing, or finds the one with the same text that is not done yet (`is_new` 0). */
apr_status_t pd_mailing_begin(const char **id, int *is_new, const pd_portal_t *portal,
                              const pd_mailing_text_t *text, apr_pool_t *p);

/* Writes the oldest mailing that is not done to the next `limit` people: `done` counts notices;
 * `seen` 0: nothing is to be done now. While many letters wait for delivery nothing is added. */
apr_status_t pd_mailing_write(int *done, int *seen, const pd_portal_t *portal, int limit,
                              apr_pool_t *p);

typedef struct pd_mailing_t {
    const char *id, *kind;
    apr_time_t begun_at;
    apr_int64_t written;
    int is_done;
    int is_stopped; /* done, but not everybody has it */
} pd_mailing_t;

/* How one stands; APR_ENOENT: there is none. */
apr_status_t pd_mailing_look(pd_mailing_t *mailing, const pd_portal_t *portal, const char *id,
                             apr_pool_t *p);

/* The last `limit` mailings as pd_mailing_t, newest first. */
apr_status_t pd_mailing_list(apr_array_header_t **mailings, const pd_portal_t *portal, int limit,
                             apr_pool_t *p);

/* Ends one before everybody has it; who has it keeps it. `stopped` 0: there is none that goes on.
 * `reason` is for the journal. */
apr_status_t pd_mailing_stop(int *stopped, const pd_portal_t *portal, const char *id,
                             const char *reason, apr_pool_t *p);

/* Writes one text to one person, with its journal row. `taken` 0: not wanted, or not allowed now.
 */
apr_status_t pd_mailing_send_one(int *taken, const pd_portal_t *portal, const char *person_id,
                                 const pd_mailing_text_t *text, apr_pool_t *p);

#endif
