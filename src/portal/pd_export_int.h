/* What the files of the export share. */
#ifndef PD_EXPORT_INT_H
#define PD_EXPORT_INT_H
#include "portal/pd_export.h"

/* Reads by the section's statement and columns. */
pd_export_read_fn pd_export_read_table;

/* pd_export_journal.c: rows of the journal, and who did it, as a role. */
pd_export_read_fn pd_export_read_journal;

/* A new row of a page. */
pd_export_row_t *pd_export_add_row(apr_array_header_t *rows, apr_pool_t *p);
void pd_export_add(pd_export_row_t *row, const char *name, pd_export_kind_e kind, const char *text,
                   apr_int64_t number);

/* Where the next page goes on. A key that is too long is PD_ESQL: it would never end. */
apr_status_t pd_export_go_on(pd_export_t *export, const char *key);

#endif
