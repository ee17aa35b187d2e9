/* Sessions from shared memory, with the database behind it (DESIGN 5.2; issue "Access control at
 * the price of a static file"). */
#ifndef PD_SESSION_CACHE_H
#define PD_SESSION_CACHE_H
#include "portal/pd_session.h"

/* The source of the web server. With no table (portal->sessions NULL) or PDPortalSessionRecheck 0
 * it is pd_session_database. */
extern const pd_session_source_t pd_session_cached;

/* Tells the database of uses it is behind with, in batches, and wipes what is stale. A job. */
apr_status_t pd_session_cache_note(int *done, const pd_portal_t *portal, apr_pool_t *p);
apr_interval_time_t pd_session_cache_every(const pd_settings_t *settings);

#endif
