/* What changed between two articles, clause by clause and word by word (F23). Clauses find each
 * other by their words, so that one that moved is not taken for a new one; the same words in
 * several clauses by what stands around them; then by likeness, where the same number helps.
 * Clauses that have hardly a word in common are two, whatever their numbers.
 *
 *   before        after
 *   4.1.3 a       4.1.3 b         b    renumbered: it only closed the gap that a left
 *   4.1.4 b       4.1.4 a         a    moved
 *   4.1.5 c d     4.1.5 c e       c d  reworded: same "c ", removed "d", added "e"
 *                 4.1.6 f         f    added
 *
 * The work is bounded: texts of PD_DOCUMENT_BYTES_MAX take well under a second, whatever they hold.
 * Where the bound is reached, clauses of different numbers are no longer compared, and a clause
 * that changed in very many places is shown as replaced. The same texts always give the same
 * difference. Any thread. */
#ifndef PD_DIFFERENCE_H
#define PD_DIFFERENCE_H
#include "text/pd_clause.h"

typedef enum { PD_SPAN_SAME, PD_SPAN_REMOVED, PD_SPAN_ADDED } pd_span_e;

typedef struct pd_span_t {
    pd_span_e kind;
    const char *text; /* whole characters, with their spaces and punctuation */
} pd_span_t;

typedef enum {
    PD_PART_TITLE,
    PD_PART_OPENING, /* what stands in front of the first clause */
    PD_PART_CLAUSE
} pd_part_e;

typedef struct pd_change_t {
    pd_part_e part;
    const pd_clause_t *before; /* NULL: added; number "" of a title or opening */
    const pd_clause_t *after;  /* NULL: removed */
    int moved;                 /* it stands elsewhere among its neighbours */
    int renumbered;            /* it stands where it did; others around it came, went or moved */
    /* Of pd_span_t: without the added ones it is the text before, without the removed ones the text
     * after. NULL unless the words changed; which kind of space parts them is no change. */
    const apr_array_header_t *words;
} pd_change_t;

typedef struct pd_difference_t {
    apr_array_header_t *changes; /* of pd_change_t: title, opening and every clause, also those that
                                    stayed the same, in the order of the text after; what was
                                    removed comes where it stood, or in front of the new
                                    clause of its number */
    /* How many; each clause counts once. Reworded ones may have got another number, too. */
    int added, removed, reworded, moved, moved_reworded, renumbered;
    int relinked; /* of those that stand on both sides, whatever else changed: links lead elsewhere,
                     came or went */
} pd_difference_t;

/* Borrows from both articles; everything else comes from `p`. APR_ENOMEM: no memory to work in. */
apr_status_t pd_difference_make(const pd_difference_t **difference, const pd_article_t *before,
                                const pd_article_t *after, apr_pool_t *p);

/* Neither its words nor its number nor its place changed. */
int pd_change_is_none(const pd_change_t *change);

#endif
