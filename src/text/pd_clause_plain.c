/* Numbered plain text: paragraphs between blank lines, numbers at their start, addresses between
 * angle brackets, and no other markup. Texts come out of word processors and mails, so a paragraph
 * that a stray blank line broke in the middle of a sentence is put together again. */
#include "text/pd_clause_int.h"
#include "base/pd_status.h"
#include <string.h>
#include <strings.h>
#include <apr_strings.h>
#include <utf8proc.h>

typedef struct {
    pd_buf_t text;
    pd_clause_letters_t letters; /* of the text */
    int line;
    const char *last; /* the last clause number that began a paragraph, this one's included */
} paragraph_t;

static void paragraph_init(paragraph_t *paragraph, int line, apr_pool_t *p)
{
    pd_buf_init(&paragraph->text, 2 * PD_DOCUMENT_BYTES_MAX, p);
    paragraph->letters = (pd_clause_letters_t){0};
    paragraph->line = line;
}

/* "<http://...>" at `at`: its length with the brackets, 0 if it is none. */
static apr_size_t link_length(const char *at)
{
    if (strncasecmp(at, "<http://", 8) != 0 && strncasecmp(at, "<https://", 9) != 0 &&
        strncasecmp(at, "<mailto:", 8) != 0) {
        return 0;
    }
    apr_size_t length = 1 + strcspn(at + 1, "<> \t\n");
    return at[length] == '>' ? length + 1 : 0;
}

/* The reader sees the address without its brackets. */
static void write_inline(pd_clause_writer_t *writer, const char *text)
{
    while (*text) {
        apr_size_t plain = strcspn(text, "<");
        apr_size_t link = link_length(text + plain);
        if (link == 0) {
            plain += text[plain] == '<';
        }
        pd_clause_write(writer, text, plain);
        text += plain;
        if (link > 0) {
            const char *url = apr_pstrmemdup(writer->p, text + 1, link - 2);
            int is_open = pd_clause_write_link(writer, url);
            pd_clause_write(writer, is_open ? url : text, is_open ? link - 2 : link);
            pd_clause_write_inline_tag(writer, is_open ? "</a>" : "");
            text += link;
        }
    }
}

static apr_status_t emit(pd_clause_writer_t *writer, const paragraph_t *paragraph)
{
    const char *text = paragraph->text.bytes;
    pd_clause_number_t number;
    int is_numbered = pd_clause_number_read(&number, text, writer->p);
    if (writer->title == NULL) {
        if (is_numbered) {
            writer->why = apr_psprintf(writer->p, "line %d: clause %s stands before any title",
                                       paragraph->line, number.number);
            return PD_ETEXT;
        }
        writer->title = pd_clause_one_line(text, writer->p);
        return APR_SUCCESS;
    }
    const char *tag = "p";
    if (is_numbered) {
        text += number.length;
        tag = number.level == 1 && pd_clause_is_heading(text) ? "h2" : "p";
        apr_status_t rv = pd_clause_write_open(writer, tag, &number, paragraph->line);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    else {
        pd_clause_write_tag(writer, "<p>");
    }
    write_inline(writer, text);
    pd_clause_write_tag(writer, strcmp(tag, "h2") == 0 ? "</h2>\n" : "</p>\n");
    return APR_SUCCESS;
}

static int begins_in_lower_case(const char *text)
{
    utf8proc_int32_t c;
    return utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c) > 0 &&
           utf8proc_category(c) == UTF8PROC_CATEGORY_LL;
}

static int ends_with(const char *text, apr_size_t length, const char *end)
{
    apr_size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

static int matches_any(apr_size_t *n, const char *text, apr_size_t length, const char *const *ends)
{
    for (; *ends != NULL; ends++) {
        if (ends_with(text, length, *ends)) {
            *n = strlen(*ends);
            return 1;
        }
    }
    return 0;
}

/* Does the sentence end here, closing quotes and brackets left aside? */
static int ends_sentence(const char *text, apr_size_t length)
{
    static const char *const closing[] = {"\"", "'", ")", "]", ">", "»", "”", "“", "’", NULL};
    static const char *const stops[] = {".", "!", "?", ":", ";", "…", NULL};
    apr_size_t n;
    while (matches_any(&n, text, length, closing)) {
        length -= n;
    }
    return matches_any(&n, text, length, stops);
}

/* Is the line behind a blank one still the same sentence? Titles and headings in capitals have no
 * full stop and are complete all the same. Asked for every line of a paragraph that may be as long
 * as the document: nothing here may read the paragraph from its start. */
static int continues(const pd_clause_writer_t *writer, const paragraph_t *paragraph,
                     const char *line)
{
    return writer->title != NULL && begins_in_lower_case(line) &&
           !ends_sentence(paragraph->text.bytes, paragraph->text.length) &&
           !pd_clause_letters_are_capitals(&paragraph->letters);
}

/* The line without white space around. */
static const char *trimmed(const char *line, apr_size_t length, apr_pool_t *p)
{
    const char *copy = apr_pstrmemdup(p, line, length);
    copy += pd_clause_space(copy);
    length = strlen(copy);
    for (;;) {
        apr_size_t n = ends_with(copy, length, "\xc2\xa0") ? 2 : 0;
        if (length > 0 && (copy[length - 1] == ' ' || copy[length - 1] == '\t')) {
            n = 1;
        }
        if (n == 0) {
            return apr_pstrmemdup(p, copy, length);
        }
        length -= n;
    }
}

/* A line that opens the next clause begins a paragraph, also without a blank line before it. */
static int begins_clause(paragraph_t *paragraph, const char *line, int is_new, apr_pool_t *p)
{
    pd_clause_number_t number;
    if (!pd_clause_number_read(&number, line, p) ||
        !(is_new || pd_clause_number_follows(paragraph->last, number.number))) {
        return 0;
    }
    paragraph->last = number.number;
    return 1;
}

/* Adds a line; `is_new`: a blank line stood before it. */
static apr_status_t take_line(pd_clause_writer_t *writer, paragraph_t *paragraph, const char *line,
                              int n_line, int is_new)
{
    int is_clause = begins_clause(paragraph, line, is_new, writer->p);
    int opens = is_clause || (is_new && !continues(writer, paragraph, line));
    if (opens && paragraph->text.length > 0) {
        apr_status_t rv = emit(writer, paragraph);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        paragraph_init(paragraph, n_line, writer->p);
    }
    if (paragraph->text.length > 0) {
        pd_buf_putc(&paragraph->text, ' ');
    }
    else {
        paragraph->line = n_line;
    }
    pd_buf_puts(&paragraph->text, line);
    pd_clause_letters_add(&paragraph->letters, line);
    return APR_SUCCESS;
}

apr_status_t pd_clause_plain(pd_clause_writer_t *writer, const char *text)
{
    paragraph_t paragraph = {0};
    paragraph_init(&paragraph, 1, writer->p);
    int is_new = 0;
    for (int n_line = 1; *text; n_line++) {
        apr_size_t length = strcspn(text, "\n");
        const char *line = trimmed(text, length, writer->p);
        if (line[0] == '\0') {
            is_new = 1;
        }
        else {
            apr_status_t rv = take_line(writer, &paragraph, line, n_line, is_new);
            if (rv != APR_SUCCESS) {
                return rv;
            }
            is_new = 0;
        }
        text += length + (text[length] == '\n');
    }
    return paragraph.text.length > 0 ? emit(writer, &paragraph) : APR_SUCCESS;
}
