/* Three forms: a table for each portal, the same without a table ("?notable"), and lines for
 * programs
 * ("?auto"), where the line PDPortalSite begins those of each portal. This is the one place with
 * HTML in C, as mod_status wants it; every value is escaped. */
#include "srv/pd_status_page.h"
#include <httpd.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_status.h>
#include "portal/pd_metric.h"
#include "srv/pd_site.h"

static const char *address_of(const pd_site_t *site, apr_pool_t *p)
{
    return apr_pstrcat(p, site->settings->base_url, site->settings->path, NULL);
}

static void lines_of(request_rec *r, const pd_site_t *site, const pd_state_t *state)
{
    ap_rprintf(r, "PDPortalSite: %s\n", address_of(site, r->pool));
    for (const pd_metric_t *row = pd_metrics; row->name != NULL; row++) {
        const char *number = pd_metric_number(row, state, r->pool);
        if (number != NULL) {
            ap_rprintf(r, "PDPortal%s: %s\n", row->key, number);
        }
    }
}

/* Escaped. */
static const char *value_of(const pd_metric_t *row, const pd_state_t *state, apr_pool_t *p)
{
    const char *words = pd_metric_words(row, state, p);
    return words != NULL ? ap_escape_html(p, words) : "not known yet";
}

static void title_of(request_rec *r, const pd_site_t *site)
{
    ap_rprintf(r, "<hr />\n<h2>mod_pdportal at %s</h2>\n",
               ap_escape_html(r->pool, address_of(site, r->pool)));
}

static void paragraph_of(request_rec *r, const pd_site_t *site, const pd_state_t *state)
{
    title_of(r, site);
    ap_rputs("<p>\n", r);
    for (const pd_metric_t *row = pd_metrics; row->name != NULL; row++) {
        ap_rprintf(r, "%s, %s: %s<br />\n", ap_escape_html(r->pool, row->section),
                   ap_escape_html(r->pool, row->label), value_of(row, state, r->pool));
    }
    ap_rputs("</p>\n", r);
}

static void table_of(request_rec *r, const pd_site_t *site, const pd_state_t *state)
{
    const char *section = "";
    title_of(r, site);
    ap_rputs("<table border=\"0\">\n", r);
    for (const pd_metric_t *row = pd_metrics; row->name != NULL; row++) {
        if (strcmp(section, row->section) != 0) {
            section = row->section;
            ap_rprintf(r, "<tr><th colspan=\"2\" align=\"left\">%s</th></tr>\n",
                       ap_escape_html(r->pool, section));
        }
        ap_rprintf(r, "<tr><td title=\"%s\">%s</td><td>%s</td></tr>\n",
                   ap_escape_html(r->pool, row->help), ap_escape_html(r->pool, row->label),
                   value_of(row, state, r->pool));
    }
    ap_rputs("</table>\n", r);
}

static int show(request_rec *r, int flags)
{
    for (const pd_site_t *site = pd_site_first(); site != NULL; site = site->next) {
        pd_state_t state;
        pd_state_take(&state, site->counts, site->state);
        if (flags & AP_STATUS_SHORT) {
            lines_of(r, site, &state);
        }
        else if (flags & AP_STATUS_NOTABLE) {
            paragraph_of(r, site, &state);
        }
        else {
            table_of(r, site, &state);
        }
    }
    return OK;
}

void pd_status_page_register(apr_pool_t *p)
{
    (void)p;
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
