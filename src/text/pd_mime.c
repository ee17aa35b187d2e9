/* Internet messages: checks every value first, since a line end in a header is a header of the
 * attacker's, then writes the header fields; the body is pd_mime_body.c's. Values are refused,
 * never mended: a mended address is another person's. */
#include "text/pd_mime.h"
#include "base/pd_status.h"
#include "text/pd_mime_int.h"
#include <string.h>
#include <apr_base64.h>
#include <apr_strings.h>

#define MESSAGE_BYTES_MAX (1024 * 1024)
#define TEXT_BYTES_MAX    1000
#define ADDRESS_BYTES_MAX 254
#define LANGUAGE_MAX      35
#define URL_BYTES_MAX     900 /* a line of a header has at most 998 */
#define LINE_MAX_CHARS    76
/* "=?UTF-8?B?" and "?=". */
#define WORD_FRAME 12
#define WORD_MAX   75

/* Header text: UTF-8, no control characters, bounded. */
static int is_text(const char *text)
{
    apr_size_t length = strnlen(text, TEXT_BYTES_MAX + 1);
    if (length > TEXT_BYTES_MAX || !pd_utf8_valid(text, length)) {
        return 0;
    }
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0)) {
            return 0;
        }
    }
    return 1;
}

/* An address or a message id: visible ASCII around one "@", nothing that ends or quotes it. */
static int is_address(const char *text)
{
    apr_size_t length = strnlen(text, ADDRESS_BYTES_MAX + 1);
    const char *sign = strchr(text, '@');
    if (length > ADDRESS_BYTES_MAX || sign == NULL || sign == text || sign[1] == '\0' ||
        strchr(sign + 1, '@') != NULL) {
        return 0;
    }
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at <= 0x20 || *at >= 0x7f || strchr("<>()[]\\\",;:", *at) != NULL) {
            return 0;
        }
    }
    return 1;
}

/* A URL between angle brackets (RFC 2369): visible ASCII that ends neither it nor the list. */
static int is_url(const char *text)
{
    apr_size_t length = strnlen(text, URL_BYTES_MAX + 1);
    if (length == 0 || length > URL_BYTES_MAX) {
        return 0;
    }
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at <= 0x20 || *at >= 0x7f || strchr("<>,", *at) != NULL) {
            return 0;
        }
    }
    return 1;
}

static int is_language(const char *text)
{
    apr_size_t length = strnlen(text, LANGUAGE_MAX + 1);
    return length > 0 && length <= LANGUAGE_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
               length;
}

/* Can the text stand in a header as it is? */
static int is_bare(const char *text)
{
    apr_size_t length = strlen(text);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at >= 0x7f) {
            return 0;
        }
    }
    return strstr(text, "=?") == NULL && strstr(text, "  ") == NULL && text[0] != ' ' &&
           (length == 0 || text[length - 1] != ' ');
}

/* Bytes of the longest piece of at most `bytes_max` that splits no character. */
static apr_size_t piece_length(const char *text, apr_size_t bytes_max)
{
    apr_size_t length = strlen(text);
    if (length <= bytes_max) {
        return length;
    }
    length = bytes_max;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
        length--;
    }
    return length;
}

/* Encoded words (RFC 2047), folded; `column` is where the line stands already. */
static void put_words(pd_buf_t *to, const char *text, apr_size_t column)
{
    while (*text) {
        char encoded[WORD_MAX];
        apr_size_t room = LINE_MAX_CHARS - column;
        apr_size_t chars = (room < WORD_MAX ? room : WORD_MAX) - WORD_FRAME;
        apr_size_t length = piece_length(text, chars / 4 * 3);
        apr_base64_encode(encoded, text, (int)length);
        pd_buf_puts(to, "=?UTF-8?B?");
        pd_buf_puts(to, encoded);
        pd_buf_puts(to, "?=");
        text += length;
        if (*text) {
            pd_buf_puts(to, "\r\n ");
            column = 1;
        }
    }
}

static void put_subject(pd_buf_t *to, const char *subject)
{
    static const char field[] = "Subject: ";
    pd_buf_puts(to, field);
    if (is_bare(subject) && sizeof(field) - 1 + strlen(subject) <= LINE_MAX_CHARS) {
        pd_buf_puts(to, subject);
    }
    else {
        put_words(to, subject, sizeof(field) - 1);
    }
    pd_buf_puts(to, "\r\n");
}

static void put_quoted_string(pd_buf_t *to, const char *text)
{
    pd_buf_putc(to, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            pd_buf_putc(to, '\\');
        }
        pd_buf_putc(to, *text);
    }
    pd_buf_putc(to, '"');
}

static void put_from(pd_buf_t *to, const char *name, const char *address)
{
    static const char field[] = "From: ";
    pd_buf_puts(to, field);
    if (name[0] == '\0') {
        pd_buf_printf(to, "%s\r\n", address);
        return;
    }
    /* Escapes may double a quoted name. */
    if (is_bare(name) && strlen(name) * 2 + sizeof(field) + 1 <= LINE_MAX_CHARS) {
        put_quoted_string(to, name);
    }
    else {
        put_words(to, name, sizeof(field) - 1);
    }
    pd_buf_printf(to, "\r\n <%s>\r\n", address);
}

static apr_status_t put_date(pd_buf_t *to, apr_time_t date)
{
    apr_time_exp_t utc;
    apr_status_t rv = apr_time_exp_gmt(&utc, date);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    int year = utc.tm_year + 1900;
    if (year < 1900 || year > 9999) {
        return PD_ETEXT;
    }
    pd_buf_printf(to, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
                  apr_day_snames[utc.tm_wday], utc.tm_mday, apr_month_snames[utc.tm_mon], year,
                  utc.tm_hour, utc.tm_min, utc.tm_sec);
    return APR_SUCCESS;
}

/* A mail program offers it beside the letter. */
static void put_unsubscribe(pd_buf_t *to, const char *url)
{
    if (url != NULL) {
        pd_buf_printf(to,
                      "List-Unsubscribe: <%s>\r\n"
                      "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                      url);
    }
}

static int is_sound(const pd_mime_t *mail)
{
    return is_address(mail->from) && is_address(mail->to) && is_address(mail->message_id) &&
           is_text(mail->from_name) && is_text(mail->subject) && is_language(mail->language) &&
           pd_utf8_valid(mail->body, strlen(mail->body)) &&
           (mail->unsubscribe == NULL || is_url(mail->unsubscribe));
}

static const char *encoding_name(pd_body_e encoding)
{
    switch (encoding) {
    case PD_BODY_QUOTED:
        return "quoted-printable";
    case PD_BODY_BASE64:
        return "base64";
    default:
        return "7bit";
    }
}

apr_status_t pd_mime_write(const char **message, apr_size_t *length, const pd_mime_t *mail,
                           apr_pool_t *p)
{
    pd_buf_t to;
    if (!is_sound(mail)) {
        return PD_ETEXT;
    }
    pd_buf_init(&to, MESSAGE_BYTES_MAX, p);
    apr_status_t rv = put_date(&to, mail->date);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_body_e encoding = pd_mime_body_choose(mail->body);
    put_from(&to, mail->from_name, mail->from);
    pd_buf_printf(&to, "To: %s\r\n", mail->to);
    put_subject(&to, mail->subject);
    pd_buf_printf(&to, "Message-ID: <%s>\r\n", mail->message_id);
    pd_buf_puts(&to, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
    pd_buf_printf(&to, "Content-Transfer-Encoding: %s\r\n", encoding_name(encoding));
    pd_buf_printf(&to, "Content-Language: %s\r\n", mail->language);
    put_unsubscribe(&to, mail->unsubscribe);
    pd_buf_puts(&to, "Auto-Submitted: auto-generated\r\n\r\n");
    pd_mime_body_write(&to, encoding, mail->body);
    if (to.overflow) {
        return PD_ELIMIT;
    }
    *message = to.bytes;
    *length = to.length;
    return APR_SUCCESS;
}
