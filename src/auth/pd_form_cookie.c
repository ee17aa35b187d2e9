/* The one place that reads and writes the form cookie. A browser keeps the same id until the cookie
 * is over, so that several tabs work side by side and cookies never pile up. */
#include "auth/pd_form_cookie.h"
#include <apr_strings.h>
#include "auth/pd_site_cookie.h"
#include "crypt/pd_token.h"
#include "text/pd_language.h"

#define MARKS             ".:!~"
#define SECONDS_CHARS_MAX 12

/* Takes what follows a mark off the front; NULL when that part isn't there. */
static const char *take_part(const char **at, char mark, apr_pool_t *p)
{
    if (**at != mark) {
        return NULL;
    }
    const char *from = *at + 1;
    *at = from + strcspn(from, MARKS);
    return apr_pstrmemdup(p, from, (apr_size_t)(*at - from));
}

static int is_number(const char *text)
{
    apr_size_t length = strspn(text, "0123456789");
    return length > 0 && length <= SECONDS_CHARS_MAX && text[length] == '\0';
}

void pd_form_cookie_read(pd_form_cookie_t *cookie, const char *value, apr_pool_t *p)
{
    memset(cookie, 0, sizeof(*cookie));
    if (value == NULL) {
        return;
    }
    const char *at = value + strcspn(value, MARKS);
    const char *browser = apr_pstrmemdup(p, value, (apr_size_t)(at - value));
    const char *link_token = take_part(&at, '.', p);
    const char *language = take_part(&at, ':', p);
    const char *seconds = take_part(&at, '!', p);
    const char *lasting = take_part(&at, '~', p);
    if (*at != '\0' || (lasting != NULL && *lasting != '\0') || !pd_token_wellformed(browser) ||
        (link_token != NULL && !pd_token_wellformed(link_token)) ||
        (language != NULL && !pd_language_offered(language, pd_languages)) ||
        (seconds != NULL && !is_number(seconds))) {
        return;
    }
    cookie->browser = browser;
    cookie->link_token = link_token;
    cookie->language = language;
    cookie->lasting = lasting != NULL;
    cookie->signed_in = seconds ? apr_time_from_sec(apr_atoi64(seconds)) : 0;
}

/* ".TOKEN"; nothing where there is none. */
static const char *part(const char *mark, const char *text, apr_pool_t *p)
{
    return text ? apr_pstrcat(p, mark, text, NULL) : "";
}

const char *pd_form_cookie_line(const pd_form_cookie_t *cookie, const pd_site_t *site,
                                apr_pool_t *p)
{
    const char *seconds = cookie->signed_in
                              ? apr_psprintf(p, "%" APR_TIME_T_FMT, apr_time_sec(cookie->signed_in))
                              : NULL;
    const pd_site_cookie_t *row = &pd_site_cookies[PD_COOKIE_FORM];
    const char *value = apr_pstrcat(p, cookie->browser, part(".", cookie->link_token, p),
                                    part(":", cookie->language, p), part("!", seconds, p),
                                    cookie->lasting ? "~" : "", NULL);
    return pd_site_cookie_line(site, PD_COOKIE_FORM, value,
                               cookie->lasting ? row->days_lasting : row->days, p);
}
