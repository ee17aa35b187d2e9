/* Negotiation of the content coding. Each coding there is gets the weight of the first element that
 * names it, else that of "*". A header that breaks the grammar anywhere counts as absent. Nothing
 * is allocated. */
#include "text/pd_encoding.h"
#include <string.h>
#include <strings.h>
#include "text/pd_weight_int.h"

#define UNNAMED (-1)

const char *const pd_encoding_names[PD_ENCODING_COUNT] = {
    [PD_ENCODING_BROTLI] = "br", [PD_ENCODING_GZIP] = "gzip", [PD_ENCODING_IDENTITY] = NULL};

static const struct {
    const char *name;
    pd_encoding_e encoding;
} names[] = {{"br", PD_ENCODING_BROTLI},
             {"gzip", PD_ENCODING_GZIP},
             {"x-gzip", PD_ENCODING_GZIP}, /* RFC 9110 8.4.1.3 */
             {"identity", PD_ENCODING_IDENTITY}};

/* Of a token; letters come first, since the rest is rare. */
static int is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-*!#$%&'+.^_`|~", c) != NULL);
}

static apr_size_t token_length(const char *at)
{
    apr_size_t n = 0;
    while (is_token(at[n])) {
        n++;
    }
    return n;
}

/* Notes the weight of one element. */
static void weigh(int *weights, int *other, const char *name, apr_size_t length, int weight)
{
    if (length == 1 && *name == '*') {
        *other = *other == UNNAMED ? weight : *other;
        return;
    }
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int *known = &weights[names[i].encoding];
        if (strlen(names[i].name) == length && strncasecmp(names[i].name, name, length) == 0 &&
            *known == UNNAMED) {
            *known = weight;
        }
    }
}

/* 0 when the header is malformed. */
static int read_weights(int *weights, int *other, const char *at)
{
    while (at != NULL && *at != '\0') {
        int weight;
        at = pd_weight_skip_space(at);
        apr_size_t length = token_length(at);
        if (length == 0) {
            at = *at == ',' ? at + 1 : *at == '\0' ? at : NULL;
            continue;
        }
        const char *name = at;
        at = pd_weight_read(&weight, at + length);
        weigh(weights, other, name, length, weight);
    }
    return at != NULL;
}

pd_encoding_e pd_encoding_choose(const char *accept_encoding)
{
    int weights[PD_ENCODING_COUNT] = {UNNAMED, UNNAMED, UNNAMED}, other = UNNAMED, heaviest = 0;
    pd_encoding_e chosen = PD_ENCODING_IDENTITY;
    if (accept_encoding == NULL || !read_weights(weights, &other, accept_encoding)) {
        return PD_ENCODING_IDENTITY;
    }
    for (pd_encoding_e i = 0; i < PD_ENCODING_COUNT; i++) {
        int weight = weights[i] == UNNAMED ? other : weights[i];
        if (weight > heaviest) {
            heaviest = weight;
            chosen = i;
        }
    }
    return chosen;
}
