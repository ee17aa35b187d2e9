/* Request cookies, taken off the header in one walk. */
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

/* Which of the names the piece has; -1: none. */
static int name_of(const pair_t *pair, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (has_name(pair, names[i])) {
            return i;
        }
    }
    return -1;
}

/* What is kept of the header, written behind one another; the text is made with the first of it. */
typedef struct {
    char *text, *to;
    int n_kept, n_removed;
    int has_text;
} kept_t;

static void keep(kept_t *kept, pair_t *pair, const char *header, apr_pool_t *p)
{
    if (kept->text == NULL) {
        kept->text = kept->to = apr_palloc(p, strlen(header) + 1);
    }
    if (kept->n_kept++ > 0) {
        *kept->to++ = pair->before;
    }
    else if (kept->n_removed > 0) {
        /* The new first pair loses the space that stood behind the removed one. */
        for (; pair->length > 0 && is_space(*pair->bytes); pair->length--) {
            pair->bytes++;
        }
    }
    memcpy(kept->to, pair->bytes, pair->length);
    kept->to += pair->length;
    kept->has_text |= pair->name_length > 0 || pair->value != NULL;
}

/* The value of the only pair of a name. */
static const char *value_of(const pair_t *pair, int n_found, apr_pool_t *p)
{
    return n_found == 1 ? apr_pstrmemdup(p, pair->value, pair->value_length) : NULL;
}

const char *pd_cookie_take(const char **values, const char *header, const char *const *names,
                           apr_pool_t *p)
{
    pair_t pair, found[PD_COOKIE_NAMES_MAX];
    int n_found[PD_COOKIE_NAMES_MAX] = {0};
    kept_t kept = {NULL, NULL, 0, 0, 0};
    for (const char *at = header; at != NULL;) {
        at = next_pair(&pair, at, header);
        int name = name_of(&pair, names);
        if (name < 0) {
            keep(&kept, &pair, header, p);
            continue;
        }
        kept.n_removed++;
        if (pair.value != NULL) {
            found[name] = pair;
            n_found[name]++;
        }
    }
    for (int i = 0; names[i] != NULL; i++) {
        values[i] = value_of(&found[i], n_found[i], p);
    }
    if (!kept.has_text) {
        return NULL;
    }
    *kept.to = '\0';
    return kept.text;
}
