/* Which clause before is which clause after. Each step takes from what the steps before it left. */
#include "text/pd_difference_int.h"
#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* Of 100 words; enough that two clauses are the same one, reworded. */
#define LIKE_AT_SAME_NUMBER  50
#define LIKE_AT_OTHER_NUMBER 60

/* Where more than these would have to be compared, likeness is not looked for. */
#define COMPARISONS_MAX 250000
#define WORDS_MAX       20000000

static void pair(pd_pairing_t *pairing, int before, int after)
{
    pairing->after_of[before] = after;
    pairing->before_of[after] = before;
}

static int is_free(const pd_pairing_t *pairing, int before, int after)
{
    return pairing->after_of[before] < 0 && pairing->before_of[after] < 0;
}

/* For each clause after, the index of the one before that has its number, or -1. */
static int *find_numbers(const pd_pairing_t *pairing, apr_pool_t *p)
{
    apr_hash_t *numbers = apr_hash_make(p);
    int *same = apr_palloc(p, sizeof(*same) * (apr_size_t)(pairing->n_after + 1));
    for (int i = 0; i < pairing->n_before; i++) {
        apr_hash_set(numbers, pairing->before[i].number, APR_HASH_KEY_STRING, &pairing->before[i]);
    }
    for (int i = 0; i < pairing->n_after; i++) {
        const pd_clause_t *found =
            apr_hash_get(numbers, pairing->after[i].number, APR_HASH_KEY_STRING);
        same[i] = found != NULL ? (int)(found - pairing->before) : -1;
    }
    return same;
}

static void pair_unchanged(pd_pairing_t *pairing, const int *same_number)
{
    for (int i = 0; i < pairing->n_after; i++) {
        int before = same_number[i];
        if (before >= 0 && is_free(pairing, before, i) &&
            strcmp(pairing->before[before].text, pairing->after[i].text) == 0) {
            pair(pairing, before, i);
        }
    }
}

/* The same words under another number. Of several clauses with the same words the first goes with
 * the first; without any words nothing can be told. */
static void pair_by_text(pd_pairing_t *pairing, apr_pool_t *p)
{
    apr_hash_t *texts = apr_hash_make(p); /* to the first of a chain of indexes, plus one */
    int *next = apr_pcalloc(p, sizeof(*next) * (apr_size_t)(pairing->n_before + 1));
    for (int i = pairing->n_before - 1; i >= 0; i--) {
        const char *text = pairing->before[i].text;
        if (pairing->after_of[i] < 0 && text[0] != '\0') {
            const int *first = apr_hash_get(texts, text, APR_HASH_KEY_STRING);
            next[i] = first != NULL ? *first : 0;
            int here = i + 1;
            apr_hash_set(texts, text, APR_HASH_KEY_STRING, apr_pmemdup(p, &here, sizeof(here)));
        }
    }
    for (int i = 0; i < pairing->n_after; i++) {
        int *first = apr_hash_get(texts, pairing->after[i].text, APR_HASH_KEY_STRING);
        if (pairing->before_of[i] < 0 && first != NULL && *first > 0) {
            int before = *first - 1;
            *first = next[before];
            pair(pairing, before, i);
        }
    }
}

/* The words of those that have no partner yet. */
static pd_bag_t *make_bags(int *n_free, apr_size_t *n_words, const pd_clause_t *clauses,
                           const int *partners, int n, apr_pool_t *p)
{
    pd_bag_t *bags = apr_pcalloc(p, sizeof(*bags) * (apr_size_t)(n + 1));
    *n_free = 0;
    *n_words = 0;
    for (int i = 0; i < n; i++) {
        if (partners[i] < 0) {
            pd_bag_make(&bags[i], clauses[i].text, p);
            *n_free += 1;
            *n_words += (apr_size_t)bags[i].n_words;
        }
    }
    return bags;
}

/* A number that stayed, with words that are like the old ones or, `likeness` 0, with any. */
static void pair_by_number(pd_pairing_t *pairing, const int *same_number, const pd_bag_t *before,
                           const pd_bag_t *after, int likeness)
{
    for (int i = 0; i < pairing->n_after; i++) {
        int at = same_number[i];
        if (at >= 0 && is_free(pairing, at, i) &&
            pd_bag_likeness(&before[at], &after[i]) >= likeness) {
            pair(pairing, at, i);
        }
    }
}

typedef struct {
    int likeness, before, after;
} candidate_t;

static int by_likeness(const void *a, const void *b)
{
    const candidate_t *x = a, *y = b;
    if (x->likeness != y->likeness) {
        return x->likeness > y->likeness ? -1 : 1;
    }
    if (x->before != y->before) {
        return x->before < y->before ? -1 : 1;
    }
    return x->after < y->after ? -1 : x->after > y->after;
}

static apr_array_header_t *find_candidates(const pd_pairing_t *pairing, const pd_bag_t *before,
                                           const pd_bag_t *after, apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 64, sizeof(candidate_t));
    for (int i = 0; i < pairing->n_before; i++) {
        for (int k = 0; pairing->after_of[i] < 0 && k < pairing->n_after; k++) {
            int likeness = pairing->before_of[k] < 0 ? pd_bag_likeness(&before[i], &after[k]) : 0;
            if (likeness >= LIKE_AT_OTHER_NUMBER) {
                APR_ARRAY_PUSH(found, candidate_t) = (candidate_t){likeness, i, k};
            }
        }
    }
    return found;
}

/* The most alike find each other first. */
static void pair_by_likeness(pd_pairing_t *pairing, const pd_bag_t *before, const pd_bag_t *after,
                             apr_pool_t *p)
{
    apr_array_header_t *found = find_candidates(pairing, before, after, p);
    qsort(found->elts, (size_t)found->nelts, sizeof(candidate_t), by_likeness);
    for (int i = 0; i < found->nelts; i++) {
        const candidate_t *candidate = &APR_ARRAY_IDX(found, i, candidate_t);
        if (is_free(pairing, candidate->before, candidate->after)) {
            pair(pairing, candidate->before, candidate->after);
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

static void pair_reworded(pd_pairing_t *pairing, const int *same_number, apr_pool_t *p)
{
    int n_before, n_after;
    apr_size_t words_before, words_after;
    const pd_bag_t *before = make_bags(&n_before, &words_before, pairing->before, pairing->after_of,
                                       pairing->n_before, p);
    const pd_bag_t *after =
        make_bags(&n_after, &words_after, pairing->after, pairing->before_of, pairing->n_after, p);
    pair_by_number(pairing, same_number, before, after, LIKE_AT_SAME_NUMBER);
    if ((apr_uint64_t)n_before * (apr_uint64_t)n_after <= COMPARISONS_MAX &&
        (apr_uint64_t)n_before * words_after + (apr_uint64_t)n_after * words_before <= WORDS_MAX) {
        pair_by_likeness(pairing, before, after, p);
    }
    pair_by_number(pairing, same_number, before, after, 0);
}

void pd_pairing_make(pd_pairing_t *pairing, const apr_array_header_t *before,
                     const apr_array_header_t *after, apr_pool_t *p)
{
    pairing->before = (const pd_clause_t *)(const void *)before->elts;
    pairing->after = (const pd_clause_t *)(const void *)after->elts;
    pairing->n_before = before->nelts;
    pairing->n_after = after->nelts;
    pairing->after_of = nobody(before->nelts, p);
    pairing->before_of = nobody(after->nelts, p);
    const int *same_number = find_numbers(pairing, p);
    pair_unchanged(pairing, same_number);
    pair_by_text(pairing, p);
    pair_reworded(pairing, same_number, p);
}
