/* The export of one's data (F35): asked for here, shown as two links of which each works once, and
 * sent page by page as it is read. A link is a button, since following it uses it up: no GET does
 * that. */
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include "base/pd_status.h"
#include "base/pd_zone.h"
#include "portal/pd_export.h"
#include "portal/pd_guess.h"
#include "web/pd_export_value.h"
#include "web/pd_handlers.h"
#include "web/pd_route.h"

APLOG_USE_MODULE(pdportal);

/* Of one page of rows: a text of the largest size, twice, with what escaping adds. */
#define PART_BYTES_MAX (96 * 1024 * 1024)

static pd_export_who_t who_asks(const pd_page_t *page)
{
    return (pd_export_who_t){page->session->person_id, page->session->id};
}

static int show_form(pd_page_t *page, int status)
{
    pd_page_form_token(page, "export");
    return pd_page_show(page, "export.html", status);
}

/* Before anything is used up: a link that has to wait works later. */
static int may_export(pd_page_t *page)
{
    pd_guess_t guess;
    int retry_after = pd_guess_export(&guess, page->portal, page->session->person_id);
    if (retry_after) {
        pd_page_limited(page, retry_after);
    }
    return !retry_after;
}

int pd_web_export_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

/* The links stand in the answer itself: nobody is to find them at an address. */
int pd_web_export_ask(pd_page_t *page)
{
    const char *tokens[PD_EXPORT_FORMATS];
    const pd_export_who_t who = who_asks(page);
    if (!may_export(page)) {
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    }
    apr_status_t rv = pd_export_ask(tokens, page->portal, &who, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ready", 1);
    pd_page_text(page, "html_link", tokens[PD_EXPORT_HTML]);
    pd_page_text(page, "json_link", tokens[PD_EXPORT_JSON]);
    pd_page_form_token(page, "export-file");
    return pd_page_show(page, "export.html", HTTP_OK);
}

/* Sends what the buffer holds, and waits until it is on its way: the next page takes its place. */
static apr_status_t send_part(request_rec *r, const pd_buf_t *part)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(part->pool, alloc);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_transient_create(part->bytes, part->length, alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(alloc));
    apr_status_t rv = ap_pass_brigade(r->output_filters, brigade);
    apr_brigade_destroy(brigade);
    return rv;
}

static void send_end(request_rec *r, apr_bucket *last)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    if (last != NULL) {
        APR_BRIGADE_INSERT_TAIL(brigade, last);
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    ap_pass_brigade(r->output_filters, brigade);
}

/* It can't be finished: the connection ends before the body does, so that nobody takes the part for
 * the whole. */
static int cut(request_rec *r, apr_status_t rv)
{
    char text[128];
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, r->server, "PD0870: an export is cut off: %s",
                 pd_status_text(rv, text, sizeof(text)));
    r->connection->keepalive = AP_CONN_CLOSE;
    send_end(r,
             ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, r->connection->bucket_alloc));
    return OK;
}

/* How a format writes its head (`part` NULL, `ends` 0), a page, its end (`part` NULL). */
typedef apr_status_t write_fn(pd_buf_t *to, const pd_page_t *page, const pd_export_t *export,
                              const pd_export_page_t *part, int ends, apr_pool_t *p);

static apr_status_t write_json(pd_buf_t *to, const pd_page_t *page, const pd_export_t *export,
                               const pd_export_page_t *part, int ends, apr_pool_t *p)
{
    (void)page;
    if (part != NULL) {
        return pd_export_json_page(to, part, p);
    }
    if (ends) {
        pd_export_json_end(to);
    }
    else {
        pd_export_json_begin(to, export, p);
    }
    return APR_SUCCESS;
}

static apr_status_t write_html(pd_buf_t *to, const pd_page_t *page, const pd_export_t *export,
                               const pd_export_page_t *part, int ends, apr_pool_t *p)
{
    pd_value_t *values = part != NULL ? pd_export_value(page, part, p) : pd_value_map(p);
    pd_value_set_bool(values, "is_head", part == NULL && !ends, p);
    pd_value_set_bool(values, "is_foot", part == NULL && ends, p);
    pd_value_set_text(values, "lang", page->language, p);
    pd_value_set_text(values, "site_name", page->site->settings->site_name, p);
    pd_value_set_text(values, "url", page->site->settings->base_url, p);
    pd_value_set_text(values, "zone", page->site->settings->time_zone, p);
    pd_value_set_text(values, "person_login", export->person.login, p);
    pd_value_set_date(values, "made", page->site->zone, export->made_at, p);
    pd_mustache_render(pd_templates_get(page->site->templates, PD_EXPORT_FILE, page->language),
                       values, to, p);
    return to->overflow ? PD_ESQL : APR_SUCCESS;
}

static apr_status_t send_one(pd_page_t *page, const pd_export_t *export, write_fn *write,
                             const pd_export_page_t *part, int ends, apr_pool_t *p)
{
    pd_buf_t bytes;
    pd_buf_init(&bytes, PART_BYTES_MAX, p);
    apr_status_t rv = write(&bytes, page, export, part, ends, p);
    return rv == APR_SUCCESS ? send_part(page->r, &bytes) : rv;
}

/* A page is read, its connection given back, and only then sent: who reads slowly holds a worker,
 * never the database. */
static apr_status_t send_all(pd_page_t *page, pd_export_t *export, write_fn *write)
{
    apr_pool_t *scratch;
    pd_export_page_t part = {.section = pd_export_sections};
    apr_pool_create(&scratch, page->p);
    apr_status_t rv = send_one(page, export, write, NULL, 0, scratch);
    while (rv == APR_SUCCESS && part.section != NULL) {
        apr_pool_clear(scratch);
        rv = pd_export_next(&part, export, scratch);
        if (rv == APR_SUCCESS && part.section != NULL) {
            rv = send_one(page, export, write, &part, 0, scratch);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = send_one(page, export, write, NULL, 1, scratch);
    }
    apr_pool_destroy(scratch);
    return rv;
}

static void add_file_name(pd_page_t *page, const pd_export_t *export, pd_export_format_e format)
{
    const char *day = pd_time_rfc3339(export->made_at, page->p);
    apr_table_setn(page->r->headers_out, "Content-Disposition",
                   apr_psprintf(page->p, "attachment; filename=\"personal-data-%.10s.%s\"", day,
                                pd_export_formats[format]));
}

static int send_file(pd_page_t *page, pd_export_format_e format)
{
    static const struct {
        const char *type;
        write_fn *write;
    } how[] = {[PD_EXPORT_JSON] = {"application/json", write_json},
               [PD_EXPORT_HTML] = {"text/html; charset=utf-8", write_html}};
    pd_export_t *export;
    apr_status_t rv =
        pd_export_begin(&export, page->portal, page->session->person_id, page->language, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_begin(page, how[format].type);
    add_file_name(page, export, format);
    rv = send_all(page, export, how[format].write);
    if (page->r->connection->aborted) {
        return OK;
    }
    if (rv != APR_SUCCESS) {
        return cut(page->r, rv);
    }
    send_end(page->r, NULL);
    return OK;
}

static int take(pd_page_t *page, pd_export_format_e format)
{
    int taken;
    const pd_export_who_t who = who_asks(page);
    if (!may_export(page)) {
        return show_form(page, HTTP_TOO_MANY_REQUESTS);
    }
    apr_status_t rv = pd_export_take(&taken, page->portal, &who, format,
                                     pd_form_get(page->form, "link"), page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    if (taken) {
        return send_file(page, format);
    }
    pd_page_true(page, "gone", 1);
    return show_form(page, HTTP_GONE);
}

int pd_web_export_json(pd_page_t *page)
{
    return take(page, PD_EXPORT_JSON);
}

int pd_web_export_html(pd_page_t *page)
{
    return take(page, PD_EXPORT_HTML);
}
