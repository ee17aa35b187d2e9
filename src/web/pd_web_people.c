/* A version as the staff sees it: how many have read it or agreed to it, and, for administrators,
 * who (F26). Names are shown in answer to a POST, since each look is written down. */
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "portal/pd_report.h"
#include "portal/pd_role.h"
#include "web/pd_handlers.h"
#include "web/pd_route.h"
#include "web/pd_web_staff.h"

APLOG_USE_MODULE(pdportal);

#define ROWS_BYTES_MAX (1024 * 1024) /* of one page */

static void add_version(pd_page_t *page, const pd_document_t *document, apr_int64_t current)
{
    int upcoming = document->effective_at > pd_clock_now();
    int is_policy = strcmp(document->kind, PD_DOCUMENT_POLICY) == 0;
    pd_page_text(page, "kind", document->kind);
    pd_page_text(page, "doc_title", document->title);
    pd_value_set_number(page->values, "version", document->version, page->p);
    pd_page_date(page, page->values, "published", document->published_at);
    pd_page_date(page, page->values, "effective", document->effective_at);
    pd_page_text(page, "editorial", document->editorial);
    pd_page_true(page, "is_policy", is_policy);
    pd_page_true(page, "has_diff", document->version > 1);
    pd_page_true(page, "is_current", document->version == current);
    pd_page_true(page, "is_upcoming", upcoming);
    pd_page_true(page, "is_past", !upcoming && document->version != current);
    pd_page_text(page, "url",
                 pd_page_path(page, apr_psprintf(page->p, "%s%s/%" APR_INT64_T_FMT,
                                                 is_policy ? "" : "documents/", document->kind,
                                                 document->version)));
}

static apr_status_t add_counts(pd_page_t *page)
{
    pd_report_counts_t counts = {0, 0, 0};
    apr_status_t rv = pd_report_counts(&counts, page->portal, page->kind, page->number, page->p);
    pd_value_set_text(page->values, "acknowledged",
                      apr_psprintf(page->p, "%" APR_INT64_T_FMT, counts.acknowledged), page->p);
    pd_value_set_text(page->values, "consented",
                      apr_psprintf(page->p, "%" APR_INT64_T_FMT, counts.consented), page->p);
    pd_value_set_text(page->values, "withdrew",
                      apr_psprintf(page->p, "%" APR_INT64_T_FMT, counts.withdrew), page->p);
    return rv;
}

static int show(pd_page_t *page, int status)
{
    pd_document_t document, current = {0};
    apr_status_t rv =
        pd_document_get(&document, page->portal, page->kind, page->number, page->language, page->p);
    if (rv == APR_ENOENT) {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_document_current(&current, page->portal, page->kind, page->language, page->p);
    }
    if (rv == APR_SUCCESS || rv == APR_ENOENT) {
        rv = add_counts(page);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    add_version(page, &document, current.version);
    pd_page_true(page, "administrator",
                 pd_session_has_word(page->session->roles, PD_ROLE_ADMINISTRATOR));
    pd_page_form_token(page, "people");
    return pd_page_show(page, "staff-people.html", status);
}

int pd_web_people_counts(pd_page_t *page)
{
    return show(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

/* What was asked for; the look is in the journal when this returns success. */
static apr_status_t begin(pd_report_t *report, pd_page_t *page)
{
    pd_document_t document;
    const char *which = pd_form_get_trimmed(page->form, "which", page->p);
    *report = (pd_report_t){.kind = page->kind,
                            .version = page->number,
                            .which = strcmp(which, "acted") == 0 ? PD_REPORT_ACTED
                                     : strcmp(which, "not") == 0 ? PD_REPORT_NOT
                                                                 : PD_REPORT_ALL,
                            .after = pd_form_get_trimmed(page->form, "after", page->p)};
    apr_status_t rv =
        pd_document_get(&document, page->portal, page->kind, page->number, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return pd_report_look(page->portal, page->session->person_id, report, page->route->purpose,
                          page->p);
}

static int no_report(pd_page_t *page, apr_status_t rv)
{
    return rv == APR_ENOENT ? pd_page_error(page, HTTP_NOT_FOUND) : pd_page_failure(page, rv);
}

static const pd_value_t *person_value(pd_page_t *page, const pd_report_person_t *person)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_text(value, "person_login", person->login, page->p);
    pd_value_set_bool(value, "acknowledged", strcmp(person->verb, "acknowledged") == 0, page->p);
    pd_value_set_bool(value, "consented", strcmp(person->verb, "consented") == 0, page->p);
    pd_value_set_bool(value, "withdrew", strcmp(person->verb, "withdrew") == 0, page->p);
    pd_value_set_bool(value, "none", *person->verb == '\0', page->p);
    if (person->at != 0) {
        pd_page_date(page, value, "at", person->at);
    }
    return value;
}

int pd_web_people(pd_page_t *page)
{
    pd_report_t report;
    apr_array_header_t *people;
    apr_status_t rv = begin(&report, page);
    if (rv == APR_SUCCESS) {
        rv = pd_report_page(&people, &report, page->portal, page->p);
    }
    if (rv != APR_SUCCESS) {
        return no_report(page, rv);
    }
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < people->nelts; i++) {
        pd_value_add(list, person_value(page, &APR_ARRAY_IDX(people, i, pd_report_person_t)));
    }
    pd_value_set(page->values, "people", list);
    pd_page_true(page, "names", 1);
    pd_page_text(page, "after", report.after);
    pd_page_true(page, "which_all", report.which == PD_REPORT_ALL);
    pd_page_true(page, "which_acted", report.which == PD_REPORT_ACTED);
    pd_page_true(page, "which_not", report.which == PD_REPORT_NOT);
    return show(page, HTTP_OK);
}

/* The list can't be finished: the connection ends before the body does, so that nobody takes the
 * part for the whole. */
static int cut(request_rec *r, apr_status_t rv)
{
    char text[128];
    apr_bucket_alloc_t *allocator = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, allocator);
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, r->server, "PD0731: a list of people is cut off: %s",
                 pd_status_text(rv, text, sizeof(text)));
    r->connection->keepalive = AP_CONN_CLOSE;
    APR_BRIGADE_INSERT_TAIL(brigade,
                            ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, allocator));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(allocator));
    ap_pass_brigade(r->output_filters, brigade);
    return OK;
}

/* Rows as they are read, a page of people in memory at a time. */
static apr_status_t send_rows(pd_page_t *page, pd_report_t *report, apr_array_header_t *people)
{
    apr_pool_t *scratch;
    apr_status_t rv = APR_SUCCESS;
    char after[80];
    int head = 1;
    apr_pool_create(&scratch, page->p);
    while (rv == APR_SUCCESS && people != NULL && !page->r->connection->aborted) {
        pd_buf_t rows;
        pd_buf_init(&rows, ROWS_BYTES_MAX, scratch);
        pd_report_csv(&rows, people, head, scratch);
        ap_rwrite(rows.bytes, (int)rows.length, page->r);
        head = 0;
        people = NULL;
        if (report->after != NULL) {
            apr_cpystrn(after, report->after, sizeof(after));
            report->after = after;
            apr_pool_clear(scratch);
            rv = pd_report_page(&people, report, page->portal, scratch);
        }
    }
    apr_pool_destroy(scratch);
    return rv;
}

int pd_web_people_csv(pd_page_t *page)
{
    pd_report_t report;
    apr_array_header_t *people;
    apr_status_t rv = begin(&report, page);
    if (rv == APR_SUCCESS) {
        report.after = "";
        rv = pd_report_page(&people, &report, page->portal, page->p);
    }
    if (rv != APR_SUCCESS) {
        return no_report(page, rv);
    }
    pd_page_begin(page, "text/csv; charset=utf-8");
    apr_table_setn(page->r->headers_out, "Content-Disposition",
                   apr_psprintf(page->p, "attachment; filename=\"%s-%" APR_INT64_T_FMT ".csv\"",
                                page->kind, page->number));
    rv = send_rows(page, &report, people);
    return rv == APR_SUCCESS ? OK : cut(page->r, rv);
}
