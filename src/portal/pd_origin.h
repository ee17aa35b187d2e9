/* From where and with what somebody signs in: families of browser and system, the network (never
 * the whole address), country and region where there is a file of places. Kept sealed, of open
 * sessions and of the history. (Not the header Origin.) */
#ifndef PD_ORIGIN_H
#define PD_ORIGIN_H
#include "portal/pd_guess.h"
#include "portal/pd_place.h"
#include "text/pd_agent.h"

typedef struct pd_origin_t {
    pd_agent_t agent;
    const char *network; /* "198.51.100.0/24", "2001:db8:1::/48"; "": not known */
    pd_place_t place;
} pd_origin_t;

/* Of who asks now. Never fails: what isn't known is "". */
void pd_origin_of(pd_origin_t *origin, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p);

/* `column` and `row` as of pd_seal. */
apr_status_t pd_origin_seal(const char **sealed, const pd_origin_t *origin, const pd_datakey_t *key,
                            const char *column, const char *row, apr_pool_t *p);
/* "" gives one of which nothing is known. */
apr_status_t pd_origin_open(pd_origin_t *origin, const pd_datakey_t *key, const char *column,
                            const char *row, const char *sealed, apr_pool_t *p);

#endif
