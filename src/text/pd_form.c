/* The parser of urlencoded text. Limits first, then one strict decoding, then the checks on
 * the decoded bytes; a form that breaks any rule gives no field at all. */
#include "text/pd_form.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "text/pd_form_int.h"
#include <string.h>
#include <apr_strings.h>
#include <utf8proc.h>

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

/* Decodes "+" and escapes and turns CR LF into LF; NUL is refused here, since the result is text.
 * `to` has room for length + 1. */
static apr_status_t decode(char *to, apr_size_t *to_length, const char *from, apr_size_t length)
{
    apr_size_t n = 0;
    for (apr_size_t i = 0; i < length; i++) {
        char c = from[i] == '+' ? ' ' : from[i];
        if (c == '%') {
            int high = i + 2 < length ? hex_value(from[i + 1]) : -1;
            int low = i + 2 < length ? hex_value(from[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return PD_ETEXT;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') {
            return PD_ETEXT;
        }
        if (c == '\n' && n > 0 && to[n - 1] == '\r') {
            n--;
        }
        to[n++] = c;
    }
    to[n] = '\0';
    *to_length = n;
    return APR_SUCCESS;
}

int pd_form_has_control(const char *text, const char *allowed)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        int is_c0 = (*at < 0x20 && strchr(allowed, *at) == NULL) || *at == 0x7f;
        if (is_c0 || (*at == 0xc2 && at[1] < 0xa0)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t decode_text(const char **text, const char *from, apr_size_t length,
                                apr_size_t bytes_max, const char *controls, apr_pool_t *p)
{
    /* An escape takes three bytes and CR LF six for one that is kept. */
    if (length > bytes_max * 6) {
        return PD_ELIMIT;
    }
    char *decoded = apr_palloc(p, length + 1);
    pd_wipe_with_pool(decoded, length, p); /* it may be a password */
    apr_size_t decoded_length;
    apr_status_t rv = decode(decoded, &decoded_length, from, length);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!pd_utf8_valid(decoded, decoded_length) || pd_form_has_control(decoded, controls)) {
        return PD_ETEXT;
    }
    *text = decoded;
    return decoded_length > bytes_max ? PD_ELIMIT : APR_SUCCESS;
}

static apr_status_t add_field(pd_form_t *form, const char *bytes, apr_size_t length, apr_pool_t *p)
{
    const char *equals = memchr(bytes, '=', length);
    apr_size_t name_length = equals != NULL ? (apr_size_t)(equals - bytes) : length;
    apr_size_t value_at = equals != NULL ? name_length + 1 : length;
    pd_field_t field = {0};
    if (form->n_fields == PD_FORM_FIELDS_MAX) {
        return PD_ELIMIT;
    }
    apr_status_t rv = decode_text(&field.name, bytes, name_length, PD_FORM_NAME_MAX, "", p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (field.name[0] == '\0' || pd_form_field(form, field.name) != NULL) {
        return PD_ETEXT;
    }
    rv = decode_text(&field.value, bytes + value_at, length - value_at, PD_FORM_VALUE_MAX, "\t\n",
                     p);
    if (rv == APR_SUCCESS) {
        form->fields[form->n_fields++] = field;
    }
    return rv;
}

apr_status_t pd_form_parse(const pd_form_t **form, const char *bytes, apr_size_t length,
                           apr_pool_t *p)
{
    *form = NULL;
    if (length > PD_FORM_BYTES_MAX) {
        return PD_ELIMIT;
    }
    pd_form_t *parsed = apr_pcalloc(p, sizeof(*parsed));
    for (apr_size_t at = 0; length > 0 && at <= length;) {
        const char *end = memchr(bytes + at, '&', length - at);
        apr_size_t piece = end != NULL ? (apr_size_t)(end - bytes) - at : length - at;
        apr_status_t rv = piece > 0 ? add_field(parsed, bytes + at, piece, p) : APR_SUCCESS;
        if (rv != APR_SUCCESS) {
            return rv;
        }
        at += piece + 1;
    }
    *form = parsed;
    return APR_SUCCESS;
}

const pd_form_t *pd_form_none(void)
{
    static const pd_form_t none;
    return &none;
}

const pd_field_t *pd_form_field(const pd_form_t *form, const char *name)
{
    for (int i = 0; i < form->n_fields; i++) {
        if (strcmp(form->fields[i].name, name) == 0) {
            return &form->fields[i];
        }
    }
    return NULL;
}

const char *pd_form_get(const pd_form_t *form, const char *name)
{
    const pd_field_t *field = pd_form_field(form, name);
    return field != NULL ? field->value : NULL;
}

const char *pd_form_file(apr_size_t *length, const pd_form_t *form, const char *name)
{
    const pd_field_t *field = pd_form_field(form, name);
    *length = field != NULL ? field->length : 0;
    return *length > 0 ? field->bytes : NULL;
}

/* Bytes of the white space that begins the text, 0 if none does. People paste no-break spaces. */
static apr_size_t space_length(const char *text, apr_size_t length)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &c);
    if (n <= 0) {
        return 0;
    }
    int is_space = c == '\t' || c == '\n' || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS;
    return is_space ? (apr_size_t)n : 0;
}

const char *pd_form_get_trimmed(const pd_form_t *form, const char *name, apr_pool_t *p)
{
    const char *value = pd_form_get(form, name);
    if (value == NULL) {
        return "";
    }
    apr_size_t length = strlen(value);
    for (apr_size_t n; (n = space_length(value, length)) > 0; length -= n) {
        value += n;
    }
    while (length > 0) {
        apr_size_t last = length - 1;
        while (last > 0 && ((unsigned char)value[last] & 0xc0) == 0x80) {
            last--;
        }
        if (space_length(value + last, length - last) == 0) {
            break;
        }
        length = last;
    }
    return apr_pstrmemdup(p, value, length);
}
