/* Documents (F23; seed 2.1, 9.1, 9.2, 9.4): kind -> numbered version -> one text per language.
 * Published text is immutable and hashed as the reader sees it; which version is in force is
 * decided by the clock at the moment of reading. */
#ifndef PD_DOCUMENT_H
#define PD_DOCUMENT_H
#include "portal/pd_portal.h"
#include "text/pd_clause.h"

#define PD_DOCUMENT_POLICY     "policy"
#define PD_DOCUMENT_PROCESSING "processing" /* consent to processing */

typedef struct pd_document_source_t {
    const char *language;
    pd_markup_e markup;
    const char *bytes;
    apr_size_t length;
    const char *name; /* file name, for messages */
} pd_document_source_t;

typedef struct pd_publication_t {
    const char *kind;
    const apr_array_header_t *texts; /* of pd_document_source_t, one per language */
    apr_time_t effective_at;         /* 0: at once */
    const char *editorial;           /* reason, or "" */
} pd_publication_t;

/* Publishes a new version. APR_EINVAL with `why`: a text is malformed, a language comes twice or is
 * unknown, the effective instant lies before now or before that of a version published earlier. */
apr_status_t pd_document_publish(apr_int64_t *version, const char **why, const pd_portal_t *portal,
                                 const pd_publication_t *publication, apr_pool_t *p);

typedef struct pd_document_t {
    const char *kind;
    apr_int64_t version;
    const char *language; /* of the text given: the one asked for, else the first there is */
    const char *title;
    const char *html;
    const char *source; /* the bytes published */
    pd_markup_e markup; /* of the source */
    const char *source_sha256, *html_sha256;
    apr_time_t published_at, effective_at;
    const char *editorial;
} pd_document_t;

/* The version in force now. APR_ENOENT: none. */
apr_status_t pd_document_current(pd_document_t *document, const pd_portal_t *portal,
                                 const char *kind, const char *language, apr_pool_t *p);

/* Any published version. */
apr_status_t pd_document_get(pd_document_t *document, const pd_portal_t *portal, const char *kind,
                             apr_int64_t version, const char *language, apr_pool_t *p);

/* All versions of a kind, newest first (of pd_document_t without html, source and markup). */
apr_status_t pd_document_list(apr_array_header_t **documents, const pd_portal_t *portal,
                              const char *kind, const char *language, apr_pool_t *p);

#endif
