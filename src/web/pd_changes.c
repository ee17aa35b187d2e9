/* Counts and changes of a difference, bounded so that they always make a page. */
#include "web/pd_changes.h"
#include <apr_strings.h>

/* Under the 4 MiB of a page, with what stands around each change, and around each span of it in the
 * two views. */
#define BYTES_MAX        (3 * 1024 * 1024)
#define BYTES_PER_CHANGE 1500
#define BYTES_PER_NUMBER 400 /* where it alone changed */
#define BYTES_PER_SPAN   320

#define SHORT_CHANGES_MAX 12

/* In characters: of a text, of what was removed or added in one place, and of what stands before
 * the first such place. */
#define SHORT_TEXT_MAX  240
#define SHORT_SPAN_MAX  120
#define SHORT_FRONT_MAX 60

typedef struct {
    pd_page_t *page;
    const char *before, *after; /* addresses of the texts */
    pd_value_t *changes, *renumbered;
    apr_size_t bytes; /* that are left */
    int n_more;
} listing_t;

static int is_number_alone(const pd_change_t *change)
{
    return change->words == NULL && change->renumbered;
}

/* Bytes of a text once it is escaped. */
static apr_size_t escaped_bytes(const char *text)
{
    apr_size_t n = 0;
    for (; *text != '\0'; text++) {
        n += strchr("&<>\"'", *text) != NULL ? 6 : 1;
    }
    return n;
}

static apr_size_t page_bytes(const pd_change_t *change)
{
    const pd_clause_t *clause = change->after ? change->after : change->before;
    apr_size_t n = BYTES_PER_CHANGE;
    if (is_number_alone(change)) {
        return BYTES_PER_NUMBER;
    }
    if (change->words == NULL) {
        return n + escaped_bytes(clause->text);
    }
    for (int i = 0; i < change->words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(change->words, i, pd_span_t);
        unsigned times = span->kind == PD_SPAN_SAME ? 3 : 2; /* in one view, and on each side */
        n += BYTES_PER_SPAN + times * escaped_bytes(span->text);
    }
    return n;
}

static void add_counts(pd_page_t *page, const pd_difference_t *difference)
{
    const struct {
        const char *name;
        int n;
    } counts[] = {{"is_added", difference->added},
                  {"is_removed", difference->removed},
                  {"is_moved", difference->moved},
                  {"is_reworded", difference->reworded},
                  {"is_moved_reworded", difference->moved_reworded}};
    pd_value_t *list = pd_value_list(page->p);
    int is_next = 0;
    for (int i = 0; i < 5; i++) {
        if (counts[i].n > 0) {
            pd_value_t *value = pd_value_map(page->p);
            pd_value_set_bool(value, counts[i].name, 1, page->p);
            pd_value_set_number(value, "n", counts[i].n, page->p);
            pd_value_set_bool(value, "is_next", is_next, page->p);
            pd_value_add(list, value);
            is_next = 1;
        }
    }
    pd_value_set(page->values, "counts", list);
    pd_page_true(page, "is_different", is_next);
    pd_value_set_number(page->values, "n_renumbered", difference->renumbered, page->p);
    pd_value_set_number(page->values, "n_relinked", difference->relinked, page->p);
}

static const char *name_of(const pd_change_t *change)
{
    return change->before == NULL            ? "is_added"
           : change->after == NULL           ? "is_removed"
           : change->moved && !change->words ? "is_moved"
           : change->moved                   ? "is_moved_reworded"
                                             : "is_reworded";
}

/* Where on a page about the difference the change is found. */
static const char *id_of(const pd_change_t *change, apr_pool_t *p)
{
    switch (change->part) {
    case PD_PART_TITLE:
        return "title";
    case PD_PART_OPENING:
        return "opening";
    default:
        return change->after ? apr_pstrcat(p, "c", change->after->number, NULL)
                             : apr_pstrcat(p, "r", change->before->number, NULL);
    }
}

/* The address of a clause in its text; "" where the text has none. */
static const char *clause_url(const char *text, const pd_clause_t *clause, apr_pool_t *p)
{
    if (clause == NULL || text[0] == '\0') {
        return "";
    }
    return clause->number[0] ? apr_pstrcat(p, text, "#p", clause->number, NULL) : text;
}

/* All of a change but its words. */
static pd_value_t *change_value(const listing_t *listing, const pd_change_t *change)
{
    apr_pool_t *p = listing->page->p;
    const pd_clause_t *clause = change->after ? change->after : change->before;
    int has_other = change->after && change->before &&
                    strcmp(change->before->number, change->after->number) != 0;
    pd_value_t *value = pd_value_map(p);
    pd_value_set_bool(value, name_of(change), 1, p);
    pd_value_set_bool(value, "is_title", change->part == PD_PART_TITLE, p);
    pd_value_set_bool(value, "is_opening", change->part == PD_PART_OPENING, p);
    pd_value_set_text(value, "id", id_of(change, p), p);
    pd_value_set_text(value, "number", clause->number, p);
    pd_value_set_text(value, "old_number", has_other ? change->before->number : "", p);
    pd_value_set_text(value, "old_url", clause_url(listing->before, change->before, p), p);
    pd_value_set_text(value, "new_url", clause_url(listing->after, change->after, p), p);
    return value;
}

/* All three stand in each span, since an absent member would be looked up in the change around. */
static pd_value_t *span_value(pd_span_e kind, const char *text, apr_pool_t *p)
{
    static const char *const names[] = {
        [PD_SPAN_SAME] = "same", [PD_SPAN_REMOVED] = "removed", [PD_SPAN_ADDED] = "added"};
    pd_value_t *value = pd_value_map(p);
    for (int i = PD_SPAN_SAME; i <= PD_SPAN_ADDED; i++) {
        pd_value_set_text(value, names[i], i == (int)kind ? text : "", p);
    }
    return value;
}

static void add_words(pd_value_t *value, const apr_array_header_t *words, apr_pool_t *p)
{
    pd_value_t *list = pd_value_list(p);
    int is_whole = 1;
    for (int i = 0; i < words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(words, i, pd_span_t);
        is_whole &= span->kind != PD_SPAN_SAME;
        pd_value_add(list, span_value(span->kind, span->text, p));
    }
    pd_value_set(value, "words", list);
    pd_value_set_bool(value, is_whole ? "is_whole" : "is_mixed", 1, p);
}

static void list_change(listing_t *listing, const pd_change_t *change)
{
    apr_pool_t *p = listing->page->p;
    apr_size_t bytes = page_bytes(change);
    if (bytes > listing->bytes) {
        listing->n_more++;
        return;
    }
    listing->bytes -= bytes;
    pd_value_t *value = change_value(listing, change);
    if (is_number_alone(change)) {
        pd_value_add(listing->renumbered, value);
        return;
    }
    if (change->words != NULL) {
        add_words(value, change->words, p);
    }
    else {
        pd_value_set_text(value, "text", (change->after ? change->after : change->before)->text, p);
    }
    pd_value_add(listing->changes, value);
}

static int is_inside_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static int count_characters(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++) {
        n += !is_inside_character(*text);
    }
    return n;
}

/* The text from character `n` on. */
static const char *skip_characters(const char *text, int n)
{
    while (*text != '\0' && (n > 0 || is_inside_character(*text))) {
        n -= !is_inside_character(*text);
        text++;
    }
    return text;
}

/* The first characters of a text, whole words where there are any. */
static const char *beginning(int *is_cut, const char *text, int max, apr_pool_t *p)
{
    const char *end = skip_characters(text, max), *last = end;
    *is_cut = *end != '\0';
    while (*is_cut && last > text && *last != ' ') {
        last--;
    }
    return apr_pstrmemdup(p, text, (apr_size_t)((last > text ? last : end) - text));
}

/* The last ones. */
static const char *ending(int *is_cut, const char *text, int max)
{
    int n = count_characters(text);
    *is_cut = n > max;
    if (*is_cut) {
        text = skip_characters(text, n - max);
        const char *space = strchr(text, ' ');
        text = space != NULL && space[1] != '\0' ? space : text;
    }
    return text;
}

/* The spans from shortly before the first change on, until there are enough characters; whoever
 * reads what was removed also reads what came instead. */
static void add_short_words(pd_value_t *value, const apr_array_header_t *words, apr_pool_t *p)
{
    pd_value_t *list = pd_value_list(p);
    int left = SHORT_TEXT_MAX, is_late, is_cut, is_done = 0;
    for (int i = 0; i < words->nelts && !is_done; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(words, i, pd_span_t);
        const char *text = span->text;
        int max = span->kind != PD_SPAN_SAME ? SHORT_SPAN_MAX : left;
        is_late = 0;
        if (i == 0 && span->kind == PD_SPAN_SAME) {
            text = ending(&is_late, text, SHORT_FRONT_MAX);
        }
        text = beginning(&is_cut, text, max, p);
        left -= count_characters(text);
        is_done = is_cut && span->kind == PD_SPAN_SAME;
        pd_value_t *item = span_value(span->kind, text, p);
        pd_value_set_bool(item, "is_late", is_late, p);
        pd_value_set_bool(item, "is_cut", is_cut, p);
        pd_value_add(list, item);
    }
    pd_value_set(value, "words", list);
}

static void list_short(listing_t *listing, const pd_change_t *change)
{
    apr_pool_t *p = listing->page->p;
    int is_cut = 0;
    if (is_number_alone(change)) {
        return;
    }
    if (listing->changes->items->nelts == SHORT_CHANGES_MAX) {
        listing->n_more++;
        return;
    }
    pd_value_t *value = change_value(listing, change);
    const char *text = (change->after ? change->after : change->before)->text;
    if (change->words != NULL) {
        add_short_words(value, change->words, p);
    }
    else {
        pd_value_set_text(value, "text", beginning(&is_cut, text, SHORT_TEXT_MAX, p), p);
    }
    pd_value_set_bool(value, "is_cut", is_cut, p);
    pd_value_add(listing->changes, value);
}

static void add_all(listing_t *listing, const pd_difference_t *difference,
                    void (*list)(listing_t *, const pd_change_t *))
{
    pd_page_t *page = listing->page;
    listing->changes = pd_value_list(page->p);
    listing->renumbered = pd_value_list(page->p);
    for (int i = 0; i < difference->changes->nelts; i++) {
        const pd_change_t *change = &APR_ARRAY_IDX(difference->changes, i, pd_change_t);
        if (!pd_change_is_none(change)) {
            list(listing, change);
        }
    }
    add_counts(page, difference);
    pd_value_set(page->values, "changes", listing->changes);
    pd_value_set(page->values, "renumbered", listing->renumbered);
    pd_value_set_number(page->values, "n_more", listing->n_more, page->p);
}

void pd_changes_add(pd_page_t *page, const pd_difference_t *difference, const char *before,
                    const char *after)
{
    listing_t listing = {.page = page, .before = before, .after = after, .bytes = BYTES_MAX};
    add_all(&listing, difference, list_change);
}

void pd_changes_add_short(pd_page_t *page, const pd_difference_t *difference)
{
    listing_t listing = {.page = page, .before = "", .after = ""};
    add_all(&listing, difference, list_short);
}
