/* What the pages about documents share: which one is asked for, the addresses of its versions,
 * their dates, and the header that names a text to programs. */
#ifndef PD_VERSION_H
#define PD_VERSION_H
#include "portal/pd_document.h"
#include "web/pd_page.h"

/* The kind in the path; the policy has an address of its own. */
const char *pd_version_kind(const pd_page_t *page);

/* Where the version in force is, and with ".atom" the news: "/portal/policy",
 * "/portal/documents/processing". */
const char *pd_version_home(const pd_page_t *page, const char *kind);

/* "/portal/policy/3", "/portal/documents/processing/3". */
const char *pd_version_url(const pd_page_t *page, const char *kind, apr_int64_t version);

/* As a map: version, url, difference, published, effective, is_current, is_upcoming. */
pd_value_t *pd_version_value(pd_page_t *page, const pd_document_t *document, apr_int64_t current);

/* A page about these documents reads the same from the last instant at which a version took force
 * until the next. */
void pd_version_instants(pd_ready_turn_t *turn, const apr_array_header_t *documents,
                         apr_time_t now);

/* Names the text that the answer shows in its header PDPortal-Document, a structured field (RFC
 * 8941): policy;version=3;language="ru";sha256="..." of the text as it is read. httpd looks at
 * every byte of a header, so there is no more in it than the page needs. */
void pd_version_announce(pd_page_t *page, const pd_document_t *document);

/* The same of the file that was published: with source-sha256="...", the sum of its bytes. */
void pd_version_announce_file(pd_page_t *page, const pd_document_t *document);

#endif
