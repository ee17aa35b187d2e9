/* Language negotiation. Every offered language gets the weight of the range that names it most
 * exactly; the heaviest wins, the earlier range on equal weight. Nothing is allocated. A header
 * that breaks the grammar anywhere counts as absent. */
#include "text/pd_language.h"
#include <string.h>
#include <strings.h>
#include "text/pd_weight_int.h"

/* How exactly a range names a language; more is better. */
enum { MATCH_NONE, MATCH_ANY, MATCH_WIDER, MATCH_EXACT };

typedef struct {
    const char *text;
    apr_size_t length;
    int weight; /* 0 to PD_WEIGHT_MAX */
} range_t;

/* Not the C library's: in some locales its letters go beyond ASCII. */
static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 1*8ALPHA *("-" 1*8alphanum) or "*"; the length, 0 if it is neither. */
static apr_size_t range_length(const char *at)
{
    if (*at == '*') {
        return 1;
    }
    const char *begin = at;
    for (int is_first = 1;; is_first = 0) {
        apr_size_t n = 0;
        while (is_alpha(at[n]) || (!is_first && is_digit(at[n]))) {
            n++;
        }
        if (n < 1 || n > 8) {
            return 0;
        }
        at += n;
        if (*at != '-') {
            return (apr_size_t)(at - begin);
        }
        at++;
    }
}

/* Reads one element and the comma behind it. NULL: malformed. Empty elements have length 0. */
static const char *next_range(range_t *range, const char *at)
{
    at = pd_weight_skip_space(at);
    range->text = at;
    range->weight = PD_WEIGHT_MAX;
    range->length = 0;
    if (*at == '\0') {
        return at;
    }
    if (*at == ',') {
        return at + 1;
    }
    range->length = range_length(at);
    return range->length > 0 ? pd_weight_read(&range->weight, at + range->length) : NULL;
}

/* Is `part` the language `whole`, or one of its leading subtags? */
static int is_prefix(const char *part, apr_size_t part_length, const char *whole,
                     apr_size_t whole_length)
{
    return part_length <= whole_length && strncasecmp(part, whole, part_length) == 0 &&
           (part_length == whole_length || whole[part_length] == '-');
}

static int match(const range_t *range, const char *language)
{
    apr_size_t length = strlen(language);
    if (range->length == 1 && *range->text == '*') {
        return MATCH_ANY;
    }
    if (is_prefix(range->text, range->length, language, length)) {
        return MATCH_EXACT;
    }
    /* "en-GB" alone is content with "en" (RFC 4647 3.4), but to refuse the one is not to refuse
     * the other. */
    if (range->weight > 0 && is_prefix(language, length, range->text, range->length)) {
        return MATCH_WIDER;
    }
    return MATCH_NONE;
}

/* Weight and place of the range that names `language` best; weight 0 if none does, -1 if the
 * header is malformed. */
static int weigh(int *place, const char *header, const char *language)
{
    int best = MATCH_NONE;
    int weight = 0;
    apr_size_t length = 0;
    range_t range;
    const char *at = header;
    for (int n = 0; *at != '\0'; n++) {
        at = next_range(&range, at);
        if (at == NULL) {
            return -1;
        }
        int found = range.length > 0 ? match(&range, language) : MATCH_NONE;
        if (found == MATCH_NONE || found < best) {
            continue;
        }
        int is_better =
            found > best || (found == MATCH_EXACT ? range.length > length : range.weight > weight);
        if (is_better) {
            best = found;
            weight = range.weight;
            length = range.length;
            *place = n;
        }
    }
    return weight;
}

const char *pd_language_choose(const char *accept_language, const char *const *offered)
{
    const char *chosen = offered[0];
    int chosen_weight = 0;
    int chosen_place = 0;
    if (accept_language == NULL) {
        return chosen;
    }
    for (const char *const *at = offered; *at != NULL; at++) {
        int place = 0;
        int weight = weigh(&place, accept_language, *at);
        if (weight < 0) {
            return offered[0];
        }
        if (weight > chosen_weight ||
            (weight > 0 && weight == chosen_weight && place < chosen_place)) {
            chosen = *at;
            chosen_weight = weight;
            chosen_place = place;
        }
    }
    return chosen;
}

int pd_language_offered(const char *name, const char *const *offered)
{
    for (; name != NULL && *offered != NULL; offered++) {
        if (strcmp(name, *offered) == 0) {
            return 1;
        }
    }
    return 0;
}
