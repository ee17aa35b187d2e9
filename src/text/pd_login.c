/* Login names. The order is RFC 8265's: width, case, NFC, then the rules on the result. The
 * skeleton is made of the finished name, so that whatever is stored has exactly one. */
#include "text/pd_login.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "text/pd_login_int.h"
#include <stdlib.h>
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* Longest input looked at; no name of 32 characters comes near. */
#define RAW_BYTES_MAX  1024
#define COMBINING_DOT  0x0307
#define MARKS_IN_A_ROW 2

static void put_char(pd_buf_t *to, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    pd_buf_add(to, (const char *)bytes, (apr_size_t)utf8proc_encode_char(c, bytes));
}

/* Next character of valid UTF-8; 0 at the end. */
static utf8proc_int32_t next_char(const char **at)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)*at, -1, &c);
    if (**at == '\0' || n <= 0) {
        return 0;
    }
    *at += n;
    return c;
}

/* utf8proc's mapping, moved into the pool; its own memory is wiped, because passwords come by. */
static const char *mapped(const char *text, utf8proc_option_t options, apr_pool_t *p)
{
    utf8proc_uint8_t *found = NULL;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)strlen(text), &found,
                     options | UTF8PROC_STABLE);
    if (length < 0) {
        return NULL;
    }
    const char *copy = apr_pstrmemdup(p, (const char *)found, (apr_size_t)length);
    pd_wipe(found, (apr_size_t)length);
    free(found);
    return copy;
}

/* Full-width and half-width forms become the plain ones; no other compatibility mapping. */
static utf8proc_int32_t plain_width(utf8proc_int32_t c)
{
    utf8proc_propval_t type = utf8proc_get_property(c)->decomp_type;
    if (type != UTF8PROC_DECOMP_TYPE_WIDE && type != UTF8PROC_DECOMP_TYPE_NARROW) {
        return c;
    }
    utf8proc_int32_t plain[4];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char(c, plain, 4, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    return n == 1 ? plain[0] : c;
}

static const char *prepared(const char *raw, apr_pool_t *p)
{
    pd_buf_t name;
    pd_buf_init(&name, RAW_BYTES_MAX * 4, p);
    for (utf8proc_int32_t c; (c = next_char(&raw)) != 0;) {
        put_char(&name, utf8proc_tolower(plain_width(c)));
    }
    return mapped(name.bytes, UTF8PROC_COMPOSE, p);
}

/* Does the character change under a compatibility mapping (RFC 8264 9.17)? */
static int has_compatibility_form(utf8proc_int32_t c)
{
    utf8proc_int32_t mapped_to[24];
    int boundary = 0;
    if (utf8proc_get_property(c)->decomp_type == 0) {
        return 0; /* canonical or none; NFC has settled these */
    }
    utf8proc_ssize_t n =
        utf8proc_decompose_char(c, mapped_to, 24, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    return n != 1 || mapped_to[0] != c;
}

static int is_mark(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC;
}

/* Hangul jamo that did not compose (RFC 8264 9.9). */
static int is_old_jamo(utf8proc_int32_t c)
{
    return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97f) ||
           (c >= 0xd7b0 && c <= 0xd7ff);
}

static int is_allowed(utf8proc_int32_t c)
{
    if (c < 0x80) {
        /* Digits of other scripts would be second spellings of these. */
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("._-", c) != NULL;
    }
    if (utf8proc_get_property(c)->ignorable || has_compatibility_form(c) || is_old_jamo(c)) {
        return 0;
    }
    return is_mark(c) || pd_login_script(c) != PD_SCRIPT_NONE;
}

static int is_right_to_left(utf8proc_int32_t c)
{
    utf8proc_propval_t bidi = utf8proc_get_property(c)->bidi_class;
    return bidi == UTF8PROC_BIDI_CLASS_R || bidi == UTF8PROC_BIDI_CLASS_AL;
}

static int is_separator(utf8proc_int32_t c)
{
    return c == '.' || c == '_' || c == '-';
}

/* Rules on characters: which, and in what places. A right-to-left name begins with a letter of its
 * own, or it would be shown in another order than it is stored (RFC 5893 2). */
static int characters_are_good(const char *name)
{
    utf8proc_int32_t first = 0;
    utf8proc_int32_t last = 0;
    int n_marks = 0;
    for (utf8proc_int32_t c; (c = next_char(&name)) != 0; last = c) {
        first = first != 0 ? first : c;
        n_marks = is_mark(c) ? n_marks + 1 : 0;
        int is_stray_mark = n_marks > 0 && (last < 0x80 ? !apr_isalpha(last) : 0);
        if (!is_allowed(c) || is_stray_mark || n_marks > MARKS_IN_A_ROW) {
            return 0;
        }
        if (is_right_to_left(c) && !is_right_to_left(first)) {
            return 0;
        }
    }
    return !is_separator(first) && !is_separator(last);
}

static int is_mixed(const char *name)
{
    pd_script_e script = PD_SCRIPT_NONE;
    for (utf8proc_int32_t c; (c = next_char(&name)) != 0;) {
        pd_script_e found = pd_login_script(c);
        if (found != PD_SCRIPT_NONE && script != PD_SCRIPT_NONE && found != script) {
            return 1;
        }
        script = found != PD_SCRIPT_NONE ? found : script;
    }
    return 0;
}

static pd_login_e judge(const char *name)
{
    if (!characters_are_good(name)) {
        return PD_LOGIN_CHARACTERS;
    }
    apr_size_t n_chars = pd_utf8_count(name);
    if (n_chars < PD_LOGIN_CHARS_MIN) {
        return PD_LOGIN_SHORT;
    }
    if (n_chars > PD_LOGIN_CHARS_MAX) {
        return PD_LOGIN_LONG;
    }
    return is_mixed(name) ? PD_LOGIN_MIXED : PD_LOGIN_OK;
}

/* Decomposed, so that an accented look-alike is found by its letter; a dot over i or j can't be
 * seen and goes. */
static const char *skeleton_of(const char *name, apr_pool_t *p)
{
    const char *folded = mapped(name, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, p);
    if (folded == NULL) {
        return NULL;
    }
    pd_buf_t skeleton;
    pd_buf_init(&skeleton, RAW_BYTES_MAX * 4, p);
    utf8proc_int32_t last = 0;
    for (utf8proc_int32_t c; (c = next_char(&folded)) != 0;) {
        c = pd_login_lookalike(c);
        if (c == COMBINING_DOT && (last == 'i' || last == 'j')) {
            continue;
        }
        put_char(&skeleton, c);
        last = c;
    }
    return skeleton.bytes;
}

apr_status_t pd_login_parse(pd_login_e *outcome, pd_login_t *login, const char *raw, apr_pool_t *p)
{
    login->name = NULL;
    login->skeleton = NULL;
    *outcome = PD_LOGIN_LONG;
    apr_size_t length = strlen(raw);
    if (!pd_utf8_valid(raw, length)) {
        return PD_ETEXT;
    }
    if (length > RAW_BYTES_MAX) {
        return APR_SUCCESS;
    }
    const char *name = prepared(raw, p);
    if (name == NULL) {
        return PD_ETEXT;
    }
    *outcome = name[0] == '\0' ? PD_LOGIN_SHORT : judge(name);
    if (*outcome != PD_LOGIN_OK) {
        return APR_SUCCESS;
    }
    login->name = name;
    login->skeleton = skeleton_of(name, p);
    return login->skeleton != NULL ? APR_SUCCESS : PD_ETEXT;
}

const char *pd_text_opaque(const char *raw, apr_pool_t *p)
{
    apr_size_t length = strlen(raw);
    if (!pd_utf8_valid(raw, length)) {
        return NULL;
    }
    /* Spaces become one byte, so the text never grows here. */
    char *spaced = apr_palloc(p, length + 1);
    pd_wipe_with_pool(spaced, length + 1, p);
    char *to = spaced;
    for (utf8proc_int32_t c; (c = next_char(&raw)) != 0;) {
        utf8proc_category_t category = utf8proc_category(c);
        if (category == UTF8PROC_CATEGORY_CC) {
            return NULL;
        }
        c = category == UTF8PROC_CATEGORY_ZS ? ' ' : c;
        to += utf8proc_encode_char(c, (utf8proc_uint8_t *)to);
    }
    *to = '\0';
    const char *normal = mapped(spaced, UTF8PROC_COMPOSE, p);
    if (normal != NULL) {
        pd_wipe_with_pool((void *)(apr_uintptr_t)normal, strlen(normal), p);
    }
    return normal;
}
