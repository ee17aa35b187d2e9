/* Which addresses a document may link to: http, https, mailto, and paths and anchors of this site.
 * An allow-list again; whatever is not on it stays text. */
#include "text/pd_clause_int.h"
#include "text/pd_url.h"
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

/* Percent-encodes what can't stand in an address; characters beyond ASCII stay where `keep_utf8`,
 * because host names are written in them. */
static const char *encoded(const char *url, int keep_utf8, apr_pool_t *p)
{
    static const char hex[] = "0123456789ABCDEF";
    char *copy = apr_palloc(p, strlen(url) * 3 + 1);
    char *to = copy;
    for (const unsigned char *at = (const unsigned char *)url; *at; at++) {
        int is_odd =
            *at == ' ' || strchr("\"<>\\^`{|}", *at) != NULL || (*at >= 0x80 && !keep_utf8);
        if (!is_odd) {
            *to++ = (char)*at;
            continue;
        }
        *to++ = '%';
        *to++ = hex[*at >> 4];
        *to++ = hex[*at & 15];
    }
    *to = '\0';
    return copy;
}

static int has_control(const char *url)
{
    for (const unsigned char *at = (const unsigned char *)url; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            return 1;
        }
    }
    return 0;
}

/* "http://" or "https://" and the beginning of a host. */
static int is_external(const char *url)
{
    apr_size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
                        : strncasecmp(url, "https://", 8) == 0 ? 8
                                                               : 0;
    return scheme > 0 && url[scheme] != '\0' && strchr("/\\?#:@ ", url[scheme]) == NULL;
}

/* An own path, an anchor, or both. */
static const char *own_href(const char *url, apr_pool_t *p)
{
    apr_size_t path_length = strcspn(url, "#");
    const char *fragment = encoded(url + path_length, 0, p);
    if (path_length == 0) {
        return fragment[0] != '\0' ? fragment : NULL;
    }
    const char *path = pd_url_target(encoded(apr_pstrmemdup(p, url, path_length), 0, p), p);
    return path != NULL ? apr_pstrcat(p, path, fragment, NULL) : NULL;
}

const char *pd_clause_href(int *external, const char *url, apr_pool_t *p)
{
    *external = 0;
    if (has_control(url)) {
        return NULL;
    }
    if (is_external(url)) {
        *external = 1;
        return encoded(url, 1, p);
    }
    if (strncasecmp(url, "mailto:", 7) == 0) {
        return url[7] != '\0' ? encoded(url, 1, p) : NULL;
    }
    return own_href(url, p);
}
