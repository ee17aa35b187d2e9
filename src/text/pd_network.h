/* Lists of addresses and networks as an administrator writes them: "127.0.0.1 ::1 10.0.0.0/8". */
#ifndef PD_NETWORK_H
#define PD_NETWORK_H
#include <apr_network_io.h>
#include <apr_tables.h>

/* Reads a list parted by spaces, or the word "none" for an empty one. APR_EINVAL: `wrong` is the
 * first word that is no address and no network, or "" where the list has no word at all. */
apr_status_t pd_network_parse(apr_array_header_t **networks, const char **wrong, const char *list,
                              apr_pool_t *p);

/* Is the address in one of them? IPv4 within IPv6 counts as IPv4. Any thread. */
int pd_network_holds(const apr_array_header_t *networks, apr_sockaddr_t *address);

#endif
