/* Reads an address that comes from anywhere and is shown to a person as a link. It is taken apart
 * and built anew from its checked parts, so that what is pressed is what was read. */
#include "text/pd_foreign.h"
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include "base/pd_bytes.h"
#include "text/pd_domain.h"
#include "text/pd_url.h"

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Characters that don't show, or turn the text around: soft hyphen (C2 AD), U+200B-U+200F and
 * U+2028-U+202E (E2 80), U+2060-U+206F (E2 81), byte order mark (EF BB BF), and C1 controls. */
static int is_unseen(const unsigned char *at)
{
    return (at[0] == 0xc2 && (at[1] < 0xa0 || at[1] == 0xad)) ||
           (at[0] == 0xe2 && at[1] == 0x80 &&
            ((at[2] >= 0x8b && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xae))) ||
           (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa0) ||
           (at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf);
}

/* Copies a path with query and fragment; 0: something is not allowed. */
static int copy_path(pd_buf_t *to, const char *raw)
{
    for (const unsigned char *at = (const unsigned char *)raw; *at; at++) {
        if (*at == '%' && (!is_hex((char)at[1]) || !is_hex((char)at[2]))) {
            return 0;
        }
        if (*at >= 0x80) {
            if (is_unseen(at)) {
                return 0;
            }
            pd_buf_printf(to, "%%%02X", (unsigned)*at);
            continue;
        }
        if (!apr_isalnum(*at) && strchr("-._~!$&'()*+,;=:@/?#[]%", *at) == NULL) {
            return 0;
        }
        pd_buf_putc(to, (char)*at);
    }
    return !to->overflow;
}

/* "host", "[::1]" and ":8080" of "https://host:8080". */
static void take_host(pd_foreign_t *foreign, const char *base, apr_pool_t *p)
{
    const char *host = strstr(base, "://") + 3;
    apr_size_t length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    foreign->host = apr_pstrmemdup(p, host, length);
    foreign->port = host[length] == ':' ? (unsigned)apr_atoi64(host + length + 1) : 0;
    foreign->shown = host[0] == '[' ? foreign->host : pd_domain_shown(foreign->host, p);
}

int pd_foreign_parse(pd_foreign_t *foreign, const char *raw, apr_pool_t *p)
{
    pd_buf_t path;
    memset(foreign, 0, sizeof(*foreign));
    if (raw == NULL || strnlen(raw, PD_FOREIGN_BYTES_MAX + 1) > PD_FOREIGN_BYTES_MAX ||
        !pd_utf8_valid(raw, strlen(raw))) {
        return 0;
    }
    const char *authority = strstr(raw, "://");
    if (authority == NULL) {
        return 0;
    }
    authority += 3;
    /* A backslash is a slash for browsers, and an "@" would make a user name of what looks like the
     * host: neither can be part of a host, so pd_url_base refuses both. */
    apr_size_t length = (apr_size_t)(authority - raw) + strcspn(authority, "/?#");
    const char *base = pd_url_base(&foreign->secure, apr_pstrmemdup(p, raw, length), p);
    pd_buf_init(&path, PD_FOREIGN_BYTES_MAX, p);
    if (raw[length] != '/') {
        pd_buf_putc(&path, '/');
    }
    if (base == NULL || !copy_path(&path, raw + length)) {
        return 0;
    }
    take_host(foreign, base, p);
    foreign->path = path.bytes;
    foreign->url = apr_pstrcat(p, base, path.bytes, NULL);
    return strlen(foreign->url) <= PD_FOREIGN_BYTES_MAX; /* encoded, it may have grown */
}
