/* Reads two versions and has their texts compared. */
#include "portal/pd_comparison.h"
#include <string.h>

/* Both texts in one language, which is that of `after` or, where the older one has not got it, that
 * of `before`. */
static apr_status_t read_both(pd_comparison_t *comparison, const pd_portal_t *portal,
                              const char *kind, apr_int64_t before, apr_int64_t after,
                              const char *language, apr_pool_t *p)
{
    apr_status_t rv = pd_document_get(&comparison->after, portal, kind, after, language, p);
    if (rv == APR_SUCCESS) {
        rv = pd_document_get(&comparison->before, portal, kind, before, comparison->after.language,
                             p);
    }
    if (rv == APR_SUCCESS && strcmp(comparison->before.language, comparison->after.language) != 0) {
        rv = pd_document_get(&comparison->after, portal, kind, after, comparison->before.language,
                             p);
    }
    return rv;
}

/* What was published once can be read again. */
static apr_status_t read_article(pd_article_t *article, const pd_document_t *document,
                                 apr_pool_t *p)
{
    const char *why;
    return pd_clause_render(article, &why, document->markup, document->source,
                            strlen(document->source), p);
}

apr_status_t pd_comparison_make(pd_comparison_t *comparison, const pd_portal_t *portal,
                                const char *kind, apr_int64_t before, apr_int64_t after,
                                const char *language, apr_pool_t *p)
{
    pd_article_t article_before, article_after;
    comparison->difference = NULL;
    apr_status_t rv = read_both(comparison, portal, kind, before, after, language, p);
    if (rv != APR_SUCCESS || strcmp(comparison->before.language, comparison->after.language) != 0) {
        return rv;
    }
    rv = read_article(&article_before, &comparison->before, p);
    if (rv == APR_SUCCESS) {
        rv = read_article(&article_after, &comparison->after, p);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_difference_make(&comparison->difference, &article_before, &article_after, p);
    }
    return rv;
}

apr_int64_t pd_comparison_before(const apr_array_header_t *documents, apr_int64_t version)
{
    apr_time_t effective = 0;
    apr_int64_t last = 0;
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        if (document->version == version) {
            effective = document->effective_at;
        }
        if (document->version < version && last == 0) {
            last = document->version;
        }
        if (document->version < version && document->effective_at < effective &&
            document->editorial[0] == '\0') {
            return document->version;
        }
    }
    return last;
}
