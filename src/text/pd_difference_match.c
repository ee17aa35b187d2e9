/* Which clause before is which clause after. Each step takes from what the steps before it left. */
#include "text/pd_difference_int.h"
#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* Of 100 words; enough that two clauses are the same one, reworded. Fewer under one number are two
 * clauses: a purpose that went must not read as another that was mended. */
#define LIKE_AT_SAME_NUMBER  30
#define LIKE_AT_OTHER_NUMBER 60

/* What the same number adds where several are alike. */
#define BONUS_OF_SAME_NUMBER 10

/* Where more than these would have to be compared, only the same numbers are. */
#define COMPARISONS_MAX 250000
#define WORDS_MAX       20000000

void pd_pairing_pair(pd_pairing_t *pairing, int before, int after)
{
    pairing->after_of[before] = after;
    pairing->before_of[after] = before;
}

int pd_pairing_is_free(const pd_pairing_t *pairing, int before, int after)
{
    return pairing->after_of[before] < 0 && pairing->before_of[after] < 0;
}

/* The indexes of clauses, by number. */
static apr_hash_t *index_numbers(const pd_clause_t *clauses, int n, apr_pool_t *p)
{
    apr_hash_t *numbers = apr_hash_make(p);
    for (int i = 0; i < n; i++) {
        apr_hash_set(numbers, clauses[i].number, APR_HASH_KEY_STRING, &clauses[i]);
    }
    return numbers;
}

static int index_of(apr_hash_t *numbers, const pd_clause_t *clauses, const char *number,
                    apr_size_t length)
{
    const pd_clause_t *found = apr_hash_get(numbers, number, (apr_ssize_t)length);
    return found != NULL ? (int)(found - clauses) : -1;
}

/* For each clause the nearest one above it that there is. */
static int *find_parents(apr_hash_t *numbers, const pd_clause_t *clauses, int n, apr_pool_t *p)
{
    int *parents = apr_palloc(p, sizeof(*parents) * (apr_size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        const char *number = clauses[i].number;
        apr_size_t length = strlen(number);
        parents[i] = -1;
        while (length > 0 && parents[i] < 0) {
            if (number[--length] == '.') {
                parents[i] = index_of(numbers, clauses, number, length);
            }
        }
    }
    return parents;
}

static void find_numbers(pd_pairing_t *pairing, apr_pool_t *p)
{
    apr_hash_t *before = index_numbers(pairing->before, pairing->n_before, p);
    apr_hash_t *after = index_numbers(pairing->after, pairing->n_after, p);
    pairing->before_parent = find_parents(before, pairing->before, pairing->n_before, p);
    pairing->after_parent = find_parents(after, pairing->after, pairing->n_after, p);
    pairing->same_number = apr_palloc(p, sizeof(int) * (apr_size_t)(pairing->n_after + 1));
    for (int i = 0; i < pairing->n_after; i++) {
        const char *number = pairing->after[i].number;
        pairing->same_number[i] = index_of(before, pairing->before, number, strlen(number));
    }
}

/* One side's words. */
typedef struct {
    pd_bag_t *bags; /* empty where a clause has its partner */
    int *free;      /* the indexes of the others */
    int n_free;
    apr_size_t n_words;
} words_t;

/* Those whose very words come on the other side wait, unless `repeats` is NULL. */
static void make_words(words_t *words, const pd_clause_t *clauses, const int *partners,
                       const char *repeats, int n, apr_pool_t *p)
{
    words->bags = apr_pcalloc(p, sizeof(*words->bags) * (apr_size_t)(n + 1));
    words->free = apr_palloc(p, sizeof(*words->free) * (apr_size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        if (partners[i] < 0 && !(repeats && repeats[i])) {
            pd_bag_make(&words->bags[i], clauses[i].text, p);
            words->free[words->n_free++] = i;
            words->n_words += (apr_size_t)words->bags[i].n_words;
        }
    }
}

typedef struct {
    int rank, before, after;
} candidate_t;

static int by_rank(const void *a, const void *b)
{
    const candidate_t *x = a, *y = b;
    if (x->rank != y->rank) {
        return x->rank > y->rank ? -1 : 1;
    }
    if (x->before != y->before) {
        return x->before < y->before ? -1 : 1;
    }
    return x->after < y->after ? -1 : x->after > y->after;
}

typedef struct {
    const pd_pairing_t *pairing;
    words_t before, after;
    apr_array_header_t *found; /* of candidate_t */
} search_t;

static void add_candidate(search_t *search, int before, int after)
{
    int has_number = search->pairing->same_number[after] == before;
    int likeness = pd_bag_likeness(&search->before.bags[before], &search->after.bags[after]);
    if (likeness >= (has_number ? LIKE_AT_SAME_NUMBER : LIKE_AT_OTHER_NUMBER)) {
        APR_ARRAY_PUSH(search->found, candidate_t) =
            (candidate_t){likeness + (has_number ? BONUS_OF_SAME_NUMBER : 0), before, after};
    }
}

static int is_affordable(const words_t *before, const words_t *after)
{
    apr_uint64_t n_before = (apr_uint64_t)before->n_free, n_after = (apr_uint64_t)after->n_free;
    return n_before * n_after <= COMPARISONS_MAX &&
           n_before * after->n_words + n_after * before->n_words <= WORDS_MAX;
}

static void find_candidates(search_t *search)
{
    int is_whole = is_affordable(&search->before, &search->after);
    for (int k = 0; k < search->after.n_free; k++) {
        int after = search->after.free[k], before = search->pairing->same_number[after];
        for (int i = 0; is_whole && i < search->before.n_free; i++) {
            add_candidate(search, search->before.free[i], after);
        }
        if (!is_whole && before >= 0) {
            add_candidate(search, before, after);
        }
    }
}

/* The most alike find each other first. */
static void pair_reworded(pd_pairing_t *pairing, const char *before_repeats,
                          const char *after_repeats, apr_pool_t *p)
{
    search_t search = {.pairing = pairing, .found = apr_array_make(p, 64, sizeof(candidate_t))};
    make_words(&search.before, pairing->before, pairing->after_of, before_repeats,
               pairing->n_before, p);
    make_words(&search.after, pairing->after, pairing->before_of, after_repeats, pairing->n_after,
               p);
    find_candidates(&search);
    qsort(search.found->elts, (size_t)search.found->nelts, sizeof(candidate_t), by_rank);
    for (int i = 0; i < search.found->nelts; i++) {
        const candidate_t *candidate = &APR_ARRAY_IDX(search.found, i, candidate_t);
        if (pd_pairing_is_free(pairing, candidate->before, candidate->after)) {
            pd_pairing_pair(pairing, candidate->before, candidate->after);
        }
    }
}

static int *nobody(int n, apr_pool_t *p)
{
    int *partners = apr_palloc(p, sizeof(*partners) * (apr_size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        partners[i] = -1;
    }
    return partners;
}

/* Clauses that were reworded are known before words that repeat are given away: what stands under
 * such a clause goes with it. */
void pd_pairing_make(pd_pairing_t *pairing, const apr_array_header_t *before,
                     const apr_array_header_t *after, apr_pool_t *p)
{
    *pairing = (pd_pairing_t){
        .before = (const pd_clause_t *)(const void *)before->elts,
        .after = (const pd_clause_t *)(const void *)after->elts,
        .n_before = before->nelts,
        .n_after = after->nelts,
        .after_of = nobody(before->nelts, p),
        .before_of = nobody(after->nelts, p),
        .before_repeats = apr_pcalloc(p, (apr_size_t)before->nelts + 1),
        .after_repeats = apr_pcalloc(p, (apr_size_t)after->nelts + 1),
    };
    find_numbers(pairing, p);
    pd_pairing_once(pairing, p);
    pair_reworded(pairing, pairing->before_repeats, pairing->after_repeats, p);
    pd_pairing_repeated(pairing, PD_PAIRING_SAME_PARENT, p);
    pd_pairing_repeated(pairing, PD_PAIRING_ANYWHERE, p);
    pair_reworded(pairing, NULL, NULL, p);
}
