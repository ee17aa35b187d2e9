/* What the parser builds: nodes, static text line by line, checked names. A text node tells where
 * lines of its source start (before it by its flag, within it by its line ends), and takes in all
 * text that follows as long as that stays true, so that a page is few large pieces. */
#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>
#include "base/pd_status.h"
#include "tmpl/pd_mustache_int.h"

apr_status_t pd_parser_fail(pd_parser_t *ps, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = apr_pvsprintf(ps->compile->pool, format, args);
    va_end(args);
    ps->compile->why = ps->words
                           ? apr_psprintf(ps->compile->pool, "%s:%d: words \"%s\": %s", ps->file,
                                          line, ps->words, text)
                           : apr_psprintf(ps->compile->pool, "%s:%d: %s", ps->file, line, text);
    return PD_ETEMPLATE;
}

/* --- nodes and text --- */

static pd_node_t *node_at(const pd_parser_t *ps, int node)
{
    return &APR_ARRAY_IDX(ps->nodes, node, pd_node_t);
}

pd_node_t *pd_parser_add(pd_parser_t *ps, pd_node_e kind)
{
    pd_node_t *node = apr_array_push(ps->nodes);
    memset(node, 0, sizeof(*node));
    node->kind = kind;
    node->end = ps->nodes->nelts;
    ps->sealed = 0;
    return node;
}

void pd_parser_end(pd_parser_t *ps, int node)
{
    node_at(ps, node)->end = ps->nodes->nelts;
    ps->sealed = 1;
}

int pd_parser_in_parent(const pd_parser_t *ps)
{
    return ps->n_open > 0 && ps->open[ps->n_open - 1].tag.sigil == '<';
}

/* A text may continue the last one if the renderer still sees where lines start: behind each line
 * end within a text, and before it by its flag. */
static int continues(const pd_parser_t *ps, int line_start, apr_size_t n)
{
    if (ps->sealed || ps->nodes->nelts == 0 || n == 0)
        return 0;
    const pd_node_t *last = node_at(ps, ps->nodes->nelts - 1);
    if (last->kind != PD_NODE_TEXT)
        return 0;
    int ended = last->length > 0 && ps->bytes->bytes[last->offset + last->length - 1] == '\n';
    return ended == line_start;
}

static void add_text(pd_parser_t *ps, int line_start, const char *bytes, apr_size_t n)
{
    if (!continues(ps, line_start, n)) {
        pd_node_t *node = pd_parser_add(ps, PD_NODE_TEXT);
        node->line_start = line_start;
        node->offset = ps->bytes->length;
    }
    node_at(ps, ps->nodes->nelts - 1)->length += n;
    pd_buf_add(ps->bytes, bytes, n);
}

apr_size_t pd_count_blanks(const char *line, apr_size_t most)
{
    apr_size_t n = 0;
    while (n < most && (line[n] == ' ' || line[n] == '\t'))
        n++;
    return n;
}

void pd_parser_flush(pd_parser_t *ps, apr_size_t from, apr_size_t to, int marked)
{
    const char *source = ps->scan.source;
    if (pd_parser_in_parent(ps))
        return;
    for (;;) {
        int line_start = from == 0 ? !ps->scan.inside : source[from - 1] == '\n';
        if (line_start)
            from += pd_count_blanks(source + from, to - from < ps->base ? to - from : ps->base);
        const char *newline = memchr(source + from, '\n', to - from);
        apr_size_t end = newline ? (apr_size_t)(newline - source) + 1 : to;
        if (end > from || (marked && line_start))
            add_text(ps, line_start, source + from, end - from);
        if (!newline)
            return;
        from = end;
    }
}

/* --- names --- */

int pd_name_listed(const char *const *names, const char *name, apr_size_t length)
{
    for (; *names; names++)
        if (strncmp(*names, name, length) == 0 && (*names)[length] == '\0')
            return 1;
    return 0;
}

static int word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

int pd_name_good(const char *name, apr_size_t length, char joint)
{
    int in_word = 0;
    for (apr_size_t i = 0; i < length; i++) {
        if (word_char(name[i]))
            in_word = 1;
        else if (name[i] == joint && in_word)
            in_word = 0;
        else
            return 0;
    }
    return in_word;
}

static void split_name(pd_node_t *node, const char *name, apr_size_t length, apr_pool_t *p)
{
    int n = 1;
    for (apr_size_t i = 0; i < length; i++)
        n += name[i] == '.';
    pd_name_t *parts = apr_pcalloc(p, (apr_size_t)n * sizeof(*parts));
    const char *at = apr_pstrmemdup(p, name, length);
    for (int i = 0; i < n; i++) {
        parts[i] = pd_name(at, strcspn(at, "."));
        at += parts[i].length + 1;
    }
    node->parts = parts;
    node->n_parts = n;
}

apr_status_t pd_parser_name(pd_parser_t *ps, int node, const char *name, apr_size_t length,
                            int line)
{
    apr_pool_t *p = ps->compile->pool;
    const char *const *known = ps->compile->options->known;
    const char *copy = apr_pstrmemdup(p, name, length);
    if (ps->names)
        APR_ARRAY_PUSH(ps->names, const char *) = copy;
    if (strcmp(copy, ".") == 0)
        return APR_SUCCESS;
    if (!pd_name_good(name, length, '.'))
        return pd_parser_fail(ps, line, "malformed tag: \"%s\"", copy);
    if (known && !pd_name_listed(known, name, strcspn(copy, ".")))
        return pd_parser_fail(ps, line, "unknown name \"%s\"", copy);
    split_name(node_at(ps, node), name, length, p);
    return APR_SUCCESS;
}
