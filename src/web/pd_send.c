/* Whole and at once, in one brigade with its end, so that httpd's filter for ranges finds what it
 * needs. */
#include "web/pd_send.h"
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

/* Does a filter rewrite pages on their way out? Such a one wants text. Those that only compress are
 * no matter: they leave alone what is compressed. */
static int is_rewritten(const request_rec *r)
{
    for (const ap_filter_t *filter = r->output_filters; filter != NULL; filter = filter->next) {
        if (filter->frec->ftype <= AP_FTYPE_RESOURCE &&
            ap_cstr_casecmp(filter->frec->name, "BYTYPE:DEFLATE") != 0 &&
            ap_cstr_casecmp(filter->frec->name, "BYTYPE:BROTLI_COMPRESS") != 0) {
            return 1;
        }
    }
    return 0;
}

/* Not in a page around that is made of several (r->main): the coding would be that page's. */
static pd_encoding_e choose(const request_rec *r, const pd_encoded_t *encoded)
{
    pd_encoding_e chosen = pd_encoding_choose(apr_table_get(r->headers_in, "Accept-Encoding"));
    return encoded->form[chosen].bytes != NULL && r->main == NULL && !is_rewritten(r)
               ? chosen
               : PD_ENCODING_IDENTITY;
}

/* The form that the visitor holds already, the one he would get first; NULL if none. An ETag is
 * found by its quotes and its hash, wherever in the list it stands, weak or not. */
static const pd_encoded_form_t *held(const request_rec *r, const pd_encoded_t *encoded,
                                     pd_encoding_e chosen)
{
    const char *list = apr_table_get(r->headers_in, "If-None-Match");
    for (int i = 0; list != NULL && i < PD_ENCODING_COUNT; i++) {
        const pd_encoded_form_t *form = &encoded->form[(chosen + i) % PD_ENCODING_COUNT];
        if (ap_strstr_c(list, form->etag) != NULL) {
            return form;
        }
    }
    return NULL;
}

/* A copy in any coding is a good copy; the answer names the one it is about, so that a cache with
 * several knows. Whatever else a request may ask, httpd knows how to answer. */
static int meet_conditions(request_rec *r, const pd_encoded_t *encoded, pd_encoding_e chosen)
{
    const pd_encoded_form_t *copy = held(r, encoded, chosen);
    if (copy != NULL && apr_table_get(r->headers_in, "If-Match") == NULL &&
        apr_table_get(r->headers_in, "If-Unmodified-Since") == NULL) {
        apr_table_setn(r->headers_out, "ETag", copy->etag);
        return HTTP_NOT_MODIFIED;
    }
    apr_table_setn(r->headers_out, "ETag", encoded->form[chosen].etag);
    return ap_meets_conditions(r);
}

/* The bucket keeps the bytes for itself should it outlive r->pool. */
int pd_send_bytes(request_rec *r, const char *bytes, apr_size_t length)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    ap_set_content_length(r, (apr_off_t)length);
    if (r->header_only) {
        return OK;
    }
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(bytes, length, r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    apr_status_t rv = ap_pass_brigade(r->output_filters, brigade);
    if (rv == APR_SUCCESS || r->status != HTTP_OK || r->connection->aborted) {
        return OK;
    }
    return ap_map_http_request_error(rv, HTTP_INTERNAL_SERVER_ERROR);
}

int pd_send_choose(const pd_encoded_form_t **form, request_rec *r, const pd_encoded_t *encoded)
{
    pd_encoding_e chosen = choose(r, encoded);
    *form = &encoded->form[chosen];
    return meet_conditions(r, encoded, chosen);
}

int pd_send_form(request_rec *r, const pd_encoded_t *encoded, const pd_encoded_form_t *form)
{
    const char *name = pd_encoding_names[form - encoded->form];
    if (name != NULL) {
        apr_table_setn(r->headers_out, "Content-Encoding", name);
    }
    return pd_send_bytes(r, form->bytes, form->length);
}
