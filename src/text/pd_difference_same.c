/* Clauses with the same words find each other. Words that come once on either side are sure,
 * wherever they stand. Words that repeat ("kept for 30 days") tell nothing by themselves: they go
 * with what stands around them, and by number only where nothing else decides. */
#include "text/pd_difference_int.h"
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>

/* How often some words come. */
typedef struct {
    int n_before, n_after;
    int before; /* an index where they do */
} words_t;

static words_t *find_words(apr_hash_t *texts, const char *text, apr_pool_t *p)
{
    words_t *words = apr_hash_get(texts, text, APR_HASH_KEY_STRING);
    if (words == NULL) {
        words = apr_pcalloc(p, sizeof(*words));
        apr_hash_set(texts, text, APR_HASH_KEY_STRING, words);
    }
    return words;
}

static apr_hash_t *count_words(const pd_pairing_t *pairing, apr_pool_t *p)
{
    apr_hash_t *texts = apr_hash_make(p);
    for (int i = 0; i < pairing->n_before; i++) {
        words_t *words = find_words(texts, pairing->before[i].text, p);
        words->n_before++;
        words->before = i;
    }
    for (int i = 0; i < pairing->n_after; i++) {
        find_words(texts, pairing->after[i].text, p)->n_after++;
    }
    return texts;
}

void pd_pairing_once(pd_pairing_t *pairing, apr_pool_t *p)
{
    apr_hash_t *texts = count_words(pairing, p);
    for (int i = 0; i < pairing->n_before; i++) {
        const words_t *words = find_words(texts, pairing->before[i].text, p);
        pairing->before_repeats[i] = words->n_after > 0;
    }
    for (int i = 0; i < pairing->n_after; i++) {
        const words_t *words = find_words(texts, pairing->after[i].text, p);
        pairing->after_repeats[i] = words->n_before > 0;
        if (words->n_before == 1 && words->n_after == 1 && pairing->after[i].text[0] != '\0') {
            pd_pairing_pair(pairing, words->before, i);
        }
    }
}

static int is_same_text(const pd_pairing_t *pairing, int before, int after)
{
    return strcmp(pairing->before[before].text, pairing->after[after].text) == 0;
}

/* Both parents are the same clause, or nothing is known of either. */
static int is_same_parent(const pd_pairing_t *pairing, int before, int after)
{
    int from = pairing->before_parent[before], to = pairing->after_parent[after];
    return from < 0 || to < 0
               ? from < 0 && to < 0
               : pairing->after_of[from] == to || pd_pairing_is_free(pairing, from, to);
}

static void try_pair(pd_pairing_t *pairing, int before, int after, pd_pairing_where_e where)
{
    if (before >= 0 && before < pairing->n_before && pd_pairing_is_free(pairing, before, after) &&
        is_same_text(pairing, before, after) &&
        (where == PD_PAIRING_ANYWHERE || is_same_parent(pairing, before, after))) {
        pd_pairing_pair(pairing, before, after);
    }
}

/* The parents of two that are the same clause; from the end, so that theirs come after them. */
static void pair_parents(pd_pairing_t *pairing)
{
    for (int i = pairing->n_after - 1; i >= 0; i--) {
        int before = pairing->before_of[i], to = pairing->after_parent[i];
        if (before >= 0 && to >= 0 && pairing->after[to].text[0] != '\0') {
            try_pair(pairing, pairing->before_parent[before], to, PD_PAIRING_ANYWHERE);
        }
    }
}

/* Beside two that are the same clause; each that is found helps the next. */
static void pair_neighbours(pd_pairing_t *pairing, pd_pairing_where_e where)
{
    for (int i = 1; i < pairing->n_after; i++) {
        if (pairing->before_of[i - 1] >= 0 && pairing->after[i].text[0] != '\0') {
            try_pair(pairing, pairing->before_of[i - 1] + 1, i, where);
        }
    }
    for (int i = pairing->n_after - 2; i >= 0; i--) {
        if (pairing->before_of[i + 1] >= 0 && pairing->after[i].text[0] != '\0') {
            try_pair(pairing, pairing->before_of[i + 1] - 1, i, where);
        }
    }
}

static void pair_numbers(pd_pairing_t *pairing, pd_pairing_where_e where)
{
    for (int i = 0; i < pairing->n_after; i++) {
        try_pair(pairing, pairing->same_number[i], i, where);
    }
}

/* Clauses with equal keys are taken for each other in their order. */
static const char *key_of(const char *text, int parent, pd_pairing_where_e where, apr_pool_t *p)
{
    return where == PD_PAIRING_ANYWHERE ? text : apr_psprintf(p, "%d %s", parent, text);
}

/* The parent before of a clause after; -2: there is none that is known. */
static int parent_before(const pd_pairing_t *pairing, int after)
{
    int parent = pairing->after_parent[after];
    return parent < 0 ? -1 : pairing->before_of[parent] >= 0 ? pairing->before_of[parent] : -2;
}

/* The first with the first; without any words nothing can be told. */
static void pair_in_order(pd_pairing_t *pairing, pd_pairing_where_e where, apr_pool_t *p)
{
    apr_hash_t *chains = apr_hash_make(p); /* to the first index of a chain, plus one */
    int *next = apr_pcalloc(p, sizeof(*next) * (apr_size_t)(pairing->n_before + 1));
    for (int i = pairing->n_before - 1; i >= 0; i--) {
        if (pairing->after_of[i] < 0 && pairing->before[i].text[0] != '\0') {
            const char *key = key_of(pairing->before[i].text, pairing->before_parent[i], where, p);
            const int *first = apr_hash_get(chains, key, APR_HASH_KEY_STRING);
            next[i] = first != NULL ? *first : 0;
            int here = i + 1;
            apr_hash_set(chains, key, APR_HASH_KEY_STRING, apr_pmemdup(p, &here, sizeof(here)));
        }
    }
    for (int i = 0; i < pairing->n_after; i++) {
        if (pairing->before_of[i] < 0) {
            const char *key = key_of(pairing->after[i].text, parent_before(pairing, i), where, p);
            int *first = apr_hash_get(chains, key, APR_HASH_KEY_STRING);
            if (first != NULL && *first > 0) {
                int before = *first - 1;
                *first = next[before];
                pd_pairing_pair(pairing, before, i);
            }
        }
    }
}

void pd_pairing_repeated(pd_pairing_t *pairing, pd_pairing_where_e where, apr_pool_t *p)
{
    pair_parents(pairing);
    pair_neighbours(pairing, where);
    pair_numbers(pairing, where);
    pair_in_order(pairing, where, p);
}
