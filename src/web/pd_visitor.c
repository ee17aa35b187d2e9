/* What a page knows of its visitor from the form cookie and the headers. */
#include "web/pd_visitor.h"
#include "base/pd_clock.h"
#include "crypt/pd_token.h"
#include "text/pd_language.h"
#include "web/pd_route.h"

/* A browser goes where sign-in leads at once; later than this it may have been closed meanwhile,
 * and the session cookie with it. */
#define EXPECTED_WITHIN apr_time_from_sec(120)

void pd_visitor_read(pd_page_t *page)
{
    page->language = page->site->settings->language;
    pd_form_cookie_read(&page->kept, page->visit->form_cookie, page->p);
    page->cookie_came = page->kept.browser != NULL;
}

/* The site's own language first, so that it wins when nothing is asked for. */
static const char *negotiate(const pd_page_t *page)
{
    const char *offered[8] = {page->site->settings->language};
    int n = 1;
    for (int i = 0; pd_languages[i] != NULL && n < 7; i++) {
        if (strcmp(pd_languages[i], offered[0]) != 0) {
            offered[n++] = pd_languages[i];
        }
    }
    return pd_language_choose(apr_table_get(page->r->headers_in, "Accept-Language"), offered);
}

void pd_visitor_language(pd_page_t *page)
{
    const char *chosen = pd_form_get(page->query, "lang");
    const char *kept = page->kept.language;
    if (chosen != NULL && pd_language_offered(chosen, pd_languages)) {
        page->language = chosen;
        if (kept == NULL || strcmp(kept, chosen) != 0) {
            page->kept.language = chosen;
            pd_visitor_need_browser(page);
            pd_visitor_write(page);
        }
        return;
    }
    page->language = kept ? kept : negotiate(page);
}

void pd_visitor_need_browser(pd_page_t *page)
{
    if (page->kept.browser == NULL) {
        page->kept.browser = pd_token_new(page->p);
        pd_visitor_write(page);
    }
}

int pd_visitor_take_link(pd_page_t *page, const char *token)
{
    pd_visitor_need_browser(page);
    page->kept.link_token = pd_token_wellformed(token) ? token : NULL;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, page->route->path));
}

void pd_visitor_write(pd_page_t *page)
{
    page->form_cookie = pd_form_cookie_line(&page->kept, page->site, page->p);
}

void pd_visitor_signed_in(pd_page_t *page)
{
    page->kept.signed_in = pd_clock_now();
    page->kept.lasting = 1;
    pd_visitor_write(page);
}

void pd_visitor_signed_out(pd_page_t *page)
{
    if (page->kept.signed_in != 0) {
        page->kept.signed_in = 0;
        pd_visitor_write(page);
    }
}

int pd_visitor_lost_session(const pd_page_t *page)
{
    apr_interval_time_t since = pd_clock_now() - page->kept.signed_in;
    /* The clocks of two hosts differ a little. */
    return page->visit->token == NULL && since > -EXPECTED_WITHIN && since < EXPECTED_WITHIN;
}
