/* Between the files of a page; not for others. */
#ifndef PD_PAGE_INT_H
#define PD_PAGE_INT_H
#include "web/pd_page.h"

/* Sends a page that was rendered, with all its headers; one that is the same for everybody is kept.
 * What the handler returns. */
int pd_page_show_bytes(pd_page_t *page, const char *bytes, apr_size_t length, int status);

/* The headers of every answer. */
void pd_page_add_headers(const pd_page_t *page);

#endif
