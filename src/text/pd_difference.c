/* The difference of two articles: who is who, who stands elsewhere, and the list of it all. */
#include "text/pd_difference.h"
#include <string.h>
#include <apr_strings.h>
#include "text/pd_clause_int.h"
#include "text/pd_difference_int.h"

/* A clause that kept its number is not what moved. */
#define WEIGHT_OF_SAME_NUMBER 64

typedef struct {
    apr_int64_t weight;
    int last; /* index after of the clause that ends it; -1: empty */
} chain_t;

typedef struct {
    pd_pairing_t pairing;
    char *is_steady; /* for each clause after: it stands where it stood */
    pd_difference_t *difference;
    apr_pool_t *p;
    apr_pool_t *whole; /* scratch for all of the work */
    apr_pool_t *step;  /* scratch that is cleared with each clause */
} work_t;

static const char no_break_space[] = "\xc2\xa0", narrow_no_break_space[] = "\xe2\x80\xaf";

static void blank(char *text, const char *space)
{
    for (apr_size_t length = strlen(space); (text = strstr(text, space)) != NULL; text += length) {
        memset(text, ' ', length);
    }
}

/* The text with one kind of space: which one stands between two words is for the eye alone. */
static const char *plain_spaces(const char *text, apr_pool_t *p)
{
    if (strstr(text, no_break_space) == NULL && strstr(text, narrow_no_break_space) == NULL) {
        return text;
    }
    char *copy = apr_pstrdup(p, text);
    blank(copy, no_break_space);
    blank(copy, narrow_no_break_space);
    return pd_clause_one_line(copy, p);
}

static apr_array_header_t *clauses_of(const pd_article_t *article, apr_pool_t *p)
{
    apr_array_header_t *clauses = apr_array_copy(p, article->clauses);
    for (int i = 0; i < clauses->nelts; i++) {
        pd_clause_t *clause = &APR_ARRAY_IDX(clauses, i, pd_clause_t);
        clause->text = plain_spaces(clause->text, p);
    }
    return clauses;
}

static int is_same_number(const pd_pairing_t *pairing, int after)
{
    return strcmp(pairing->before[pairing->before_of[after]].number,
                  pairing->after[after].number) == 0;
}

/* The heaviest chain that ends in front of clause `before`; a binary indexed tree of maxima. */
static chain_t best_until(const chain_t *tree, int before)
{
    chain_t best = {0, -1};
    for (int i = before; i > 0; i -= i & -i) {
        if (tree[i].weight > best.weight) {
            best = tree[i];
        }
    }
    return best;
}

static void put_chain(chain_t *tree, int n, int before, chain_t chain)
{
    for (int i = before + 1; i <= n; i += i & -i) {
        if (chain.weight > tree[i].weight) {
            tree[i] = chain;
        }
    }
}

/* Whoever is not in the heaviest chain of clauses in the same order before and after has moved. */
static void find_steady(work_t *work)
{
    const pd_pairing_t *pairing = &work->pairing;
    apr_size_t n_after = (apr_size_t)pairing->n_after;
    chain_t *tree = apr_pcalloc(work->whole, sizeof(*tree) * (apr_size_t)(pairing->n_before + 1));
    int *previous = apr_palloc(work->whole, sizeof(*previous) * (n_after + 1));
    work->is_steady = apr_pcalloc(work->whole, n_after + 1);
    for (int i = 0; i < pairing->n_after; i++) {
        if (pairing->before_of[i] >= 0) {
            chain_t chain = best_until(tree, pairing->before_of[i]);
            previous[i] = chain.last;
            chain.weight += is_same_number(pairing, i) ? WEIGHT_OF_SAME_NUMBER : 1;
            chain.last = i;
            put_chain(tree, pairing->n_before, pairing->before_of[i], chain);
        }
    }
    for (int i = best_until(tree, pairing->n_before).last; i >= 0; i = previous[i]) {
        work->is_steady[i] = 1;
    }
}

static void count(pd_difference_t *difference, const pd_change_t *change)
{
    difference->added += change->before == NULL;
    difference->removed += change->after == NULL;
    difference->reworded += change->words != NULL && !change->moved;
    difference->moved += change->words == NULL && change->moved;
    difference->moved_reworded += change->words != NULL && change->moved;
    difference->renumbered += change->words == NULL && change->renumbered;
    difference->relinked += change->before != NULL && change->after != NULL &&
                            strcmp(change->before->links, change->after->links) != 0;
}

static void add_change(work_t *work, pd_change_t change)
{
    if (change.before != NULL && change.after != NULL &&
        strcmp(change.before->text, change.after->text) != 0) {
        change.words =
            pd_words_compare(change.before->text, change.after->text, work->p, work->step);
        apr_pool_clear(work->step);
    }
    count(work->difference, &change);
    APR_ARRAY_PUSH(work->difference->changes, pd_change_t) = change;
}

/* A text without a number; nothing where there is none on either side. */
static void add_unnumbered(work_t *work, pd_part_e part, pd_clause_t before, pd_clause_t after)
{
    pd_clause_t *clauses = apr_palloc(work->p, 2 * sizeof(*clauses));
    before.text = plain_spaces(before.text, work->p);
    after.text = plain_spaces(after.text, work->p);
    clauses[0] = before;
    clauses[1] = after;
    pd_change_t change = {.part = part,
                          .before = before.text[0] != '\0' ? &clauses[0] : NULL,
                          .after = after.text[0] != '\0' ? &clauses[1] : NULL};
    if (change.before != NULL || change.after != NULL) {
        add_change(work, change);
    }
}

/* The clauses that were removed, from `from` until `until`. */
static void add_removed(work_t *work, int from, int until)
{
    for (int i = from; i < until; i++) {
        if (work->pairing.after_of[i] < 0) {
            add_change(work,
                       (pd_change_t){.part = PD_PART_CLAUSE, .before = &work->pairing.before[i]});
        }
    }
}

/* What was removed comes in front of what stood behind it or has its number now. */
static void add_clauses(work_t *work)
{
    const pd_pairing_t *pairing = &work->pairing;
    int done = 0;
    for (int i = 0; i < pairing->n_after; i++) {
        int before = pairing->before_of[i];
        int until = before < 0 ? pairing->same_number[i] + 1 : work->is_steady[i] ? before : 0;
        pd_change_t change = {.part = PD_PART_CLAUSE, .after = &pairing->after[i]};
        if (before >= 0) {
            change.before = &pairing->before[before];
            change.moved = !work->is_steady[i];
            change.renumbered = work->is_steady[i] && !is_same_number(pairing, i);
        }
        add_removed(work, done, until);
        done = until > done ? until : done;
        add_change(work, change);
    }
    add_removed(work, done, pairing->n_before);
}

apr_status_t pd_difference_make(const pd_difference_t **difference, const pd_article_t *before,
                                const pd_article_t *after, apr_pool_t *p)
{
    work_t work = {.p = p};
    apr_status_t rv = apr_pool_create(&work.whole, p);
    if (rv == APR_SUCCESS) {
        rv = apr_pool_create(&work.step, work.whole);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    work.difference = apr_pcalloc(p, sizeof(*work.difference));
    work.difference->changes = apr_array_make(p, after->clauses->nelts + 2, sizeof(pd_change_t));
    add_unnumbered(&work, PD_PART_TITLE, (pd_clause_t){"", before->title, "", 0},
                   (pd_clause_t){"", after->title, "", 0});
    add_unnumbered(&work, PD_PART_OPENING,
                   (pd_clause_t){"", before->opening, before->opening_links, 0},
                   (pd_clause_t){"", after->opening, after->opening_links, 0});
    pd_pairing_make(&work.pairing, clauses_of(before, p), clauses_of(after, p), work.whole);
    find_steady(&work);
    add_clauses(&work);
    apr_pool_destroy(work.whole);
    *difference = work.difference;
    return APR_SUCCESS;
}

int pd_change_is_none(const pd_change_t *change)
{
    return change->before != NULL && change->after != NULL && change->words == NULL &&
           !change->moved && !change->renumbered;
}
