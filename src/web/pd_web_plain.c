/* Pages without a duty of their own: the front page, the stylesheet, what cookies are for, and the
 * answers that auth/ has drawn here. */
#include <apr_strings.h>
#include <http_protocol.h>
#include "srv/pd_headers.h"
#include "web/pd_handlers.h"
#include "web/pd_send.h"

int pd_web_home(pd_page_t *page)
{
    return pd_page_show(page, "home.html", HTTP_OK);
}

int pd_web_cookies(pd_page_t *page)
{
    pd_page_text(page, "session_cookie", pd_visit_session_cookie(page->site));
    pd_page_text(page, "form_cookie", pd_visit_form_cookie(page->site));
    pd_value_set_number(page->values, "session_hours",
                        apr_time_sec(page->site->settings->session_lifetime) / 3600, page->p);
    return pd_page_show(page, "cookies.html", HTTP_OK);
}

/* A URL that holds the hash of these bytes may be kept for ever; any other, such as that of a newer
 * generation of the server, may not. */
int pd_web_style(pd_page_t *page)
{
    request_rec *r = page->r;
    const pd_site_t *site = page->site;
    pd_headers_add(r, site);
    ap_set_content_type(r, "text/css; charset=utf-8");
    const char *wanted = pd_form_get(page->query, "v");
    int same = wanted != NULL && strcmp(wanted, site->style_hash) == 0;
    apr_table_setn(r->err_headers_out, "Cache-Control",
                   same ? "public, max-age=31536000, immutable" : "no-cache");
    apr_table_setn(r->err_headers_out, "Vary", "Accept-Encoding");
    return pd_send_encoded(r, &site->style);
}

int pd_web_denied(pd_page_t *page)
{
    pd_page_text(page, "asked", page->r->prev->uri);
    return pd_page_show(page, "denied.html", HTTP_FORBIDDEN);
}

int pd_web_unavailable(pd_page_t *page)
{
    pd_value_set_number(page->values, "retry_after", 5, page->p);
    return pd_page_error(page, HTTP_SERVICE_UNAVAILABLE);
}

/* For programs: a body they can read and no page. */
int pd_web_required(pd_page_t *page)
{
    request_rec *r = page->r;
    const char *body = apr_pstrcat(r->pool, "{\"error\":\"sign_in_required\",\"sign_in\":\"",
                                   pd_page_path(page, "login"), "\"}\n", NULL);
    pd_headers_add(r, page->site);
    apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Cookie realm=\"portal\", form-action=\"%s\"",
                                pd_page_path(page, "login")));
    ap_set_content_type(r, "application/json");
    r->status = HTTP_UNAUTHORIZED;
    if (!r->header_only) {
        ap_rputs(body, r);
    }
    return OK;
}
