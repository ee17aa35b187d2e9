/* Documents for programs: the file that was published, byte for byte, its plain text, and the news
 * of each (seed 9.4). */
#include <apr_strings.h>
#include "portal/pd_document.h"
#include "web/pd_handlers.h"
#include "web/pd_version.h"

#define PLAIN "text/plain; charset=utf-8"

/* The answer speaks the language of the text, which is not always the one asked for. */
static int send_source(pd_page_t *page, const pd_document_t *document, const char *type)
{
    page->language = document->language;
    page->type = type;
    pd_version_announce_file(page, document);
    return pd_page_send(page, document->source, strlen(document->source));
}

/* Markdown is none. It is made of the page, so that it has the numbers that readers see. */
static int send_text(pd_page_t *page, const pd_document_t *document)
{
    const char *text = pd_clause_text(document->title, document->html, page->p);
    page->language = document->language;
    page->type = PLAIN;
    pd_version_announce(page, document);
    return pd_page_send(page, text, strlen(text));
}

static apr_status_t find(pd_document_t *document, const pd_page_t *page)
{
    return pd_document_get(document, page->portal, pd_version_kind(page), page->number,
                           page->language, page->p);
}

static int not_found(pd_page_t *page, apr_status_t rv)
{
    return rv == APR_ENOENT ? pd_page_error(page, HTTP_NOT_FOUND) : pd_page_failure(page, rv);
}

int pd_web_source_text(pd_page_t *page)
{
    pd_document_t document;
    apr_status_t rv = find(&document, page);
    if (rv != APR_SUCCESS) {
        return not_found(page, rv);
    }
    return document.markup == PD_MARKUP_MARKDOWN ? send_text(page, &document)
                                                 : send_source(page, &document, PLAIN);
}

/* Numbered plain text is no Markdown: a reader of Markdown would number it anew. */
int pd_web_source_markdown(pd_page_t *page)
{
    pd_document_t document;
    apr_status_t rv = find(&document, page);
    if (rv == APR_SUCCESS && document.markup != PD_MARKUP_MARKDOWN) {
        rv = APR_ENOENT;
    }
    return rv == APR_SUCCESS ? send_source(page, &document, "text/markdown; charset=utf-8")
                             : not_found(page, rv);
}

/* Newest first; the first entry was published last. */
int pd_web_feed(pd_page_t *page)
{
    apr_array_header_t *documents;
    const char *kind = pd_version_kind(page);
    apr_status_t rv = pd_document_list(&documents, page->portal, kind, page->language, page->p);
    if (rv != APR_SUCCESS || documents->nelts == 0) {
        return not_found(page, rv == APR_SUCCESS ? APR_ENOENT : rv);
    }
    pd_value_t *entries = pd_value_list(page->p);
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        pd_value_t *entry = pd_version_value(page, document, 0);
        pd_value_set_text(entry, "doc_title", document->title, page->p);
        pd_value_set_text(entry, "editorial", document->editorial, page->p);
        pd_value_set_bool(entry, "is_first", i == documents->nelts - 1, page->p);
        pd_value_add(entries, entry);
    }
    pd_value_set(page->values, "entries", entries);
    const pd_document_t *newest = &APR_ARRAY_IDX(documents, 0, pd_document_t);
    pd_page_date(page, page->values, "updated", newest->published_at);
    pd_page_text(page, "feed_title", newest->title);
    pd_page_true(page, "is_policy", strcmp(kind, PD_DOCUMENT_POLICY) == 0);
    pd_page_text(page, "home", pd_version_home(page, kind));
    pd_page_text(page, "base", page->site->settings->base_url);
    page->type = "application/atom+xml; charset=utf-8";
    return pd_page_show(page, "feed.html", HTTP_OK);
}
