/* What changed between two versions (F23): of the one in the path and, unless ?with= names another,
 * the one whose readers it has to tell. */
#include <apr_strings.h>
#include <httpd.h>
#include <http_log.h>
#include "base/pd_clock.h"
#include "portal/pd_comparison.h"
#include "portal/pd_guess.h"
#include "web/pd_changes.h"
#include "web/pd_handlers.h"
#include "web/pd_version.h"

#define OTHERS_MAX 50

static const pd_document_t *find_version(const apr_array_header_t *documents, apr_int64_t version)
{
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        if (document->version == version) {
            return document;
        }
    }
    return NULL;
}

/* The version to compare with; 0: there is none before. Anything that is no number asks for a
 * version that there is not. */
static apr_int64_t version_with(const pd_page_t *page, const apr_array_header_t *documents)
{
    const char *with = pd_form_get(page->query, "with");
    if (with == NULL) {
        return pd_comparison_before(documents, page->number);
    }
    apr_size_t length = strlen(with);
    return length > 0 && length < 10 && strspn(with, "0123456789") == length && with[0] != '0'
               ? apr_atoi64(with)
               : -1;
}

/* Versions that this one can be compared with instead, newest first. */
static void add_others(pd_page_t *page, const apr_array_header_t *documents, apr_int64_t with)
{
    pd_value_t *others = pd_value_list(page->p);
    const char *url = pd_version_url(page, pd_version_kind(page), page->number);
    for (int i = 0; i < documents->nelts && others->items->nelts < OTHERS_MAX; i++) {
        apr_int64_t version = APR_ARRAY_IDX(documents, i, pd_document_t).version;
        if (version != page->number && version != with) {
            pd_value_t *other = pd_value_map(page->p);
            pd_value_set_number(other, "version", version, page->p);
            pd_value_set_text(other, "url",
                              apr_psprintf(page->p, "%s/diff?with=%" APR_INT64_T_FMT, url, version),
                              page->p);
            pd_value_add(others, other);
        }
    }
    pd_value_set(page->values, "others", others);
}

static void add_comparison(pd_page_t *page, const pd_comparison_t *comparison)
{
    const pd_document_t *before = &comparison->before, *after = &comparison->after;
    pd_page_text(page, "doc_lang", after->language);
    pd_page_true(page, "is_comparable", comparison->difference != NULL);
    pd_page_true(page, "is_identical", strcmp(before->source_sha256, after->source_sha256) == 0);
    if (comparison->difference != NULL) {
        pd_page_true(page, "other_language", strcmp(after->language, page->language) != 0);
        pd_changes_add(page, comparison->difference,
                       pd_version_url(page, before->kind, before->version),
                       pd_version_url(page, after->kind, after->version));
    }
}

/* Any two versions can be asked for, by anybody: what isn't ready has to be made, and is counted;
 * but for what this thread makes to be kept, since a process makes one of those at a time. */
static int may_compare(pd_page_t *page)
{
    pd_guess_t work;
    const pd_client_t client = pd_page_client(page);
    int is_to_be_kept = page->turn.portal != NULL;
    int retry_after = is_to_be_kept ? 0 : pd_guess_work(&work, page->portal, &client, page->p);
    if (retry_after) {
        pd_page_limited(page, retry_after);
        return HTTP_TOO_MANY_REQUESTS;
    }
    return HTTP_OK;
}

/* A text that can't be read again: the page says so, and leads to both texts as they were shown. */
static apr_status_t unreadable(pd_page_t *page, const pd_document_t *before,
                               const pd_document_t *after)
{
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, page->r->server,
                 "PD0751: versions %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT
                 " of %s can't be compared: the source of one can't be read again",
                 before->version, after->version, before->kind);
    pd_page_true(page, "is_unreadable", 1);
    return APR_SUCCESS;
}

/* Sets the status of the page. The older of the two goes first, whichever the path names. */
static apr_status_t compare(int *status, pd_page_t *page, const pd_document_t *one,
                            const pd_document_t *other)
{
    pd_comparison_t comparison;
    const pd_document_t *before = one->version < other->version ? one : other;
    const pd_document_t *after = before == one ? other : one;
    pd_value_set(page->values, "older", pd_version_value(page, before, 0));
    pd_value_set(page->values, "newer", pd_version_value(page, after, 0));
    pd_page_text(page, "editorial", after->editorial);
    *status = may_compare(page);
    if (*status != HTTP_OK) {
        return APR_SUCCESS;
    }
    apr_status_t rv = pd_comparison_make(&comparison, page->portal, pd_version_kind(page),
                                         before->version, after->version, page->language, page->p);
    if (rv == APR_SUCCESS) {
        add_comparison(page, &comparison);
    }
    else if (rv == PD_ETEXT || rv == PD_ELIMIT) {
        *status = HTTP_INTERNAL_SERVER_ERROR;
        rv = unreadable(page, before, after);
    }
    return rv;
}

/* What the page says of itself, whatever it is compared with. */
static void add_page(pd_page_t *page, const pd_document_t *document, apr_int64_t with)
{
    const char *url = pd_version_url(page, document->kind, document->version);
    int is_named = pd_form_get(page->query, "with") != NULL;
    if (is_named) { /* any two versions: too many pages for an index */
        apr_table_setn(page->r->err_headers_out, "X-Robots-Tag", "noindex");
    }
    const char *named = is_named ? apr_psprintf(page->p, "?with=%" APR_INT64_T_FMT, with) : "";
    pd_page_text(page, "doc_title", document->title);
    pd_page_text(page, "title_lang", document->language);
    pd_value_set_number(page->values, "version", document->version, page->p);
    pd_page_text(page, "url", url);
    pd_page_text(page, "address",
                 apr_pstrcat(page->p, page->site->settings->base_url, url, "/diff", named, NULL));
}

int pd_web_difference(pd_page_t *page)
{
    apr_array_header_t *documents;
    apr_time_t begun = pd_clock_now();
    apr_status_t rv =
        pd_document_list(&documents, page->portal, pd_version_kind(page), page->language, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    apr_int64_t with = version_with(page, documents);
    const pd_document_t *document = find_version(documents, page->number);
    const pd_document_t *other = find_version(documents, with);
    if (document == NULL || (other == NULL && with != 0)) {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    int status = HTTP_OK;
    rv = other != NULL ? compare(&status, page, document, other) : APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    add_page(page, document, with);
    add_others(page, documents, with);
    if (status == HTTP_OK) {
        pd_version_instants(&page->turn, documents, begun);
    }
    return pd_page_show(page, "diff.html", status);
}
