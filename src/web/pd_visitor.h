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

/* The first GET of a link: moves its token from the URL into the cookie and leads to the route's
 * own address without it. A token that is none takes the place of an earlier one too. */
int pd_visitor_take_link(pd_page_t *page, const char *token);

/* Has the cookie sent as it now should be. */
void pd_visitor_write(pd_page_t *page);

/* Notes that a session cookie goes out with this answer, or is taken back. */
void pd_visitor_signed_in(pd_page_t *page);
void pd_visitor_signed_out(pd_page_t *page);

/* Was a session cookie given a moment ago, and the browser does not have it? */
int pd_visitor_lost_session(const pd_page_t *page);

#endif
