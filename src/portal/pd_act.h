/* Acts: acknowledgements, consents, withdrawals (F24-F28). A ledger, only added to until the term
 * of an act is over (pd_ledger.h); it names people by pseudonym. Acknowledging the policy is not
 * consent.
 *
 * What proves an act is bare, and outlives the person: which text in which language, its hash, the
 * wording, the form, the instant. From where it was done is sealed under the person's key and ends
 * with it. */
#ifndef PD_ACT_H
#define PD_ACT_H
#include "portal/pd_portal.h"

#define PD_ACT_ACKNOWLEDGED "acknowledged"
#define PD_ACT_CONSENTED    "consented"
#define PD_ACT_WITHDREW     "withdrew"

typedef struct pd_act_t {
    const char *verb;
    const char *kind;
    apr_int64_t version;
    const char *language;
    const char *html_sha256;
    const char *wording;
    const char *form;
    apr_time_t at;
    const char *id;       /* the number of its receipt; to add: NULL makes one */
    const char *address;  /* of the client; NULL or "": not known */
    const char *agent;    /* what the browser calls itself, pd_act_agent; likewise */
    const char *by;       /* who did it for the person, into the journal; NULL: the person did */
    const char *reason;   /* by what that is proved, likewise */
    apr_int64_t sequence; /* among the person's acts of this kind; set by listing */
    const char *title;    /* of the text; likewise */
} pd_act_t;

/* What a browser calls itself, as it is kept: visible ASCII, at most 300 bytes. `sent` may be NULL.
 */
const char *pd_act_agent(const char *sent, apr_pool_t *p);

/* First thing of a transaction that looks at a person's acts of a kind before it adds one: another
 * such waits until it ends. */
apr_status_t pd_act_hold(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                         const char *kind, apr_pool_t *p);

/* Adds one act of a person, with its journal row: last rows of a transaction. */
apr_status_t pd_act_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                        const pd_datakey_t *key, const pd_act_t *act, apr_pool_t *p);

/* The last act of a person of a kind, held before. `act->sequence` 0: there is none. Address, agent
 * and title are not read. */
apr_status_t pd_act_last(pd_act_t *act, pd_conn_t *conn, const pd_portal_t *portal,
                         const char *person_id, const char *kind, apr_pool_t *p);

/* All acts of a person, oldest first. `key` NULL: address and agent stay "". */
apr_status_t pd_act_list(apr_array_header_t **acts, const pd_portal_t *portal,
                         const char *person_id, const pd_datakey_t *key, apr_pool_t *p);

/* The same by the name that outlives the person. */
apr_status_t pd_act_list_of(apr_array_header_t **acts, const pd_portal_t *portal,
                            const char *pseudonym, const pd_datakey_t *key, apr_pool_t *p);

#endif
