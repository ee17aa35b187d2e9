/* Two versions of a document side by side (F23, F24; seed 9.2): what a reader of the one before has
 * to read anew. */
#ifndef PD_COMPARISON_H
#define PD_COMPARISON_H
#include "portal/pd_document.h"
#include "text/pd_difference.h"

typedef struct pd_comparison_t {
    pd_document_t before, after;
    /* NULL: the two have no language in common, so that there is nothing to compare */
    const pd_difference_t *difference;
} pd_comparison_t;

/* Compares two published versions, in the language asked for where both have it, else in another
 * that both have. APR_ENOENT: there is no such version. */
apr_status_t pd_comparison_make(pd_comparison_t *comparison, const pd_portal_t *portal,
                                const char *kind, apr_int64_t before, apr_int64_t after,
                                const char *language, apr_pool_t *p);

/* The version whose readers a version has to tell what is new: the last one before it that was in
 * force and was no mere mending of words, else the one before it; 0 for the first. `documents` are
 * all versions, as from pd_document_list. */
apr_int64_t pd_comparison_before(const apr_array_header_t *documents, apr_int64_t version);

#endif
