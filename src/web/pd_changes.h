/* A difference as values for templates; their names are CHANGES in pd_contracts.c. */
#ifndef PD_CHANGES_H
#define PD_CHANGES_H
#include "text/pd_difference.h"
#include "web/pd_page.h"

/* The counts, the changes with their words, and the clauses whose number alone changed. `before`
 * and `after` are the addresses of the two texts, "" for one that has none yet. What would make the
 * page too big is left out, and counted as `n_more`. */
void pd_changes_add(pd_page_t *page, const pd_difference_t *difference, const char *before,
                    const char *after);

/* The same in short: of long clauses only how they begin or, where words changed, what stands
 * around the first that did. */
void pd_changes_add_short(pd_page_t *page, const pd_difference_t *difference);

#endif
