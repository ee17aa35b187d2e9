/* What a version may change, and what an editorial one may not: each text against that of the last
 * version. Under the lock of the publication, so that the last version is the last. */
#include "portal/pd_document_int.h"

#include "portal/pd_tables_int.h"
#include "text/pd_material.h"

#include <apr_strings.h>
#include <string.h>

#define LANGUAGES_MAX 20

enum { LAST_TEXTS };

const pd_sql_t pd_document_compare_sql[] = {
    [LAST_TEXTS] = {"document_last_texts",
                    "SELECT language, title, markup, source, html FROM document_text "
                    "WHERE kind = %s AND version = %lld ORDER BY language LIMIT 20",
                    "sssss", "the texts that a new version is compared with"},
    {NULL, NULL, NULL, NULL}};

static int is_editorial(const pd_publish_t *publish)
{
    return *publish->publication->editorial != '\0';
}

/* Of a policy that has some of these sections. A clause that is new says something new wherever it
 * stands, and so does one of which more than a few words are others: a recipient can be named, and a
 * promise left out, in any section. */
static pd_refused_e change_of_policy(const char **clauses, const char *sections,
                                     const pd_article_t *before, const pd_article_t *after,
                                     apr_pool_t *p)
{
    *clauses = pd_material_clauses(before, after, sections, p);
    if (**clauses) {
        return PD_REFUSED_MATERIAL;
    }
    *clauses = pd_material_unpaired(before, after, p);
    if (**clauses) {
        return PD_REFUSED_CLAUSES;
    }
    if (pd_material_rewritten(clauses, before, after, p) != APR_SUCCESS || **clauses) {
        return PD_REFUSED_REWRITTEN;
    }
    return pd_material_same_opening(before, after, p) ? PD_REFUSED_NOT : PD_REFUSED_OPENING;
}

/* What an editorial version would have to leave alone, with the clauses; PD_REFUSED_NOT: nothing.
 */
static pd_refused_e material_change(const char **clauses, const pd_publish_t *publish,
                                    const pd_article_t *before, const pd_article_t *after,
                                    apr_pool_t *p)
{
    const char *sections = publish->portal->settings->material_sections;
    if (strcmp(publish->publication->kind, PD_DOCUMENT_POLICY) == 0 &&
        (pd_material_has(before, sections) || pd_material_has(after, sections))) {
        return change_of_policy(clauses, sections, before, after, p);
    }
    *clauses = pd_material_clauses(before, after, NULL, p);
    return pd_material_same(before, after, p) ? PD_REFUSED_NOT : PD_REFUSED_MATERIAL;
}

static const char *why_material(pd_refused_e code, const char *name, const char *clauses,
                                apr_pool_t *p)
{
    const char *what = code == PD_REFUSED_CLAUSES ? "clauses are new or gone"
                       : code == PD_REFUSED_REWRITTEN
                           ? "more than five words of a clause came or went"
                       : code == PD_REFUSED_OPENING ? "the title, or what stands in front of the "
                                                      "first clause, reads or links otherwise than "
                                                      "before"
                                                    : "what the data is, what it is for, or who "
                                                      "gets it reads otherwise than before, or a "
                                                      "link there leads elsewhere";
    return apr_psprintf(p, "%s: not editorial: %s%s%s; publish it without --editorial", name, what,
                        *clauses ? ": clause " : "", clauses);
}

/* A text of the last version that has no successor. */
static apr_status_t refuse_less(pd_publish_t *publish, const char *language, apr_pool_t *p)
{
    if (is_editorial(publish)) {
        return pd_publish_refuse(
            publish, PD_REFUSED_LANGUAGE_LESS, language, "",
            apr_psprintf(p,
                         "not editorial: the last version has a text in \"%s\", this one has none; "
                         "add it, or publish it without --editorial",
                         language));
    }
    return pd_publish_refuse(publish, PD_REFUSED_DROPPED, language, "",
                             apr_psprintf(p,
                                          "the last version has a text in \"%s\", this one has "
                                          "none; add it, or say --drop-language",
                                          language));
}

static int has_language(const pd_rows_t *last, const char *language)
{
    for (int i = 0; i < PD_ROW_COUNT(last); i++) {
        if (strcmp(PD_ROW(last, i)[0].text, language) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A text of an editorial version that the last version has not got has nothing to be compared with:
 * it could say anything. */
static apr_status_t refuse_more(pd_publish_t *publish, const pd_rows_t *last, apr_pool_t *p)
{
    for (int i = 0; i < publish->ready->nelts; i++) {
        const pd_document_source_t *source =
            APR_ARRAY_IDX(publish->ready, i, pd_ready_text_t).source;
        if (!has_language(last, source->language)) {
            return pd_publish_refuse(
                publish, PD_REFUSED_LANGUAGE_MORE, source->language, "",
                apr_psprintf(p,
                             "%s: not editorial: the last version has no text in \"%s\"; publish "
                             "it without --editorial",
                             source->name, source->language));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t compare_languages(pd_publish_t *publish, const pd_rows_t *last, apr_pool_t *p)
{
    int may_drop = publish->publication->drops_languages && !is_editorial(publish);
    for (int i = 0; !may_drop && i < PD_ROW_COUNT(last); i++) {
        const char *language = PD_ROW(last, i)[0].text;
        if (!pd_publish_text_in(publish, language)) {
            return refuse_less(publish, language, p);
        }
    }
    return is_editorial(publish) ? refuse_more(publish, last, p) : APR_SUCCESS;
}

/* A text of the last version against its successor, which is there. */
static apr_status_t compare_text(pd_publish_t *publish, const pd_cell_t *old, apr_pool_t *p)
{
    pd_article_t before;
    const char *reason, *clauses, *language = old[0].text;
    const pd_ready_text_t *text = pd_publish_text_in(publish, language);
    apr_status_t rv = pd_clause_render(&before, &reason, pd_markup_parse(old[2].text), old[3].text,
                                       strlen(old[3].text), p);
    if (rv) {
        return rv;
    }
    pd_refused_e code = material_change(&clauses, publish, &before, &text->article, p);
    return code == PD_REFUSED_NOT
               ? APR_SUCCESS
               : pd_publish_refuse(publish, code, language, clauses,
                                   why_material(code, text->source->name, clauses, p));
}

static int is_same(const pd_publish_t *publish, const pd_rows_t *last)
{
    int same = PD_ROW_COUNT(last) == publish->ready->nelts;
    for (int i = 0; same && i < PD_ROW_COUNT(last); i++) {
        const pd_cell_t *old = PD_ROW(last, i);
        const pd_ready_text_t *text = pd_publish_text_in(publish, old[0].text);
        same = text && strcmp(text->article.title, old[1].text) == 0 &&
               strcmp(text->article.html, old[4].text) == 0;
    }
    return same;
}

apr_status_t pd_publish_compare(pd_publish_t *publish, pd_conn_t *conn, apr_int64_t last,
                                apr_pool_t *p)
{
    const pd_rows_t *rows;
    if (last == 0) {
        return is_editorial(publish)
                   ? pd_publish_refuse(
                         publish, PD_REFUSED_FIRST, "", "",
                         "a first version can't be editorial: there is nothing yet to mend")
                   : APR_SUCCESS;
    }
    apr_status_t rv =
        pd_conn_read(&rows, conn, &pd_document_compare_sql[LAST_TEXTS],
                     PD_ARGS(PD_T(publish->publication->kind), PD_N(last)), LANGUAGES_MAX, p);
    if (!rv && is_same(publish, rows)) {
        return pd_publish_refuse(
            publish, PD_REFUSED_SAME, "", "",
            apr_psprintf(p, "nothing changed: version %" APR_INT64_T_FMT " reads just the same",
                         last));
    }
    if (!rv) {
        rv = compare_languages(publish, rows, p);
    }
    for (int i = 0; !rv && is_editorial(publish) && i < PD_ROW_COUNT(rows); i++) {
        rv = compare_text(publish, PD_ROW(rows, i), p);
    }
    return rv;
}
