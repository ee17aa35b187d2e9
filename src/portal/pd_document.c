/* Documents, read: which version is in force is asked of the clock at every reading. Publishing is
 * pd_document_publish.c. */
#include "portal/pd_document_int.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "crypt/pd_hash.h"
#include "portal/pd_tables_int.h"

#define VERSIONS_MAX 10000
#define KINDS_MAX    1000

#define DOCUMENT_COLUMNS                                                                           \
    "d.kind, d.version, d.published_at, d.effective_at, d.editorial, t.language, t.title, "        \
    "t.source_sha256, t.html_sha256, t.sum_covers"
#define DOCUMENT_TYPES "siiissssss"

enum { CURRENT, GET, LIST, NEXT_KIND };

const pd_sql_t pd_document_sql[] = {
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
    [NEXT_KIND] = {"document_next_kind",
                   "SELECT kind FROM document WHERE kind > %s ORDER BY kind LIMIT 1", "s",
                   "the kind after another by name, without reading all versions"},
    {NULL, NULL, NULL, NULL}};

int pd_document_kind_good(const char *kind)
{
    apr_size_t length = strlen(kind);
    return length > 0 && length <= PD_KIND_BYTES_MAX && kind[0] >= 'a' && kind[0] <= 'z' &&
           strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
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
                                .sum_covers = row[9].text,
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
    document->html = row[10].text;
    document->source = row[11].text;
    document->markup = pd_markup_parse(row[12].text);
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

apr_status_t pd_document_kinds(apr_array_header_t **kinds, const pd_portal_t *portal, apr_pool_t *p)
{
    const char *last = "";
    *kinds = apr_array_make(p, 4, sizeof(const char *));
    while ((*kinds)->nelts < KINDS_MAX) {
        const pd_rows_t *rows;
        apr_status_t rv =
            pd_db_read(&rows, portal->db, &pd_document_sql[NEXT_KIND], PD_ARGS(PD_T(last)), 1, p);
        if (rv || PD_ROW_COUNT(rows) == 0) {
            return rv;
        }
        last = PD_ROW(rows, 0)[0].text;
        APR_ARRAY_PUSH(*kinds, const char *) = last;
    }
    return APR_SUCCESS;
}

const char *pd_document_shown(const pd_document_t *document, const char *language,
                              const char *wording, apr_pool_t *p)
{
    return apr_psprintf(p, "%s/%" APR_INT64_T_FMT "/%s/%s", language, document->version,
                        document->html_sha256, pd_hash_sha256(wording, strlen(wording), p));
}
