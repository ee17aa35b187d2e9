/* Destruction of a person's data (F38; seed 6.2.3; L7: order of Roskomnadzor no. 179). Live rows
 * are removed, the person's key is overwritten: what was sealed with it, in the journal too, opens
 * no more. The act says what was destroyed, why, when and how; the journal is the extract beside
 * it. The ledger of acts stays under its pseudonym, with a keyed hash of the last
 * address (pd_ledger.h).
 *
 * A backup made before still has the person. Who restores one reads the acts first
 * (pd_destruction_each, from the database that is put aside or from where they were kept), and
 * destroys again in the restored database (pd_destruction_repeat) before anybody uses it. */
#ifndef PD_DESTRUCTION_H
#define PD_DESTRUCTION_H
#include "portal/pd_closing.h"

/* Reasons, beside those of pd_closing.h. */
#define PD_DESTRUCTION_WITHDRAWAL "withdrawal" /* consent taken back, its 30 days nearly over */
#define PD_DESTRUCTION_RESTORED   "restored"   /* again, after an older backup was put back */

/* How long acts of destruction are kept: three years, by the order. */
#define PD_DESTRUCTION_KEPT apr_time_from_sec((apr_int64_t)3 * 366 * 24 * 3600)

typedef struct pd_destruction_t {
    const char *id; /* the number of the act */
    const char *person_id;
    const char *operator, * system; /* names and addresses as the settings had them; may be "" */
    const char *reason;
    const char *note; /* the administrator's words, or "" */
    apr_time_t asked_at, destroyed_at;
    const char *responsible; /* "job", "pdportalctl" */
    const char *categories;  /* JSON: {"identifier": 2, ...}, only what there was */
    apr_time_t wiped_at;     /* what stragglers wrote is gone, and the database was told to clear
                                away what was freed; 0: not yet */
    int log_is_servers;      /* the database's log and free pages are its server's, and nothing is
                                known of them; else wiped_at says that the log was emptied too */
} pd_destruction_t;

/* Where data of people stand: each table, what removes or empties a person's rows, and what counts
 * those left. The person's own row comes last. Ended by table NULL. A test compares it with the
 * schema. */
typedef struct pd_destruction_place_t {
    const char *table;
    const pd_sql_t *remove, *left;
    int by_pseudonym; /* the statements take the person's pseudonym, not the id */
} pd_destruction_place_t;
extern const pd_destruction_place_t pd_destruction_places[];

typedef enum {
    PD_DESTRUCTION_DONE = 0,
    PD_DESTRUCTION_GROUNDLESS, /* nobody is there, or the ground has gone meanwhile: a recall, a
                                  consent given again */
    PD_DESTRUCTION_APPOINTED   /* holds a role: that one has to end first */
} pd_destruction_e;

/* Destroys one person in one transaction, reads again what must be gone, and writes act and journal
 * row. In: person_id, reason, note, responsible; out: the rest. PD_ESQL also when something was
 * left: then nothing was done. A reason of PD_CLOSING_ORDER needs no other ground. */
apr_status_t pd_destruction_do(pd_destruction_e *outcome, pd_destruction_t *destruction,
                               const pd_portal_t *portal, apr_pool_t *p);

/* Whoever is due: closings whose recall is over, accounts whose consent was taken back. At most
 * `limit`; of those who hold a role nobody. One that can't be destroyed doesn't hold up the others:
 * `status` is the first error. */
apr_status_t pd_destruction_due(int *done, const pd_portal_t *portal, int limit, apr_pool_t *p);

/* Removes rows that a request under way wrote after a destruction, and then takes older pages out
 * of SQLite's log, or tells PostgreSQL to clear outdated rows away, in each run until the
 * destruction is a minute old: whether it could, and what its log and free pages hold, is beyond
 * the portal's reach. Does nothing when none wait. */
apr_status_t pd_destruction_wipe(const pd_portal_t *portal, apr_pool_t *p);

/* Acts, newest first, at most `limit`; only older ones than that of the id `before` (NULL: from the
 * newest on). */
apr_status_t pd_destruction_list(apr_array_header_t **destructions, const pd_portal_t *portal,
                                 const char *before, int limit, apr_pool_t *p);

/* APR_ENOENT: there is no such act. */
apr_status_t pd_destruction_get(pd_destruction_t *destruction, const pd_portal_t *portal,
                                const char *id, apr_pool_t *p);

/* Every act that is kept, oldest first, however many: person_id and destroyed_at are what a restore
 * needs, the rest proves it. `p` is cleared between pages of acts; an error of `each` ends it and
 * is returned. */
typedef apr_status_t pd_destruction_each_fn(void *baton, const pd_destruction_t *destruction,
                                            apr_pool_t *p);
apr_status_t pd_destruction_each(const pd_portal_t *portal, pd_destruction_each_fn *each,
                                 void *baton, apr_pool_t *p);

/* Destroys again in a restored database, whatever the person holds or has recalled, and writes the
 * act as it was where it is missing: same number, instants and categories, journalled. id NULL
 * (only person_id and destroyed_at are known): a new act with the reason PD_DESTRUCTION_RESTORED.
 * `done` 0: nothing of the person was there and the act is known. Doing it twice harms nothing. The
 * log is emptied by pd_destruction_wipe afterwards. */
apr_status_t pd_destruction_repeat(int *done, const pd_portal_t *portal,
                                   const pd_destruction_t *destruction, apr_pool_t *p);

/* The extract of the event log: the rows about the person, oldest first, bare; of more than
 * 10000 the last ones. */
typedef struct pd_destruction_event_t {
    const char *host, *event, *chain;
    apr_int64_t sequence;
    apr_time_t at;
} pd_destruction_event_t;
apr_status_t pd_destruction_extract(apr_array_header_t **events, const pd_portal_t *portal,
                                    const char *person_id, apr_pool_t *p);

/* Removes acts that were kept for their term. */
apr_status_t pd_destruction_expire(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p);

#endif
