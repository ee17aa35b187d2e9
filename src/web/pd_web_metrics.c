/* The metrics, for Prometheus. Made of shared memory alone: it answers while the database is away,
 * which is when it is looked at. */
#include <http_protocol.h>
#include "portal/pd_metric.h"
#include "srv/pd_headers.h"
#include "web/pd_handlers.h"
#include "web/pd_send.h"

#define BYTES_MAX ((apr_size_t)64 * 1024)

int pd_web_metrics(pd_page_t *page)
{
    request_rec *r = page->r;
    pd_state_t state;
    pd_buf_t out;
    pd_state_take(&state, page->site->counts, page->site->state);
    pd_buf_init(&out, BYTES_MAX, page->p);
    pd_metric_expose(&out, &state, page->p);
    pd_headers_add(r, page->site);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "X-Robots-Tag", "noindex");
    ap_set_content_type(r, "text/plain; version=0.0.4; charset=utf-8");
    return pd_send_bytes(r, out.bytes, out.length);
}
