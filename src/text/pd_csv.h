/* Tables for spreadsheet programs (RFC 4180): every cell quoted, lines end in CR LF. What such a
 * program would take for a formula (a cell that begins with =, +, -, @, tab or CR) gets an
 * apostrophe in front, since logins are typed by strangers. */
#ifndef PD_CSV_H
#define PD_CSV_H
#include "base/pd_bytes.h"

/* Begins a file: without it some programs take UTF-8 for something else. */
#define PD_CSV_BOM "\xef\xbb\xbf"

/* Adds one row; `cells` ends in NULL. */
void pd_csv_row(pd_buf_t *to, const char *const *cells);

#endif
