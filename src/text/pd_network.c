/* Whole addresses only: APR takes "10.1" for a network, which an administrator may have meant as
 * something else. */
#include "text/pd_network.h"
#include <apr_strings.h>
#include <string.h>

static int is_whole_address(const char *address)
{
    int dots = 0;
    if (strchr(address, ':') != NULL) {
        return 1;
    }
    for (const char *at = address; *at != '\0'; at++) {
        dots += *at == '.';
    }
    return dots == 3;
}

static apr_status_t add(apr_array_header_t *networks, const char *word, apr_pool_t *p)
{
    apr_ipsubnet_t *network;
    char *address = apr_pstrdup(p, word);
    char *bits = strchr(address, '/');
    if (bits != NULL) {
        *bits++ = '\0';
    }
    if (!is_whole_address(address) || (bits != NULL && *bits == '\0')) {
        return APR_EINVAL;
    }
    if (apr_ipsubnet_create(&network, address, bits, p) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    APR_ARRAY_PUSH(networks, apr_ipsubnet_t *) = network;
    return APR_SUCCESS;
}

apr_status_t pd_network_parse(apr_array_header_t **networks, const char **wrong, const char *list,
                              apr_pool_t *p)
{
    int words = 0;
    *wrong = "";
    *networks = apr_array_make(p, 4, sizeof(apr_ipsubnet_t *));
    if (strcmp(list, "none") == 0) {
        return APR_SUCCESS;
    }
    for (const char *at = list + strspn(list, " "); *at != '\0'; at += strspn(at, " ")) {
        apr_size_t length = strcspn(at, " ");
        const char *word = apr_pstrmemdup(p, at, length);
        if (add(*networks, word, p) != APR_SUCCESS) {
            *wrong = word;
            return APR_EINVAL;
        }
        words++;
        at += length;
    }
    return words > 0 ? APR_SUCCESS : APR_EINVAL;
}

int pd_network_holds(const apr_array_header_t *networks, apr_sockaddr_t *address)
{
    for (int i = 0; i < networks->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(networks, i, apr_ipsubnet_t *), address)) {
            return 1;
        }
    }
    return 0;
}
