/* What an editorial version of a document may not touch (F23). Words, punctuation and the addresses
 * of links count; white space, the kinds of quotation marks and dashes, soft hyphens, and composed
 * or decomposed letters don't. What doesn't show doesn't count either, unless it turns around what
 * is read (pd_bidi.h). Any thread. */
#ifndef PD_MATERIAL_H
#define PD_MATERIAL_H
#include "text/pd_clause.h"

/* The numbers of the clauses that one of two texts has and the other has not, or words or links
 * otherwise, parted by ", "; "" when there is none. `sections`: only clauses of these and below
 * them ("3 5.2" takes in 3, 3.1 and 5.2.1); NULL: all clauses. A clause that was moved or
 * renumbered counts. */
const char *pd_material_clauses(const pd_article_t *before, const pd_article_t *after,
                                const char *sections, apr_pool_t *p);

/* The numbers of the clauses that one of two texts has and the other has not, whatever their words;
 * likewise. */
const char *pd_material_unpaired(const pd_article_t *before, const pd_article_t *after,
                                 apr_pool_t *p);

/* The numbers of the clauses of which more than a few words (five) came or went; likewise. More than
 * that is not mended but said anew. APR_ENOMEM: no memory to compare in. */
apr_status_t pd_material_rewritten(const char **numbers, const pd_article_t *before,
                                   const pd_article_t *after, apr_pool_t *p);

/* Do two texts read the same, and link the same, up to the first clause: title and opening? */
int pd_material_same_opening(const pd_article_t *before, const pd_article_t *after, apr_pool_t *p);

/* Do two texts read the same from title to end, whatever has no number included? */
int pd_material_same(const pd_article_t *before, const pd_article_t *after, apr_pool_t *p);

/* Has the text a clause of these sections? */
int pd_material_has(const pd_article_t *article, const char *sections);

#endif
