/* Bidirectional control characters: all twelve, also the marks that only ever serve scripts which
 * run from right to left. Beside numbers those turn the text around as the others do. */
#include "text/pd_bidi.h"
#include <utf8proc.h>

int pd_bidi_is_control(int32_t c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Zero-width space, word joiner and what is invisible by name, old format characters, a byte order
 * mark in the midst, annotations, tags. */
int pd_bidi_is_hidden(int32_t c)
{
    return c == 0x200b || (c >= 0x2060 && c <= 0x2064) || (c >= 0x206a && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

const char *pd_bidi_find(int32_t *c, const char *text, apr_size_t length)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    for (utf8proc_ssize_t n, left = (utf8proc_ssize_t)length; left > 0; at += n, left -= n) {
        n = utf8proc_iterate(at, left, c);
        if (n <= 0) {
            return NULL;
        }
        if (pd_bidi_is_control(*c) || pd_bidi_is_hidden(*c)) {
            return (const char *)at;
        }
    }
    return NULL;
}
