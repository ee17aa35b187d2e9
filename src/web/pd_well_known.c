/* Two addresses of the host's root: where a password manager leads a person to change the password
 * (W3C "A Well-Known URL for Changing Passwords"), and where to write about a hole (RFC 9116). They
 * need nobody to be signed in and no database, and use nobody's data: no rows of the route table.
 * Their own handler has its own name, so that none of the portal's checks is taken for done. */
#include "web/pd_well_known.h"
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include "base/pd_clock.h"
#include "portal/pd_portal.h"
#include "srv/pd_headers.h"
#include "srv/pd_site.h"

#define HANDLER_NAME "pdportal-well-known"
#define FILE_NAME    HANDLER_NAME ":"

#define DAY apr_time_from_sec(24 * 3600)
/* RFC 9116 wants less than a year. The file is made anew each day, so it is never stale where the
 * server runs. */
#define EXPIRES_AFTER (180 * DAY)

int pd_well_known_translate(request_rec *r)
{
    const pd_site_t *site = pd_site_of(r->server);
    if (site == NULL || pd_site_well_known(site, r->uri) == PD_WELL_KNOWN_NONE) {
        return DECLINED;
    }
    r->handler = HANDLER_NAME;
    r->filename = (char *)FILE_NAME;
    return OK;
}

int pd_well_known_map(request_rec *r)
{
    return r->handler != NULL && strcmp(r->handler, HANDLER_NAME) == 0 ? OK : DECLINED;
}

/* As for the portal's pages: a SetHandler around the whole site has had its turn. */
int pd_well_known_fixup(request_rec *r)
{
    if (r->filename != NULL && strcmp(r->filename, FILE_NAME) == 0) {
        r->handler = HANDLER_NAME;
    }
    return DECLINED;
}

/* The page asks for sign-in where it has to. */
static int lead_to_password(request_rec *r, const pd_site_t *site)
{
    apr_table_setn(r->err_headers_out, "Location",
                   apr_pstrcat(r->pool, site->settings->path, "/account/password", NULL));
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-cache");
    r->status = HTTP_SEE_OTHER;
    ap_set_content_length(r, 0);
    return OK;
}

/* Midnight, so that one day's file is one file. */
static const char *expires(apr_pool_t *p)
{
    apr_time_exp_t time;
    apr_time_t day = (pd_clock_now() + EXPIRES_AFTER) / DAY * DAY;
    if (apr_time_exp_gmt(&time, day) != APR_SUCCESS) {
        return "1970-01-01T00:00:00Z"; /* over: trusted by nobody */
    }
    return apr_psprintf(p, "%04d-%02d-%02dT00:00:00Z", time.tm_year + 1900, time.tm_mon + 1,
                        time.tm_mday);
}

/* The languages the site speaks, its own first. */
static const char *languages(const pd_site_t *site, apr_pool_t *p)
{
    const char *list = site->settings->language;
    for (int i = 0; pd_languages[i] != NULL; i++) {
        if (strcmp(pd_languages[i], site->settings->language) != 0) {
            list = apr_pstrcat(p, list, ", ", pd_languages[i], NULL);
        }
    }
    return list;
}

static int security_txt(request_rec *r, const pd_site_t *site)
{
    const pd_settings_t *settings = site->settings;
    const char *text = apr_pstrcat(r->pool, "Contact: ", settings->security_contact,
                                   "\nExpires: ", expires(r->pool),
                                   "\nPreferred-Languages: ", languages(site, r->pool),
                                   "\nCanonical: ", settings->base_url, r->uri, "\n", NULL);
    ap_set_content_type(r, "text/plain; charset=utf-8");
    apr_table_setn(r->err_headers_out, "Cache-Control", "max-age=3600");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    if (!r->header_only) {
        ap_rputs(text, r);
    }
    return OK;
}

int pd_well_known_handle(request_rec *r)
{
    const pd_site_t *site = pd_site_of(r->server);
    if (r->handler == NULL || strcmp(r->handler, HANDLER_NAME) != 0 || site == NULL) {
        return DECLINED;
    }
    pd_headers_add(r, site);
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    switch (pd_site_well_known(site, r->uri)) {
    case PD_WELL_KNOWN_PASSWORD:
        return lead_to_password(r, site);
    case PD_WELL_KNOWN_SECURITY:
        return security_txt(r, site);
    case PD_WELL_KNOWN_NONE:
        break;
    }
    return DECLINED; /* SetHandler of this name somewhere else */
}
