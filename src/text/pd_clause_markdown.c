/* Markdown by libcmark's tree, written by ourselves: its own HTML writer would number lists anew
 * and knows no anchors. Ordered lists are taken apart into paragraphs with the numbers of the
 * source. Raw HTML and images become text. The tree is walked, never descended by recursion, so
 * nesting costs no stack. What an element has opened stands in its node's user data. */
#include "text/pd_clause_int.h"
#include "base/pd_status.h"
#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <cmark.h>

typedef struct {
    pd_clause_writer_t *writer;
    const char **lines; /* start of each source line */
    int n_lines;
    cmark_node *title;
    int n_quotes;       /* block quotes open */
    int n_links;        /* links and images open; no link opens inside */
    int n_images;       /* inside an image there is only text */
    const char *marker; /* number of the list item whose first block comes next */
    int marker_is_clause;
} walk_t;

static int is_type(cmark_node *node, cmark_node_type type)
{
    return node != NULL && cmark_node_get_type(node) == type;
}

/* The plain text of a block, in one line. */
static const char *text_of(cmark_node *block, apr_pool_t *p)
{
    pd_buf_t text;
    pd_buf_init(&text, PD_DOCUMENT_BYTES_MAX * 2, p);
    cmark_iter *iter = cmark_iter_new(block);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        const char *literal = cmark_node_get_literal(node);
        if (is_type(node, CMARK_NODE_SOFTBREAK) || is_type(node, CMARK_NODE_LINEBREAK)) {
            pd_buf_putc(&text, ' ');
        }
        else if (literal != NULL && event == CMARK_EVENT_ENTER) {
            pd_buf_puts(&text, literal);
        }
    }
    cmark_iter_free(iter);
    return pd_clause_one_line(text.bytes, p);
}

/* The text that opens a block, inside emphasis too; NULL if it opens with something else. */
static cmark_node *first_text(cmark_node *block)
{
    cmark_node *node = cmark_node_first_child(block);
    while (is_type(node, CMARK_NODE_EMPH) || is_type(node, CMARK_NODE_STRONG)) {
        node = cmark_node_first_child(node);
    }
    return is_type(node, CMARK_NODE_TEXT) ? node : NULL;
}

/* Does white space, or nothing, follow the text node inside its block? */
static int space_follows(cmark_node *text, cmark_node *block)
{
    cmark_node *node = text;
    while (cmark_node_next(node) == NULL && cmark_node_parent(node) != block) {
        node = cmark_node_parent(node);
    }
    cmark_node *next = cmark_node_next(node);
    if (next == NULL || is_type(next, CMARK_NODE_SOFTBREAK) ||
        is_type(next, CMARK_NODE_LINEBREAK)) {
        return 1;
    }
    return is_type(next, CMARK_NODE_TEXT) && pd_clause_space(cmark_node_get_literal(next)) > 0;
}

/* Finds the clause number that opens a block. */
static cmark_node *find_number(pd_clause_number_t *number, cmark_node *block, apr_pool_t *p)
{
    cmark_node *text = first_text(block);
    if (text == NULL || !pd_clause_number_read(number, cmark_node_get_literal(text), p)) {
        return NULL;
    }
    int is_whole = cmark_node_get_literal(text)[number->length] == '\0' &&
                   number->length == strlen(number->literal);
    return !is_whole || space_follows(text, block) ? text : NULL;
}

/* The first heading of the first level that is no clause. */
static cmark_node *find_title(cmark_node *root, apr_pool_t *p)
{
    pd_clause_number_t number;
    for (cmark_node *node = cmark_node_first_child(root); node; node = cmark_node_next(node)) {
        if (is_type(node, CMARK_NODE_HEADING) && cmark_node_get_heading_level(node) == 1 &&
            find_number(&number, node, p) == NULL) {
            return node;
        }
    }
    return NULL;
}

static void index_lines(walk_t *walk, const char *text)
{
    int n = 0;
    for (const char *at = text; *at; at++) {
        n += *at == '\n';
    }
    walk->lines = apr_palloc(walk->writer->p, sizeof(*walk->lines) * ((apr_size_t)n + 1));
    walk->n_lines = 0;
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        walk->lines[walk->n_lines++] = at;
    }
}

/* The number of a list item as its author wrote it; as counted, should the source not be found. */
static const char *item_marker(const walk_t *walk, cmark_node *item)
{
    apr_pool_t *p = walk->writer->p;
    cmark_node *list = cmark_node_parent(item);
    char delimiter = cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM ? ')' : '.';
    int line = cmark_node_get_start_line(item);
    int column = cmark_node_get_start_column(item);
    if (line >= 1 && line <= walk->n_lines && column >= 1) {
        const char *text = walk->lines[line - 1];
        if ((apr_size_t)column <= strcspn(text, "\n")) {
            const char *at = text + column - 1;
            apr_size_t n = strspn(at, "0123456789");
            if (n > 0 && at[n] == delimiter) {
                return apr_pstrmemdup(p, at, n + 1);
            }
        }
    }
    int number = cmark_node_get_list_start(list);
    for (cmark_node *node = item; (node = cmark_node_previous(node)) != NULL;) {
        number++;
    }
    return apr_psprintf(p, "%d%c", number, delimiter);
}

static void close_with(cmark_node *node, const char *tag)
{
    cmark_node_set_user_data(node, (void *)(apr_uintptr_t)tag);
}

static const char *heading_tag(cmark_node *heading)
{
    static const char *const tags[] = {"h2", "h2", "h3", "h4", "h5", "h6"};
    int level = cmark_node_get_heading_level(heading);
    return tags[(level < 1 ? 1 : level > 6 ? 6 : level) - 1];
}

/* Paragraphs of a tight bullet list stand without an element of their own. */
static int is_tight(cmark_node *block)
{
    cmark_node *item = cmark_node_parent(block);
    cmark_node *list = is_type(item, CMARK_NODE_ITEM) ? cmark_node_parent(item) : NULL;
    return list != NULL && is_type(block, CMARK_NODE_PARAGRAPH) &&
           cmark_node_get_list_type(list) == CMARK_BULLET_LIST && cmark_node_get_list_tight(list);
}

static apr_status_t open_clause(walk_t *walk, cmark_node *block, const pd_clause_number_t *number)
{
    apr_pool_t *p = walk->writer->p;
    const char *tag = "p";
    if (is_type(block, CMARK_NODE_HEADING)) {
        tag = heading_tag(block);
    }
    else if (number->level == 1 && pd_clause_is_heading(text_of(block, p))) {
        tag = "h2";
    }
    close_with(block, apr_psprintf(p, "</%s>\n", tag));
    return pd_clause_write_open(walk->writer, tag, number, cmark_node_get_start_line(block));
}

/* Begins a block without an anchor, `marker` in front of its text if there is one. */
static void open_plain(walk_t *walk, cmark_node *block, const char *marker)
{
    apr_pool_t *p = walk->writer->p;
    if (marker == NULL && is_tight(block)) {
        pd_clause_write_tag(walk->writer, "");
        return;
    }
    const char *tag = is_type(block, CMARK_NODE_HEADING) ? heading_tag(block) : "p";
    pd_clause_write_tag(walk->writer, apr_psprintf(p, "<%s>", tag));
    close_with(block, apr_psprintf(p, "</%s>\n", tag));
    if (marker != NULL) {
        pd_clause_write(walk->writer, marker, strlen(marker));
        pd_clause_write(walk->writer, " ", 1);
    }
}

/* Begins a paragraph or a heading. */
static apr_status_t enter_block(walk_t *walk, cmark_node *block)
{
    apr_pool_t *p = walk->writer->p;
    const char *marker = walk->marker;
    pd_clause_number_t number;
    walk->marker = NULL;
    if (marker != NULL) {
        if (walk->marker_is_clause && pd_clause_number_read(&number, marker, p)) {
            return open_clause(walk, block, &number);
        }
        open_plain(walk, block, marker);
        return APR_SUCCESS;
    }
    cmark_node *text = walk->n_quotes == 0 ? find_number(&number, block, p) : NULL;
    if (text == NULL) {
        open_plain(walk, block, NULL);
        return APR_SUCCESS;
    }
    cmark_node_set_literal(text, apr_pstrdup(p, cmark_node_get_literal(text) + number.length));
    return open_clause(walk, block, &number);
}

/* An ordered item that begins with no text: its number stands alone. */
static apr_status_t write_lone_marker(walk_t *walk, cmark_node *item)
{
    apr_pool_t *p = walk->writer->p;
    const char *marker = walk->marker;
    pd_clause_number_t number;
    walk->marker = NULL;
    if (walk->marker_is_clause && pd_clause_number_read(&number, marker, p)) {
        apr_status_t rv =
            pd_clause_write_open(walk->writer, "p", &number, cmark_node_get_start_line(item));
        pd_clause_write_tag(walk->writer, "</p>\n");
        return rv;
    }
    pd_clause_write_tag(walk->writer, "<p>");
    pd_clause_write(walk->writer, marker, strlen(marker));
    pd_clause_write_tag(walk->writer, "</p>\n");
    return APR_SUCCESS;
}

static apr_status_t enter_item(walk_t *walk, cmark_node *item)
{
    cmark_node *list = cmark_node_parent(item);
    if (cmark_node_get_list_type(list) == CMARK_BULLET_LIST) {
        pd_clause_write_tag(walk->writer, "<li>");
        close_with(item, "</li>\n");
        return APR_SUCCESS;
    }
    walk->marker = item_marker(walk, item);
    walk->marker_is_clause = is_type(cmark_node_parent(list), CMARK_NODE_DOCUMENT);
    cmark_node *first = cmark_node_first_child(item);
    if (is_type(first, CMARK_NODE_PARAGRAPH) || is_type(first, CMARK_NODE_HEADING)) {
        return APR_SUCCESS;
    }
    return write_lone_marker(walk, item);
}

static void write_literal(walk_t *walk, const char *open, cmark_node *node, const char *close)
{
    const char *literal = cmark_node_get_literal(node);
    literal = literal != NULL ? literal : "";
    pd_clause_write_inline_tag(walk->writer, open);
    pd_clause_write(walk->writer, literal, strlen(literal));
    pd_clause_write_inline_tag(walk->writer, close);
}

static void enter_link(walk_t *walk, cmark_node *link)
{
    const char *url = cmark_node_get_url(link);
    if (walk->n_links++ == 0 && url != NULL && pd_clause_write_link(walk->writer, url)) {
        close_with(link, "</a>");
    }
}

static void enter_inline(walk_t *walk, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE:
        write_literal(walk, "", node, "");
        break;
    case CMARK_NODE_CODE:
        write_literal(walk, walk->n_images ? "" : "<code>", node, walk->n_images ? "" : "</code>");
        break;
    case CMARK_NODE_SOFTBREAK:
        pd_clause_write(walk->writer, "\n", 1);
        break;
    case CMARK_NODE_LINEBREAK:
        pd_clause_write_tag(walk->writer, walk->n_images ? " " : "<br>\n");
        break;
    case CMARK_NODE_EMPH:
    case CMARK_NODE_STRONG:
        if (walk->n_images == 0) {
            int is_strong = is_type(node, CMARK_NODE_STRONG);
            pd_clause_write_inline_tag(walk->writer, is_strong ? "<strong>" : "<em>");
            close_with(node, is_strong ? "</strong>" : "</em>");
        }
        break;
    case CMARK_NODE_IMAGE:
        walk->n_images++;
        walk->n_links++;
        break;
    case CMARK_NODE_LINK:
        enter_link(walk, node);
        break;
    default:
        break;
    }
}

static apr_status_t enter(walk_t *walk, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
        return enter_block(walk, node);
    case CMARK_NODE_ITEM:
        return enter_item(walk, node);
    case CMARK_NODE_LIST:
        if (cmark_node_get_list_type(node) == CMARK_BULLET_LIST) {
            pd_clause_write_tag(walk->writer, "<ul>\n");
            close_with(node, "</ul>\n");
        }
        break;
    case CMARK_NODE_BLOCK_QUOTE:
        walk->n_quotes++;
        pd_clause_write_tag(walk->writer, "<blockquote>\n");
        close_with(node, "</blockquote>\n");
        break;
    case CMARK_NODE_CODE_BLOCK:
        pd_clause_write_tag(walk->writer, "<pre><code>");
        write_literal(walk, "", node, "</code></pre>\n");
        break;
    case CMARK_NODE_HTML_BLOCK:
        pd_clause_write_tag(walk->writer, "<p>");
        write_literal(walk, "", node, "</p>\n");
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        pd_clause_write_tag(walk->writer, "<hr>\n");
        break;
    default:
        enter_inline(walk, node);
        break;
    }
    return APR_SUCCESS;
}

static int is_block(cmark_node *node)
{
    cmark_node_type type = cmark_node_get_type(node);
    return type >= CMARK_NODE_FIRST_BLOCK && type <= CMARK_NODE_LAST_BLOCK;
}

static void leave(walk_t *walk, cmark_node *node)
{
    const char *close = cmark_node_get_user_data(node);
    walk->n_quotes -= is_type(node, CMARK_NODE_BLOCK_QUOTE);
    walk->n_images -= is_type(node, CMARK_NODE_IMAGE);
    walk->n_links -= is_type(node, CMARK_NODE_IMAGE) || is_type(node, CMARK_NODE_LINK);
    if (close == NULL) {
        return;
    }
    if (is_block(node)) {
        pd_clause_write_tag(walk->writer, close);
    }
    else {
        pd_clause_write_inline_tag(walk->writer, close);
    }
}

static apr_status_t walk_tree(walk_t *walk, cmark_iter *iter)
{
    apr_status_t rv = APR_SUCCESS;
    cmark_event_type event;
    while (rv == APR_SUCCESS && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (node == walk->title) {
            cmark_iter_reset(iter, node, CMARK_EVENT_EXIT);
        }
        else if (event == CMARK_EVENT_ENTER) {
            rv = enter(walk, node);
        }
        else {
            leave(walk, node);
        }
    }
    return rv;
}

apr_status_t pd_clause_markdown(pd_clause_writer_t *writer, const char *text)
{
    walk_t walk = {.writer = writer};
    index_lines(&walk, text);
    cmark_node *root = cmark_parse_document(text, strlen(text), CMARK_OPT_DEFAULT);
    walk.title = find_title(root, writer->p);
    if (walk.title != NULL) {
        writer->title = text_of(walk.title, writer->p);
    }
    cmark_iter *iter = cmark_iter_new(root);
    apr_status_t rv = walk_tree(&walk, iter);
    cmark_iter_free(iter);
    cmark_node_free(root);
    return rv;
}
