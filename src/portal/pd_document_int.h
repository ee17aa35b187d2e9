/* Publishing in steps, for drafts: the same checks without the publication; inside the room only.
 */
#ifndef PD_DOCUMENT_INT_H
#define PD_DOCUMENT_INT_H
#include "portal/pd_document.h"

/* One text made ready for its row. */
typedef struct pd_ready_text_t {
    const pd_document_source_t *source;
    const char *bytes; /* ends in zero */
    pd_article_t article;
    const char *source_sha256, *html_sha256;
} pd_ready_text_t;

typedef struct pd_publish_t {
    const pd_portal_t *portal;
    apr_pool_t *p; /* of the caller, which outlives the transaction */
    const pd_publication_t *publication;
    apr_array_header_t *ready; /* of pd_ready_text_t */
    apr_int64_t version;       /* the next */
    apr_time_t published_at, effective_at;
    pd_refusal_t refusal;
} pd_publish_t;

/* Renders every text, before the database is touched. APR_EINVAL: refused. */
apr_status_t pd_publish_prepare(pd_publish_t *publish, const pd_portal_t *portal,
                                const pd_publication_t *publication, apr_pool_t *p);

/* Says why it is not published; APR_EINVAL, to be returned. */
apr_status_t pd_publish_refuse(pd_publish_t *publish, pd_refused_e code, const char *language,
                               const char *detail, const char *why);

/* The text in a language, or NULL. */
const pd_ready_text_t *pd_publish_text_in(const pd_publish_t *publish, const char *language);

/* Inside a transaction: holds other publishers back until it ends, takes the next number and the
 * instants, and compares with the last version. APR_EINVAL: refused. */
apr_status_t pd_publish_check(pd_publish_t *publish, pd_conn_t *conn, apr_pool_t *p);

/* The part of it that compares with version `last` (0: none). */
apr_status_t pd_publish_compare(pd_publish_t *publish, pd_conn_t *conn, apr_int64_t last,
                                apr_pool_t *p);

const char *pd_markup_name(pd_markup_e markup);
pd_markup_e pd_markup_parse(const char *name);

#endif
