/* Query, body and form token. Limits are ours and come before anything else sees a byte; the token
 * is bound to the browser's form cookie, or to the session where there is one (RELIABILITY 8, 16).
 */
#include "web/pd_check.h"
#include <apr_strings.h>
#include <http_protocol.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "web/pd_route.h"

int pd_check_query(pd_page_t *page)
{
    const char *query = page->r->args ? page->r->args : "";
    const pd_form_t *form;
    if (pd_form_parse(&form, query, strlen(query), page->p) != APR_SUCCESS) {
        return HTTP_BAD_REQUEST;
    }
    page->query = page->form = form;
    return OK;
}

static int is_form(const request_rec *r)
{
    static const char type[] = "application/x-www-form-urlencoded";
    const char *sent = apr_table_get(r->headers_in, "Content-Type");
    apr_size_t length = sizeof(type) - 1;
    return sent != NULL && ap_cstr_casecmpn(sent, type, length) == 0 &&
           (sent[length] == '\0' || sent[length] == ';' || sent[length] == ' ');
}

/* The body, never more than the limit: 0 or a status. */
static int read_body(pd_page_t *page, char **bytes, apr_size_t *length)
{
    *bytes = apr_palloc(page->p, PD_FORM_BYTES_MAX + 1);
    *length = 0;
    int status = ap_setup_client_block(page->r, REQUEST_CHUNKED_DECHUNK);
    if (status != OK) {
        return status;
    }
    if (page->r->remaining > PD_FORM_BYTES_MAX) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    if (!ap_should_client_block(page->r)) {
        return OK;
    }
    for (;;) {
        long n = ap_get_client_block(page->r, *bytes + *length, PD_FORM_BYTES_MAX + 1 - *length);
        if (n < 0) {
            return HTTP_BAD_REQUEST;
        }
        if (n == 0) {
            return OK;
        }
        *length += (apr_size_t)n;
        if (*length > PD_FORM_BYTES_MAX) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
}

int pd_check_body(pd_page_t *page)
{
    char *bytes;
    apr_size_t length;
    if (!is_form(page->r)) {
        return HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    int status = read_body(page, &bytes, &length);
    if (status != OK) {
        return status;
    }
    pd_wipe_with_pool(bytes, length, page->p); /* it may hold a password */
    const pd_form_t *form;
    apr_status_t rv = pd_form_parse(&form, bytes, length, page->p);
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
    return origin == NULL || strcmp(origin, page->site->settings->base_url) == 0;
}

int pd_check_token(pd_page_t *page)
{
    const char *binding = page->browser;
    if (strcmp(page->route->token, "logout") == 0) {
        binding = page->session ? page->session->token_hash : NULL;
        if (binding == NULL) {
            return 1; /* nobody is signed in: there is nothing that a stranger could end */
        }
    }
    return binding != NULL && sent_from_here(page) &&
           pd_form_token_good(page->site->keys, page->route->token, binding,
                              pd_form_get(page->form, "csrf"), pd_clock_now(),
                              page->site->settings->form_lifetime, page->p);
}
