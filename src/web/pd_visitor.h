/* What the form cookie and the headers say of a visitor: browser id, the token of a link, language.
 * The cookie is of one fixed form,
 *
 *   BROWSER [ "." TOKEN ] [ ":" LANGUAGE ]      43 characters, 43 characters, "ru"
 *
 * and anything else is no cookie. */
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

#endif
