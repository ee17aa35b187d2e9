/* The policy and other documents (F23): what is in force at this second, and every version for
 * ever. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_document.h"
#include "portal/pd_document_sum.h"
#include "web/pd_handlers.h"
#include "web/pd_version.h"

/* The archive, and the next version that is announced. */
static apr_status_t add_versions(pd_page_t *page, const pd_document_t *shown, apr_int64_t current,
                                 apr_time_t begun)
{
    apr_array_header_t *documents;
    apr_status_t rv =
        pd_document_list(&documents, page->portal, shown->kind, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_version_instants(&page->turn, documents, begun);
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        pd_value_t *value = pd_version_value(page, document, current);
        pd_value_set_bool(value, "is_first", i == documents->nelts - 1, page->p);
        pd_value_add(list, value);
        if (document->version == shown->version) {
            pd_value_set(page->values, "shown", value);
        }
        if (document->effective_at > pd_clock_now()) {
            pd_value_set(page->values, "upcoming",
                         value); /* the list is newest first: the nearest */
        }
    }
    pd_value_set(page->values, "versions", list);
    return APR_SUCCESS;
}

static void add_document(pd_page_t *page, const pd_document_t *document, apr_int64_t current)
{
    int upcoming = document->effective_at > pd_clock_now();
    const char *permalink = pd_version_url(page, document->kind, document->version);
    pd_page_true(page, "is_policy", strcmp(document->kind, PD_DOCUMENT_POLICY) == 0);
    pd_page_text(page, "doc_lang", document->language);
    pd_page_text(page, "doc_title", document->title);
    pd_page_text(page, "body", document->html);
    pd_page_text(page, "sha256", document->html_sha256);
    pd_page_true(page, "covers_title", strcmp(document->sum_covers, PD_SUM_OF_ARTICLE) == 0);
    pd_page_text(page, "editorial", document->editorial);
    pd_page_text(page, "permalink", permalink);
    pd_page_text(page, "address",
                 apr_pstrcat(page->p, page->site->settings->base_url, permalink, NULL));
    pd_page_true(page, "is_markdown", document->markup == PD_MARKUP_MARKDOWN);
    pd_page_text(page, "home", pd_version_home(page, document->kind));
    pd_page_text(page, "current_url", current ? pd_version_url(page, document->kind, current) : "");
    pd_value_set_number(page->values, "version", document->version, page->p);
    pd_page_date(page, page->values, "published", document->published_at);
    pd_page_date(page, page->values, "effective", document->effective_at);
    pd_page_true(page, "is_current", document->version == current);
    pd_page_true(page, "is_upcoming", upcoming);
    pd_page_true(page, "is_past", !upcoming && document->version != current);
    pd_page_true(page, "other_language", strcmp(document->language, page->language) != 0);
}

static int show_absent(pd_page_t *page)
{
    pd_page_true(page, "absent", 1);
    return pd_page_show(page, "document.html", HTTP_NOT_FOUND);
}

static int show(pd_page_t *page, const char *kind, apr_int64_t version)
{
    pd_document_t document, current = {0};
    int is_policy = strcmp(kind, PD_DOCUMENT_POLICY) == 0;
    apr_time_t begun = pd_clock_now();
    apr_status_t rv = pd_document_current(&current, page->portal, kind, page->language, page->p);
    if (rv != APR_SUCCESS && rv != APR_ENOENT) {
        return pd_page_failure(page, rv);
    }
    document = current;
    if (version != 0 && version != current.version) {
        rv = pd_document_get(&document, page->portal, kind, version, page->language, page->p);
    }
    if (rv == APR_ENOENT) {
        return is_policy && version == 0 ? show_absent(page) : pd_page_error(page, HTTP_NOT_FOUND);
    }
    if (rv == APR_SUCCESS) {
        rv = add_versions(page, &document, current.version, begun);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    add_document(page, &document, current.version);
    pd_version_announce(page, &document);
    page->turn.in_force = document.version == current.version;
    return pd_page_show(page, "document.html", HTTP_OK);
}

int pd_web_policy(pd_page_t *page)
{
    return show(page, PD_DOCUMENT_POLICY, 0);
}

int pd_web_document_version(pd_page_t *page)
{
    return show(page, pd_version_kind(page), page->number);
}
