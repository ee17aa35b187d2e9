/* Fields of a form, and the parser of application/x-www-form-urlencoded bodies and query strings.
 * Decoded once; every limit is ours, before anything of the caller sees a byte. Any thread. */
#ifndef PD_FORM_H
#define PD_FORM_H
#include <apr_pools.h>
#include <apr_tables.h>

#define PD_FORM_BYTES_MAX  (64 * 1024)
#define PD_FORM_FIELDS_MAX 64
#define PD_FORM_NAME_MAX   64
#define PD_FORM_VALUE_MAX  4096

/* Immutable once parsed. */
typedef struct pd_form_t pd_form_t;

/* PD_ELIMIT: over a limit. PD_ETEXT: NUL, invalid UTF-8, bad escape, empty or doubled name (but
 * nothing between two "&" is nothing). CR LF in values becomes LF; other control characters but tab
 * and LF are PD_ETEXT. */
apr_status_t pd_form_parse(const pd_form_t **form, const char *bytes, apr_size_t length,
                           apr_pool_t *p);

/* One without a field. */
const pd_form_t *pd_form_none(void);

/* The value, or NULL when the field was not sent, or as a file. Borrowed from the form's pool. */
const char *pd_form_get(const pd_form_t *form, const char *name);

/* The bytes of a file as they were sent (pd_multipart.h), or NULL when none was chosen. Borrowed
 * likewise. */
const char *pd_form_file(apr_size_t *length, const pd_form_t *form, const char *name);

/* The value with leading and trailing white space removed, and "" when it was not sent. */
const char *pd_form_get_trimmed(const pd_form_t *form, const char *name, apr_pool_t *p);

#endif
