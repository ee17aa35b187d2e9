/* The pieces of the clause renderer; inside the room only. pd_clause.c cleans and decides,
 * pd_clause_number.c reads numbers, pd_clause_plain.c and pd_clause_markdown.c read the two kinds
 * of source, pd_clause_html.c and pd_clause_link.c write. Any thread. */
#ifndef PD_CLAUSE_INT_H
#define PD_CLAUSE_INT_H
#include "base/pd_bytes.h"
#include "text/pd_clause.h"
#include <apr_hash.h>

/* A clause number at the start of a text. */
typedef struct pd_clause_number_t {
    const char *literal; /* as written: "5.3." */
    const char *number;  /* "5.3" */
    int level;
    apr_size_t length; /* of the literal with the white space behind it */
} pd_clause_number_t;

/* Where a rendering stands. `why` is set by whoever fails. */
typedef struct pd_clause_writer_t {
    pd_buf_t html;
    pd_buf_t text;               /* plain text of the clause being written */
    pd_buf_t links;              /* of that clause */
    apr_array_header_t *clauses; /* of pd_clause_t; the last one is being written */
    apr_hash_t *lines;           /* number -> const int *, the line where it stands */
    const char *title;
    const char *opening, *opening_links;
    const char *why;
    apr_pool_t *p;
} pd_clause_writer_t;

/* Is `next` a number that may stand right behind `previous` (NULL: at the start) in a document: 1.2
 * or 2 or 1.1.1 behind 1.1? Tells a clause that begins on the next line from a reference that a
 * line break happens to put in front. */
int pd_clause_number_follows(const char *previous, const char *next);

/* Does the text begin with a clause number ("5.", "5.3.", "5.3", "5.3.1)") and white space, or end
 * behind it? "1)", years, dates and parts with a leading zero are none. */
int pd_clause_number_read(pd_clause_number_t *number, const char *text, apr_pool_t *p);

/* Bytes of white space (space, tab, LF, no-break space) at the start of the text. */
apr_size_t pd_clause_space(const char *text);

/* Is this text of a first-level clause a heading: short without a full stop, or in capitals? */
int pd_clause_is_heading(const char *text);

/* Which letters a text has, gathered piece by piece. */
typedef struct pd_clause_letters_t {
    int has_capital; /* not told any more once has_small is */
    int has_small;
} pd_clause_letters_t;

void pd_clause_letters_add(pd_clause_letters_t *letters, const char *text);

/* Letters, and all of them capitals. */
int pd_clause_letters_are_capitals(const pd_clause_letters_t *letters);

/* The text with every run of white space as one space and none around. */
const char *pd_clause_one_line(const char *text, apr_pool_t *p);

void pd_clause_writer_init(pd_clause_writer_t *writer, apr_pool_t *p);

/* Text for the reader: escaped into the page, plain into the clause. */
void pd_clause_write(pd_clause_writer_t *writer, const char *text, apr_size_t length);

/* Markup, as is; a space in the plain text. */
void pd_clause_write_tag(pd_clause_writer_t *writer, const char *tag);

/* Markup inside a word; nothing in the plain text. */
void pd_clause_write_inline_tag(pd_clause_writer_t *writer, const char *tag);

/* Begins the element `tag` ("p", "h2") of a numbered clause, with its anchor. PD_ETEXT and `why`:
 * the number stands in the document already. */
apr_status_t pd_clause_write_open(pd_clause_writer_t *writer, const char *tag,
                                  const pd_clause_number_t *number, int line);

/* Begins a link; 0, and nothing written, if the address is not one that we link to. */
int pd_clause_write_link(pd_clause_writer_t *writer, const char *url);

/* Ends the last clause. */
void pd_clause_writer_finish(pd_clause_writer_t *writer);

/* Bytes as HTML text or as the value of a quoted attribute. */
void pd_clause_escape(pd_buf_t *to, const char *bytes, apr_size_t length);

/* The address in the form of an href; NULL if it is not one that we link to. `external` tells other
 * sites from own paths and mail addresses. */
const char *pd_clause_href(int *external, const char *url, apr_pool_t *p);

apr_status_t pd_clause_plain(pd_clause_writer_t *writer, const char *text);
apr_status_t pd_clause_markdown(pd_clause_writer_t *writer, const char *text);

#endif
