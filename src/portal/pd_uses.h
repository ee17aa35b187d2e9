/* Uses by purpose (seed 6.2.1): what was done with people's data in a span of time, by the eight
 * purposes, counted in the journal; and which uses were refused. It names nobody. */
#ifndef PD_USES_H
#define PD_USES_H
#include "portal/pd_portal.h"

/* Which purpose an event of the journal served. */
typedef struct pd_event_purpose_t {
    const char *event, *purpose;
} pd_event_purpose_t;

/* Ended by event NULL; events of the portal's own upkeep, which use nobody's data, are absent. */
extern const pd_event_purpose_t pd_event_purposes[];

typedef struct pd_uses_t {
    const char *purpose; /* "" where none was named, or a refusal can't be read any more */
    const char *what;    /* the event; of a refusal the use: "page account/", "letter confirm" */
    const char *why;     /* NULL: it was done; else why it was refused */
    apr_int64_t times;
} pd_uses_t;

/* Of [from, until), as pd_uses_t: by purpose, then by what, what was done before what was refused.
 * Reads every row of the journal once, in constant memory but for the list. */
apr_status_t pd_uses_count(apr_array_header_t **uses, const pd_portal_t *portal, apr_time_t from,
                           apr_time_t until, apr_pool_t *p);

#endif
