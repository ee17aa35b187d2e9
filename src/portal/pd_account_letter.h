/* Letters to a person about what was done with the account, the sign that somebody else may be at
 * it; and the notice of the same kind, where there is one (pd_notice.h). */
#ifndef PD_ACCOUNT_LETTER_H
#define PD_ACCOUNT_LETTER_H
#include "portal/pd_person.h"

/* Inside the transaction of what it tells of: a letter to `person->email`, whatever the mailbox had
 * this hour, since no stranger can bring it about. The template gets `sign_in_url` beside
 * `values` (NULL: nothing more). Where its purpose doesn't allow to write now, none is written. */
apr_status_t pd_account_letter(pd_conn_t *conn, const pd_portal_t *portal,
                               const pd_person_t *person, const char *kind, pd_value_t *values,
                               apr_pool_t *p);

/* An address of the portal for a letter: "https://www.example.org/portal/login". */
const char *pd_account_url(const pd_portal_t *portal, const char *page, apr_pool_t *p);

#endif
