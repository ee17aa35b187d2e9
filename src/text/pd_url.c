/* URLs and return targets. A return target comes from a visitor's browser and ends in a Location
 * header, so it is built from an allow-list: what is not plainly a path of this site is refused.
 * Browsers, proxies and applications decode a different number of times; every rule about the path
 * therefore holds for each form that repeated decoding can bring out. */
#include "text/pd_url.h"
#include "base/pd_bytes.h"
#include "text/pd_domain.h"
#include <arpa/inet.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define BASE_BYTES_MAX 512

static int is_unreserved(unsigned char c)
{
    return (c < 0x80 && apr_isalnum(c)) || (c != 0 && strchr("-._~", c) != NULL);
}

const char *pd_url_encode(const char *text, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(p, strlen(text) * 3 + 1);
    char *to = encoded;
    for (const unsigned char *from = (const unsigned char *)text; *from; from++) {
        if (is_unreserved(*from)) {
            *to++ = (char)*from;
            continue;
        }
        *to++ = '%';
        *to++ = digits[*from >> 4];
        *to++ = digits[*from & 15];
    }
    *to = '\0';
    return encoded;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int is_escape(const char *at)
{
    return at[0] == '%' && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0;
}

/* Decodes once, in place. Returns the number of escapes; -1 if one of them is a zero byte. */
static int decode_once(char *text)
{
    int n_escapes = 0;
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (!is_escape(from)) {
            *to++ = *from;
            continue;
        }
        int byte = hex_value(from[1]) * 16 + hex_value(from[2]);
        if (byte == 0) {
            return -1;
        }
        *to++ = (char)byte;
        from += 2;
        n_escapes++;
    }
    *to = '\0';
    return n_escapes;
}

static int has_control(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        /* C1 controls are C2 80 .. C2 9F in UTF-8. */
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)) {
            return 1;
        }
    }
    return 0;
}

/* Is one segment "." or ".."? Some servers cut a segment at ";" first, so "..;x" is one too. */
static int is_dot_segment(const char *segment, apr_size_t length)
{
    const char *parameter = memchr(segment, ';', length);
    if (parameter != NULL) {
        length = (apr_size_t)(parameter - segment);
    }
    return (length == 1 || length == 2) && strspn(segment, ".") >= length;
}

static int path_is_clean(const char *path)
{
    if (path[0] != '/' || strstr(path, "//") != NULL || strchr(path, '\\') != NULL) {
        return 0;
    }
    for (const char *at = path; *at == '/';) {
        at++;
        apr_size_t length = strcspn(at, "/");
        if (is_dot_segment(at, length)) {
            return 0;
        }
        at += length;
    }
    return 1;
}

static apr_size_t count_slashes(const char *text)
{
    apr_size_t n = 0;
    for (; *text; text++) {
        n += *text == '/';
    }
    return n;
}

/* Checks `text` in its written form and in every form that repeated decoding gives. Each round
 * shortens the text by two bytes at least, so the loop ends. */
static int safe_however_decoded(const char *text, int is_path, apr_pool_t *p)
{
    char *form = apr_pstrdup(p, text);
    apr_size_t n_slashes = count_slashes(text);
    int n_escapes;
    do {
        if (has_control(form) || !pd_utf8_valid(form, strlen(form))) {
            return 0;
        }
        if (is_path && (!path_is_clean(form) || count_slashes(form) != n_slashes)) {
            return 0;
        }
        n_escapes = decode_once(form);
    } while (n_escapes > 0);
    return n_escapes == 0;
}

/* Copies the allowed characters; those that browsers leave bare in a query but RFC 3986 does not
 * know are encoded. 0: something is not allowed. */
static int copy_allowed(pd_buf_t *to, const char *raw)
{
    int in_query = 0;
    for (const char *at = raw; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '%') {
            if (!is_escape(at)) {
                return 0;
            }
        }
        else if (c == '?') {
            in_query = 1;
        }
        else if (in_query && strchr("[]{}|^`", c) != NULL) {
            pd_buf_printf(to, "%%%02X", (unsigned)c);
            continue;
        }
        else if (!is_unreserved(c) && strchr("!$&'()*+,;=:@/", c) == NULL) {
            return 0;
        }
        pd_buf_putc(to, (char)c);
    }
    return !to->overflow;
}

const char *pd_url_target(const char *raw, apr_pool_t *p)
{
    if (raw == NULL || raw[0] != '/' ||
        strnlen(raw, PD_TARGET_BYTES_MAX + 1) > PD_TARGET_BYTES_MAX) {
        return NULL;
    }
    pd_buf_t target;
    pd_buf_init(&target, PD_TARGET_BYTES_MAX, p);
    if (!copy_allowed(&target, raw)) {
        return NULL;
    }
    apr_size_t path_length = strcspn(target.bytes, "?");
    const char *path = apr_pstrmemdup(p, target.bytes, path_length);
    if (!safe_however_decoded(path, 1, p) ||
        !safe_however_decoded(target.bytes + path_length, 0, p)) {
        return NULL;
    }
    return target.bytes;
}

/* The host in the form an Origin header has it; NULL unless it is one. */
static const char *base_host(const char *host, apr_pool_t *p)
{
    unsigned char address[sizeof(struct in6_addr)];
    apr_size_t length = strlen(host);
    if (host[0] == '[') {
        if (length < 4 || host[length - 1] != ']') {
            return NULL;
        }
        const char *inner = apr_pstrmemdup(p, host + 1, length - 2);
        char *text = apr_palloc(p, INET6_ADDRSTRLEN);
        if (inet_pton(AF_INET6, inner, address) != 1 ||
            inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN) == NULL) {
            return NULL;
        }
        return apr_psprintf(p, "[%s]", text);
    }
    if (inet_pton(AF_INET, host, address) == 1) {
        return host;
    }
    const char *ascii;
    return pd_domain_ascii(&ascii, host, p) == APR_SUCCESS ? ascii : NULL;
}

/* The port as a number; 0: the text is no port. */
static unsigned port_number(const char *text)
{
    unsigned port = 0;
    apr_size_t length = strlen(text);
    if (length < 1 || length > 5 || text[0] == '0') {
        return 0;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        port = port * 10 + (unsigned)(*text - '0');
    }
    return port <= 65535 ? port : 0;
}

const char *pd_url_base(int *secure, const char *raw, apr_pool_t *p)
{
    *secure = 0;
    if (raw == NULL || strnlen(raw, BASE_BYTES_MAX + 1) > BASE_BYTES_MAX) {
        return NULL;
    }
    int is_https = strncasecmp(raw, "https://", 8) == 0;
    if (!is_https && strncasecmp(raw, "http://", 7) != 0) {
        return NULL;
    }
    const char *authority = raw + (is_https ? 8 : 7);
    /* In "[::1]:80" only a colon behind the bracket begins the port. */
    const char *bracket = strrchr(authority, ']');
    const char *colon = strchr(bracket != NULL ? bracket : authority, ':');
    unsigned default_port = is_https ? 443 : 80;
    unsigned port = colon != NULL ? port_number(colon + 1) : default_port;
    apr_size_t host_length = colon ? (apr_size_t)(colon - authority) : strlen(authority);
    const char *host = base_host(apr_pstrmemdup(p, authority, host_length), p);
    if (host == NULL || port == 0) {
        return NULL;
    }
    *secure = is_https;
    const char *scheme = is_https ? "https" : "http";
    if (port == default_port) {
        return apr_psprintf(p, "%s://%s", scheme, host);
    }
    return apr_psprintf(p, "%s://%s:%u", scheme, host, port);
}
