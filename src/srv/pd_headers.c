/* Security headers: nothing foreign is loaded, framed or told. HSTS belongs to the site around. */
#include "srv/pd_headers.h"
#include <apr_strings.h>

void pd_headers_add(request_rec *r, const pd_site_t *site)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
         "base-uri 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        /* not no-referrer: browsers would then send Origin: null with our own forms */
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
    for (apr_size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        apr_table_setn(r->err_headers_out, headers[i][0], headers[i][1]);
    }
    apr_table_setn(
        r->err_headers_out, "Link",
        apr_pstrcat(r->pool, "<", site->settings->path, "/policy>; rel=\"privacy-policy\"", NULL));
}
