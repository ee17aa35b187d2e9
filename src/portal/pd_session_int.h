/* What beginning and ending a session share. */
#ifndef PD_SESSION_INT_H
#define PD_SESSION_INT_H
#include "portal/pd_session.h"

/* How often everybody's sessions were ended, in SQL. A session's generation is its person's plus
 * this at its beginning; both only ever grow, so that the sums are equal only while neither has. */
#define PD_SESSIONS_ENDED                                                                          \
    "(SELECT CAST(m.value AS BIGINT) FROM meta m WHERE m.name = 'sessions.ended')"

/* In SQL: `mfa_at` of a session whose person had no second factor when it began. Anything else than
 * 0, so that reading the session asks for no credential; 0 is what a module before this one wrote,
 * and the rows of `credential` decide. */
#define PD_MFA_NEEDLESS "-2"

/* A session that ended; id NULL: there was none. */
typedef struct pd_session_ended_t {
    const char *id, *person_id;
    const pd_datakey_t *key;
} pd_session_ended_t;

/* The session of a token's hash by the database, as `find` gives it. `used_at`: a later use than
 * the database may know of, or 0. */
apr_status_t pd_session_find_row(pd_session_t *session, const pd_portal_t *portal, const char *hash,
                                 apr_time_t used_at, apr_pool_t *p);

/* A use is noted when the database is so far behind; and how far it may be then, when the job is
 * late. */
apr_interval_time_t pd_session_note_every(const pd_settings_t *settings);
apr_interval_time_t pd_session_note_lag(const pd_settings_t *settings);

/* Notes uses in one transaction; `now_or_never`: without waiting for anything. */
apr_status_t pd_session_note(const pd_portal_t *portal, const pd_session_use_t *uses, int n,
                             int now_or_never, apr_pool_t *p);

/* pd_session_facts.c: fills in roles, consents and facts_until. */
apr_status_t pd_session_add_facts(pd_session_t *session, const pd_portal_t *portal, apr_time_t now,
                                  apr_pool_t *p);

/* Ends the session of a token's hash, if there is one. */
apr_status_t pd_session_drop(pd_session_ended_t *ended, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *token_hash, apr_pool_t *p);

/* Tells the caches and the journal of it; nothing when none ended. */
apr_status_t pd_session_tell_ended(pd_conn_t *conn, const pd_portal_t *portal,
                                   const pd_session_ended_t *ended, apr_pool_t *p);

/* pd_session_end.c: inside a transaction, ends all sessions of a person but one (id; NULL: none),
 * also those that are being begun at this moment. `ended` counts the rows. Tells nobody. */
apr_status_t pd_session_clear(int *ended, pd_conn_t *conn, const char *person_id,
                              const char *but_session_id, apr_pool_t *p);

/* Inside a transaction: a good session goes on under another token (its hash); the one before is
 * dead. `renewed` 0: it isn't good any more. Tells nobody. */
apr_status_t pd_session_renew(int *renewed, pd_conn_t *conn, const char *person_id,
                              const char *session_id, const char *token_hash, apr_pool_t *p);

/* Details of a journal row about a session. */
const char *pd_session_details(const char *id, apr_pool_t *p);

#endif
