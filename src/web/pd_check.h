/* What the dispatcher checks of a request before a handler sees it: query, body, form token. */
#ifndef PD_CHECK_H
#define PD_CHECK_H
#include "web/pd_page.h"

/* Parses the query into page->query. One that can't be read counts as none: people come with
 * whatever other sites put behind a link. */
void pd_check_query(pd_page_t *page);

/* Reads and parses the body into page->form: OK, or 400, 413, 415. Nothing else has read a byte. */
int pd_check_body(pd_page_t *page);

/* Was the form served by this site to this browser, and sent from a page of this site? */
int pd_check_token(pd_page_t *page);

/* A form of this site whose token is not good: is it because no form cookie came with it? */
int pd_check_cookie_lost(const pd_page_t *page);

#endif
