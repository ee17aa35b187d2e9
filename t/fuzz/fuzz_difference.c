/* Differences: the words of a change read back as both texts, whole characters, every clause comes
 * once on each side, and a text does not differ from itself. The input is two documents in numbered
 * plain text, parted by a line "%%". */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_difference.h"

static int render(pd_article_t *article, const char *bytes, size_t length, apr_pool_t *p)
{
    const char *why;
    return pd_clause_render(article, &why, PD_MARKUP_PLAIN, bytes, length, p) == APR_SUCCESS;
}

/* Moves `text` past the words of one side. */
static void read_back(const apr_array_header_t *words, pd_span_e without, const char *text)
{
    for (int i = 0; i < words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(words, i, pd_span_t);
        MUST(span->text[0] != '\0' && pd_utf8_valid(span->text, strlen(span->text)));
        if (span->kind != without) {
            MUST(strncmp(text, span->text, strlen(span->text)) == 0);
            text += strlen(span->text);
        }
    }
    MUST(*text == '\0');
}

static void check(const pd_difference_t *difference, const pd_article_t *before,
                  const pd_article_t *after)
{
    int n_before = 0, n_after = 0, n_changed = 0;
    for (int i = 0; i < difference->changes->nelts; i++) {
        const pd_change_t *change = &APR_ARRAY_IDX(difference->changes, i, pd_change_t);
        MUST(change->before != NULL || change->after != NULL);
        n_before += change->part == PD_PART_CLAUSE && change->before != NULL;
        n_after += change->part == PD_PART_CLAUSE && change->after != NULL;
        n_changed += !pd_change_is_none(change);
        if (change->words != NULL) {
            read_back(change->words, PD_SPAN_ADDED, change->before->text);
            read_back(change->words, PD_SPAN_REMOVED, change->after->text);
        }
    }
    MUST(n_before == before->clauses->nelts && n_after == after->clauses->nelts);
    MUST(n_changed == difference->added + difference->removed + difference->reworded +
                          difference->moved + difference->moved_reworded + difference->renumbered);
}

static int is_none(const pd_difference_t *difference)
{
    for (int i = 0; i < difference->changes->nelts; i++) {
        if (!pd_change_is_none(&APR_ARRAY_IDX(difference->changes, i, pd_change_t))) {
            return 0;
        }
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char border[] = "\n%%\n";
    const uint8_t *at = size > 0 ? memmem(data, size, border, sizeof(border) - 1) : NULL;
    if (at == NULL) {
        return 0;
    }
    apr_pool_t *p = fuzz_pool();
    pd_article_t before, after;
    const pd_difference_t *difference;
    size_t n_before = (size_t)(at - data), n_after = size - n_before - (sizeof(border) - 1);
    char *first = fuzz_text(data, n_before);
    char *second = fuzz_text(at + sizeof(border) - 1, n_after);
    if (render(&before, first, n_before, p) && render(&after, second, n_after, p)) {
        MUST(pd_difference_make(&difference, &before, &after, p) == APR_SUCCESS);
        check(difference, &before, &after);
        MUST(pd_difference_make(&difference, &before, &before, p) == APR_SUCCESS);
        MUST(is_none(difference));
    }
    free(first);
    free(second);
    return fuzz_done(p);
}
