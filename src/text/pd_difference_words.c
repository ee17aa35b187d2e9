/* Two texts word by word: E. Myers, "An O(ND) difference algorithm and its variations" (1986), with
 * a bound on the edits. Between the changes a reader wants words, not scraps: what is left of the
 * same between two changes must hold a word, and two texts that share hardly any, measured by the
 * shorter, are shown as replaced.
 */
#include "text/pd_difference_int.h"
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <utf8proc.h>

/* Words removed and added; the trace takes the square of it. */
#define EDITS_MAX 300

typedef struct {
    const char *text;
    int length;
    int is_word; /* not a space or a punctuation mark */
    int is_changed;
} token_t;

/* One text, cut into tokens that leave no byte out. */
typedef struct {
    token_t *tokens;
    int n;
    int n_words;
} side_t;

typedef enum { SPACE, MARK, LETTER } letter_e;

/* The kind of the character at `at`, and its bytes; a byte that begins none is one by itself. */
static letter_e read_character(int *length, const char *at)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);
    *length = n > 0 ? (int)n : 1;
    if (n <= 0) {
        return MARK;
    }
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return LETTER;
    case UTF8PROC_CATEGORY_ZS:
        return SPACE;
    default:
        return MARK;
    }
}

/* Bytes of the word at `at`, which begins with a letter. One mark between two letters belongs to
 * it, so that "5.2" and an address are read in one piece. */
static int word_length(const char *at)
{
    int length = 0, n = 0, next;
    for (;;) {
        letter_e kind = at[length] != '\0' ? read_character(&n, at + length) : SPACE;
        if (kind == SPACE || (kind == MARK && (at[length + n] == '\0' ||
                                               read_character(&next, at + length + n) != LETTER))) {
            return length;
        }
        length += n;
    }
}

/* The next token of a text that is not at its end. */
static token_t next_token(const char *at)
{
    int n;
    if (read_character(&n, at) == LETTER) {
        return (token_t){.text = at, .length = word_length(at), .is_word = 1};
    }
    return (token_t){.text = at, .length = n};
}

static void cut(side_t *side, const char *text, apr_pool_t *p)
{
    apr_array_header_t *tokens = apr_array_make(p, 64, sizeof(token_t));
    side->n_words = 0;
    while (*text != '\0') {
        token_t token = next_token(text);
        APR_ARRAY_PUSH(tokens, token_t) = token;
        side->n_words += token.is_word;
        text += token.length;
    }
    side->tokens = (token_t *)(void *)tokens->elts;
    side->n = tokens->nelts;
}

static int is_equal(const token_t *a, const token_t *b)
{
    return a->length == b->length && memcmp(a->text, b->text, (apr_size_t)a->length) == 0;
}

static void mark_all(side_t *side)
{
    for (int i = 0; i < side->n; i++) {
        side->tokens[i].is_changed = 1;
    }
}

/* Row d of the trace holds, for each diagonal k from -d to d, how far d edits reach on it. */
static int *reach(int *trace, int d, int k)
{
    return &trace[d * d + d + k];
}

/* Was the edit that led to diagonal k at step d an addition? */
static int came_by_adding(int *trace, int d, int k)
{
    return k == -d || (k != d && *reach(trace, d - 1, k - 1) < *reach(trace, d - 1, k + 1));
}

/* The fewest edits that turn one side into the other, or -1: more than `most`. */
static int find_edits(int *trace, int most, const side_t *before, const side_t *after)
{
    for (int d = 0; d <= most; d++) {
        for (int k = -d; k <= d; k += 2) {
            int x = d == 0                        ? 0
                    : came_by_adding(trace, d, k) ? *reach(trace, d - 1, k + 1)
                                                  : *reach(trace, d - 1, k - 1) + 1;
            int y = x - k;
            while (x < before->n && y < after->n &&
                   is_equal(&before->tokens[x], &after->tokens[y])) {
                x++;
                y++;
            }
            *reach(trace, d, k) = x;
            if (x >= before->n && y >= after->n) {
                return d;
            }
        }
    }
    return -1;
}

/* Walks the trace back and marks what was edited on the way. */
static void mark_edits(int *trace, int d, side_t *before, side_t *after)
{
    int k = before->n - after->n;
    for (; d > 0; d--) {
        if (came_by_adding(trace, d, k)) {
            k++;
            after->tokens[*reach(trace, d - 1, k) - k].is_changed = 1;
        }
        else {
            k--;
            before->tokens[*reach(trace, d - 1, k)].is_changed = 1;
        }
    }
}

/* What both have in common at their ends needs no search, and stays when the search is given up. */
static void compare_middle(side_t *before, side_t *after, apr_pool_t *ptemp)
{
    side_t a = *before, b = *after;
    while (a.n > 0 && b.n > 0 && is_equal(a.tokens, b.tokens)) {
        a.tokens++, b.tokens++;
        a.n--, b.n--;
    }
    while (a.n > 0 && b.n > 0 && is_equal(&a.tokens[a.n - 1], &b.tokens[b.n - 1])) {
        a.n--, b.n--;
    }
    int most = a.n + b.n < EDITS_MAX ? a.n + b.n : EDITS_MAX;
    int *trace = apr_palloc(ptemp, sizeof(*trace) * (apr_size_t)((most + 1) * (most + 1)));
    int edits = find_edits(trace, most, &a, &b);
    if (edits >= 0) {
        mark_edits(trace, edits, &a, &b);
    }
    else {
        mark_all(&a);
        mark_all(&b);
    }
}

/* How many tokens are the same on both sides from here on, and whether a word is among them. */
static int same_run(int *has_word, const side_t *before, int x, const side_t *after, int y)
{
    int n = 0;
    *has_word = 0;
    while (x + n < before->n && y + n < after->n && !before->tokens[x + n].is_changed &&
           !after->tokens[y + n].is_changed) {
        *has_word |= before->tokens[x + n++].is_word;
    }
    return n;
}

static int changed_run(const side_t *side, int at)
{
    int n = 0;
    while (at + n < side->n && side->tokens[at + n].is_changed) {
        n++;
    }
    return n;
}

/* Spaces and marks alone, between two changes, go with these. Returns how many words are the same
 * in both. */
static int join_changes(side_t *before, side_t *after)
{
    int x = 0, y = 0, n_same = 0;
    while (x < before->n || y < after->n) {
        int has_word, n = same_run(&has_word, before, x, after, y);
        int is_inside = (x > 0 || y > 0) && (x + n < before->n || y + n < after->n);
        for (int i = 0; i < n; i++) {
            int joins = is_inside && !has_word;
            before->tokens[x + i].is_changed = after->tokens[y + i].is_changed = joins;
            n_same += before->tokens[x + i].is_word;
        }
        x += n;
        y += n;
        x += changed_run(before, x);
        y += changed_run(after, y);
    }
    return n_same;
}

/* Adds the text of `n` tokens. */
static void add_span(apr_array_header_t *spans, pd_span_e kind, const side_t *side, int at, int n)
{
    if (n > 0) {
        const token_t *last = &side->tokens[at + n - 1];
        const char *text = side->tokens[at].text;
        apr_size_t length = (apr_size_t)(last->text + last->length - text);
        APR_ARRAY_PUSH(spans, pd_span_t) =
            (pd_span_t){kind, apr_pstrmemdup(spans->pool, text, length)};
    }
}

static apr_array_header_t *make_spans(const side_t *before, const side_t *after, apr_pool_t *p)
{
    apr_array_header_t *spans = apr_array_make(p, 4, sizeof(pd_span_t));
    int x = 0, y = 0;
    while (x < before->n || y < after->n) {
        int has_word, n = same_run(&has_word, before, x, after, y);
        add_span(spans, PD_SPAN_SAME, before, x, n);
        x += n;
        y += n;
        n = changed_run(before, x);
        add_span(spans, PD_SPAN_REMOVED, before, x, n);
        x += n;
        n = changed_run(after, y);
        add_span(spans, PD_SPAN_ADDED, after, y, n);
        y += n;
    }
    return spans;
}

apr_array_header_t *pd_words_compare(const char *before, const char *after, apr_pool_t *p,
                                     apr_pool_t *ptemp)
{
    side_t a, b;
    cut(&a, before, ptemp);
    cut(&b, after, ptemp);
    compare_middle(&a, &b, ptemp);
    int n_least = a.n_words < b.n_words ? a.n_words : b.n_words;
    int n_same = join_changes(&a, &b);
    if (n_same == 0 || n_same < n_least / 4) {
        mark_all(&a);
        mark_all(&b);
    }
    return make_spans(&a, &b, p);
}

static int by_value(const void *a, const void *b)
{
    apr_uint64_t x = *(const apr_uint64_t *)a, y = *(const apr_uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* FNV-1a. */
static apr_uint64_t hash_of(const token_t *token)
{
    apr_uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < token->length; i++) {
        hash = (hash ^ (unsigned char)token->text[i]) * 1099511628211u;
    }
    return hash;
}

void pd_bag_make(pd_bag_t *bag, const char *text, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 16, sizeof(apr_uint64_t));
    while (*text != '\0') {
        token_t token = next_token(text);
        if (token.is_word) {
            APR_ARRAY_PUSH(words, apr_uint64_t) = hash_of(&token);
        }
        text += token.length;
    }
    bag->words = (apr_uint64_t *)(void *)words->elts;
    bag->n_words = words->nelts;
    qsort(bag->words, (size_t)bag->n_words, sizeof(*bag->words), by_value);
}

int pd_bag_likeness(const pd_bag_t *a, const pd_bag_t *b)
{
    int n_shared = 0;
    for (int i = 0, k = 0; i < a->n_words && k < b->n_words;) {
        if (a->words[i] == b->words[k]) {
            n_shared++;
            i++;
            k++;
        }
        else if (a->words[i] < b->words[k]) {
            i++;
        }
        else {
            k++;
        }
    }
    return n_shared ? (int)(200ll * n_shared / (a->n_words + b->n_words)) : 0;
}
