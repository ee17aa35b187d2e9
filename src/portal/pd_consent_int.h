/* What the files of consents and registration share. */
#ifndef PD_CONSENT_INT_H
#define PD_CONSENT_INT_H
#include "portal/pd_consent.h"
#include "portal/pd_registration_int.h"

/* pd_consent_letter.c: a letter with the receipts of acts (of pd_act_t, each with its id), within
 * their transaction and before they are added. */
apr_status_t pd_consent_letter_receipt(pd_conn_t *conn, const pd_portal_t *portal,
                                       const pd_addressee_t *to, const apr_array_header_t *acts,
                                       apr_pool_t *p);

/* The same of one withdrawal; `closes`: the account stood on it; `due_at` is when the rest is done
 * at the latest. */
apr_status_t pd_consent_letter_withdrawn(pd_conn_t *conn, const pd_portal_t *portal,
                                         const pd_addressee_t *to, const pd_act_t *act, int closes,
                                         apr_time_t due_at, apr_pool_t *p);

#endif
