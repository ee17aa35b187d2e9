/* What every duty works with: one portal in one process. Made after fork; immutable; any thread. */
#ifndef PD_PORTAL_H
#define PD_PORTAL_H
#include "base/pd_count.h"
#include "base/pd_gate.h"
#include "base/pd_limiter.h"
#include "crypt/pd_keyring.h"
#include "crypt/pd_seal.h"
#include "db/pd_db.h"
#include "portal/pd_settings.h"
#include "tmpl/pd_templates.h"

typedef struct pd_coherence_t pd_coherence_t;
struct pd_schedule_t;
struct pd_session_table_t;
struct pd_places_t;
typedef struct pd_state_shared_t pd_state_shared_t;
typedef struct pd_ready_t pd_ready_t;

typedef struct pd_portal_t {
    const pd_settings_t *settings;
    pd_db_t *db;
    const pd_keyring_t *keys;
    pd_gate_t *hashing;                  /* NULL where no passwords are hashed (pdportalctl) */
    pd_limiter_t *limiter;               /* of guesses; NULL: nobody has to wait (pdportalctl) */
    const pd_templates_t *templates;     /* letters and pages */
    pd_coherence_t *coherence;           /* NULL where nothing is kept in memory (pdportalctl) */
    struct pd_schedule_t *schedule;      /* of the policy; NULL: the database is asked each time */
    struct pd_session_table_t *sessions; /* NULL: none are kept in memory */
    pd_counts_t *counts;                 /* NULL: nobody counts */
    pd_state_shared_t *state;            /* NULL: nobody looks at its figures (pdportalctl) */
    pd_ready_t *ready;                   /* NULL where no pages are served (pdportalctl) */
    struct pd_places_t *places;          /* of addresses; NULL: there is no file of them */
} pd_portal_t;

/* The languages of the project, NULL-ended, default first. */
extern const char *const pd_languages[];

/* Every SQL table of portal/, NULL-ended; each table ends with label NULL. */
extern const pd_sql_t *const pd_sql_tables[];

/* First use of a database by this key file: writes the key's fingerprint and the journal's head;
 * later uses check it. PD_EKEY with `why`: the database belongs to another key file. */
apr_status_t pd_portal_bind_key(const char **why, const pd_portal_t *portal, apr_pool_t *p);

/* Checks only; for a starting module. */
apr_status_t pd_portal_check_key(const char **why, const pd_portal_t *portal, apr_pool_t *p);

#endif
