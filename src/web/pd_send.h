/* Sends bytes that are ready: content coding, ETag, conditions, ranges, HEAD. */
#ifndef PD_SEND_H
#define PD_SEND_H
#include <httpd.h>
#include "text/pd_encoding.h"

/* What the request asks for: the form it accepts, whose ETag is set, and OK, or 304 and 412 by its
 * conditions, which are a handler's result then. */
int pd_send_choose(const pd_encoded_form_t **form, request_rec *r, const pd_encoded_t *encoded);

/* Sends a form of `encoded`; other headers are the caller's. Nothing is copied: the bytes must live
 * as long as r->pool. Returns a handler's result. */
int pd_send_form(request_rec *r, const pd_encoded_t *encoded, const pd_encoded_form_t *form);

/* The same with bytes that are in no content coding. */
int pd_send_bytes(request_rec *r, const char *bytes, apr_size_t length);

#endif
