/* E-mail addresses: dot-atoms only (RFC 5321 4.1.2), the domain by IDNA. What a person may
 * legitimately own but nobody can type safely (quoted local parts, literals) is refused. */
#include "text/pd_email.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "text/pd_domain.h"
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <utf8proc.h>

#define LOCAL_BYTES_MAX 64
/* Longest input looked at: an address in Unicode may be longer than its A-labels. */
#define RAW_BYTES_MAX 1024

/* May this character beyond ASCII stand in a local part? Only what can be seen. */
static int is_visible(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return 0;
    default:
        return !utf8proc_get_property(c)->ignorable;
    }
}

static int is_atom_char(utf8proc_int32_t c)
{
    if (c < 0x80) {
        return apr_isalnum(c) || (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
    }
    return is_visible(c);
}

/* A dot-atom; `beyond_ascii` tells whether it has characters beyond ASCII. */
static int is_local_part(int *beyond_ascii, const char *local)
{
    utf8proc_ssize_t length = (utf8proc_ssize_t)strlen(local);
    int at_atom_start = 1;
    *beyond_ascii = 0;
    while (length > 0) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)local, length, &c);
        if (n <= 0 || (c == '.' && at_atom_start) || (c != '.' && !is_atom_char(c))) {
            return 0;
        }
        at_atom_start = c == '.';
        *beyond_ascii |= c >= 0x80;
        local += n;
        length -= n;
    }
    return !at_atom_start;
}

static const char *trimmed(const char *raw, apr_pool_t *p)
{
    raw += strspn(raw, " \t\r\n");
    apr_size_t length = strlen(raw);
    while (length > 0 && strchr(" \t\r\n", raw[length - 1]) != NULL) {
        length--;
    }
    return apr_pstrmemdup(p, raw, length);
}

apr_status_t pd_email_parse(pd_email_t *email, const char *raw, apr_pool_t *p)
{
    if (strnlen(raw, RAW_BYTES_MAX + 1) > RAW_BYTES_MAX) {
        return PD_ELIMIT;
    }
    const char *typed = trimmed(raw, p);
    const char *sign = strchr(typed, '@');
    if (sign == NULL || !pd_utf8_valid(typed, strlen(typed))) {
        return PD_ETEXT;
    }
    const char *local = apr_pstrmemdup(p, typed, (apr_size_t)(sign - typed));
    const char *domain;
    int beyond_ascii;
    if (!is_local_part(&beyond_ascii, local)) {
        return PD_ETEXT;
    }
    apr_status_t rv = pd_domain_ascii(&domain, sign + 1, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* A name without a dot is a machine of the local network, not of the world. */
    if (strchr(domain, '.') == NULL) {
        return PD_ETEXT;
    }
    const char *address = apr_pstrcat(p, local, "@", domain, NULL);
    if (strlen(local) > LOCAL_BYTES_MAX || strlen(address) > PD_EMAIL_BYTES_MAX) {
        return PD_ELIMIT;
    }
    email->address = address;
    email->shown = apr_pstrcat(p, local, "@", pd_domain_shown(domain, p), NULL);
    email->needs_smtputf8 = beyond_ascii;
    return APR_SUCCESS;
}
