/* Addresses, dates and names of versions. */
#include "web/pd_version.h"
#include <apr_strings.h>
#include "base/pd_clock.h"

const char *pd_version_kind(const pd_page_t *page)
{
    return page->kind ? page->kind : PD_DOCUMENT_POLICY;
}

const char *pd_version_home(const pd_page_t *page, const char *kind)
{
    int is_policy = strcmp(kind, PD_DOCUMENT_POLICY) == 0;
    return pd_page_path(page, is_policy ? kind : apr_pstrcat(page->p, "documents/", kind, NULL));
}

const char *pd_version_url(const pd_page_t *page, const char *kind, apr_int64_t version)
{
    return apr_psprintf(page->p, "%s/%" APR_INT64_T_FMT, pd_version_home(page, kind), version);
}

pd_value_t *pd_version_value(pd_page_t *page, const pd_document_t *document, apr_int64_t current)
{
    pd_value_t *value = pd_value_map(page->p);
    const char *url = pd_version_url(page, document->kind, document->version);
    pd_value_set_number(value, "version", document->version, page->p);
    pd_value_set_text(value, "url", url, page->p);
    pd_value_set_text(value, "difference", apr_pstrcat(page->p, url, "/diff", NULL), page->p);
    pd_page_date(page, value, "published", document->published_at);
    pd_page_date(page, value, "effective", document->effective_at);
    pd_value_set_bool(value, "is_current", document->version == current, page->p);
    pd_value_set_bool(value, "is_upcoming", document->effective_at > pd_clock_now(), page->p);
    return value;
}

void pd_version_instants(pd_ready_turn_t *turn, const apr_array_header_t *documents, apr_time_t now)
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

void pd_version_announce(pd_page_t *page, const pd_document_t *document)
{
    page->turn.about =
        apr_psprintf(page->p, "%s;version=%" APR_INT64_T_FMT ";language=\"%s\";sha256=\"%s\"",
                     document->kind, document->version, document->language, document->html_sha256);
}

void pd_version_announce_file(pd_page_t *page, const pd_document_t *document)
{
    pd_version_announce(page, document);
    page->turn.about = apr_pstrcat(page->p, page->turn.about, ";source-sha256=\"",
                                   document->source_sha256, "\"", NULL);
}
