/* Documents in numbered plain text or Markdown become HTML in which every numbered clause has an
 * anchor: clause 5.3 is id "p5.3". No number is lost or renumbered: a number that opens a paragraph
 * stays literal text, as written. Raw HTML is shown as text, links are kept only for http, https,
 * mailto and own paths; a bare <http://...> becomes a link. Any thread.
 *
 *   "1. ОПРЕДЕЛЕНИЯ"            -> <h2 id="p1"><a class="n" href="#p1">1.</a> ОПРЕДЕЛЕНИЯ</h2>
 *   "1.1. ..."                  -> <p id="p1.1" class="l2"><a class="n" href="#p1.1">1.1.</a>
 * ...</p> first line without a number -> the title, given apart, not in the body
 *
 * Plain: the first paragraph is the title. Markdown: the first heading of level 1 without a number;
 * ordered lists of the outermost level are clauses with the numbers of the source, others (and
 * "1)") keep their numbers as text without an anchor, like numbers in quotations.
 */
#ifndef PD_CLAUSE_H
#define PD_CLAUSE_H
#include <apr_pools.h>
#include <apr_tables.h>

#define PD_DOCUMENT_BYTES_MAX (1024 * 1024)

typedef enum { PD_MARKUP_PLAIN, PD_MARKUP_MARKDOWN } pd_markup_e;

typedef struct pd_clause_t {
    const char *number; /* "5.3", without a closing dot */
    const char *text;   /* the clause's own plain text, one line, without its number, but with the
                           unnumbered paragraphs and lists that follow it */
    const char *links;  /* where its links lead, each with a line feed behind it */
    int level;          /* 1 for "5", 2 for "5.3" */
} pd_clause_t;

typedef struct pd_article_t {
    const char *title;           /* plain text */
    const char *opening;         /* plain text in front of the first clause, one line; "" if none */
    const char *opening_links;   /* as of a clause */
    const char *html;            /* the body */
    apr_array_header_t *clauses; /* of pd_clause_t, in order */
} pd_article_t;

/* PD_ETEXT with `why` (English, with the line): invalid UTF-8, NUL, no title, a clause number that
 * comes twice. PD_ELIMIT: too big. A BOM, CRLF and soft hyphens are taken out first. */
apr_status_t pd_clause_render(pd_article_t *article, const char **why, pd_markup_e markup,
                              const char *bytes, apr_size_t length, apr_pool_t *p);

/* Why a line can't be shown, in English; NULL: it can. */
const char *pd_clause_line_fault(const char *line, apr_size_t length);

/* Why a text that can be shown may not be published, in English, with the line where it has one;
 * NULL: it may. It would be read otherwise than it is written (pd_bidi.h). Asked apart from
 * rendering, since what was published before this was refused is rendered again. `article` is what
 * the source became. */
const char *pd_clause_order_fault(const char *bytes, apr_size_t length, const pd_article_t *article,
                                  apr_pool_t *p);

/* The article as its page shows it: the title as a heading of level 1, then the body, each with a
 * line feed behind it. */
const char *pd_clause_whole(const char *title, const char *html, apr_pool_t *p);

#endif
