/* What the files of the export share. */
#ifndef PD_EXPORT_INT_H
#define PD_EXPORT_INT_H
#include "portal/pd_export.h"

/* Reads by the section's statement and columns. */
pd_export_read_fn pd_export_read_table;

/* pd_export_journal.c: rows of the journal, and who did it, as a role. */
pd_export_read_fn pd_export_read_journal;

/* pd_export_look.c: looks at lists of people on which the person may have stood. */
pd_export_read_fn pd_export_read_looks;

/* Of rows of the journal, which begin with host, sequence and at: the last one read. It is kept as
 * "AT SEQUENCE HOST"; before the first row all is 0. `host` lives as long as `after` stands. */
typedef struct pd_export_place_t {
    apr_time_t at;
    apr_int64_t sequence;
    const char *host;
} pd_export_place_t;

pd_export_place_t pd_export_read_place(const pd_export_t *export);
apr_status_t pd_export_keep_place(pd_export_t *export, const pd_cell_t *cell, apr_pool_t *p);

/* As what somebody acts: "administrator, editor"; "staff" where that is not known any more. */
apr_status_t pd_export_read_roles(const char **roles, const pd_export_t *export, const char *id,
                                  apr_pool_t *p);

/* A new row of a page. */
pd_export_row_t *pd_export_add_row(apr_array_header_t *rows, apr_pool_t *p);
void pd_export_add(pd_export_row_t *row, const char *name, pd_export_kind_e kind, const char *text,
                   apr_int64_t number);

/* Where the next page goes on. A key that is too long is PD_ESQL: it would never end. */
apr_status_t pd_export_go_on(pd_export_t *export, const char *key);

#endif
