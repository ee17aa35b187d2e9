/* Publishing a version. Numbers are given under a row lock, so that two publishers can't get the
 * same one, and everything that is compared with the last version is compared under it. */
#include "portal/pd_document_int.h"

#include "base/pd_clock.h"
#include "base/pd_zone.h"
#include "crypt/pd_hash.h"
#include "portal/pd_coming.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"
#include "text/pd_language.h"
#include "text/pd_material.h"

#include <apr_strings.h>
#include <string.h>

#define EDITORIAL_BYTES_MAX 1000
#define LANGUAGES_MAX       20
#define SKEW_MAX            apr_time_from_sec(5) /* of the clocks of two hosts */

enum { LOCK, LAST, LAST_TEXTS, INSERT, INSERT_TEXT };

const pd_sql_t pd_document_publish_sql[] = {
    [LOCK] = {"document_lock",
              "INSERT INTO meta (name, value) VALUES ('document.publishing', %s) "
              "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
              "", "holds other publishers back until this transaction ends"},
    [LAST] = {"document_last",
              "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(effective_at), 0), "
              "COALESCE(MAX(published_at), 0) FROM document WHERE kind = %s",
              "iii", "the last number given, and the latest instants of a kind"},
    [LAST_TEXTS] = {"document_last_texts",
                    "SELECT language, title, markup, source, html_sha256 FROM document_text "
                    "WHERE kind = %s AND version = %lld ORDER BY language LIMIT 20",
                    "sssss", "the texts that a new version is compared with"},
    [INSERT] = {"document_insert",
                "INSERT INTO document (kind, version, published_at, effective_at, editorial) "
                "VALUES (%s, %lld, %lld, %lld, %s)",
                "", "a new version"},
    [INSERT_TEXT] = {"document_text_insert",
                     "INSERT INTO document_text (kind, version, language, title, markup, source, "
                     "html, source_sha256, html_sha256) "
                     "VALUES (%s, %lld, %s, %s, %s, %s, %s, %s, %s)",
                     "", "its text in one language"},
    {NULL, NULL, NULL, NULL}};

const char *pd_markup_name(pd_markup_e markup)
{
    return markup == PD_MARKUP_MARKDOWN ? "markdown" : "plain";
}

pd_markup_e pd_markup_parse(const char *name)
{
    return strcmp(name, "markdown") == 0 ? PD_MARKUP_MARKDOWN : PD_MARKUP_PLAIN;
}

/* Copied: the pool of a transaction that comes to nothing goes with it. */
static apr_status_t refuse(pd_publish_t *publish, pd_refused_e code, const char *language,
                           const char *detail, const char *why)
{
    publish->refusal =
        (pd_refusal_t){code, apr_pstrdup(publish->p, language), apr_pstrdup(publish->p, detail),
                       apr_pstrdup(publish->p, why)};
    return APR_EINVAL;
}

static apr_status_t prepare_text(pd_ready_text_t *text, pd_publish_t *publish,
                                 const pd_document_source_t *source, apr_pool_t *p)
{
    if (!pd_language_offered(source->language, pd_languages)) {
        return refuse(publish, PD_REFUSED_LANGUAGE, source->language, "",
                      apr_psprintf(p, "%s: the portal has no language \"%s\"", source->name,
                                   source->language));
    }
    const char *reason = NULL;
    apr_status_t rv =
        pd_clause_render(&text->article, &reason, source->markup, source->bytes, source->length, p);
    if (rv) {
        reason = reason ? reason : "the text is malformed or too big";
        return refuse(publish, PD_REFUSED_TEXT, source->language, reason,
                      apr_psprintf(p, "%s: %s", source->name, reason));
    }
    text->source = source;
    text->bytes = apr_pstrmemdup(p, source->bytes, source->length);
    text->source_sha256 = pd_hash_sha256(source->bytes, source->length, p);
    text->html_sha256 = pd_hash_sha256(text->article.html, strlen(text->article.html), p);
    return APR_SUCCESS;
}

/* The text in a language, or NULL. */
static const pd_ready_text_t *ready_in(const pd_publish_t *publish, const char *language)
{
    for (int i = 0; i < publish->ready->nelts; i++) {
        const pd_ready_text_t *text = &APR_ARRAY_IDX(publish->ready, i, pd_ready_text_t);
        if (strcmp(text->source->language, language) == 0) {
            return text;
        }
    }
    return NULL;
}

static apr_status_t prepare_all(pd_publish_t *publish, apr_pool_t *p)
{
    const apr_array_header_t *texts = publish->publication->texts;
    for (int i = 0; i < texts->nelts; i++) {
        const pd_document_source_t *source = &APR_ARRAY_IDX(texts, i, pd_document_source_t);
        if (ready_in(publish, source->language)) {
            return refuse(
                publish, PD_REFUSED_TWICE, source->language, "",
                apr_psprintf(p, "%s: language \"%s\" comes twice", source->name, source->language));
        }
        pd_ready_text_t text;
        apr_status_t rv = prepare_text(&text, publish, source, p);
        if (rv) {
            return rv;
        }
        APR_ARRAY_PUSH(publish->ready, pd_ready_text_t) = text;
    }
    return APR_SUCCESS;
}

apr_status_t pd_publish_prepare(pd_publish_t *publish, const pd_portal_t *portal,
                                const pd_publication_t *publication, apr_pool_t *p)
{
    *publish = (pd_publish_t){.portal = portal,
                              .p = p,
                              .publication = publication,
                              .refusal = {PD_REFUSED_NOT, "", "", NULL}};
    publish->ready = apr_array_make(p, 2, sizeof(pd_ready_text_t));
    if (!pd_document_kind_good(publication->kind)) {
        return refuse(publish, PD_REFUSED_KIND, "", "",
                      "the kind is no name of small letters, such as \"policy\"");
    }
    if (strlen(publication->editorial) > EDITORIAL_BYTES_MAX) {
        return refuse(publish, PD_REFUSED_REASON, "", "", "the editorial reason is too long");
    }
    if (pd_clause_line_fault(publication->editorial, strlen(publication->editorial)) != NULL) {
        return refuse(publish, PD_REFUSED_REASON, "", "",
                      "the editorial reason must be one line of plain UTF-8 text");
    }
    if (publication->texts->nelts == 0) {
        return refuse(publish, PD_REFUSED_EMPTY, "", "", "there is no text to publish");
    }
    return prepare_all(publish, p);
}

/* Never before what was published already; a clock a little behind another host's goes by that
 * one's. */
static apr_status_t take_instants(pd_publish_t *publish, const pd_cell_t *last, apr_pool_t *p)
{
    apr_time_t now = pd_clock_now(), wanted = publish->publication->effective_at;
    apr_time_t published = last[2].number;
    if (published - now > SKEW_MAX) {
        return refuse(publish, PD_REFUSED_CLOCK, "", "",
                      apr_psprintf(p,
                                   "this host's clock says %s, but a version was published at %s; "
                                   "set the clock right",
                                   pd_time_rfc3339(now, p), pd_time_rfc3339(published, p)));
    }
    publish->published_at = now > published ? now : published;
    publish->effective_at = wanted ? wanted : publish->published_at;
    if (wanted && wanted < now) {
        return refuse(publish, PD_REFUSED_PAST, "", "",
                      "a version can't take force in the past; choose a later instant");
    }
    if (publish->effective_at < last[1].number) {
        return refuse(publish, PD_REFUSED_EARLIER, "", "",
                      "a version published earlier takes force later than this one would; choose a "
                      "later instant");
    }
    return APR_SUCCESS;
}

/* Which clauses an editorial version would have to leave alone; NULL: none. */
static const char *material_change(const pd_publish_t *publish, const pd_article_t *before,
                                   const pd_article_t *after, apr_pool_t *p)
{
    const char *sections = publish->portal->settings->material_sections;
    int by_section = strcmp(publish->publication->kind, PD_DOCUMENT_POLICY) == 0 &&
                     (pd_material_has(before, sections) || pd_material_has(after, sections));
    const char *clauses = pd_material_clauses(before, after, by_section ? sections : NULL, p);
    if (by_section) {
        return *clauses ? clauses : NULL;
    }
    return pd_material_same(before, after, p) ? NULL : clauses;
}

/* A text of the last version against its successor. */
static apr_status_t compare_text(pd_publish_t *publish, const pd_cell_t *old, apr_pool_t *p)
{
    pd_article_t before;
    const char *reason, *language = old[0].text;
    const pd_ready_text_t *text = ready_in(publish, language);
    if (!text) {
        return publish->publication->drops_languages
                   ? APR_SUCCESS
                   : refuse(publish, PD_REFUSED_DROPPED, language, "",
                            apr_psprintf(p,
                                         "the last version has a text in \"%s\", this one has "
                                         "none; add it, or say --drop-language",
                                         language));
    }
    if (*publish->publication->editorial == '\0') {
        return APR_SUCCESS;
    }
    apr_status_t rv = pd_clause_render(&before, &reason, pd_markup_parse(old[2].text), old[3].text,
                                       strlen(old[3].text), p);
    if (rv) {
        return rv;
    }
    const char *clauses = material_change(publish, &before, &text->article, p);
    if (!clauses) {
        return APR_SUCCESS;
    }
    return refuse(publish, PD_REFUSED_MATERIAL, language, clauses,
                  apr_psprintf(p,
                               "%s: not editorial: what the data is, what it is for, or who gets "
                               "it reads otherwise than before%s%s; publish it without --editorial",
                               text->source->name, *clauses ? ": clause " : "", clauses));
}

static int is_same(const pd_publish_t *publish, const pd_rows_t *last)
{
    int same = PD_ROW_COUNT(last) == publish->ready->nelts;
    for (int i = 0; same && i < PD_ROW_COUNT(last); i++) {
        const pd_cell_t *old = PD_ROW(last, i);
        const pd_ready_text_t *text = ready_in(publish, old[0].text);
        same = text && strcmp(text->article.title, old[1].text) == 0 &&
               strcmp(text->html_sha256, old[4].text) == 0;
    }
    return same;
}

static apr_status_t compare(pd_publish_t *publish, pd_conn_t *conn, apr_int64_t last, apr_pool_t *p)
{
    const pd_rows_t *rows;
    if (last == 0) {
        return *publish->publication->editorial
                   ? refuse(publish, PD_REFUSED_FIRST, "", "",
                            "a first version can't be editorial: there is nothing yet to mend")
                   : APR_SUCCESS;
    }
    apr_status_t rv =
        pd_conn_read(&rows, conn, &pd_document_publish_sql[LAST_TEXTS],
                     PD_ARGS(PD_T(publish->publication->kind), PD_N(last)), LANGUAGES_MAX, p);
    if (!rv && is_same(publish, rows)) {
        return refuse(
            publish, PD_REFUSED_SAME, "", "",
            apr_psprintf(p, "nothing changed: version %" APR_INT64_T_FMT " reads just the same",
                         last));
    }
    for (int i = 0; !rv && i < PD_ROW_COUNT(rows); i++) {
        rv = compare_text(publish, PD_ROW(rows, i), p);
    }
    return rv;
}

apr_status_t pd_publish_check(pd_publish_t *publish, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *rows;
    const char *kind = publish->publication->kind;
    publish->refusal = (pd_refusal_t){PD_REFUSED_NOT, "", "", NULL};
    apr_status_t rv =
        pd_conn_exec(NULL, conn, &pd_document_publish_sql[LOCK], PD_ARGS(PD_T(kind)), p);
    if (!rv) {
        rv = pd_conn_read(&rows, conn, &pd_document_publish_sql[LAST], PD_ARGS(PD_T(kind)), 1, p);
    }
    if (rv) {
        return rv;
    }
    const pd_cell_t *last = PD_ROW(rows, 0);
    publish->version = last[0].number + 1;
    rv = take_instants(publish, last, p);
    return rv ? rv : compare(publish, conn, last[0].number, p);
}

static apr_status_t insert(pd_publish_t *publish, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_publication_t *publication = publish->publication;
    apr_status_t rv = pd_conn_exec(NULL, conn, &pd_document_publish_sql[INSERT],
                                   PD_ARGS(PD_T(publication->kind), PD_N(publish->version),
                                           PD_N(publish->published_at), PD_N(publish->effective_at),
                                           PD_T(publication->editorial)),
                                   p);
    for (int i = 0; !rv && i < publish->ready->nelts; i++) {
        const pd_ready_text_t *text = &APR_ARRAY_IDX(publish->ready, i, pd_ready_text_t);
        rv = pd_conn_exec(NULL, conn, &pd_document_publish_sql[INSERT_TEXT],
                          PD_ARGS(PD_T(publication->kind), PD_N(publish->version),
                                  PD_T(text->source->language), PD_T(text->article.title),
                                  PD_T(pd_markup_name(text->source->markup)), PD_T(text->bytes),
                                  PD_T(text->article.html), PD_T(text->source_sha256),
                                  PD_T(text->html_sha256)),
                          p);
    }
    return rv;
}

/* What the journal keeps: the hashes, and both persons where there are two. */
static const char *details(const pd_publish_t *publish, apr_pool_t *p)
{
    json_t *hashes = json_object();
    const pd_publication_t *publication = publish->publication;
    for (int i = 0; i < publish->ready->nelts; i++) {
        const pd_ready_text_t *text = &APR_ARRAY_IDX(publish->ready, i, pd_ready_text_t);
        json_object_set_new(hashes, text->source->language, json_string(text->html_sha256));
    }
    json_t *object = json_pack("{s:s, s:I, s:I, s:o}", "kind", publication->kind, "version",
                               (json_int_t)publish->version, "effective_at",
                               (json_int_t)publish->effective_at, "html_sha256", hashes);
    if (publication->author) {
        json_object_set_new(object, "author", json_string(publication->author));
        json_object_set_new(object, "approver", json_string(publication->approver));
    }
    return pd_json_text(object, p);
}

/* What people are to be told of before it comes. */
static int is_announced(const pd_publish_t *publish)
{
    return strcmp(publish->publication->kind, PD_DOCUMENT_POLICY) == 0 &&
           *publish->publication->editorial == '\0' &&
           publish->effective_at > publish->published_at;
}

static apr_status_t publish_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    pd_publish_t *publish = baton;
    const pd_publication_t *publication = publish->publication;
    apr_status_t rv = pd_publish_check(publish, conn, p);
    if (!rv) {
        rv = insert(publish, conn, p);
    }
    if (!rv && is_announced(publish)) {
        rv = pd_coming_announce(conn, publish->version, p);
    }
    if (!rv && publication->with) {
        rv = publication->with(conn, publication->with_baton, publish->version, p);
        publish->refusal.code = rv == APR_EINVAL ? PD_REFUSED_WITH : PD_REFUSED_NOT;
    }
    if (!rv) {
        rv = pd_invalidation_add(conn, PD_INVALID_DOCUMENTS, "", p);
    }
    if (rv) {
        return rv;
    }
    return pd_journal_add(conn, publish->portal, PD_EVENT_DOCUMENT_PUBLISHED, "",
                          details(publish, p), NULL, p);
}

apr_status_t pd_document_publish(apr_int64_t *version, const char **why, const pd_portal_t *portal,
                                 const pd_publication_t *publication, apr_pool_t *p)
{
    pd_publish_t publish;
    apr_status_t rv = pd_publish_prepare(&publish, portal, publication, p);
    if (!rv) {
        rv = pd_db_transact(portal->db, publish_step, &publish, p);
    }
    *version = rv ? 0 : publish.version;
    *why = publish.refusal.why;
    if (publication->refusal) {
        *publication->refusal = publish.refusal;
    }
    return rv;
}
