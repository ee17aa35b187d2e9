/* Message catalogues: gettext .mo files read by ourselves, since the C library wants an installed
 * locale and knows one language per process (ECOSYSTEM 7). Immutable once loaded; any thread. */
#ifndef PD_CATALOGUE_H
#define PD_CATALOGUE_H
#include <apr_pools.h>

typedef struct pd_catalogue_t pd_catalogue_t;

/* Forms of plurals we know: English (2) and Russian (3); others are refused at load. */
#define PD_PLURAL_FORMS_MAX 3

/* PD_ETEMPLATE with `why`: not a .mo file, damaged offsets, not UTF-8, unknown Plural-Forms. Any
 * other status: the file could not be read (APR_ENOENT: there is none). It is read into `p`. */
apr_status_t pd_catalogue_load(const pd_catalogue_t **catalogue, const char **why, const char *path,
                               apr_pool_t *p);
/* The same from bytes, which are copied. */
apr_status_t pd_catalogue_parse(const pd_catalogue_t **catalogue, const char **why,
                                const char *bytes, apr_size_t length, apr_pool_t *p);

/* The text for an id (for a plural: form `form`), or NULL when the catalogue lacks it. The text of
 * an id that is there as a plural only is its form 0, as with gettext. */
const char *pd_catalogue_text(const pd_catalogue_t *catalogue, const char *id);
const char *pd_catalogue_plural(const pd_catalogue_t *catalogue, const char *id, int form);

/* Answers from `first`, and where that lacks an id from `next`. `next` NULL: ids that `first` lacks
 * stand as they are (the language the ids are written in). PD_ETEMPLATE with `why`: the two count
 * plurals differently. Borrows both. */
apr_status_t pd_catalogue_chain(const pd_catalogue_t **catalogue, const char **why,
                                const pd_catalogue_t *first, const pd_catalogue_t *next,
                                apr_pool_t *p);
int pd_catalogue_ids_stand(const pd_catalogue_t *catalogue);

/* How many forms a plural has: 2 (English) or 3 (Russian). */
int pd_catalogue_forms(const pd_catalogue_t *catalogue);

/* Which form a number takes: 0 .. PD_PLURAL_FORMS_MAX-1. */
int pd_catalogue_form(const pd_catalogue_t *catalogue, apr_int64_t number);

#endif
