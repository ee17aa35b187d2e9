/* What the form cookie and the headers say of a visitor. */
#ifndef PD_VISITOR_H
#define PD_VISITOR_H
#include "web/pd_page.h"

/* Reads the cookie into the page. */
void pd_visitor_read(pd_page_t *page);

/* Decides the language: ?lang=, then the cookie, then Accept-Language; a choice by ?lang= is kept.
 */
void pd_visitor_language(pd_page_t *page);

/* Gives the browser an id if it has none. */
void pd_visitor_need_browser(pd_page_t *page);

/* Has the cookie sent as it now should be. */
void pd_visitor_write(pd_page_t *page);

#endif
