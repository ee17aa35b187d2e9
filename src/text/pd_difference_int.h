/* The pieces of the difference; inside the room only. pd_difference_match.c finds which clause is
 * which, pd_difference_words.c compares words, pd_difference.c puts it all in order. Any thread. */
#ifndef PD_DIFFERENCE_INT_H
#define PD_DIFFERENCE_INT_H
#include "text/pd_difference.h"

/* Which clause before is which clause after. */
typedef struct pd_pairing_t {
    const pd_clause_t *before, *after;
    int n_before, n_after;
    int *after_of;  /* for each clause before: its index after, or -1 */
    int *before_of; /* the other way round */
} pd_pairing_t;

void pd_pairing_make(pd_pairing_t *pairing, const apr_array_header_t *before,
                     const apr_array_header_t *after, apr_pool_t *p);

/* The words of a text, counted, in no order. */
typedef struct pd_bag_t {
    apr_uint64_t *words; /* their hashes, sorted */
    int n_words;
} pd_bag_t;

void pd_bag_make(pd_bag_t *bag, const char *text, apr_pool_t *p);

/* How many of 100 words two bags share; 0 when either is empty. */
int pd_bag_likeness(const pd_bag_t *a, const pd_bag_t *b);

/* The difference of two texts, of pd_span_t, in `p`; `ptemp` is scratch. */
apr_array_header_t *pd_words_compare(const char *before, const char *after, apr_pool_t *p,
                                     apr_pool_t *ptemp);

#endif
