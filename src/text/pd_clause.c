/* Documents with numbered clauses: cleans the source, has it read by its kind, and hands out the
 * article only when all of it is sound. */
#include "text/pd_clause.h"
#include "base/pd_status.h"
#include "text/pd_bidi.h"
#include "text/pd_clause_int.h"
#include <string.h>
#include <apr_strings.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Form feeds and the like are invisible to the author and not allowed in HTML, so he is told rather
 * than corrected. */
const char *pd_clause_line_fault(const char *line, apr_size_t length)
{
    if (memchr(line, '\0', length) != NULL) {
        return "a NUL byte";
    }
    if (!pd_utf8_valid(line, length)) {
        return "invalid UTF-8";
    }
    for (apr_size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        int is_c1 = c == 0xc2 && (unsigned char)line[i + 1] < 0xa0;
        if ((c < 0x20 && c != '\t') || c == 0x7f || is_c1) {
            return "a control character";
        }
    }
    return NULL;
}

/* Without soft hyphens, which would make a word differ from itself. */
static void add_line(pd_buf_t *to, const char *line, apr_size_t length)
{
    for (apr_size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] == 0xc2 && (unsigned char)line[i + 1] == 0xad) {
            i++;
            continue;
        }
        pd_buf_putc(to, line[i]);
    }
    pd_buf_putc(to, '\n');
}

static apr_size_t line_length(const char *bytes, apr_size_t length)
{
    apr_size_t n = 0;
    while (n < length && bytes[n] != '\n' && bytes[n] != '\r') {
        n++;
    }
    return n;
}

/* Over the line end that follows a line of `n` bytes. */
static apr_size_t next_line(const char *bytes, apr_size_t length, apr_size_t n)
{
    if (n + 1 < length && bytes[n] == '\r' && bytes[n + 1] == '\n') {
        n++;
    }
    return n + (n < length);
}

/* The source with LF line ends and without what nobody sees. */
static apr_status_t clean(const char **text, const char **why, const char *bytes, apr_size_t length,
                          apr_pool_t *p)
{
    pd_buf_t cleaned;
    pd_buf_init(&cleaned, PD_DOCUMENT_BYTES_MAX + 1, p);
    if (length >= 3 && memcmp(bytes, byte_order_mark, 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    for (int line = 1; length > 0; line++) {
        apr_size_t n = line_length(bytes, length);
        const char *fault = pd_clause_line_fault(bytes, n);
        if (fault != NULL) {
            *why = apr_psprintf(p, "line %d: %s", line, fault);
            return PD_ETEXT;
        }
        add_line(&cleaned, bytes, n);
        n = next_line(bytes, length, n);
        bytes += n;
        length -= n;
    }
    *text = cleaned.bytes;
    return cleaned.overflow ? PD_ELIMIT : APR_SUCCESS;
}

apr_status_t pd_clause_render(pd_article_t *article, const char **why, pd_markup_e markup,
                              const char *bytes, apr_size_t length, apr_pool_t *p)
{
    const char *text;
    *why = NULL;
    if (length > PD_DOCUMENT_BYTES_MAX) {
        *why = apr_psprintf(p, "more than %d bytes", PD_DOCUMENT_BYTES_MAX);
        return PD_ELIMIT;
    }
    apr_status_t rv = clean(&text, why, bytes, length, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_clause_writer_t writer;
    pd_clause_writer_init(&writer, p);
    rv = markup == PD_MARKUP_MARKDOWN ? pd_clause_markdown(&writer, text)
                                      : pd_clause_plain(&writer, text);
    if (rv != APR_SUCCESS) {
        *why = writer.why;
        return rv;
    }
    pd_clause_writer_finish(&writer);
    if (writer.title == NULL || writer.title[0] == '\0') {
        *why = "line 1: the document has no title";
        return PD_ETEXT;
    }
    if (writer.html.overflow || writer.text.overflow || writer.links.overflow) {
        *why = "the page would be too big";
        return PD_ELIMIT;
    }
    article->title = writer.title;
    article->opening = writer.opening;
    article->opening_links = writer.opening_links;
    article->html = writer.html.bytes;
    article->clauses = writer.clauses;
    return APR_SUCCESS;
}

static const char *unseen_name(int32_t c)
{
    return pd_bidi_is_control(c) ? "bidirectional control character"
                                 : "character that shows nothing";
}

/* Markdown's character references, such as &#x202E;, stand in no line until they are rendered. */
const char *pd_clause_order_fault(const char *bytes, apr_size_t length, const pd_article_t *article,
                                  apr_pool_t *p)
{
    int32_t c;
    if (length >= 3 && memcmp(bytes, byte_order_mark, 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    for (int line = 1; length > 0; line++) {
        apr_size_t n = line_length(bytes, length);
        if (pd_bidi_find(&c, bytes, n) != NULL) {
            return apr_psprintf(p, "line %d: a %s, U+%04X", line, unseen_name(c), (unsigned)c);
        }
        n = next_line(bytes, length, n);
        bytes += n;
        length -= n;
    }
    if (pd_bidi_find(&c, article->title, strlen(article->title)) != NULL ||
        pd_bidi_find(&c, article->html, strlen(article->html)) != NULL) {
        return apr_psprintf(p, "a character reference stands for a %s, U+%04X", unseen_name(c),
                            (unsigned)c);
    }
    return NULL;
}

const char *pd_clause_whole(const char *title, const char *html, apr_pool_t *p)
{
    pd_buf_t whole;
    apr_size_t length = strlen(title), body = strlen(html);
    pd_buf_init_for(&whole, length + body, 6 * length + body + 100, p);
    pd_buf_puts(&whole, "<h1>");
    pd_clause_escape(&whole, title, length);
    pd_buf_puts(&whole, "</h1>\n");
    pd_buf_add(&whole, html, body);
    pd_buf_putc(&whole, '\n');
    return whole.bytes;
}
