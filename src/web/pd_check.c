/* Query, body and form token. Limits are ours and come before anything else sees a byte; the token
 * is bound to the browser's form cookie, or to the session where there is one (RELIABILITY 8, 16).
 */
#include "web/pd_check.h"
#include <apr_strings.h>
#include <http_protocol.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "text/pd_multipart.h"
#include "web/pd_route.h"

void pd_check_query(pd_page_t *page)
{
    const char *query = page->visit->query ? page->visit->query : page->r->args;
    const pd_form_t *form;
    if (query != NULL && pd_form_parse(&form, query, strlen(query), page->p) == APR_SUCCESS) {
        page->query = page->form = form;
    }
}

static int is_type(const request_rec *r, const char *type)
{
    const char *sent = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t length = strlen(type);
    return sent != NULL && ap_cstr_casecmpn(sent, type, length) == 0 &&
           (sent[length] == '\0' || sent[length] == ';' || sent[length] == ' ');
}

/* Adds what a brigade holds; sets `ended` at its end. 0 or a status. */
static int take_brigade(pd_buf_t *body, int *ended, apr_bucket_brigade *brigade)
{
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
         bucket != APR_BRIGADE_SENTINEL(brigade) && !*ended; bucket = APR_BUCKET_NEXT(bucket)) {
        const char *bytes;
        apr_size_t length;
        *ended = APR_BUCKET_IS_EOS(bucket);
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        if (apr_bucket_read(bucket, &bytes, &length, APR_BLOCK_READ) != APR_SUCCESS) {
            return HTTP_BAD_REQUEST;
        }
        pd_buf_add(body, bytes, length);
        if (body->overflow) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    return OK;
}

/* The body, never more than the limit: OK or a status. Where a filter has answered already (a limit
 * or a time-out of httpd's own) its word is passed on, and nothing more is written. */
static int read_body(pd_page_t *page, pd_buf_t *body)
{
    request_rec *r = page->r;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int ended = 0, status = OK;
    while (!ended && status == OK) {
        apr_status_t rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES,
                                         APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        status = take_brigade(body, &ended, brigade);
        apr_brigade_cleanup(brigade);
    }
    return status;
}

/* A body that nobody will read is not worth reading to keep the connection. */
static int refuse(pd_page_t *page, int status)
{
    page->r->connection->keepalive = AP_CONN_CLOSE;
    return status;
}

/* Files are taken from those only who have a role, and have proved it by now. */
static int brings_files(const pd_page_t *page)
{
    return pd_route_needs_role(page->route) && is_type(page->r, "multipart/form-data");
}

static apr_status_t parse_body(const pd_form_t **form, pd_page_t *page, const pd_buf_t *body)
{
    if (!brings_files(page)) {
        return pd_form_parse(form, body->bytes, body->length, page->p);
    }
    return pd_multipart_parse(form, apr_table_get(page->r->headers_in, "Content-Type"), body->bytes,
                              body->length, page->p);
}

int pd_check_body(pd_page_t *page)
{
    pd_buf_t body;
    const pd_form_t *form;
    const char *length = apr_table_get(page->r->headers_in, "Content-Length");
    int files = brings_files(page);
    apr_size_t bytes_max = files ? PD_MULTIPART_BYTES_MAX : PD_FORM_BYTES_MAX;
    if (!files && !is_type(page->r, "application/x-www-form-urlencoded")) {
        return refuse(page, HTTP_UNSUPPORTED_MEDIA_TYPE);
    }
    if (length != NULL && apr_atoi64(length) > (apr_int64_t)bytes_max) {
        return refuse(page, HTTP_REQUEST_ENTITY_TOO_LARGE);
    }
    pd_buf_init(&body, bytes_max, page->p);
    int status = read_body(page, &body);
    pd_wipe_with_pool(body.bytes, body.length, page->p); /* it may hold a password */
    if (status != OK) {
        return refuse(page, status);
    }
    apr_status_t rv = parse_body(&form, page, &body);
    if (rv == APR_SUCCESS) {
        page->form = form;
        return OK;
    }
    return rv == PD_ELIMIT ? HTTP_REQUEST_ENTITY_TOO_LARGE : HTTP_BAD_REQUEST;
}

/* The browser says where a form was sent from: nowhere but this site will do. */
static int sent_from_here(const pd_page_t *page)
{
    const char *site = apr_table_get(page->r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(page->r->headers_in, "Origin");
    if (site != NULL) {
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    }
    /* Older browsers. Besides the portal's own origin an alias will do: a browser can't be made to
     * send a Host of the attacker's choice together with his Origin. */
    const char *here = apr_pstrcat(page->p, ap_http_scheme(page->r), "://",
                                   apr_table_get(page->r->headers_in, "Host"), NULL);
    return origin == NULL || strcmp(origin, page->site->settings->base_url) == 0 ||
           strcmp(origin, here) == 0;
}

int pd_check_token(pd_page_t *page)
{
    const char *binding = pd_page_token_binding(page);
    if (strcmp(page->route->token, "logout") == 0) {
        binding = page->session ? page->session->token_hash : NULL;
        if (binding == NULL) {
            return sent_from_here(
                page); /* nobody is signed in: nothing that a stranger could end */
        }
    }
    return binding != NULL && sent_from_here(page) &&
           pd_form_token_good(page->site->keys, page->route->token, binding,
                              pd_form_get(page->form, "csrf"), pd_clock_now(),
                              page->site->settings->form_lifetime, page->p);
}

/* A page of another site can't send our cookies along with a form: that says nothing about the
 * browser. Nor does signing out, which is bound to the session. */
int pd_check_cookie_lost(const pd_page_t *page)
{
    return !page->cookie_came && page->session == NULL &&
           strcmp(page->route->token, "logout") != 0 && sent_from_here(page);
}
