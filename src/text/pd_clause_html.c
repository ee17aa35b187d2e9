/* Writes the page and, beside it, the plain text of each clause. This is the one place where text
 * of a document becomes HTML: everything goes through pd_clause_escape but the few tags of our own.
 */
#include "text/pd_clause_int.h"
#include "base/pd_status.h"
#include <string.h>
#include <apr_strings.h>

/* Short clauses grow most: "5.3. a" becomes an element with an anchor. */
#define HTML_BYTES_MAX (16 * PD_DOCUMENT_BYTES_MAX)

void pd_clause_escape(pd_buf_t *to, const char *bytes, apr_size_t length)
{
    apr_size_t from = 0;
    for (apr_size_t i = 0; i < length; i++) {
        const char *entity = bytes[i] == '&'    ? "&amp;"
                             : bytes[i] == '<'  ? "&lt;"
                             : bytes[i] == '>'  ? "&gt;"
                             : bytes[i] == '"'  ? "&quot;"
                             : bytes[i] == '\'' ? "&#39;"
                                                : NULL;
        if (entity != NULL) {
            pd_buf_add(to, bytes + from, i - from);
            pd_buf_puts(to, entity);
            from = i + 1;
        }
    }
    pd_buf_add(to, bytes + from, length - from);
}

void pd_clause_writer_init(pd_clause_writer_t *writer, apr_pool_t *p)
{
    memset(writer, 0, sizeof(*writer));
    pd_buf_init(&writer->html, HTML_BYTES_MAX, p);
    pd_buf_init(&writer->text, HTML_BYTES_MAX, p);
    pd_buf_init(&writer->links, HTML_BYTES_MAX, p);
    writer->clauses = apr_array_make(p, 64, sizeof(pd_clause_t));
    writer->lines = apr_hash_make(p);
    writer->p = p;
}

void pd_clause_write(pd_clause_writer_t *writer, const char *text, apr_size_t length)
{
    pd_clause_escape(&writer->html, text, length);
    pd_buf_add(&writer->text, text, length);
}

void pd_clause_write_tag(pd_clause_writer_t *writer, const char *tag)
{
    pd_buf_puts(&writer->html, tag);
    pd_buf_putc(&writer->text, ' ');
}

void pd_clause_write_inline_tag(pd_clause_writer_t *writer, const char *tag)
{
    pd_buf_puts(&writer->html, tag);
}

static void empty(pd_buf_t *buf)
{
    buf->length = 0;
    buf->bytes[0] = '\0';
}

/* Gives the text gathered so far to the last clause; before the first clause it is the opening. */
static void end_clause(pd_clause_writer_t *writer)
{
    const char *text = pd_clause_one_line(writer->text.bytes, writer->p);
    const char *links = apr_pstrmemdup(writer->p, writer->links.bytes, writer->links.length);
    if (writer->clauses->nelts > 0) {
        pd_clause_t *clause =
            &APR_ARRAY_IDX(writer->clauses, writer->clauses->nelts - 1, pd_clause_t);
        clause->text = text;
        clause->links = links;
    }
    else {
        writer->opening = text;
        writer->opening_links = links;
    }
    empty(&writer->text);
    empty(&writer->links);
}

void pd_clause_writer_finish(pd_clause_writer_t *writer)
{
    end_clause(writer);
}

apr_status_t pd_clause_write_open(pd_clause_writer_t *writer, const char *tag,
                                  const pd_clause_number_t *number, int line)
{
    const int *earlier = apr_hash_get(writer->lines, number->number, APR_HASH_KEY_STRING);
    if (earlier != NULL) {
        writer->why = apr_psprintf(writer->p, "line %d: clause %s stands in line %d already", line,
                                   number->number, *earlier);
        return PD_ETEXT;
    }
    apr_hash_set(writer->lines, number->number, APR_HASH_KEY_STRING,
                 apr_pmemdup(writer->p, &line, sizeof(line)));
    end_clause(writer);
    pd_clause_t *clause = apr_array_push(writer->clauses);
    clause->number = number->number;
    clause->level = number->level;
    clause->text = clause->links = "";
    pd_buf_printf(&writer->html, "<%s id=\"p%s\"", tag, number->number);
    if (strcmp(tag, "p") == 0) {
        pd_buf_printf(&writer->html, " class=\"l%d\"", number->level);
    }
    pd_buf_printf(&writer->html, "><a class=\"n\" href=\"#p%s\">%s</a> ", number->number,
                  number->literal);
    return APR_SUCCESS;
}

int pd_clause_write_link(pd_clause_writer_t *writer, const char *url)
{
    int external;
    const char *href = pd_clause_href(&external, url, writer->p);
    if (href == NULL) {
        return 0;
    }
    pd_buf_printf(&writer->links, "%s\n", href);
    pd_buf_puts(&writer->html, "<a href=\"");
    pd_clause_escape(&writer->html, href, strlen(href));
    pd_buf_puts(&writer->html, external ? "\" rel=\"noopener noreferrer external\">" : "\">");
    return 1;
}
