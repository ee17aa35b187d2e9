/* The renderer: walks the flat nodes of a template. It takes no memory: what nests (contexts,
 * blocks overridden, indentation) are linked frames on the C stack, whose depth the parser and the
 * limit of nested partials bound. */
#include <string.h>
#include "tmpl/pd_mustache_int.h"

/* A value that names are looked up in; the innermost first. */
typedef struct context_t {
    const pd_value_t *value;
    const struct context_t *outer;
} context_t;

/* The blocks that one {{<parent}} overrides; `below` are those of the templates that use this one.
 */
typedef struct frame_t {
    const pd_program_t *program;
    int parent; /* the PARENT node */
    const struct frame_t *below;
} frame_t;

typedef struct margin_t {
    const char *text;
    apr_size_t length;
    const struct margin_t *outer;
} margin_t;

typedef struct scope_t {
    const context_t *context;
    const frame_t *frames;
    const margin_t *margin; /* NULL nearly always */
    int depth;
} scope_t;

typedef struct render_t {
    pd_buf_t *out;
    const pd_catalogue_t *catalogue;
    int steps;
    int midline; /* the margin of this line is already there */
} render_t;

static void run(render_t *r, const pd_program_t *program, int from, int to, const scope_t *scope);

/* --- looking up --- */

static const pd_value_t *find(const pd_node_t *node, const context_t *context)
{
    if (node->n_parts == 0)
        return context->value;
    const pd_value_t *value = NULL;
    for (; context && !value; context = context->outer)
        value = pd_value_member(context->value, &node->parts[0]);
    for (int i = 1; i < node->n_parts && value; i++)
        value = pd_value_member(value, &node->parts[i]);
    return value;
}

static int is_true(const pd_value_t *value)
{
    if (!value)
        return 0;
    switch (value->kind) {
    case PD_VALUE_TEXT:
        return value->text[0] != '\0';
    case PD_VALUE_NUMBER:
    case PD_VALUE_BOOL:
        return value->number != 0;
    case PD_VALUE_LIST:
        return value->items->nelts > 0;
    case PD_VALUE_MAP:
        return 1;
    }
    return 0;
}

/* --- writing --- */

static void put_margin(pd_buf_t *out, const margin_t *margin)
{
    if (!margin)
        return;
    put_margin(out, margin->outer);
    pd_buf_add(out, margin->text, margin->length);
}

static void put_lines(render_t *r, const pd_node_t *node, const margin_t *margin)
{
    const char *at = node->text, *end = at + node->length;
    int line_start = node->line_start && !r->midline;
    while (at < end || line_start) {
        const char *newline = memchr(at, '\n', (apr_size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        /* A blank line gets no margin. */
        if (line_start && at != newline)
            put_margin(r->out, margin);
        pd_buf_add(r->out, at, (apr_size_t)(next - at));
        at = next;
        line_start = at < end;
    }
}

static void put_text(render_t *r, const pd_node_t *node, const margin_t *margin)
{
    if (margin)
        put_lines(r, node, margin);
    else
        pd_buf_add(r->out, node->text, node->length);
    r->midline = 0;
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return "&#39;";
    }
}

static void put_escaped(pd_buf_t *out, const char *text)
{
    for (;;) {
        apr_size_t plain = strcspn(text, "&<>\"'");
        pd_buf_add(out, text, plain);
        if (text[plain] == '\0')
            return;
        pd_buf_puts(out, entity(text[plain]));
        text += plain + 1;
    }
}

static void put_value(render_t *r, const pd_node_t *node, const context_t *context)
{
    const pd_value_t *value = find(node, context);
    if (!value || (value->kind != PD_VALUE_TEXT && value->kind != PD_VALUE_NUMBER))
        return;
    if (node->kind == PD_NODE_RAW || value->kind == PD_VALUE_NUMBER)
        pd_buf_puts(r->out, value->text);
    else
        put_escaped(r->out, value->text);
}

/* --- what nests --- */

static void section(render_t *r, const pd_program_t *program, int at, const scope_t *scope)
{
    const pd_node_t *node = &program->nodes[at];
    const pd_value_t *value = find(node, scope->context);
    if (!is_true(value))
        return;
    context_t context = {value, scope->context};
    scope_t inner = *scope;
    /* A truth is no context: "." stays what it was. */
    if (value->kind != PD_VALUE_BOOL)
        inner.context = &context;
    if (value->kind != PD_VALUE_LIST) {
        run(r, program, at + 1, node->end, &inner);
        return;
    }
    for (int i = 0; i < value->items->nelts && r->steps > 0; i++) {
        context.value = APR_ARRAY_IDX(value->items, i, const pd_value_t *);
        run(r, program, at + 1, node->end, &inner);
    }
}

static void inverted(render_t *r, const pd_program_t *program, int at, const scope_t *scope)
{
    const pd_node_t *node = &program->nodes[at];
    if (!is_true(find(node, scope->context)))
        run(r, program, at + 1, node->end, scope);
}

/* Partials and parents. */
static void call(render_t *r, const pd_program_t *program, int at, const scope_t *scope)
{
    const pd_node_t *node = &program->nodes[at];
    if (!node->program || scope->depth >= PD_MUSTACHE_DEPTH_MAX)
        return;
    scope_t inner = *scope;
    margin_t margin = {node->text, node->length, scope->margin};
    frame_t frame = {program, at, scope->frames};
    inner.depth++;
    /* In the middle of a line (no `text`) the lines that follow are not shifted. */
    if (!node->text)
        inner.margin = NULL;
    else if (node->length > 0)
        inner.margin = &margin;
    if (node->kind == PD_NODE_PARENT)
        inner.frames = &frame;
    r->midline = node->midline;
    run(r, node->program, 0, node->program->n_nodes, &inner);
    r->midline = 0;
}

/* The outermost override of a block, that of the page itself, wins. */
static const frame_t *overriding(int *found, const frame_t *frame, const char *block)
{
    const frame_t *winner = NULL;
    for (; frame; frame = frame->below) {
        const pd_node_t *nodes = frame->program->nodes;
        for (int i = frame->parent + 1; i < nodes[frame->parent].end; i = nodes[i].end)
            if (nodes[i].kind == PD_NODE_BLOCK && nodes[i].block == block) {
                *found = i;
                winner = frame;
                break;
            }
    }
    return winner;
}

static void block(render_t *r, const pd_program_t *program, int at, const scope_t *scope)
{
    const pd_node_t *node = &program->nodes[at];
    scope_t inner = *scope;
    margin_t margin = {node->text, node->length, scope->margin};
    int found = at;
    const frame_t *frame = overriding(&found, scope->frames, node->block);
    if (node->length > 0)
        inner.margin = &margin;
    if (frame) {
        program = frame->program;
        /* Blocks within it belong to its own template: only that one's users may override them. */
        inner.frames = frame->below;
    }
    r->midline = node->midline;
    run(r, program, found + 1, program->nodes[found].end, &inner);
    r->midline = 0;
}

static void plural(render_t *r, const pd_program_t *program, int at, const scope_t *scope)
{
    const pd_node_t *node = &program->nodes[at];
    const pd_value_t *value = find(node, scope->context);
    apr_int64_t number = value ? value->number : 0;
    int form = r->catalogue ? pd_catalogue_form(r->catalogue, number) : number != 1 && number != -1;
    int end = node->end;
    for (at++; at < end && form > 0; form--)
        at = program->nodes[at].end;
    if (at < end)
        run(r, program, at + 1, program->nodes[at].end, scope);
}

static void run(render_t *r, const pd_program_t *program, int from, int to, const scope_t *scope)
{
    if (r->steps-- <= 0) {
        r->out->overflow = 1;
        return;
    }
    for (int i = from; i < to && !r->out->overflow; i = program->nodes[i].end) {
        const pd_node_t *node = &program->nodes[i];
        switch (node->kind) {
        case PD_NODE_TEXT:
            put_text(r, node, scope->margin);
            break;
        case PD_NODE_VALUE:
        case PD_NODE_RAW:
            put_value(r, node, scope->context);
            break;
        case PD_NODE_SECTION:
            section(r, program, i, scope);
            break;
        case PD_NODE_INVERTED:
            inverted(r, program, i, scope);
            break;
        case PD_NODE_PARTIAL:
        case PD_NODE_PARENT:
            call(r, program, i, scope);
            break;
        case PD_NODE_BLOCK:
            block(r, program, i, scope);
            break;
        case PD_NODE_PLURAL:
            plural(r, program, i, scope);
            break;
        case PD_NODE_FORM:
            break;
        }
    }
}

void pd_mustache_render(const pd_mustache_t *template, const pd_value_t *values, pd_buf_t *out,
                        apr_pool_t *scratch)
{
    (void)scratch;
    context_t context = {values, NULL};
    scope_t scope = {&context, NULL, NULL, 0};
    render_t r = {out, template->catalogue, PD_MUSTACHE_STEPS_MAX, 0};
    run(&r, &template->program, 0, template->program.n_nodes, &scope);
}
