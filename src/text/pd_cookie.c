/* Request cookies. Finding and stripping walk the same pairs with the same idea of a name, so that
 * no cookie is believed by the one and let through to the application by the other. */
#include "text/pd_cookie.h"
#include <string.h>
#include <apr_strings.h>

/* One piece of the header, white space included. Pieces end at semicolons, and at commas: several
 * Cookie lines reach us joined by them, and a comma may stand in no cookie. */
typedef struct {
    const char *bytes;
    apr_size_t length;
    const char *name;
    apr_size_t name_length;
    const char *value; /* NULL when the piece has no "=" */
    apr_size_t value_length;
    char before; /* the separator in front of it, '\0' at the start */
} pair_t;

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **bytes, apr_size_t *length)
{
    while (*length > 0 && is_space(**bytes)) {
        (*bytes)++;
        (*length)--;
    }
    while (*length > 0 && is_space((*bytes)[*length - 1])) {
        (*length)--;
    }
}

/* Reads the piece at `at` of a header; returns where the next one begins, NULL after the last. */
static const char *next_pair(pair_t *pair, const char *at, const char *header)
{
    pair->before = at == header ? '\0' : at[-1];
    pair->bytes = at;
    pair->length = strcspn(at, ";,");
    const char *equals = memchr(at, '=', pair->length);
    pair->name = at;
    pair->name_length = equals != NULL ? (apr_size_t)(equals - at) : pair->length;
    trim(&pair->name, &pair->name_length);
    pair->value = equals != NULL ? equals + 1 : NULL;
    pair->value_length = equals != NULL ? pair->length - (apr_size_t)(equals + 1 - at) : 0;
    if (pair->value != NULL) {
        trim(&pair->value, &pair->value_length);
    }
    return at[pair->length] != '\0' ? at + pair->length + 1 : NULL;
}

static int has_name(const pair_t *pair, const char *name)
{
    return strlen(name) == pair->name_length && memcmp(name, pair->name, pair->name_length) == 0;
}

/* Only cookie-octets and quotes (RFC 6265 4.1.1). */
static int is_clean(const char *value, apr_size_t length)
{
    for (apr_size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c <= 0x20 || c >= 0x7f || c == ',' || c == '\\') {
            return 0;
        }
    }
    return 1;
}

const char *pd_cookie_find(const char *header, const char *name, apr_pool_t *p)
{
    pair_t pair;
    pair_t found;
    int n_found = 0;
    for (const char *at = header; at != NULL;) {
        at = next_pair(&pair, at, header);
        if (pair.value != NULL && has_name(&pair, name)) {
            found = pair;
            n_found++;
        }
    }
    if (n_found != 1 || !is_clean(found.value, found.value_length)) {
        return NULL;
    }
    return apr_pstrmemdup(p, found.value, found.value_length);
}

static int is_listed(const pair_t *pair, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (has_name(pair, *names)) {
            return 1;
        }
    }
    return 0;
}

const char *pd_cookie_strip(const char *header, const char *const *names, apr_pool_t *p)
{
    if (header == NULL) {
        return NULL;
    }
    char *kept = apr_palloc(p, strlen(header) + 1);
    char *to = kept;
    int n_kept = 0;
    int n_removed = 0;
    int has_text = 0;
    pair_t pair;
    for (const char *at = header; at != NULL;) {
        at = next_pair(&pair, at, header);
        if (is_listed(&pair, names)) {
            n_removed++;
            continue;
        }
        if (n_kept++ > 0) {
            *to++ = pair.before;
        }
        else if (n_removed > 0) {
            /* The new first pair loses the space that stood behind the removed one. */
            for (; pair.length > 0 && is_space(*pair.bytes); pair.length--) {
                pair.bytes++;
            }
        }
        memcpy(to, pair.bytes, pair.length);
        to += pair.length;
        has_text |= pair.name_length > 0 || pair.value != NULL;
    }
    *to = '\0';
    return has_text ? kept : NULL;
}
