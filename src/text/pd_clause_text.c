/* What pd_clause_html.c and its callers wrote, as plain text: every block is a paragraph of one
 * line, in the words and with the numbers that stand on the page. No reader of HTML: it knows our
 * own few tags, whose attributes are escaped. */
#include "text/pd_clause_int.h"
#include <string.h>

#define DEPTH_MAX                                                                                  \
    10 /* deeper lists and quotations are drawn no deeper, so that the text is bounded */

typedef struct page_t {
    pd_buf_t out;
    int is_fresh; /* on the line stands nothing yet but what draws lists and quotations */
    int is_code;  /* its spaces and lines are kept */
    int lists, quotes;
    const char *url; /* of the link that is open, escaped; "": none */
    apr_size_t url_length, link_at;
} page_t;

static void drop_spaces(pd_buf_t *out)
{
    while (out->length > 0 && out->bytes[out->length - 1] == ' ') {
        out->bytes[--out->length] = '\0';
    }
}

/* Ends the line, and with `lines` 2 the paragraph; the text opens with neither. */
static void end_lines(page_t *page, int lines)
{
    pd_buf_t *out = &page->out;
    drop_spaces(out);
    int n = 0;
    while (n < lines && out->length > (apr_size_t)n && out->bytes[out->length - 1 - n] == '\n') {
        n++;
    }
    for (; n < lines && out->length > 0; n++) {
        pd_buf_putc(out, '\n');
    }
}

static void draw(page_t *page, int times, const char *with)
{
    for (int i = 0; i < times && i < DEPTH_MAX; i++) {
        pd_buf_puts(&page->out, with);
    }
}

static void begin_block(page_t *page)
{
    if (!page->is_fresh) {
        end_lines(page, 2);
        draw(page, page->quotes, "> ");
        draw(page, page->lists, "  ");
    }
    page->is_fresh = 1;
}

static void begin_item(page_t *page)
{
    end_lines(page, 1);
    draw(page, page->quotes, "> ");
    draw(page, page->lists - 1, "  ");
    pd_buf_puts(&page->out, "- ");
    page->is_fresh = 1;
}

/* One of our five references, or the character itself. */
static char character(const char **at)
{
    static const struct {
        const char *reference;
        char stands_for;
    } all[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
    for (apr_size_t i = 0; **at == '&' && i < sizeof all / sizeof *all; i++) {
        apr_size_t length = strlen(all[i].reference);
        if (strncmp(*at, all[i].reference, length) == 0) {
            *at += length;
            return all[i].stands_for;
        }
    }
    return *(*at)++;
}

static void write_character(page_t *page, char c)
{
    int is_space = !page->is_code && (c == ' ' || c == '\n' || c == '\t');
    apr_size_t length = page->out.length;
    if (is_space && (page->is_fresh || length == 0 || page->out.bytes[length - 1] == '\n' ||
                     page->out.bytes[length - 1] == ' ')) {
        return;
    }
    pd_buf_putc(&page->out, is_space ? ' ' : c);
    page->is_fresh = 0;
}

/* The number of a clause is a link to itself, which goes without saying. */
static void begin_link(page_t *page, const char *tag, apr_size_t length)
{
    static const char plain[] = "a href=\"";
    page->url_length = 0;
    page->link_at = page->out.length;
    if (length > sizeof plain && strncmp(tag, plain, sizeof plain - 1) == 0) {
        page->url = tag + sizeof plain - 1;
        page->url_length = strcspn(page->url, "\"");
    }
}

/* Where a link leads stands behind its words, unless these say so themselves. */
static void end_link(page_t *page)
{
    pd_buf_t *out = &page->out;
    const char *at = page->url, *end = page->url + page->url_length;
    apr_size_t before = out->length, address = before + 2;
    if (page->url_length == 0) {
        return;
    }
    pd_buf_puts(out, " <");
    while (at < end) {
        pd_buf_putc(out, character(&at));
    }
    const char *url = out->bytes + address;
    url += strncmp(url, "mailto:", 7) == 0 ? 7 : 0;
    apr_size_t length = strlen(url);
    if (length == before - page->link_at && memcmp(url, out->bytes + page->link_at, length) == 0) {
        out->length = before;
        out->bytes[before] = '\0';
    }
    else {
        pd_buf_putc(out, '>');
    }
    page->url_length = 0;
}

static int is_tag(const char *tag, apr_size_t length, const char *name)
{
    apr_size_t n = strlen(name);
    return length >= n && strncmp(tag, name, n) == 0 && (length == n || tag[n] == ' ');
}

/* Is it a paragraph, or a heading of level 2 to 6? */
static int is_paragraph(const char *tag, apr_size_t length)
{
    return is_tag(tag, length, "p") ||
           (length > 1 && tag[0] == 'h' && tag[1] >= '2' && tag[1] <= '6');
}

static void take_block_tag(page_t *page, const char *tag, apr_size_t length)
{
    if (is_paragraph(tag, length) || is_tag(tag, length, "pre")) {
        begin_block(page);
        page->is_code = is_tag(tag, length, "pre");
    }
    else if (is_tag(tag, length, "/pre")) {
        page->is_code = 0;
    }
    else if (is_tag(tag, length, "ul")) {
        end_lines(page, page->lists++ ? 1 : 2);
    }
    else if (is_tag(tag, length, "/ul")) {
        page->lists--;
    }
    else if (is_tag(tag, length, "li")) {
        begin_item(page);
    }
    else if (is_tag(tag, length, "blockquote")) {
        page->quotes++;
    }
    else if (is_tag(tag, length, "/blockquote")) {
        page->quotes--;
    }
}

static void take_tag(page_t *page, const char *tag, apr_size_t length)
{
    if (is_tag(tag, length, "a")) {
        begin_link(page, tag, length);
    }
    else if (is_tag(tag, length, "/a")) {
        end_link(page);
    }
    else if (is_tag(tag, length, "br")) {
        end_lines(page, 1);
    }
    else if (is_tag(tag, length, "hr")) {
        begin_block(page);
        pd_buf_puts(&page->out, "* * *");
        page->is_fresh = 0;
    }
    else {
        take_block_tag(page, tag, length);
    }
}

const char *pd_clause_text(const char *title, const char *html, apr_pool_t *p)
{
    page_t page = {.url = ""};
    apr_size_t length = strlen(html);
    pd_buf_init_for(&page.out, length + strlen(title) + 100, 16 * length + strlen(title) + 100, p);
    pd_buf_puts(&page.out, title);
    while (*html != '\0') {
        if (*html == '<') {
            apr_size_t n = strcspn(++html, ">");
            take_tag(&page, html, n);
            html += n + (html[n] == '>');
        }
        else {
            write_character(&page, character(&html));
        }
    }
    end_lines(&page, 1);
    return page.out.bytes;
}
