/* The scanner of templates: finds tags, follows changes of delimiters, and knows which tags stand
 * alone on their line. Also reads the words of {{#_}} and {{#_n}}, whose raw source is their id. */
#include <string.h>
#include <apr_strings.h>
#include "tmpl/pd_mustache_int.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

void pd_scan_init(pd_scan_t *scan, const char *source, apr_pool_t *p)
{
    memset(scan, 0, sizeof(*scan));
    scan->source = source;
    scan->length = strlen(source);
    scan->open = "{{";
    scan->close = "}}";
    scan->line = 1;
    scan->pool = p;
}

static int line_of(pd_scan_t *scan, apr_size_t place)
{
    for (; scan->counted < place; scan->counted++)
        scan->line += scan->source[scan->counted] == '\n';
    return scan->line;
}

static void trim(const char **begin, const char **end)
{
    while (*begin < *end && is_space(**begin))
        (*begin)++;
    while (*begin < *end && is_space((*end)[-1]))
        (*end)--;
}

static int delimiter_good(const char *begin, const char *end)
{
    if (begin == end)
        return 0;
    for (; begin < end; begin++)
        if (is_space(*begin) || *begin == '=')
            return 0;
    return 1;
}

/* The inside of {{=<% %>=}}. */
static const char *change_delimiters(pd_scan_t *scan, const char *begin, const char *end)
{
    trim(&begin, &end);
    const char *middle = begin;
    while (middle < end && !is_space(*middle))
        middle++;
    const char *second = middle;
    while (second < end && is_space(*second))
        second++;
    if (!delimiter_good(begin, middle) || !delimiter_good(second, end))
        return "malformed change of delimiters";
    scan->open = apr_pstrmemdup(scan->pool, begin, (apr_size_t)(middle - begin));
    scan->close = apr_pstrmemdup(scan->pool, second, (apr_size_t)(end - second));
    return NULL;
}

/* What ends a tag that begins with `sigil`, where that is not the closing delimiter alone. */
static const char *tag_end(const pd_scan_t *scan, char sigil)
{
    if (sigil == '{')
        return "}}}";
    return sigil == '=' ? apr_pstrcat(scan->pool, "=", scan->close, NULL) : scan->close;
}

pd_scan_e pd_scan_next(pd_scan_t *scan, pd_tag_t *tag, const char **fault)
{
    const char *open = strstr(scan->source + scan->pos, scan->open);
    if (!open)
        return PD_SCAN_END;
    tag->begin = (apr_size_t)(open - scan->source);
    tag->line = line_of(scan, tag->begin);
    const char *begin = open + strlen(scan->open);
    int has_sigil = *begin != '\0' && strchr("#^/>!&=<$", *begin) != NULL;
    int triple = *begin == '{' && strcmp(scan->open, "{{") == 0;
    tag->sigil = (char)(has_sigil || triple ? *begin++ : 0);
    const char *ending = tag_end(scan, tag->sigil);
    const char *end = strstr(begin, ending);
    if (!end) {
        *fault = "a tag is not closed";
        return PD_SCAN_FAULT;
    }
    scan->pos = tag->end = (apr_size_t)(end - scan->source) + strlen(ending);
    if (tag->sigil == '=' && (*fault = change_delimiters(scan, begin, end)) != NULL)
        return PD_SCAN_FAULT;
    if (triple)
        tag->sigil = '&';
    trim(&begin, &end);
    tag->name = begin;
    tag->length = (apr_size_t)(end - begin);
    return PD_SCAN_TAG;
}

int pd_scan_blank_before(apr_size_t *line_begin, const pd_scan_t *scan, const pd_tag_t *tag)
{
    apr_size_t at = tag->begin;
    while (at > 0 && is_blank(scan->source[at - 1]))
        at--;
    *line_begin = at;
    return at == 0 ? !scan->inside : scan->source[at - 1] == '\n';
}

int pd_scan_blank_after(apr_size_t *after, const pd_scan_t *scan, const pd_tag_t *tag)
{
    apr_size_t at = tag->end;
    while (is_blank(scan->source[at]))
        at++;
    if (scan->source[at] == '\r' && scan->source[at + 1] == '\n')
        at++;
    *after = scan->source[at] == '\0' ? at : at + 1;
    return scan->source[at] == '\n' || (scan->source[at] == '\0' && !scan->inside);
}

int pd_words_begin(const pd_tag_t *tag)
{
    if (tag->sigil != '#' || tag->length == 0 || tag->name[0] != '_')
        return 0;
    if (tag->length == 1)
        return 1;
    return tag->name[1] == 'n' && (tag->length == 2 || is_space(tag->name[2]));
}

/* Trims, and makes every run of white space one space. */
static const char *fold(const char *begin, const char *end, apr_pool_t *p)
{
    trim(&begin, &end);
    char *folded = apr_palloc(p, (apr_size_t)(end - begin) + 1);
    char *to = folded;
    for (; begin < end; begin++) {
        if (!is_space(*begin))
            *to++ = *begin;
        else if (to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
    return folded;
}

/* A bar between tags parts the singular from the plural; counts the bars from `from` to `to`. */
static int find_bar(const char **bar, const char *from, const char *to)
{
    int n = 0;
    for (; from < to; from++)
        if (*from == '|') {
            *bar = from;
            n++;
        }
    return n;
}

static const char *read_count(pd_words_t *words, pd_scan_t *scan, const pd_tag_t *tag)
{
    const char *begin = tag->name + 2, *end = tag->name + tag->length;
    trim(&begin, &end);
    words->count = apr_pstrmemdup(scan->pool, begin, (apr_size_t)(end - begin));
    return begin == end ? "{{#_n}} lacks the name of its number" : NULL;
}

static const char *split(pd_words_t *words, pd_scan_t *scan, const char *begin, const char *bar,
                         const char *end)
{
    if (!words->count) {
        words->id = fold(begin, end, scan->pool);
    }
    else if (bar) {
        words->id = fold(begin, bar, scan->pool);
        words->plural = fold(bar + 1, end, scan->pool);
    }
    else {
        return "{{#_n}} needs singular|plural";
    }
    /* The empty id is the catalogue's header. */
    return words->id[0] == '\0' || (words->plural && words->plural[0] == '\0') ? "empty words"
                                                                               : NULL;
}

const char *pd_words_read(pd_words_t *words, pd_scan_t *scan, const pd_tag_t *tag)
{
    memset(words, 0, sizeof(*words));
    words->line = tag->line;
    apr_size_t name_length = tag->length == 1 ? 1 : 2;
    const char *fault = name_length == 2 ? read_count(words, scan, tag) : NULL;
    const char *begin = scan->source + scan->pos, *bar = NULL;
    int bars = 0;
    while (!fault) {
        const char *from = scan->source + scan->pos;
        pd_tag_t next;
        pd_scan_e found = pd_scan_next(scan, &next, &fault);
        if (found == PD_SCAN_END)
            return "words are not closed";
        if (found == PD_SCAN_FAULT)
            break;
        bars += find_bar(&bar, from, scan->source + next.begin);
        if (next.sigil == '/' && next.length == name_length &&
            memcmp(next.name, tag->name, name_length) == 0) {
            if (words->count && bars > 1)
                return "more than one | in a plural";
            return split(words, scan, begin, bar, scan->source + next.begin);
        }
        if (pd_words_begin(&next) || strchr("><$=", next.sigil ? next.sigil : ' '))
            return "words may hold only values, sections and comments";
    }
    return fault;
}
