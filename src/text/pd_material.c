/* Compares texts clause by clause, by what they say. */
#include "text/pd_material.h"
#include "base/pd_bytes.h"
#include "text/pd_bidi.h"
#include "text/pd_difference.h"
#include <stdlib.h>
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <utf8proc.h>

#define NUMBERS_BYTES_MAX 2000

/* A slip, a name, a telephone number; not a sentence. */
#define MENDED_WORDS_MAX 5

static int is_quote(utf8proc_int32_t c)
{
    return c == 0xab || c == 0xbb || (c >= 0x201c && c <= 0x201f) || c == 0x2039 || c == 0x203a;
}

/* One character in the one typography that texts are compared in; 0: it doesn't show. What turns
 * numbers around counts, though it doesn't show itself. */
static utf8proc_int32_t plain_character(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    if (category == UTF8PROC_CATEGORY_ZS || c == '\n' || c == '\t') {
        return ' ';
    }
    if (category == UTF8PROC_CATEGORY_CF && !pd_bidi_is_control(c)) {
        return 0;
    }
    if (category == UTF8PROC_CATEGORY_PD) {
        return '-';
    }
    if (c >= 0x2018 && c <= 0x201b) {
        return '\'';
    }
    return is_quote(c) ? '"' : c;
}

/* The text as it is compared: without runs of white space. Valid UTF-8 in. */
static const char *plain(const char *text, apr_pool_t *p)
{
    utf8proc_uint8_t *composed = utf8proc_NFC((const utf8proc_uint8_t *)text);
    const utf8proc_uint8_t *at = composed != NULL ? composed : (const utf8proc_uint8_t *)text;
    utf8proc_int32_t c, last = ' ';
    utf8proc_uint8_t bytes[4];
    pd_buf_t out;
    pd_buf_init(&out, strlen((const char *)at) * 2 + 1, p);
    while (*at != 0) {
        utf8proc_ssize_t n = utf8proc_iterate(at, -1, &c);
        at += n > 0 ? n : 1;
        c = plain_character(c);
        if (c > 0 && (c != ' ' || last != ' ')) {
            pd_buf_add(&out, (const char *)bytes, (apr_size_t)utf8proc_encode_char(c, bytes));
            last = c;
        }
    }
    free(composed);
    return out.bytes;
}

static int is_same(const char *a, const char *b, apr_pool_t *p)
{
    return strcmp(a, b) == 0 || strcmp(plain(a, p), plain(b, p)) == 0;
}

/* An address is compared as it is: another dash leads elsewhere. */
static int is_same_clause(const pd_clause_t *a, const pd_clause_t *b, apr_pool_t *p)
{
    return strcmp(a->links, b->links) == 0 && is_same(a->text, b->text, p);
}

/* "5.2" holds 5.2 and 5.2.1, but not 5.20. */
static int is_in(const char *number, const char *sections)
{
    if (sections == NULL) {
        return 1;
    }
    for (const char *at = sections; *at != '\0'; at += strspn(at, " ")) {
        apr_size_t length = strcspn(at, " ");
        if (length > 0 && strncmp(number, at, length) == 0 &&
            (number[length] == '\0' || number[length] == '.')) {
            return 1;
        }
        at += length;
    }
    return 0;
}

static const pd_clause_t *clause_at(const pd_article_t *article, int i)
{
    return &APR_ARRAY_IDX(article->clauses, i, pd_clause_t);
}

static apr_hash_t *by_number(const pd_article_t *article, apr_pool_t *p)
{
    apr_hash_t *clauses = apr_hash_make(p);
    for (int i = 0; i < article->clauses->nelts; i++) {
        const pd_clause_t *clause = clause_at(article, i);
        apr_hash_set(clauses, clause->number, APR_HASH_KEY_STRING, clause);
    }
    return clauses;
}

static void add_number(pd_buf_t *numbers, const char *number)
{
    pd_buf_puts(numbers, numbers->length > 0 ? ", " : "");
    pd_buf_puts(numbers, number);
}

/* Of `article`: the clauses of these sections that `other` has not, or, with `words`, has
 * otherwise.
 */
static void add_numbers(pd_buf_t *numbers, const pd_article_t *article, const pd_article_t *other,
                        const char *sections, int words, apr_pool_t *p)
{
    apr_hash_t *clauses = by_number(other, p);
    for (int i = 0; i < article->clauses->nelts; i++) {
        const pd_clause_t *clause = clause_at(article, i);
        const pd_clause_t *found = apr_hash_get(clauses, clause->number, APR_HASH_KEY_STRING);
        if (is_in(clause->number, sections) &&
            (found == NULL || (words && !is_same_clause(found, clause, p)))) {
            add_number(numbers, clause->number);
        }
    }
}

const char *pd_material_clauses(const pd_article_t *before, const pd_article_t *after,
                                const char *sections, apr_pool_t *p)
{
    pd_buf_t numbers;
    pd_buf_init(&numbers, NUMBERS_BYTES_MAX, p);
    add_numbers(&numbers, after, before, sections, 1, p);
    add_numbers(&numbers, before, after, sections, 0, p);
    return numbers.bytes;
}

const char *pd_material_unpaired(const pd_article_t *before, const pd_article_t *after,
                                 apr_pool_t *p)
{
    pd_buf_t numbers;
    pd_buf_init(&numbers, NUMBERS_BYTES_MAX, p);
    add_numbers(&numbers, after, before, NULL, 0, p);
    add_numbers(&numbers, before, after, NULL, 0, p);
    return numbers.bytes;
}

static int count_words(const char *text)
{
    int n = 0;
    for (text += strspn(text, " \n\t"); *text != '\0'; text += strspn(text, " \n\t")) {
        text += strcspn(text, " \n\t");
        n++;
    }
    return n;
}

static int count_spans(const pd_change_t *change, pd_span_e kind)
{
    int n = 0;
    for (int i = 0; i < change->words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(change->words, i, pd_span_t);
        n += span->kind == kind ? count_words(span->text) : 0;
    }
    return n;
}

/* Clauses that have hardly a word in common are two changes: one came, one went. */
static int is_rewritten(const pd_change_t *change)
{
    int came = 0, went = 0;
    if (change->before == NULL) {
        came = count_words(change->after->text);
    }
    else if (change->after == NULL) {
        went = count_words(change->before->text);
    }
    else if (change->words != NULL) {
        came = count_spans(change, PD_SPAN_ADDED);
        went = count_spans(change, PD_SPAN_REMOVED);
    }
    return came > MENDED_WORDS_MAX || went > MENDED_WORDS_MAX;
}

apr_status_t pd_material_rewritten(const char **numbers, const pd_article_t *before,
                                   const pd_article_t *after, apr_pool_t *p)
{
    const pd_difference_t *difference;
    const char *last = "";
    pd_buf_t found;
    pd_buf_init(&found, NUMBERS_BYTES_MAX, p);
    apr_status_t rv = pd_difference_make(&difference, before, after, p);
    for (int i = 0; rv == APR_SUCCESS && i < difference->changes->nelts; i++) {
        const pd_change_t *change = &APR_ARRAY_IDX(difference->changes, i, pd_change_t);
        const pd_clause_t *clause = change->after != NULL ? change->after : change->before;
        if (change->part == PD_PART_CLAUSE && is_rewritten(change) &&
            strcmp(clause->number, last) != 0) { /* what went stands before what came instead */
            add_number(&found, clause->number);
            last = clause->number;
        }
    }
    *numbers = found.bytes;
    return rv;
}

int pd_material_same_opening(const pd_article_t *before, const pd_article_t *after, apr_pool_t *p)
{
    return is_same(before->title, after->title, p) && is_same(before->opening, after->opening, p) &&
           strcmp(before->opening_links, after->opening_links) == 0;
}

/* Quotation marks as characters, as the typographic ones are. */
static const char *unescape_quotes(const char *html, apr_pool_t *p)
{
    pd_buf_t out;
    pd_buf_init(&out, strlen(html) + 1, p);
    while (*html != '\0') {
        int quote = strncmp(html, "&quot;", 6) == 0, apostrophe = strncmp(html, "&#39;", 5) == 0;
        pd_buf_putc(&out, quote ? '"' : apostrophe ? '\'' : *html);
        html += quote ? 6 : apostrophe ? 5 : 1;
    }
    return out.bytes;
}

static int is_same_links(const pd_article_t *before, const pd_article_t *after)
{
    int same = before->clauses->nelts == after->clauses->nelts &&
               strcmp(before->opening_links, after->opening_links) == 0;
    for (int i = 0; same && i < after->clauses->nelts; i++) {
        same = strcmp(clause_at(before, i)->links, clause_at(after, i)->links) == 0;
    }
    return same;
}

int pd_material_same(const pd_article_t *before, const pd_article_t *after, apr_pool_t *p)
{
    return is_same(before->title, after->title, p) && is_same_links(before, after) &&
           is_same(unescape_quotes(before->html, p), unescape_quotes(after->html, p), p);
}

int pd_material_has(const pd_article_t *article, const char *sections)
{
    for (int i = 0; i < article->clauses->nelts; i++) {
        if (is_in(clause_at(article, i)->number, sections)) {
            return 1;
        }
    }
    return 0;
}
