/* Two forms: a table for each portal, and lines for programs ("?auto"), where the line PDPortalSite
 * begins those of each portal. This is the one place with HTML in C, as mod_status wants it; every
 * value is escaped. */
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

static void table_row(request_rec *r, const pd_metric_t *row, const pd_state_t *state)
{
    const char *words = pd_metric_words(row, state, r->pool);
    ap_rprintf(r, "<tr><td title=\"%s\">%s</td><td>%s</td></tr>\n",
               ap_escape_html(r->pool, row->help), ap_escape_html(r->pool, row->label),
               words != NULL ? ap_escape_html(r->pool, words) : "not known yet");
}

static void table_of(request_rec *r, const pd_site_t *site, const pd_state_t *state)
{
    const char *section = "";
    ap_rprintf(r, "<hr />\n<h2>mod_pdportal at %s</h2>\n<table border=\"0\">\n",
               ap_escape_html(r->pool, address_of(site, r->pool)));
    for (const pd_metric_t *row = pd_metrics; row->name != NULL; row++) {
        if (strcmp(section, row->section) != 0) {
            section = row->section;
            ap_rprintf(r, "<tr><th colspan=\"2\" align=\"left\">%s</th></tr>\n",
                       ap_escape_html(r->pool, section));
        }
        table_row(r, row, state);
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
