/* Base64url, UTF-8 and bounded texts. A text has at most one reading and bytes exactly one coding;
 * UTF-8 is judged again by code points; a bounded text holds whole pieces in order. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"

/* The code point at `s` (RFC 3629 3 read as arithmetic); 0 with `*length` 0 when there is none. */
static uint32_t code_point(size_t *length, const uint8_t *s, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
    uint32_t code = n == 1 ? s[0] : n > 0 ? s[0] & (0xffU >> (n + 1)) : 0;
    *length = 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (s[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3f);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        return 0;
    }
    *length = n;
    return code;
}

static void check_utf8(const uint8_t *bytes, size_t size)
{
    size_t at = 0, step = 1, count = 0;
    while (at < size && step > 0) {
        if (code_point(&step, bytes + at, size - at) == 0) {
            break;
        }
        at += step;
        count++;
    }
    MUST(pd_utf8_valid((const char *)bytes, size) == (at == size));
    if (at == size) {
        char *text = fuzz_text(bytes, size);
        MUST(pd_utf8_count(text) == count);
        free(text);
    }
}

static void check_base64(const uint8_t *bytes, size_t size, apr_pool_t *p)
{
    unsigned char *decoded;
    apr_size_t length;
    char *text = fuzz_text(bytes, size);
    apr_status_t status = pd_base64url_decode(&decoded, &length, text, p);
    if (status) {
        MUST(status == PD_ETEXT && !decoded && length == 0);
    }
    else {
        MUST(decoded[length] == '\0');
        MUST(strcmp(pd_base64url_encode(decoded, length, p), text) == 0);
    }
    free(text);
    const char *encoded = pd_base64url_encode(bytes, size, p);
    MUST(strlen(encoded) == (size * 4 + 2) / 3 && strpbrk(encoded, "+/= \n") == NULL);
    MUST(pd_base64url_decode(&decoded, &length, encoded, p) == APR_SUCCESS);
    MUST(length == size && (size == 0 || memcmp(decoded, bytes, size) == 0));
    MUST(strlen(pd_hex_encode(bytes, size, p)) == 2 * size);
}

/* The first byte bounds the text; each following one adds a piece of that many bytes. */
static void check_buf(const uint8_t *data, size_t size, apr_pool_t *p)
{
    pd_buf_t buf;
    size_t written = 0, max = size > 0 ? data[0] * (size_t)4 : 0;
    pd_buf_init(&buf, max, p);
    for (size_t i = 1; i < size; i++) {
        size_t more = data[i] % 100;
        char *piece = apr_pcalloc(p, more + 1);
        memset(piece, 'a' + (int)(i % 26), more);
        if (data[i] >= 200) {
            pd_buf_printf(&buf, "%s", piece);
        }
        else if (data[i] >= 100) {
            pd_buf_puts(&buf, piece);
        }
        else {
            pd_buf_add(&buf, piece, more);
        }
        written += buf.overflow ? 0 : more;
        MUST(buf.length == written && buf.length <= max && buf.length < buf.capacity);
        MUST(buf.bytes[buf.length] == '\0' && strlen(buf.bytes) == buf.length);
        MUST(buf.overflow || more == 0 || buf.bytes[buf.length - 1] == piece[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    MUST(bytes);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    check_utf8(bytes, size);
    check_base64(bytes, size, p);
    check_buf(bytes, size, p);
    free(bytes);
    return fuzz_done(p);
}
