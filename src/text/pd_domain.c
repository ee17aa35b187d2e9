/* Domain names by libidn2. The library maps and converts; the host-name rules (letters, digits,
 * hyphens, lengths) are checked here on its result, because it lets ASCII through unseen. Sharp s
 * and final sigma stay what they are (non-transitional), since the registries sell them apart. */
#include "text/pd_domain.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <idn2.h>

#define DOMAIN_BYTES_MAX 253
#define LABEL_BYTES_MAX  63
/* Longest input looked at: 253 characters of four bytes. */
#define RAW_BYTES_MAX 1012

/* One label of letters, digits and inner hyphens. */
static int is_label(const char *label, apr_size_t length)
{
    if (length < 1 || length > LABEL_BYTES_MAX || label[0] == '-' || label[length - 1] == '-') {
        return 0;
    }
    for (apr_size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)label[i];
        if (c >= 0x80 || (!apr_isalnum(c) && c != '-')) {
            return 0;
        }
    }
    return 1;
}

/* Would software read this label as a part of an IPv4 address ("1", "0x7f")? */
static int is_number(const char *label)
{
    apr_size_t length = strlen(label);
    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
        return strspn(label + 2, "0123456789abcdefABCDEF") == length - 2;
    }
    return strspn(label, "0123456789") == length;
}

static int is_host_name(const char *name)
{
    if (strlen(name) > DOMAIN_BYTES_MAX) {
        return 0;
    }
    for (;;) {
        apr_size_t length = strcspn(name, ".");
        if (!is_label(name, length)) {
            return 0;
        }
        if (name[length] == '\0') {
            return !is_number(name);
        }
        name += length + 1;
    }
}

/* One pass of the library, copied into the pool. NULL: refused. */
static const char *to_ascii(const char *raw, apr_pool_t *p)
{
    char *found = NULL;
    int rc = idn2_to_ascii_8z(raw, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK) {
        return NULL;
    }
    char *ascii = apr_pstrdup(p, found);
    idn2_free(found);
    for (char *at = ascii; *at; at++) {
        *at = (char)apr_tolower((unsigned char)*at);
    }
    return is_host_name(ascii) ? ascii : NULL;
}

static const char *to_unicode(const char *ascii, apr_pool_t *p)
{
    char *found = NULL;
    if (idn2_to_unicode_8z8z(ascii, &found, 0) != IDN2_OK) {
        return NULL;
    }
    const char *shown = apr_pstrdup(p, found);
    idn2_free(found);
    return shown;
}

apr_status_t pd_domain_ascii(const char **ascii, const char *raw, apr_pool_t *p)
{
    apr_size_t length = strnlen(raw, RAW_BYTES_MAX + 1);
    if (length == 0 || length > RAW_BYTES_MAX || !pd_utf8_valid(raw, length)) {
        return PD_ETEXT;
    }
    const char *name = to_ascii(raw, p);
    if (name == NULL) {
        return PD_ETEXT;
    }
    /* An "xn--" label typed by hand must be what its Unicode form encodes to, or two spellings of
     * one name would compare as two names. */
    const char *shown = to_unicode(name, p);
    const char *again = shown != NULL ? to_ascii(shown, p) : NULL;
    if (again == NULL || strcmp(again, name) != 0) {
        return PD_ETEXT;
    }
    *ascii = name;
    return APR_SUCCESS;
}

const char *pd_domain_shown(const char *ascii, apr_pool_t *p)
{
    const char *shown = to_unicode(ascii, p);
    return shown != NULL ? shown : ascii;
}
