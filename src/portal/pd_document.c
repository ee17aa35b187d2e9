/* Documents: publishing a version and reading the one in force. A published version is never
 * changed; numbers are given under a row lock, so that two publishers can't get the same one, and
 * which version is in force is asked of the clock at every reading. */
#include "portal/pd_document.h"

#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_tables_int.h"
#include "text/pd_language.h"

#include <apr_strings.h>
#include <string.h>

#define VERSIONS_MAX        10000
#define EDITORIAL_BYTES_MAX 1000
#define KIND_BYTES_MAX      40

#define MARKDOWN "markdown"

#define DOCUMENT_COLUMNS                                                                           \
    "d.kind, d.version, d.published_at, d.effective_at, d.editorial, t.language, t.title, "        \
    "t.source_sha256, t.html_sha256"
#define DOCUMENT_TYPES "siiisssss"

enum { LOCK, LAST, INSERT, INSERT_TEXT, CURRENT, GET, LIST };

const pd_sql_t pd_document_sql[] = {
    [LOCK] = {"document_lock",
              "INSERT INTO meta (name, value) VALUES ('document.publishing', %s) "
              "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
              "", "holds other publishers back until this transaction ends"},
    [LAST] = {"document_last",
              "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(effective_at), 0) FROM document "
              "WHERE kind = %s",
              "ii", "the last number given, and the latest instant a version takes force"},
    [INSERT] = {"document_insert",
                "INSERT INTO document (kind, version, published_at, effective_at, editorial) "
                "VALUES (%s, %lld, %lld, %lld, %s)",
                "", "a new version"},
    [INSERT_TEXT] = {"document_text_insert",
                     "INSERT INTO document_text (kind, version, language, title, markup, source, "
                     "html, source_sha256, html_sha256) "
                     "VALUES (%s, %lld, %s, %s, %s, %s, %s, %s, %s)",
                     "", "its text in one language"},
    [CURRENT] = {"document_current",
                 "SELECT " DOCUMENT_COLUMNS ", t.html, t.source, t.markup FROM document d "
                 "JOIN document_text t ON t.kind = d.kind AND t.version = d.version "
                 "WHERE d.kind = %s AND d.version = (SELECT x.version FROM document x "
                 "WHERE x.kind = %s AND x.effective_at <= %lld "
                 "ORDER BY x.effective_at DESC, x.version DESC LIMIT 1) "
                 "ORDER BY CASE WHEN t.language = %s THEN 0 ELSE 1 END, t.language LIMIT 1",
                 DOCUMENT_TYPES "sss", "the version in force at an instant"},
    [GET] = {"document_get",
             "SELECT " DOCUMENT_COLUMNS ", t.html, t.source, t.markup FROM document d "
             "JOIN document_text t ON t.kind = d.kind AND t.version = d.version "
             "WHERE d.kind = %s AND d.version = %lld "
             "ORDER BY CASE WHEN t.language = %s THEN 0 ELSE 1 END, t.language LIMIT 1",
             DOCUMENT_TYPES "sss", "one version by its number"},
    [LIST] = {"document_list",
              "SELECT " DOCUMENT_COLUMNS " FROM document d "
              "JOIN document_text t ON t.kind = d.kind AND t.version = d.version "
              "WHERE d.kind = %s AND t.language = (SELECT x.language FROM document_text x "
              "WHERE x.kind = d.kind AND x.version = d.version "
              "ORDER BY CASE WHEN x.language = %s THEN 0 ELSE 1 END, x.language LIMIT 1) "
              "ORDER BY d.version DESC LIMIT 10000",
              DOCUMENT_TYPES, "all versions of a kind"},
    {NULL, NULL, NULL, NULL}};

/* One text made ready for its row. */
typedef struct ready_t {
    const pd_document_source_t *source;
    const char *bytes; /* ends in zero */
    pd_article_t article;
    const char *source_sha256, *html_sha256;
} ready_t;

typedef struct publish_t {
    const pd_portal_t *portal;
    const pd_publication_t *publication;
    const apr_array_header_t *ready; /* of ready_t */
    apr_time_t now, effective_at;
    apr_int64_t version; /* output */
    const char *why;     /* output */
} publish_t;

static int good_kind(const char *kind)
{
    apr_size_t length = strlen(kind);
    return length > 0 && length <= KIND_BYTES_MAX && kind[0] >= 'a' && kind[0] <= 'z' &&
           strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static apr_status_t refuse(const char **why, const char *sentence)
{
    *why = sentence;
    return APR_EINVAL;
}

static apr_status_t prepare_text(ready_t *ready, const char **why,
                                 const pd_document_source_t *source, apr_pool_t *p)
{
    if (!pd_language_offered(source->language, pd_languages)) {
        return refuse(why, apr_psprintf(p, "%s: the portal has no language \"%s\"", source->name,
                                        source->language));
    }
    const char *reason = NULL;
    apr_status_t rv = pd_clause_render(&ready->article, &reason, source->markup, source->bytes,
                                       source->length, p);
    if (rv) {
        return refuse(why, apr_psprintf(p, "%s: %s", source->name,
                                        reason ? reason : "the text is malformed or too big"));
    }
    ready->source = source;
    ready->bytes = apr_pstrmemdup(p, source->bytes, source->length);
    ready->source_sha256 = pd_hash_sha256(source->bytes, source->length, p);
    ready->html_sha256 = pd_hash_sha256(ready->article.html, strlen(ready->article.html), p);
    return APR_SUCCESS;
}

/* Renders every text before the database is touched. */
static apr_status_t prepare(const apr_array_header_t **ready, const char **why,
                            const pd_publication_t *publication, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(ready_t));
    *ready = list;
    if (!good_kind(publication->kind)) {
        return refuse(why, "the kind is no name of small letters, such as \"policy\"");
    }
    if (strlen(publication->editorial) > EDITORIAL_BYTES_MAX) {
        return refuse(why, "the editorial reason is too long");
    }
    if (pd_clause_line_fault(publication->editorial, strlen(publication->editorial)) != NULL) {
        return refuse(why, "the editorial reason must be one line of plain UTF-8 text");
    }
    if (publication->texts->nelts == 0) {
        return refuse(why, "there is no text to publish");
    }
    for (int i = 0; i < publication->texts->nelts; i++) {
        const pd_document_source_t *source =
            &APR_ARRAY_IDX(publication->texts, i, pd_document_source_t);
        for (int k = 0; k < list->nelts; k++) {
            if (!strcmp(APR_ARRAY_IDX(list, k, ready_t).source->language, source->language)) {
                return refuse(why, apr_psprintf(p, "%s: language \"%s\" comes twice", source->name,
                                                source->language));
            }
        }
        ready_t text;
        apr_status_t rv = prepare_text(&text, why, source, p);
        if (rv) {
            return rv;
        }
        APR_ARRAY_PUSH(list, ready_t) = text;
    }
    return APR_SUCCESS;
}

static apr_status_t insert_text(pd_conn_t *conn, const publish_t *publish, const ready_t *text,
                                apr_pool_t *p)
{
    const char *markup = text->source->markup == PD_MARKUP_MARKDOWN ? MARKDOWN : "plain";
    return pd_conn_exec(NULL, conn, &pd_document_sql[INSERT_TEXT],
                        PD_ARGS(PD_T(publish->publication->kind), PD_N(publish->version),
                                PD_T(text->source->language), PD_T(text->article.title),
                                PD_T(markup), PD_T(text->bytes), PD_T(text->article.html),
                                PD_T(text->source_sha256), PD_T(text->html_sha256)),
                        p);
}

/* What the journal keeps: kind and languages are words of ours, so the JSON needs no escapes. */
static const char *details(const publish_t *publish, apr_pool_t *p)
{
    const char *texts = "";
    for (int i = 0; i < publish->ready->nelts; i++) {
        const ready_t *text = &APR_ARRAY_IDX(publish->ready, i, ready_t);
        texts = apr_psprintf(p, "%s%s\"%s\":\"%s\"", texts, i ? "," : "", text->source->language,
                             text->html_sha256);
    }
    return apr_psprintf(p,
                        "{\"kind\":\"%s\",\"version\":%" APR_INT64_T_FMT
                        ",\"effective_at\":%" APR_INT64_T_FMT ",\"html_sha256\":{%s}}",
                        publish->publication->kind, publish->version,
                        (apr_int64_t)publish->effective_at, texts);
}

static apr_status_t take_number(publish_t *publish, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *rows;
    const char *kind = publish->publication->kind;
    apr_status_t rv = pd_conn_exec(NULL, conn, &pd_document_sql[LOCK], PD_ARGS(PD_T(kind)), p);
    if (!rv) {
        rv = pd_conn_read(&rows, conn, &pd_document_sql[LAST], PD_ARGS(PD_T(kind)), 1, p);
    }
    if (rv) {
        return rv;
    }
    const pd_cell_t *last = PD_ROW(rows, 0);
    publish->version = last[0].number + 1;
    if (publish->effective_at < last[1].number) {
        return refuse(&publish->why, "a version published earlier takes force later than this one "
                                     "would; choose a later instant");
    }
    return APR_SUCCESS;
}

static apr_status_t publish_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    publish_t *publish = baton;
    publish->why = NULL;
    apr_status_t rv = take_number(publish, conn, p);
    if (!rv) {
        rv = pd_conn_exec(NULL, conn, &pd_document_sql[INSERT],
                          PD_ARGS(PD_T(publish->publication->kind), PD_N(publish->version),
                                  PD_N(publish->now), PD_N(publish->effective_at),
                                  PD_T(publish->publication->editorial)),
                          p);
    }
    for (int i = 0; !rv && i < publish->ready->nelts; i++) {
        rv = insert_text(conn, publish, &APR_ARRAY_IDX(publish->ready, i, ready_t), p);
    }
    if (rv) {
        return rv;
    }
    rv = pd_invalidation_add(conn, PD_INVALID_DOCUMENTS, "", p);
    if (rv) {
        return rv;
    }
    return pd_journal_add(conn, publish->portal, PD_EVENT_DOCUMENT_PUBLISHED, "",
                          details(publish, p), NULL, p);
}

apr_status_t pd_document_publish(apr_int64_t *version, const char **why, const pd_portal_t *portal,
                                 const pd_publication_t *publication, apr_pool_t *p)
{
    publish_t publish = {.portal = portal, .publication = publication, .now = pd_clock_now()};
    *version = 0;
    *why = NULL;
    publish.effective_at = publication->effective_at ? publication->effective_at : publish.now;
    if (publish.effective_at < publish.now) {
        return refuse(why, "a version can't take force in the past; choose a later instant");
    }
    apr_status_t rv = prepare(&publish.ready, why, publication, p);
    if (!rv) {
        rv = pd_db_transact(portal->db, publish_step, &publish, p);
        *why = publish.why;
    }
    if (!rv) {
        *version = publish.version;
    }
    return rv;
}

static void fill(pd_document_t *document, const pd_cell_t *row)
{
    *document = (pd_document_t){.kind = row[0].text,
                                .version = row[1].number,
                                .published_at = row[2].number,
                                .effective_at = row[3].number,
                                .editorial = row[4].text,
                                .language = row[5].text,
                                .title = row[6].text,
                                .source_sha256 = row[7].text,
                                .html_sha256 = row[8].text,
                                .html = "",
                                .source = ""};
}

static apr_status_t one(pd_document_t *document, const pd_portal_t *portal, const pd_sql_t *sql,
                        const pd_arg_t *args, int n_args, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t rv = pd_db_read(&rows, portal->db, sql, args, n_args, 1, p);
    if (rv) {
        return rv;
    }
    if (PD_ROW_COUNT(rows) == 0) {
        return APR_ENOENT;
    }
    const pd_cell_t *row = PD_ROW(rows, 0);
    fill(document, row);
    document->html = row[9].text;
    document->source = row[10].text;
    document->markup = strcmp(row[11].text, MARKDOWN) == 0 ? PD_MARKUP_MARKDOWN : PD_MARKUP_PLAIN;
    return APR_SUCCESS;
}

apr_status_t pd_document_current(pd_document_t *document, const pd_portal_t *portal,
                                 const char *kind, const char *language, apr_pool_t *p)
{
    return one(document, portal, &pd_document_sql[CURRENT],
               PD_ARGS(PD_T(kind), PD_T(kind), PD_N(pd_clock_now()), PD_T(language)), p);
}

apr_status_t pd_document_get(pd_document_t *document, const pd_portal_t *portal, const char *kind,
                             apr_int64_t version, const char *language, apr_pool_t *p)
{
    return one(document, portal, &pd_document_sql[GET],
               PD_ARGS(PD_T(kind), PD_N(version), PD_T(language)), p);
}

apr_status_t pd_document_list(apr_array_header_t **documents, const pd_portal_t *portal,
                              const char *kind, const char *language, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *documents = apr_array_make(p, 4, sizeof(pd_document_t));
    apr_status_t rv = pd_db_read(&rows, portal->db, &pd_document_sql[LIST],
                                 PD_ARGS(PD_T(kind), PD_T(language)), VERSIONS_MAX, p);
    for (int i = 0; !rv && i < PD_ROW_COUNT(rows); i++) {
        fill(apr_array_push(*documents), PD_ROW(rows, i));
    }
    return rv;
}
