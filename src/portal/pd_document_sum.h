/* The checksum of a published text, as its reader sees it (F23): of the title and the body, as they
 * stand on the page of the version. Texts published before schema 20 have that of the body alone;
 * the row says which. Any thread. */
#ifndef PD_DOCUMENT_SUM_H
#define PD_DOCUMENT_SUM_H
#include "portal/pd_portal.h"

#define PD_SUM_OF_ARTICLE "article"

/* SHA-256 in hex of "<h1>TITLE</h1>\n" and the body with a line feed behind it: the lines of the
 * page, so that a reader can take the sum of what he was sent. */
const char *pd_document_sum(const char *title, const char *html, apr_pool_t *p);

/* Looks through all published texts, one at a time. `fault`: names the first that is not what its
 * checksums say, in English; NULL: each is. */
apr_status_t pd_document_sum_check(const char **fault, const pd_portal_t *portal, apr_pool_t *p);

#endif
