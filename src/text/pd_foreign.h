/* Addresses of other sites, as a visitor is shown them before leaving (seed 2.3). Any thread. */
#ifndef PD_FOREIGN_H
#define PD_FOREIGN_H
#include <apr_pools.h>

/* Longest address, as it came and as it is shown. */
#define PD_FOREIGN_BYTES_MAX 2048

typedef struct pd_foreign_t {
    const char *url;  /* in ASCII, rebuilt; its host as in an Origin header */
    const char *host; /* "xn--80ak6aa92e.com", "[::1]", "192.0.2.1" */
    const char
        *shown;       /* the same name in its own letters; equal to `host` where it has no others */
    const char *path; /* what follows host and port: "/a?b=c#d"; at least "/" */
    unsigned port;    /* 0: that of the scheme */
    int secure;       /* https */
} pd_foreign_t;

/* An allow-list: http or https, a host, perhaps a port, then characters of RFC 3986; others of
 * UTF-8 come back percent-encoded. No user or password, no white space, control or invisible
 * formatting characters, no backslash, no bad escape, nothing that browsers read otherwise than it
 * looks. 0: it is no such address; `raw` may be NULL. */
int pd_foreign_parse(pd_foreign_t *foreign, const char *raw, apr_pool_t *p);

#endif
