/* The parser of templates: turns each source once into a flat array of nodes, with all static text
 * (words of the language included) in one piece. White space is settled here: a tag alone on its
 * line takes the line away, and a block's own indentation is taken off its lines, so that the
 * renderer only puts in front what the place of use wants. */
#include <string.h>
#include <apr_strings.h>
#include "base/pd_status.h"
#include "tmpl/pd_mustache_int.h"

/* Text may grow by translation. */
#define BYTES_MAX (16 * PD_MUSTACHE_SOURCE_MAX)

typedef struct place_t {
    apr_size_t from;       /* end of the tag before */
    apr_size_t line_begin; /* of the tag's line, if `first` */
    apr_size_t after;      /* next line, if `last` */
    int first, last;       /* nothing before, nothing behind the tag on its line */
} place_t;

static pd_node_t *node_at(const pd_parser_t *ps, int node)
{
    return &APR_ARRAY_IDX(ps->nodes, node, pd_node_t);
}

static const pd_open_t *top(const pd_parser_t *ps)
{
    return ps->n_open > 0 ? &ps->open[ps->n_open - 1] : NULL;
}

static apr_status_t fail_tag(pd_parser_t *ps, const pd_tag_t *tag, const char *phrase)
{
    return pd_parser_fail(ps, tag->line, "%s: \"%s\"", phrase,
                          apr_pstrmemdup(ps->compile->pool, tag->name, tag->length));
}

/* --- tags --- */

static int standalone(const place_t *place)
{
    return place->first && place->last;
}

/* The text before a tag that may stand alone. */
static void flush_line(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    if (standalone(place)) {
        pd_parser_flush(ps, place->from, place->line_begin, 0);
        ps->scan.pos = place->after;
    }
    else {
        pd_parser_flush(ps, place->from, tag->begin, 1);
    }
}

static apr_status_t take_value(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    const pd_mustache_options_t *options = ps->compile->options;
    int raw = tag->sigil == '&';
    if (raw && options->raw && !pd_name_listed(options->raw, tag->name, tag->length))
        return fail_tag(ps, tag, "this name may not be shown raw");
    pd_parser_flush(ps, place->from, tag->begin, 1);
    int node = ps->nodes->nelts;
    pd_parser_add(ps, raw || options->kind == PD_MUSTACHE_TEXT ? PD_NODE_RAW : PD_NODE_VALUE);
    return pd_parser_name(ps, node, tag->name, tag->length, tag->line);
}

static apr_status_t push(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag, int node)
{
    if (ps->n_open == PD_MUSTACHE_DEPTH_MAX)
        return fail_tag(ps, tag, "sections are nested too deeply");
    pd_open_t *open = &ps->open[ps->n_open++];
    open->tag = *tag;
    open->node = node;
    open->base = ps->base;
    open->first = place->first;
    return APR_SUCCESS;
}

static apr_status_t take_section(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    flush_line(ps, place, tag);
    int node = ps->nodes->nelts;
    pd_parser_add(ps, tag->sigil == '#' ? PD_NODE_SECTION : PD_NODE_INVERTED);
    apr_status_t st = pd_parser_name(ps, node, tag->name, tag->length, tag->line);
    return st ? st : push(ps, place, tag, node);
}

/* White space from the enclosing block's margin to `width` of the line at `line`. */
static void indent(pd_parser_t *ps, pd_node_t *node, apr_size_t line, apr_size_t width)
{
    node->text = "";
    if (width > ps->base) {
        node->length = width - ps->base;
        node->text =
            apr_pstrmemdup(ps->compile->pool, ps->scan.source + line + ps->base, node->length);
    }
}

static apr_status_t load(const pd_program_t **program, pd_parser_t *ps, const pd_tag_t *tag);

static apr_status_t take_partial(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    flush_line(ps, place, tag);
    pd_node_t *node = pd_parser_add(ps, PD_NODE_PARTIAL);
    int at = ps->nodes->nelts - 1;
    /* In the middle of a line a partial's lines are not shifted: `text` stays NULL. */
    if (standalone(place))
        indent(ps, node, place->line_begin, tag->begin - place->line_begin);
    const pd_program_t *program;
    apr_status_t st = load(&program, ps, tag);
    if (st == APR_SUCCESS)
        node_at(ps, at)->program = program;
    return st;
}

static apr_status_t take_parent(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    pd_parser_flush(ps, place->from, tag->begin, 1);
    pd_node_t *node = pd_parser_add(ps, PD_NODE_PARENT);
    int at = ps->nodes->nelts - 1;
    node->midline = 1;
    if (place->first)
        indent(ps, node, place->line_begin, tag->begin - place->line_begin);
    const pd_program_t *program;
    apr_status_t st = load(&program, ps, tag);
    if (st != APR_SUCCESS)
        return st;
    node_at(ps, at)->program = program;
    return push(ps, place, tag, at);
}

/* The indentation that a block's own text has: that of its first line with something in it, or,
 * when that is the closing tag, that of the opening tag. */
static apr_size_t intrinsic(apr_size_t *line, const pd_parser_t *ps, const place_t *place,
                            const pd_tag_t *tag)
{
    const char *source = ps->scan.source;
    apr_size_t at = place->after, width = pd_count_blanks(source + at, ps->scan.length - at);
    while (source[at + width] == '\n' || source[at + width] == '\r') {
        at += width + 1;
        width = pd_count_blanks(source + at, ps->scan.length - at);
    }
    const char *text = source + at + width;
    apr_size_t n = strlen(ps->scan.open);
    int empty = *text == '\0' || (strncmp(text, ps->scan.open, n) == 0 && text[n] == '/');
    *line = empty ? place->line_begin : at;
    if (!empty)
        return width;
    return place->first ? tag->begin - place->line_begin : ps->base;
}

static const char *intern(pd_compile_t *compile, const char *name, apr_size_t length)
{
    const char *known = apr_hash_get(compile->blocks, name, (apr_ssize_t)length);
    if (!known) {
        known = apr_pstrmemdup(compile->pool, name, length);
        apr_hash_set(compile->blocks, known, (apr_ssize_t)length, known);
    }
    return known;
}

static apr_status_t take_block(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    int own_line = place->last && (place->first || pd_parser_in_parent(ps));
    apr_size_t line = place->line_begin, width = ps->base;
    if (!pd_name_good(tag->name, tag->length, '.'))
        return fail_tag(ps, tag, "malformed tag");
    if (place->first)
        width = tag->begin - line;
    if (own_line) {
        width = intrinsic(&line, ps, place, tag);
        ps->scan.pos = place->after;
    }
    pd_parser_flush(ps, place->from, own_line && place->first ? place->line_begin : tag->begin,
                    !own_line);
    int at = ps->nodes->nelts;
    pd_node_t *node = pd_parser_add(ps, PD_NODE_BLOCK);
    node->block = intern(ps->compile, tag->name, tag->length);
    node->midline = !own_line;
    indent(ps, node, line, width);
    apr_status_t st = push(ps, place, tag, at);
    ps->base = width;
    return st;
}

static apr_status_t take_words(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    pd_words_t words;
    const char *fault = pd_words_read(&words, &ps->scan, tag);
    if (fault)
        return pd_parser_fail(ps, tag->line, "%s", fault);
    pd_parser_flush(ps, place->from, tag->begin, 1);
    return pd_parser_words(ps, &words);
}

/* Where the closing tag leaves its line. A block within a parent ends before the white space of its
 * last line; a parent that began its line takes the end of the line with it. */
static void close_line(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag,
                       const pd_open_t *open)
{
    int overriding = open->tag.sigil == '$' && ps->n_open > 1 && open[-1].tag.sigil == '<';
    if (overriding && place->first)
        pd_parser_flush(ps, place->from, place->line_begin, 0);
    else
        flush_line(ps, place, tag);
    if (open->tag.sigil == '<')
        ps->scan.pos = open->first && place->last ? place->after : tag->end;
}

static apr_status_t take_close(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    const pd_open_t *open = top(ps);
    if (!open || open->tag.length != tag->length ||
        memcmp(open->tag.name, tag->name, tag->length) != 0)
        return fail_tag(ps, tag,
                        open ? "another section must be closed before" : "nothing to close");
    close_line(ps, place, tag, open);
    pd_parser_end(ps, open->node);
    ps->base = open->base;
    ps->n_open--;
    return APR_SUCCESS;
}

static apr_status_t take_tag(pd_parser_t *ps, const place_t *place, const pd_tag_t *tag)
{
    if (pd_parser_in_parent(ps) && !strchr("$/!=", tag->sigil ? tag->sigil : ' '))
        return fail_tag(ps, tag, "within a parent only blocks may stand");
    if (ps->words && strchr("><$=", tag->sigil ? tag->sigil : ' '))
        return fail_tag(ps, tag, "words may hold only values, sections and comments");
    if (pd_words_begin(tag))
        return ps->words ? fail_tag(ps, tag, "words within words") : take_words(ps, place, tag);
    switch (tag->sigil) {
    case '#':
    case '^':
        return take_section(ps, place, tag);
    case '/':
        return take_close(ps, place, tag);
    case '>':
        return take_partial(ps, place, tag);
    case '<':
        return take_parent(ps, place, tag);
    case '$':
        return take_block(ps, place, tag);
    case '!':
    case '=':
        flush_line(ps, place, tag);
        return APR_SUCCESS;
    default:
        return take_value(ps, place, tag);
    }
}

apr_status_t pd_parser_run(pd_parser_t *ps)
{
    pd_tag_t tag;
    place_t place = {0};
    const char *fault = NULL;
    for (;;) {
        place.from = ps->scan.pos;
        pd_scan_e found = pd_scan_next(&ps->scan, &tag, &fault);
        if (found == PD_SCAN_END)
            break;
        if (found == PD_SCAN_FAULT)
            return pd_parser_fail(ps, tag.line, "%s", fault);
        place.first = pd_scan_blank_before(&place.line_begin, &ps->scan, &tag);
        place.last = pd_scan_blank_after(&place.after, &ps->scan, &tag);
        apr_status_t st = take_tag(ps, &place, &tag);
        if (st != APR_SUCCESS)
            return st;
    }
    if (ps->n_open > 0)
        return fail_tag(ps, &top(ps)->tag, "a section is not closed");
    pd_parser_flush(ps, place.from, ps->scan.length, 0);
    return APR_SUCCESS;
}

/* --- sources --- */

static apr_status_t compile_source(pd_program_t *program, pd_compile_t *compile, const char *file,
                                   const char *source)
{
    pd_parser_t *ps = apr_pcalloc(compile->pool, sizeof(*ps));
    pd_buf_t bytes;
    ps->compile = compile;
    ps->file = file;
    pd_scan_init(&ps->scan, source, compile->pool);
    if (ps->scan.length > PD_MUSTACHE_SOURCE_MAX)
        return pd_parser_fail(ps, 1, "larger than %d bytes", PD_MUSTACHE_SOURCE_MAX);
    if (!pd_utf8_valid(source, ps->scan.length))
        return pd_parser_fail(ps, 1, "not valid UTF-8");
    pd_buf_init(&bytes, BYTES_MAX, compile->pool);
    ps->bytes = &bytes;
    ps->nodes = apr_array_make(compile->pool, 32, sizeof(pd_node_t));
    apr_status_t st = pd_parser_run(ps);
    if (st == APR_SUCCESS && bytes.overflow)
        st = pd_parser_fail(ps, 1, "too much text");
    if (st != APR_SUCCESS)
        return st;
    for (int i = 0; i < ps->nodes->nelts; i++)
        if (node_at(ps, i)->kind == PD_NODE_TEXT)
            node_at(ps, i)->text = bytes.bytes + node_at(ps, i)->offset;
    program->nodes = (const pd_node_t *)(const void *)ps->nodes->elts;
    program->n_nodes = ps->nodes->nelts;
    return APR_SUCCESS;
}

/* The program is entered before it is parsed, so that a partial may name itself. */
static apr_status_t load(const pd_program_t **program, pd_parser_t *ps, const pd_tag_t *tag)
{
    pd_compile_t *compile = ps->compile;
    const pd_mustache_options_t *options = compile->options;
    *program = NULL;
    if (!pd_name_good(tag->name, tag->length, '/') && !pd_name_good(tag->name, tag->length, '.'))
        return fail_tag(ps, tag, "malformed tag");
    *program = apr_hash_get(compile->programs, tag->name, (apr_ssize_t)tag->length);
    if (*program)
        return APR_SUCCESS;
    const char *name = apr_pstrmemdup(compile->pool, tag->name, tag->length);
    const char *source = options->source ? options->source(options->baton, name) : NULL;
    if (!source)
        return APR_SUCCESS;
    if (compile->depth == PD_MUSTACHE_DEPTH_MAX)
        return fail_tag(ps, tag, "partials are nested too deeply");
    pd_program_t *made = apr_pcalloc(compile->pool, sizeof(*made));
    apr_hash_set(compile->programs, name, (apr_ssize_t)tag->length, made);
    *program = made;
    compile->depth++;
    apr_status_t st = compile_source(
        made, compile, apr_pstrcat(compile->pool, name, compile->suffix, NULL), source);
    compile->depth--;
    return st;
}

apr_status_t pd_mustache_parse(const pd_mustache_t **template, const char **why, const char *source,
                               const pd_mustache_options_t *options, apr_pool_t *p)
{
    pd_compile_t compile = {.options = options, .suffix = "", .pool = p};
    const char *file = options->name ? options->name : "template";
    if (strrchr(file, '.'))
        compile.suffix = strrchr(file, '.');
    compile.programs = apr_hash_make(p);
    compile.blocks = apr_hash_make(p);
    pd_mustache_t *made = apr_pcalloc(p, sizeof(*made));
    made->catalogue = options->catalogue;
    *template = NULL;
    apr_status_t st = compile_source(&made->program, &compile, file, source);
    if (st == APR_SUCCESS)
        *template = made;
    else
        *why = compile.why;
    return st;
}
