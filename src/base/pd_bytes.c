/* Bounded text buffers, base64url, hex, UTF-8 checks and wiping. The coding of secrets is left to
 * libsodium, whose base64 and hex take the same time for every value. */
#include "base/pd_bytes.h"
#include "base/pd_status.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_base64.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#define FIRST_CAPACITY 64

void pd_buf_init_for(pd_buf_t *buf, apr_size_t expected, apr_size_t max_bytes, apr_pool_t *p)
{
    memset(buf, 0, sizeof *buf);
    buf->pool = p;
    buf->max_bytes = max_bytes;
    expected = expected > 0 ? expected : 1; /* the ending zero */
    buf->capacity = max_bytes < expected ? max_bytes + 1 : expected;
    buf->bytes = apr_palloc(p, buf->capacity);
    buf->bytes[0] = '\0';
}

void pd_buf_init(pd_buf_t *buf, apr_size_t max_bytes, apr_pool_t *p)
{
    pd_buf_init_for(buf, FIRST_CAPACITY, max_bytes, p);
}

/* Makes room for `more` bytes and the ending zero; 0 when that would pass the maximum. */
static int reserve(pd_buf_t *buf, apr_size_t more)
{
    if (buf->overflow || more > buf->max_bytes - buf->length) {
        buf->overflow = 1;
        return 0;
    }
    apr_size_t need = buf->length + more + 1;
    if (need <= buf->capacity) {
        return 1;
    }
    apr_size_t wish = buf->capacity > buf->max_bytes / 2 ? buf->max_bytes + 1 : buf->capacity * 2;
    if (wish < need) {
        wish = need;
    }
    char *bytes = apr_palloc(buf->pool, wish);
    memcpy(bytes, buf->bytes, buf->length + 1);
    buf->bytes = bytes;
    buf->capacity = wish;
    return 1;
}

void pd_buf_add_long(pd_buf_t *buf, const char *bytes, apr_size_t length)
{
    if (reserve(buf, length)) {
        pd_buf_add(buf, bytes, length);
    }
}

void pd_buf_puts(pd_buf_t *buf, const char *text)
{
    pd_buf_add(buf, text, strlen(text));
}

void pd_buf_putc(pd_buf_t *buf, char c)
{
    pd_buf_add(buf, &c, 1);
}

/* apr_vformatter's way to ask for more room; it knows nothing but the first member. */
typedef struct writer_t {
    apr_vformatter_buff_t window;
    pd_buf_t *buf;
} writer_t;

static void open_window(writer_t *writer)
{
    pd_buf_t *buf = writer->buf;
    writer->window.curpos = buf->bytes + buf->length;
    writer->window.endpos = buf->bytes + buf->capacity - 1;
}

static int widen(apr_vformatter_buff_t *window)
{
    writer_t *writer = (writer_t *)window;
    pd_buf_t *buf = writer->buf;
    buf->length = (apr_size_t)(window->curpos - buf->bytes);
    buf->bytes[buf->length] = '\0';
    if (!reserve(buf, 1)) {
        return -1;
    }
    open_window(writer);
    return 0;
}

void pd_buf_printf(pd_buf_t *buf, const char *format, ...)
{
    if (buf->overflow) {
        return;
    }
    apr_size_t before = buf->length;
    writer_t writer = {.buf = buf};
    open_window(&writer);
    va_list arguments;
    va_start(arguments, format);
    int written = apr_vformatter(widen, &writer.window, format, arguments);
    va_end(arguments);
    /* A text cut in the middle is worse than none: give back what was written of it. */
    buf->length = written < 0 ? before : (apr_size_t)(writer.window.curpos - buf->bytes);
    buf->bytes[buf->length] = '\0';
}

/* By APR's encoder: libsodium's takes fifty times as long, so that its time tells nothing, but what
 * is encoded here goes out to a browser, or is a hash. */
const char *pd_base64url_encode(const void *bytes, apr_size_t n_bytes, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)n_bytes));
    apr_base64_encode_binary(text, bytes, (int)n_bytes);
    for (char *at = text; (at = strpbrk(at, "+/=")) != NULL && *at != '='; at++) {
        *at = *at == '+' ? '-' : '_';
    }
    text[strcspn(text, "=")] = '\0';
    return text;
}

int pd_ascii_valid(const char *bytes, apr_size_t length)
{
    unsigned char all = 0;
    for (apr_size_t i = 0; i < length; i++) {
        all |= (unsigned char)bytes[i];
    }
    return all < 0x80;
}

apr_status_t pd_base64url_decode(unsigned char **bytes, apr_size_t *n_bytes, const char *text,
                                 apr_pool_t *p)
{
    *bytes = NULL;
    *n_bytes = 0;
    if (!text) {
        return PD_ETEXT;
    }
    apr_size_t length = strlen(text), max = length / 4 * 3 + 2, got = 0;
    unsigned char *out = apr_palloc(p, max + 1);
    if (!pd_ascii_valid(text, length) ||
        sodium_base642bin(out, max, text, length, NULL, &got, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING)) {
        sodium_memzero(out, max);
        return PD_ETEXT;
    }
    out[got] = '\0';
    *bytes = out;
    *n_bytes = got;
    return APR_SUCCESS;
}

const char *pd_hex_encode(const void *bytes, apr_size_t n_bytes, apr_pool_t *p)
{
    apr_size_t size = n_bytes * 2 + 1;
    return sodium_bin2hex(apr_palloc(p, size), size, bytes, n_bytes);
}

/* Length of the sequence at `s` (RFC 3629 4), 0 when there is none within `left` bytes. */
static apr_size_t sequence(const unsigned char *s, apr_size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    apr_size_t length;
    if (s[0] < 0x80) {
        return s[0] != 0;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        length = 2;
    }
    else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        length = 3;
        low = s[0] == 0xe0 ? 0xa0 : 0x80;  /* overlong */
        high = s[0] == 0xed ? 0x9f : 0xbf; /* surrogates */
    }
    else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        length = 4;
        low = s[0] == 0xf0 ? 0x90 : 0x80;  /* overlong */
        high = s[0] == 0xf4 ? 0x8f : 0xbf; /* above U+10FFFF */
    }
    else {
        return 0;
    }
    if (left < length || s[1] < low || s[1] > high) {
        return 0;
    }
    for (apr_size_t i = 2; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

int pd_utf8_valid(const char *bytes, apr_size_t length)
{
    apr_size_t at = 0;
    while (at < length) {
        apr_size_t step = sequence((const unsigned char *)bytes + at, length - at);
        if (!step) {
            return 0;
        }
        at += step;
    }
    return 1;
}

apr_size_t pd_utf8_count(const char *text)
{
    apr_size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

void pd_wipe(void *bytes, apr_size_t n_bytes)
{
    if (n_bytes) {
        sodium_memzero(bytes, n_bytes);
    }
}

typedef struct wiping_t {
    void *bytes;
    apr_size_t n_bytes;
} wiping_t;

static apr_status_t wipe_now(void *data)
{
    const wiping_t *wiping = data;
    pd_wipe(wiping->bytes, wiping->n_bytes);
    return APR_SUCCESS;
}

void pd_wipe_with_pool(void *bytes, apr_size_t n_bytes, apr_pool_t *p)
{
    wiping_t *wiping = apr_palloc(p, sizeof *wiping);
    wiping->bytes = bytes;
    wiping->n_bytes = n_bytes;
    apr_pool_cleanup_register(p, wiping, wipe_now, apr_pool_cleanup_null);
}

int pd_equal_secret(const char *a, const char *b, apr_size_t n_bytes)
{
    return sodium_memcmp(a, b, n_bytes) == 0;
}
