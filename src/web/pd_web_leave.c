/* The way out to other sites (F50, seed 2.3): names the host, says whose responsibility ends here,
 * and shows the link. It leads nowhere by itself: an open redirect would lend the site's good name
 * to anybody. */
#include <apr_strings.h>
#include "text/pd_foreign.h"
#include "text/pd_url.h"
#include "web/pd_handlers.h"

static int is_own(const pd_page_t *page, const pd_foreign_t *foreign)
{
    return ap_cstr_casecmp(pd_settings_base_host(page->site->settings, page->p), foreign->host) ==
           0;
}

static void show_own(pd_page_t *page, const pd_foreign_t *foreign)
{
    const char *target =
        pd_url_target(apr_pstrmemdup(page->p, foreign->path, strcspn(foreign->path, "#")), page->p);
    pd_page_true(page, "own", 1);
    pd_page_text(page, "url", target != NULL ? target : page->site->settings->site_home);
}

static void show_foreign(pd_page_t *page, const pd_foreign_t *foreign)
{
    pd_page_true(page, "foreign", 1);
    pd_page_text(page, "url", foreign->url);
    pd_page_text(page, "shown", foreign->shown);
    pd_page_text(page, "host", strcmp(foreign->shown, foreign->host) != 0 ? foreign->host : NULL);
    pd_value_set_number(page->values, "port", foreign->port, page->p);
    pd_page_true(page, "insecure", !foreign->secure);
}

int pd_web_leave(pd_page_t *page)
{
    pd_foreign_t foreign;
    const char *to = pd_form_get(page->query, "to");
    page->leads_away = 1;
    if (!pd_foreign_parse(&foreign, to, page->p)) {
        return pd_page_show(page, "leave.html", HTTP_BAD_REQUEST);
    }
    page->kept_query = apr_pstrcat(page->p, "&to=", pd_url_encode(foreign.url, page->p), NULL);
    if (is_own(page, &foreign)) {
        show_own(page, &foreign);
    }
    else {
        show_foreign(page, &foreign);
    }
    return pd_page_show(page, "leave.html", HTTP_OK);
}
