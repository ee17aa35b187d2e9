/* Reads and writes the form cookie. A browser keeps the same id until it is a day old, so that
 * several tabs work side by side and cookies never pile up. */
#include "web/pd_visitor.h"
#include <apr_strings.h>
#include "crypt/pd_token.h"
#include "text/pd_language.h"

static const char *token_at(const char *text, apr_pool_t *p)
{
    const char *token = apr_pstrndup(p, text, PD_TOKEN_CHARS);
    return pd_token_wellformed(token) ? token : NULL;
}

static const char *cookie_language(const pd_page_t *page)
{
    const char *cookie = page->visit->form_cookie;
    const char *mark = cookie ? strrchr(cookie, ':') : NULL;
    return mark != NULL && pd_language_offered(mark + 1, pd_languages) ? mark + 1 : NULL;
}

void pd_visitor_read(pd_page_t *page)
{
    const char *cookie = page->visit->form_cookie;
    page->language = page->site->settings->language;
    if (cookie == NULL) {
        return;
    }
    page->browser = token_at(cookie, page->p);
    if (page->browser != NULL && cookie[PD_TOKEN_CHARS] == '.') {
        page->link_token = token_at(cookie + PD_TOKEN_CHARS + 1, page->p);
    }
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
    const char *kept = cookie_language(page);
    if (chosen != NULL && pd_language_offered(chosen, pd_languages)) {
        page->language = chosen;
        if (kept == NULL || strcmp(kept, chosen) != 0) {
            pd_visitor_need_browser(page);
            pd_visitor_write(page);
        }
        return;
    }
    page->language = kept ? kept : negotiate(page);
}

void pd_visitor_need_browser(pd_page_t *page)
{
    if (page->browser == NULL) {
        page->browser = pd_token_new(page->p);
        page->link_token = NULL;
        pd_visitor_write(page);
    }
}

void pd_visitor_write(pd_page_t *page)
{
    const char *kept = pd_form_get(page->query, "lang");
    const char *language =
        kept != NULL && pd_language_offered(kept, pd_languages) ? kept : cookie_language(page);
    page->form_cookie = apr_pstrcat(page->p, pd_visit_form_cookie(page->site), "=", page->browser,
                                    page->link_token ? "." : "",
                                    page->link_token ? page->link_token : "", language ? ":" : "",
                                    language ? language : "", "; Path=/; Max-Age=86400; HttpOnly",
                                    page->site->secure ? "; Secure" : "", "; SameSite=Lax", NULL);
}
