/* Sends what was made: headers, caching, cookies. */
#include <apr_strings.h>
#include <http_protocol.h>
#include "srv/pd_headers.h"
#include "web/pd_page.h"
#include "web/pd_page_int.h"
#include "web/pd_route.h"
#include "web/pd_send.h"

/* The same bytes for everybody, without a cookie that a shared cache could hand on. */
static int is_cacheable(const pd_page_t *page)
{
    return page->route != NULL &&
           (page->route->show == PD_SHOW_PUBLIC || page->route->show == PD_SHOW_FILE) &&
           page->form_cookie == NULL && page->session_cookie == NULL;
}

/* For caches, and cookies: all that httpd sends with a 304. */
static void add_lasting_headers(const pd_page_t *page)
{
    apr_table_t *headers = page->r->err_headers_out;
    apr_table_setn(headers, "Cache-Control", is_cacheable(page) ? "no-cache" : "private, no-store");
    apr_table_mergen(headers, "Vary",
                     is_cacheable(page) ? "Accept-Language, Cookie, Accept-Encoding"
                                        : "Accept-Language, Cookie");
    if (page->form_cookie != NULL) {
        apr_table_addn(headers, "Set-Cookie", page->form_cookie);
    }
    if (page->session_cookie != NULL) {
        apr_table_addn(headers, "Set-Cookie", page->session_cookie);
    }
}

void pd_page_add_headers(const pd_page_t *page)
{
    int personal = page->route == NULL || page->route->show == PD_SHOW_PERSONAL;
    pd_headers_add(page->r, page->site);
    apr_table_t *headers = page->r->err_headers_out;
    if (page->leads_away) {
        apr_table_setn(headers, "Referrer-Policy", "no-referrer");
        apr_table_setn(headers, "X-Robots-Tag", "noindex, nofollow");
    }
    add_lasting_headers(page);
    if (personal) {
        apr_table_setn(headers, "X-Robots-Tag", "noindex");
    }
}

static void add_page_headers(const pd_page_t *page)
{
    pd_page_add_headers(page);
    ap_set_content_type(page->r, page->type ? page->type : "text/html; charset=utf-8");
    apr_table_setn(page->r->headers_out, "Content-Language", page->language);
    if (page->turn.about != NULL) {
        apr_table_setn(page->r->headers_out, "PDPortal-Document", page->turn.about);
    }
}

void pd_page_begin(pd_page_t *page, const char *type)
{
    pd_page_add_headers(page);
    ap_set_content_type(page->r, type);
}

int pd_page_show_ready(pd_page_t *page, const pd_encoded_t *ready)
{
    const pd_encoded_form_t *form;
    int status = pd_send_choose(&form, page->r, ready);
    if (status == HTTP_NOT_MODIFIED) {
        add_lasting_headers(page);
        return status;
    }
    if (status != OK) {
        pd_page_add_headers(page);
        return status;
    }
    add_page_headers(page);
    return pd_send_form(page->r, ready, form);
}

/* A page that many will ask for is kept, if this is the one to make it. */
static int show_public(pd_page_t *page, const char *bytes, apr_size_t length)
{
    pd_encoded_t only_plain;
    const pd_encoded_t *ready = pd_ready_keep(&page->turn, bytes, length, page->p);
    if (ready == NULL) {
        pd_encoding_name(&only_plain, bytes, length, page->p);
        ready = &only_plain;
    }
    return pd_page_show_ready(page, ready);
}

int pd_page_show_bytes(pd_page_t *page, const char *bytes, apr_size_t length, int status)
{
    request_rec *r = page->r;
    r->status = status;
    if (status == HTTP_OK && is_cacheable(page)) {
        return show_public(page, bytes, length);
    }
    add_page_headers(page);
    return pd_send_bytes(r, bytes, length);
}

int pd_page_send(pd_page_t *page, const char *bytes, apr_size_t length)
{
    return pd_page_show_bytes(page, bytes, length, HTTP_OK);
}
