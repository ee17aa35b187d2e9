/* Publishing a version. Numbers are given under a row lock, so that two publishers can't get the
 * same one, and everything that is compared with the last version is compared under it. */
#include "portal/pd_document_int.h"

#include "base/pd_clock.h"
#include "base/pd_zone.h"
#include "crypt/pd_hash.h"
#include "portal/pd_coming.h"
#include "portal/pd_document_sum.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"
#include "text/pd_bidi.h"
#include "text/pd_language.h"

#include <apr_strings.h>
#include <string.h>

#define EDITORIAL_BYTES_MAX 1000
#define SKEW_MAX            apr_time_from_sec(5) /* of the clocks of two hosts */

enum { LOCK, LAST, INSERT, INSERT_TEXT };

const pd_sql_t pd_document_publish_sql[] = {
    [LOCK] = {"document_lock",
              "INSERT INTO meta (name, value) VALUES ('document.publishing', %s) "
              "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
              "", "holds other publishers back until this transaction ends"},
    [LAST] = {"document_last",
              "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(effective_at), 0), "
              "COALESCE(MAX(published_at), 0) FROM document WHERE kind = %s",
              "iii", "the last number given, and the latest instants of a kind"},
    [INSERT] = {"document_insert",
                "INSERT INTO document (kind, version, published_at, effective_at, editorial) "
                "VALUES (%s, %lld, %lld, %lld, %s)",
                "", "a new version"},
    [INSERT_TEXT] = {"document_text_insert",
                     "INSERT INTO document_text (kind, version, language, title, markup, source, "
                     "html, source_sha256, html_sha256, sum_covers) "
                     "VALUES (%s, %lld, %s, %s, %s, %s, %s, %s, %s, '" PD_SUM_OF_ARTICLE "')",
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
apr_status_t pd_publish_refuse(pd_publish_t *publish, pd_refused_e code, const char *language,
                               const char *detail, const char *why)
{
    publish->refusal =
        (pd_refusal_t){code, apr_pstrdup(publish->p, language), apr_pstrdup(publish->p, detail),
                       apr_pstrdup(publish->p, why)};
    return APR_EINVAL;
}

/* APR_SUCCESS, or the reason why not. */
static apr_status_t read_text(pd_article_t *article, const char **reason,
                              const pd_document_source_t *source, apr_pool_t *p)
{
    apr_status_t rv =
        pd_clause_render(article, reason, source->markup, source->bytes, source->length, p);
    if (!rv) {
        *reason = pd_clause_order_fault(source->bytes, source->length, article, p);
        return *reason ? APR_EINVAL : APR_SUCCESS;
    }
    *reason = *reason ? *reason : "the text is malformed or too big";
    return rv;
}

static apr_status_t prepare_text(pd_ready_text_t *text, pd_publish_t *publish,
                                 const pd_document_source_t *source, apr_pool_t *p)
{
    if (!pd_language_offered(source->language, pd_languages)) {
        return pd_publish_refuse(publish, PD_REFUSED_LANGUAGE, source->language, "",
                                 apr_psprintf(p, "%s: the portal has no language \"%s\"",
                                              source->name, source->language));
    }
    const char *reason = NULL;
    if (read_text(&text->article, &reason, source, p)) {
        return pd_publish_refuse(publish, PD_REFUSED_TEXT, source->language, reason,
                                 apr_psprintf(p, "%s: %s", source->name, reason));
    }
    text->source = source;
    text->bytes = apr_pstrmemdup(p, source->bytes, source->length);
    text->source_sha256 = pd_hash_sha256(source->bytes, source->length, p);
    text->html_sha256 = pd_document_sum(text->article.title, text->article.html, p);
    return APR_SUCCESS;
}

const pd_ready_text_t *pd_publish_text_in(const pd_publish_t *publish, const char *language)
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
        if (pd_publish_text_in(publish, source->language)) {
            return pd_publish_refuse(
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

static int is_plain_line(const char *line)
{
    int32_t c;
    apr_size_t length = strlen(line);
    return pd_clause_line_fault(line, length) == NULL && pd_bidi_find(&c, line, length) == NULL;
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
        return pd_publish_refuse(publish, PD_REFUSED_KIND, "", "",
                                 "the kind is no name of small letters, such as \"policy\"");
    }
    if (strlen(publication->editorial) > EDITORIAL_BYTES_MAX) {
        return pd_publish_refuse(publish, PD_REFUSED_REASON, "", "",
                                 "the editorial reason is too long");
    }
    if (!is_plain_line(publication->editorial)) {
        return pd_publish_refuse(publish, PD_REFUSED_REASON, "", "",
                                 "the editorial reason must be one line of plain UTF-8 text, "
                                 "without control characters");
    }
    if (publication->texts->nelts == 0) {
        return pd_publish_refuse(publish, PD_REFUSED_EMPTY, "", "", "there is no text to publish");
    }
    return prepare_all(publish, p);
}

/* Whoever approves has seen what changes against the version it was compared with, and nothing of
 * what it would change in one published since. */
static apr_status_t check_seen(pd_publish_t *publish, apr_int64_t last, apr_pool_t *p)
{
    const apr_int64_t *seen = publish->publication->compared_with;
    return !seen || *seen == last
               ? APR_SUCCESS
               : pd_publish_refuse(publish, PD_REFUSED_OVERTAKEN, "", "",
                                   apr_psprintf(p,
                                                "the last version is %" APR_INT64_T_FMT
                                                " by now: look at what changes against that one",
                                                last));
}

/* Never before what was published already; a clock a little behind another host's goes by that
 * one's. */
static apr_status_t take_instants(pd_publish_t *publish, const pd_cell_t *last, apr_pool_t *p)
{
    apr_time_t now = pd_clock_now(), wanted = publish->publication->effective_at;
    apr_time_t published = last[2].number;
    if (published - now > SKEW_MAX) {
        return pd_publish_refuse(
            publish, PD_REFUSED_CLOCK, "", "",
            apr_psprintf(p,
                         "this host's clock says %s, but a version was published at %s; "
                         "set the clock right",
                         pd_time_rfc3339(now, p), pd_time_rfc3339(published, p)));
    }
    publish->published_at = now > published ? now : published;
    publish->effective_at = wanted ? wanted : publish->published_at;
    if (wanted && wanted < now) {
        return pd_publish_refuse(publish, PD_REFUSED_PAST, "", "",
                                 "a version can't take force in the past; choose a later instant");
    }
    if (publish->effective_at < last[1].number) {
        return pd_publish_refuse(
            publish, PD_REFUSED_EARLIER, "", "",
            "a version published earlier takes force later than this one would; choose a "
            "later instant");
    }
    return APR_SUCCESS;
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
    rv = check_seen(publish, last[0].number, p);
    if (!rv) {
        rv = take_instants(publish, last, p);
    }
    return rv ? rv : pd_publish_compare(publish, conn, last[0].number, p);
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
