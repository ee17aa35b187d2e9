/* Reads and writes the form cookie. A browser keeps the same id until it is a day old, so that
 * several tabs work side by side and cookies never pile up. */
#include "web/pd_visitor.h"
#include <apr_strings.h>
#include "crypt/pd_token.h"
#include "text/pd_language.h"
#include "web/pd_route.h"

/* Takes a token off the front; NULL when there is none. */
static const char *take_token(const char **text, apr_pool_t *p)
{
    const char *token = apr_pstrndup(p, *text, PD_TOKEN_CHARS);
    if (!pd_token_wellformed(token)) {
        return NULL;
    }
    *text += PD_TOKEN_CHARS;
    return token;
}

void pd_visitor_read(pd_page_t *page)
{
    const char *at = page->visit->form_cookie, *link_token = NULL, *kept = NULL;
    page->language = page->site->settings->language;
    const char *browser = at != NULL ? take_token(&at, page->p) : NULL;
    if (browser != NULL && *at == '.') {
        at++;
        link_token = take_token(&at, page->p);
        browser = link_token ? browser : NULL;
    }
    if (browser != NULL && *at == ':' && pd_language_offered(at + 1, pd_languages)) {
        kept = at + 1;
        at = "";
    }
    if (browser != NULL && *at == '\0') {
        page->browser = browser;
        page->link_token = link_token;
        page->kept_language = kept;
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
    const char *kept = page->kept_language;
    if (chosen != NULL && pd_language_offered(chosen, pd_languages)) {
        page->language = chosen;
        if (kept == NULL || strcmp(kept, chosen) != 0) {
            page->kept_language = chosen;
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

int pd_visitor_take_link(pd_page_t *page, const char *token)
{
    pd_visitor_need_browser(page);
    page->link_token = pd_token_wellformed(token) ? token : NULL;
    pd_visitor_write(page);
    return pd_page_go(page, pd_page_path(page, page->route->path));
}

void pd_visitor_write(pd_page_t *page)
{
    const char *token = page->link_token, *language = page->kept_language;
    page->form_cookie = apr_pstrcat(page->p, pd_visit_form_cookie(page->site), "=", page->browser,
                                    token ? "." : "", token ? token : "", language ? ":" : "",
                                    language ? language : "", "; Path=/; Max-Age=86400; HttpOnly",
                                    page->site->secure ? "; Secure" : "", "; SameSite=Lax", NULL);
}
