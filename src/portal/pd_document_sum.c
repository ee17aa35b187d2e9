/* Checksums of texts, made and looked at again. */
#include "portal/pd_document_sum.h"

#include "crypt/pd_hash.h"
#include "portal/pd_tables_int.h"
#include "text/pd_clause.h"

#include <apr_strings.h>
#include <string.h>

enum { NEXT_TEXT };

const pd_sql_t pd_document_sum_sql[] = {
    [NEXT_TEXT] = {"document_next_text",
                   "SELECT kind, version, language, title, html, source, html_sha256, "
                   "source_sha256, sum_covers FROM document_text "
                   "WHERE (kind, version, language) > (%s, %lld, %s) "
                   "ORDER BY kind, version, language LIMIT 1",
                   "sisssssss", "the published text after another, with its checksums"},
    {NULL, NULL, NULL, NULL}};

/* Of the last text that was looked at. */
typedef struct place_t {
    char *kind, *language;
    apr_int64_t version;
} place_t;

static const char *sum(const char *text, apr_pool_t *p)
{
    return pd_hash_sha256(text, strlen(text), p);
}

const char *pd_document_sum(const char *title, const char *html, apr_pool_t *p)
{
    return sum(pd_clause_whole(title, html, p), p);
}

/* What is not as it was published; NULL: nothing. A mark that nobody wrote is none of ours. */
static const char *altered(const pd_cell_t *text, apr_pool_t *p)
{
    const char *title = text[3].text, *html = text[4].text, *covers = text[8].text;
    if (strcmp(sum(text[5].text, p), text[7].text) != 0) {
        return "its source";
    }
    if (strcmp(covers, PD_SUM_OF_ARTICLE) == 0) {
        return strcmp(pd_document_sum(title, html, p), text[6].text) ? "its title or text" : NULL;
    }
    return strcmp(covers, "body") != 0 || strcmp(sum(html, p), text[6].text) != 0 ? "its text"
                                                                                  : NULL;
}

/* `place` goes on to the next text; APR_EOF: there is none. */
static apr_status_t look_at_next(const char **fault, place_t *place, const pd_portal_t *portal,
                                 apr_pool_t *scratch, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t rv = pd_db_read(
        &rows, portal->db, &pd_document_sum_sql[NEXT_TEXT],
        PD_ARGS(PD_T(place->kind), PD_N(place->version), PD_T(place->language)), 1, scratch);
    if (rv || PD_ROW_COUNT(rows) == 0) {
        return rv ? rv : APR_EOF;
    }
    const pd_cell_t *text = PD_ROW(rows, 0);
    const char *what = altered(text, scratch);
    *place = (place_t){apr_pstrdup(p, text[0].text), apr_pstrdup(p, text[2].text), text[1].number};
    *fault = what ? apr_psprintf(p,
                                 "%s of %s, version %" APR_INT64_T_FMT
                                 ", language \"%s\", is not what was published",
                                 what, place->kind, place->version, place->language)
                  : NULL;
    return APR_SUCCESS;
}

apr_status_t pd_document_sum_check(const char **fault, const pd_portal_t *portal, apr_pool_t *p)
{
    place_t place = {apr_pstrdup(p, ""), apr_pstrdup(p, ""), 0};
    apr_pool_t *scratch;
    apr_status_t rv = apr_pool_create(&scratch, p);
    *fault = NULL;
    while (!rv && !*fault) {
        rv = look_at_next(fault, &place, portal, scratch, p);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}
