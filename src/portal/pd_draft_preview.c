/* Drafts as they would be seen: against the version that they would follow, and against the one
 * that readers have before them. */
#include <string.h>
#include "base/pd_clock.h"
#include "portal/pd_document_sum.h"
#include "portal/pd_draft.h"
#include "text/pd_clause.h"
#include "text/pd_material.h"

/* What a version says in just this language. APR_ENOENT: nothing, or there is no such version. */
static apr_status_t article_of(pd_article_t *article, const pd_portal_t *portal, const char *kind,
                               apr_int64_t version, const char *language, apr_pool_t *p)
{
    pd_document_t document;
    const char *why;
    if (version == 0)
        return APR_ENOENT;
    apr_status_t status = pd_document_get(&document, portal, kind, version, language, p);
    if (status != APR_SUCCESS)
        return status;
    if (strcmp(document.language, language) != 0)
        return APR_ENOENT;
    return pd_clause_render(article, &why, document.markup, document.source,
                            strlen(document.source), p);
}

/* A version that has no text in the language is not compared with. */
static apr_status_t compare(pd_preview_t *preview, const pd_portal_t *portal, const char *kind,
                            const pd_article_t *article, apr_pool_t *p)
{
    pd_article_t before;
    apr_status_t status = article_of(&before, portal, kind, preview->last, preview->language, p);
    preview->is_new = status == APR_ENOENT;
    if (status == APR_SUCCESS) {
        preview->changed = pd_material_clauses(&before, article, NULL, p);
        status = pd_difference_make(&preview->difference, &before, article, p);
    }
    if (status != APR_SUCCESS && status != APR_ENOENT)
        return status;
    status = article_of(&before, portal, kind, preview->in_force, preview->language, p);
    if (status == APR_SUCCESS) {
        preview->changed_in_force = pd_material_clauses(&before, article, NULL, p);
        status = pd_difference_make(&preview->difference_in_force, &before, article, p);
    }
    return status == APR_ENOENT ? APR_SUCCESS : status;
}

/* `preview` has the versions already. */
static apr_status_t preview_text(pd_preview_t *preview, const pd_portal_t *portal, const char *kind,
                                 const pd_document_source_t *source, apr_pool_t *p)
{
    pd_article_t article;
    const char *why;
    apr_status_t status =
        pd_clause_render(&article, &why, source->markup, source->bytes, source->length, p);
    if (status != APR_SUCCESS)
        return status;
    preview->language = source->language;
    preview->title = article.title;
    preview->html = article.html;
    preview->html_sha256 = pd_document_sum(article.title, article.html, p);
    return compare(preview, portal, kind, &article, p);
}

/* The versions that a draft is compared with. What was published is compared with what was there
 * before it. */
static apr_status_t find_versions(pd_preview_t *versions, const pd_portal_t *portal,
                                  const pd_draft_t *draft, apr_pool_t *p)
{
    apr_array_header_t *documents;
    apr_time_t now = pd_clock_now();
    apr_status_t status = pd_document_list(&documents, portal, draft->kind, "", p);
    if (status != APR_SUCCESS || documents->nelts == 0)
        return status;
    versions->last = APR_ARRAY_IDX(documents, 0, pd_document_t).version;
    if (draft->version > 0) {
        versions->last = draft->version - 1;
        return APR_SUCCESS;
    }
    int i = 0; /* the list is newest first */
    while (i < documents->nelts && APR_ARRAY_IDX(documents, i, pd_document_t).effective_at > now)
        i++;
    if (i > 0 && i < documents->nelts)
        versions->in_force = APR_ARRAY_IDX(documents, i, pd_document_t).version;
    return APR_SUCCESS;
}

apr_status_t pd_draft_preview(apr_array_header_t **previews, const pd_portal_t *portal,
                              const pd_draft_t *draft, apr_pool_t *p)
{
    pd_preview_t versions = {.changed = ""};
    *previews = apr_array_make(p, 2, sizeof(pd_preview_t));
    apr_status_t status = find_versions(&versions, portal, draft, p);
    for (int i = 0; i < draft->texts->nelts && status == APR_SUCCESS; i++) {
        pd_preview_t *preview = &APR_ARRAY_PUSH(*previews, pd_preview_t);
        *preview = versions;
        status = preview_text(preview, portal, draft->kind,
                              &APR_ARRAY_IDX(draft->texts, i, pd_document_source_t), p);
    }
    return status;
}

static int has_text(const pd_draft_t *draft, const char *language)
{
    for (int i = 0; i < draft->texts->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(draft->texts, i, pd_document_source_t).language, language) == 0)
            return 1;
    }
    return 0;
}

apr_status_t pd_draft_dropped(apr_array_header_t **languages, const pd_portal_t *portal,
                              const pd_draft_t *draft, apr_int64_t last, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    *languages = apr_array_make(p, 2, sizeof(const char *));
    for (int i = 0; last > 0 && status == APR_SUCCESS && pd_languages[i] != NULL; i++) {
        pd_document_t document;
        if (has_text(draft, pd_languages[i]))
            continue;
        status = pd_document_get(&document, portal, draft->kind, last, pd_languages[i], p);
        if (status == APR_SUCCESS && strcmp(document.language, pd_languages[i]) == 0)
            APR_ARRAY_PUSH(*languages, const char *) = pd_languages[i];
    }
    return status;
}
