/* What stands at the start of a paragraph: clause numbers, and what only looks like one. Also the
 * questions about text that decide between a heading and a paragraph. */
#include "text/pd_clause_int.h"
#include <string.h>
#include <apr_strings.h>
#include <utf8proc.h>

#define PART_DIGITS_MAX   3
#define LEVELS_MAX        9
#define HEADING_CHARS_MAX 120

apr_size_t pd_clause_space(const char *text)
{
    apr_size_t n = 0;
    for (;;) {
        if (text[n] == ' ' || text[n] == '\t' || text[n] == '\n') {
            n++;
        }
        else if ((unsigned char)text[n] == 0xc2 && (unsigned char)text[n + 1] == 0xa0) {
            n += 2;
        }
        else {
            return n;
        }
    }
}

static apr_size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Reads "5.3.1" with one closing dot if there is one; the length read, 0 if a part has too many
 * digits (a year) or a leading zero (a date, a decimal fraction). */
static apr_size_t read_parts(int *n_parts, apr_size_t *number_length, const char *text)
{
    apr_size_t at = 0;
    *n_parts = 0;
    for (;;) {
        apr_size_t n = digits(text + at);
        if (n < 1 || n > PART_DIGITS_MAX || text[at] == '0' || *n_parts == LEVELS_MAX) {
            return 0;
        }
        (*n_parts)++;
        at += n;
        *number_length = at;
        if (text[at] != '.') {
            return at;
        }
        at++;
        if (digits(text + at) == 0) {
            return at;
        }
    }
}

int pd_clause_number_read(pd_clause_number_t *number, const char *text, apr_pool_t *p)
{
    int n_parts;
    apr_size_t number_length;
    apr_size_t length = read_parts(&n_parts, &number_length, text);
    if (length == 0) {
        return 0;
    }
    /* A bare "30 days" or a list's "1)" is no clause. */
    if (n_parts == 1 && length == number_length) {
        return 0;
    }
    if (text[length] == ')') {
        length++;
    }
    apr_size_t space = pd_clause_space(text + length);
    if (space == 0 && text[length] != '\0') {
        return 0;
    }
    number->literal = apr_pstrmemdup(p, text, length);
    number->number = apr_pstrmemdup(p, text, number_length);
    number->level = n_parts;
    number->length = length + space;
    return 1;
}

/* One small letter decides; what follows it is not read. Valid UTF-8 in. */
void pd_clause_letters_add(pd_clause_letters_t *letters, const char *text)
{
    utf8proc_int32_t c;
    for (utf8proc_ssize_t n; *text && !letters->has_small; text += n) {
        n = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c);
        if (n <= 0) {
            return;
        }
        utf8proc_category_t category = utf8proc_category(c);
        letters->has_small |= category == UTF8PROC_CATEGORY_LL;
        letters->has_capital |= category == UTF8PROC_CATEGORY_LU;
    }
}

int pd_clause_letters_are_capitals(const pd_clause_letters_t *letters)
{
    return letters->has_capital && !letters->has_small;
}

static int is_capitals(const char *text)
{
    pd_clause_letters_t letters = {0};
    pd_clause_letters_add(&letters, text);
    return pd_clause_letters_are_capitals(&letters);
}

int pd_clause_is_heading(const char *text)
{
    apr_size_t length = strlen(text);
    int ends_in_stop = length > 0 && text[length - 1] == '.';
    return (!ends_in_stop && pd_utf8_count(text) <= HEADING_CHARS_MAX) || is_capitals(text);
}

const char *pd_clause_one_line(const char *text, apr_pool_t *p)
{
    char *line = apr_palloc(p, strlen(text) + 1);
    char *to = line;
    while (*text) {
        apr_size_t word = strcspn(text, " \t\n");
        if (word > 0 && to > line) {
            *to++ = ' ';
        }
        memcpy(to, text, word);
        to += word;
        text += word;
        text += strspn(text, " \t\n");
    }
    *to = '\0';
    return line;
}

/* The parts of "5.3.1" as numbers. */
static int split(int *parts, const char *number)
{
    int n = 0;
    while (*number && n < LEVELS_MAX) {
        parts[n++] = (int)apr_atoi64(number);
        number += digits(number);
        number += *number == '.';
    }
    return n;
}

int pd_clause_number_follows(const char *previous, const char *next)
{
    int before[LEVELS_MAX], after[LEVELS_MAX];
    int n_before = previous ? split(before, previous) : 0;
    int n_after = split(after, next);
    int same = 0;
    while (same < n_before && same < n_after && before[same] == after[same]) {
        same++;
    }
    /* One level counts on by one, or a new level begins; every deeper one begins at 1. */
    int from = same;
    if (same < n_before) {
        if (same >= n_after || after[same] != before[same] + 1) {
            return 0;
        }
        from = same + 1;
    }
    for (int i = from; i < n_after; i++) {
        if (after[i] != 1) {
            return 0;
        }
    }
    return n_after > same;
}
