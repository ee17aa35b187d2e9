/* The policy and other documents (F23): what is in force at this second, and every version for
 * ever. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_document.h"
#include "web/pd_handlers.h"

static const char *version_url(pd_page_t *page, const char *kind, apr_int64_t version)
{
    int is_policy = strcmp(kind, PD_DOCUMENT_POLICY) == 0;
    return pd_page_path(page, apr_psprintf(page->p, "%s%s/%" APR_INT64_T_FMT,
                                           is_policy ? "" : "documents/", kind, version));
}

static pd_value_t *version_value(pd_page_t *page, const pd_document_t *document,
                                 apr_int64_t current)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_number(value, "version", document->version, page->p);
    pd_value_set_text(value, "url", version_url(page, document->kind, document->version), page->p);
    pd_page_date(page, value, "published", document->published_at);
    pd_page_date(page, value, "effective", document->effective_at);
    pd_value_set_bool(value, "is_current", document->version == current, page->p);
    pd_value_set_bool(value, "is_upcoming", document->effective_at > pd_clock_now(), page->p);
    return value;
}

/* The page reads the same from the last instant at which a version took force until the next. */
static void note_instants(pd_ready_turn_t *turn, const apr_array_header_t *documents,
                          apr_time_t now)
{
    turn->from = 0;
    turn->until = APR_INT64_MAX;
    for (int i = 0; i < documents->nelts; i++) {
        apr_time_t effective = APR_ARRAY_IDX(documents, i, pd_document_t).effective_at;
        if (effective <= now && effective > turn->from) {
            turn->from = effective;
        }
        else if (effective > now && effective < turn->until) {
            turn->until = effective;
        }
    }
}

/* The archive, and the next version that is announced. */
static apr_status_t add_versions(pd_page_t *page, const char *kind, apr_int64_t current,
                                 apr_time_t begun)
{
    apr_array_header_t *documents;
    apr_status_t rv = pd_document_list(&documents, page->portal, kind, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    note_instants(&page->turn, documents, begun);
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        const pd_value_t *value = version_value(page, document, current);
        pd_value_add(list, value);
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
    pd_page_true(page, "is_policy", strcmp(document->kind, PD_DOCUMENT_POLICY) == 0);
    pd_page_true(page, "is_processing", strcmp(document->kind, PD_DOCUMENT_PROCESSING) == 0);
    pd_page_text(page, "doc_lang", document->language);
    pd_page_text(page, "doc_title", document->title);
    pd_page_text(page, "body", document->html);
    pd_page_text(page, "sha256", document->html_sha256);
    pd_page_text(page, "editorial", document->editorial);
    pd_page_text(page, "permalink", version_url(page, document->kind, document->version));
    pd_page_text(page, "current_url", current ? version_url(page, document->kind, current) : "");
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
    pd_page_true(page, "is_policy", 1);
    return pd_page_show(page, "document.html", HTTP_NOT_FOUND);
}

static int show(pd_page_t *page, const char *kind, apr_int64_t version)
{
    pd_document_t document, current = {0};
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
        return version == 0 ? show_absent(page) : pd_page_error(page, HTTP_NOT_FOUND);
    }
    if (rv == APR_SUCCESS) {
        rv = add_versions(page, kind, current.version, begun);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    add_document(page, &document, current.version);
    page->turn.in_force = document.version == current.version;
    return pd_page_show(page, "document.html", HTTP_OK);
}

int pd_web_policy(pd_page_t *page)
{
    return show(page, PD_DOCUMENT_POLICY, 0);
}

int pd_web_policy_version(pd_page_t *page)
{
    return show(page, PD_DOCUMENT_POLICY, page->number);
}

int pd_web_document_version(pd_page_t *page)
{
    return show(page, page->kind, page->number);
}
