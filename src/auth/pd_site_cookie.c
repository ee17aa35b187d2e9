/* The table of cookies and the one place that writes a Set-Cookie line. */
#include "auth/pd_site_cookie.h"
#include <apr_strings.h>
#include "portal/pd_device.h"

#define SECS_PER_DAY (24 * 3600)
#define PATH         "Path=/; "

const pd_site_cookie_t pd_site_cookies[PD_COOKIE_COUNT] = {
    [PD_COOKIE_SESSION] = {"session", {"pd", "__Host-pd"}, "4.1.2", PD_COOKIE_TILL_CLOSED, 0},
    [PD_COOKIE_FORM] = {"form", {"pdf", "__Host-pdf"}, "4.1.4", 1, PD_DEVICE_DAYS}};

const char *pd_site_cookie_name(const pd_site_t *site, pd_cookie_e which)
{
    return pd_site_cookies[which].names[site->secure != 0];
}

const char *pd_site_cookie_attributes(const pd_site_t *site)
{
    return site->secure ? PATH "HttpOnly; Secure; SameSite=Lax" : PATH "HttpOnly; SameSite=Lax";
}

const char *pd_site_cookie_line(const pd_site_t *site, pd_cookie_e which, const char *value,
                                int days, apr_pool_t *p)
{
    int seconds = value != NULL ? days * SECS_PER_DAY : 0;
    const char *attributes = pd_site_cookie_attributes(site) + sizeof(PATH) - 1;
    const char *name = pd_site_cookie_name(site, which);
    if (value != NULL && days == PD_COOKIE_TILL_CLOSED) {
        return apr_pstrcat(p, name, "=", value, "; " PATH, attributes, NULL);
    }
    return apr_pstrcat(p, name, "=", value != NULL ? value : "",
                       "; " PATH "Max-Age=", apr_itoa(p, seconds), "; ", attributes, NULL);
}
