/* The pieces of the difference; inside the room only. pd_difference_match.c finds which clause is
 * which, with pd_difference_same.c for equal words; pd_difference_words.c compares words,
 * pd_difference.c puts it all in order. Any thread. */
#ifndef PD_DIFFERENCE_INT_H
#define PD_DIFFERENCE_INT_H
#include "text/pd_difference.h"

/* Which clause before is which clause after. All indexes are -1 where there is none. */
typedef struct pd_pairing_t {
    const pd_clause_t *before, *after;
    int n_before, n_after;
    int *after_of;                     /* for each clause before: its index after */
    int *before_of;                    /* the other way round */
    int *same_number;                  /* for each clause after: the index before of its number */
    int *before_parent, *after_parent; /* the clause 4.1 of 4.1.3, on the same side */
    char *before_repeats, *after_repeats; /* its very words come on the other side, too */
} pd_pairing_t;

typedef enum { PD_PAIRING_SAME_PARENT, PD_PAIRING_ANYWHERE } pd_pairing_where_e;

void pd_pairing_make(pd_pairing_t *pairing, const apr_array_header_t *before,
                     const apr_array_header_t *after, apr_pool_t *p);

void pd_pairing_pair(pd_pairing_t *pairing, int before, int after);

int pd_pairing_is_free(const pd_pairing_t *pairing, int before, int after);

/* Pairs words that come once before and once after; also finds what repeats. */
void pd_pairing_once(pd_pairing_t *pairing, apr_pool_t *p);

/* Pairs equal words by what stands around them, then by number, then in their order. */
void pd_pairing_repeated(pd_pairing_t *pairing, pd_pairing_where_e where, apr_pool_t *p);

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
