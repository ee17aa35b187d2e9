/* Bodies of messages: 7bit, quoted-printable (RFC 2045 6.7) or base64 (6.8), always with CRLF line
 * ends before encoding, as text/plain demands. */
#include "text/pd_mime_int.h"
#include <string.h>
#include <apr_base64.h>

#define LINE_MAX_CHARS 76
/* 57 bytes are 76 characters of base64. */
#define BASE64_LINE_BYTES 57

static int is_plain(unsigned char c)
{
    return c == '\t' || c == '\n' || (c >= 0x20 && c < 0x7f);
}

pd_body_e pd_mime_body_choose(const char *body)
{
    apr_size_t n_odd = 0;
    apr_size_t column = 0;
    apr_size_t length = 0;
    int has_long_line = 0;
    for (const char *at = body; *at; at++, length++) {
        n_odd += !is_plain((unsigned char)*at);
        column = *at == '\n' ? 0 : column + 1;
        has_long_line |= column > LINE_MAX_CHARS;
    }
    if (n_odd == 0 && !has_long_line) {
        return PD_BODY_7BIT;
    }
    return n_odd <= length / 6 ? PD_BODY_QUOTED : PD_BODY_BASE64;
}

static void write_7bit(pd_buf_t *to, const char *body)
{
    while (*body) {
        apr_size_t length = strcspn(body, "\n");
        pd_buf_add(to, body, length);
        pd_buf_puts(to, "\r\n");
        body += length + (body[length] == '\n');
    }
}

/* One line without its end. White space is written bare only where a printed character follows. */
static void write_quoted_line(pd_buf_t *to, const char *line, apr_size_t length)
{
    apr_size_t column = 0;
    for (apr_size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        int is_last = i + 1 == length;
        int is_bare = (c > 0x20 && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !is_last);
        apr_size_t width = is_bare ? 1 : 3;
        /* One column stays free for the "=" of a soft line end. */
        if (column + width > LINE_MAX_CHARS - 1) {
            pd_buf_puts(to, "=\r\n");
            column = 0;
        }
        if (is_bare) {
            pd_buf_putc(to, (char)c);
        }
        else {
            pd_buf_printf(to, "=%02X", (unsigned)c);
        }
        column += width;
    }
    pd_buf_puts(to, "\r\n");
}

static void write_quoted(pd_buf_t *to, const char *body)
{
    while (*body) {
        apr_size_t length = strcspn(body, "\n");
        write_quoted_line(to, body, length);
        body += length + (body[length] == '\n');
    }
}

static void write_base64(pd_buf_t *to, const char *body)
{
    pd_buf_t lines;
    pd_buf_init(&lines, to->max_bytes, to->pool);
    write_7bit(&lines, body);
    to->overflow |= lines.overflow;
    for (apr_size_t at = 0; at < lines.length; at += BASE64_LINE_BYTES) {
        char encoded[LINE_MAX_CHARS + 1];
        apr_size_t rest = lines.length - at;
        apr_size_t length = rest < BASE64_LINE_BYTES ? rest : BASE64_LINE_BYTES;
        apr_base64_encode(encoded, lines.bytes + at, (int)length);
        pd_buf_puts(to, encoded);
        pd_buf_puts(to, "\r\n");
    }
}

void pd_mime_body_write(pd_buf_t *to, pd_body_e encoding, const char *body)
{
    switch (encoding) {
    case PD_BODY_7BIT:
        write_7bit(to, body);
        break;
    case PD_BODY_QUOTED:
        write_quoted(to, body);
        break;
    case PD_BODY_BASE64:
        write_base64(to, body);
        break;
    }
}
