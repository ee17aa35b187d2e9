/* Security headers: nothing foreign is loaded, framed or told. HSTS belongs to the site around. */
#include "srv/pd_headers.h"

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
    apr_table_t *to = r->err_headers_out;
    /* Mostly nothing stands there yet that had to be looked for. */
    void (*set)(apr_table_t *, const char *, const char *) =
        apr_is_empty_table(to) ? apr_table_addn : apr_table_setn;
    for (apr_size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        set(to, headers[i][0], headers[i][1]);
    }
    set(to, "Link", site->policy_link);
}
