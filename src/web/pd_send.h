/* Sends bytes that are ready: content coding, ETag, conditions, ranges, HEAD. */
#ifndef PD_SEND_H
#define PD_SEND_H
#include <httpd.h>
#include "text/pd_encoding.h"

/* The form that the request accepts, not copied: its bytes must live as long as r->pool. Other
 * headers are the caller's. Returns a handler's result: OK, or 304 and 412 by the conditions. */
int pd_send_encoded(request_rec *r, const pd_encoded_t *encoded);

#endif
