/* Security headers: nothing foreign is loaded, framed or told, and no script runs. What may connect
 * are the tools of a browser, which ask for robots.txt as the page. HSTS belongs to the site
 * around.
 */
#include "srv/pd_headers.h"

#define HEADERS_EXPECTED 14 /* with what pages add: caching, cookies, robots */

const apr_table_t *pd_headers_make(const char *policy_link, apr_pool_t *p)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        /* not no-referrer: browsers would then send Origin: null with our own forms */
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
    apr_table_t *made = apr_table_make(p, HEADERS_EXPECTED);
    for (apr_size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        apr_table_addn(made, headers[i][0], headers[i][1]);
    }
    apr_table_addn(made, "Link", policy_link);
    return made;
}

static int set_one(void *to, const char *name, const char *value)
{
    apr_table_setn(to, name, value);
    return 1;
}

/* Mostly nothing stands there yet: one copy, with its room, instead of a search for each. */
void pd_headers_add(request_rec *r, const pd_site_t *site)
{
    if (apr_is_empty_table(r->err_headers_out)) {
        r->err_headers_out = apr_table_copy(r->pool, site->headers);
    }
    else {
        apr_table_do(set_one, r->err_headers_out, site->headers, NULL);
    }
}
