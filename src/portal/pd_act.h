/* Acts: acknowledgements, consents, withdrawals (F24-F26). A ledger, only added to; it names people
 * by pseudonym. Acknowledging the policy is not consent. */
#ifndef PD_ACT_H
#define PD_ACT_H
#include "portal/pd_portal.h"

typedef struct pd_act_t {
    const char *verb; /* "acknowledged", "consented", "withdrew" */
    const char *kind;
    apr_int64_t version;
    const char *language;
    const char *html_sha256;
    const char *wording;
    const char *form;
    apr_time_t at;
} pd_act_t;

/* Adds one act of a person, with its journal row. */
apr_status_t pd_act_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                        const pd_datakey_t *key, const pd_act_t *act, apr_pool_t *p);

/* All acts of a person, oldest first. */
apr_status_t pd_act_list(apr_array_header_t **acts, const pd_portal_t *portal,
                         const char *person_id, apr_pool_t *p);

#endif
