/* Bounded text: growing buffers with a hard maximum, base64url, hex, UTF-8, wiping. */
#ifndef PD_BYTES_H
#define PD_BYTES_H
#include <string.h>
#include <apr_pools.h>

/* A growing text. Grows in its pool, never beyond `max_bytes`; past that the buffer stays as it is
 * and `overflow` is set, so that a writer may append freely and check once at the end. */
typedef struct pd_buf_t {
    char *bytes; /* always ends in a zero that `length` does not count */
    apr_size_t length;
    apr_size_t capacity;
    apr_size_t max_bytes;
    int overflow;
    apr_pool_t *pool;
} pd_buf_t;

void pd_buf_init(pd_buf_t *buf, apr_size_t max_bytes, apr_pool_t *p);

/* As pd_buf_init, with room at once for a text of about `expected` bytes. */
void pd_buf_init_for(pd_buf_t *buf, apr_size_t expected, apr_size_t max_bytes, apr_pool_t *p);
void pd_buf_puts(pd_buf_t *buf, const char *text);
void pd_buf_putc(pd_buf_t *buf, char c);
void pd_buf_printf(pd_buf_t *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For pd_buf_add, where there is no room. */
void pd_buf_add_long(pd_buf_t *buf, const char *bytes, apr_size_t length);

/* Here, since a page is made of many small pieces that mostly fit. */
static inline void pd_buf_add(pd_buf_t *buf, const char *bytes, apr_size_t length)
{
    if (buf->overflow || length == 0) {
        return;
    }
    if (length >= buf->capacity - buf->length) {
        pd_buf_add_long(buf, bytes, length);
        return;
    }
    memcpy(buf->bytes + buf->length, bytes, length);
    buf->length += length;
    buf->bytes[buf->length] = '\0';
}

/* Base64url without padding (RFC 4648 5). Decoding is strict (no padding, no spare bits) and yields
 * PD_ETEXT otherwise; the output ends in an uncounted zero. */
const char *pd_base64url_encode(const void *bytes, apr_size_t n_bytes, apr_pool_t *p);
apr_status_t pd_base64url_decode(unsigned char **bytes, apr_size_t *n_bytes, const char *text,
                                 apr_pool_t *p);
const char *pd_hex_encode(const void *bytes, apr_size_t n_bytes, apr_pool_t *p);

/* No byte beyond ASCII? To be asked before libsodium's base64, which (1.0.18) reads such a byte as
 * "_" or "/" where char is signed. In time that depends on the length only. */
int pd_ascii_valid(const char *bytes, apr_size_t length);

/* Valid UTF-8 without NUL, surrogates, or overlong forms (RFC 3629)? */
int pd_utf8_valid(const char *bytes, apr_size_t length);

/* Number of code points of a valid UTF-8 text. */
apr_size_t pd_utf8_count(const char *text);

/* Wipes so that no compiler leaves it out. */
void pd_wipe(void *bytes, apr_size_t n_bytes);

/* Wipes the bytes before the pool gives them back. */
void pd_wipe_with_pool(void *bytes, apr_size_t n_bytes, apr_pool_t *p);

/* Equal, in time that depends on the length only. */
int pd_equal_secret(const char *a, const char *b, apr_size_t n_bytes);

#endif
