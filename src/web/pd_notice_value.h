/* Notices and their kinds as values of pages. */
#ifndef PD_NOTICE_VALUE_H
#define PD_NOTICE_VALUE_H
#include "portal/pd_inbox.h"
#include "web/pd_page.h"

/* The name that templates have for a kind: "kind_login_changed"; NULL, a kind that this version
 * doesn't know, is "kind_other". */
const char *pd_notice_flag(const pd_notice_kind_t *kind, apr_pool_t *p);

/* Into `value`: id, at, is_unread, the flag of its kind, and what its words are made with, in the
 * page's language. */
void pd_notice_set(pd_page_t *page, pd_value_t *value, const pd_inbox_notice_t *notice);

#endif
