/* The ledger of acts without the person (F28, F45): whose acts those of a destroyed account are,
 * for who comes back with the e-mail address of then or with the number of a receipt; and their
 * end.
 *
 * At a destruction one row stays beside the pseudonym: a keyed hash of the last address, by a key
 * that serves nothing else. With the key and an address it tells whether that address had an
 * account; without either it tells nothing, and no other table has a value that equals it. It goes
 * with the last of the acts. */
#ifndef PD_LEDGER_H
#define PD_LEDGER_H
#include "portal/pd_act.h"

/* Inside the transaction of a destruction, before the person's data go: remembers the address, if
 * there are acts, and that the account ended at `ended_at`, also where a restored one is destroyed
 * again. An address that doesn't open any more is left out; nothing is held up by it. */
apr_status_t pd_ledger_remember(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                                apr_time_t ended_at, apr_pool_t *p);

/* Remembers the end, not the address, of people who were destroyed before the portal did so (schema
 * 17 and older), from the acts of destruction that are left: else their acts would stand for ever.
 * Afterwards it finds nothing to do. */
apr_status_t pd_ledger_remember_earlier(const pd_portal_t *portal, apr_pool_t *p);

/* The pseudonyms (const char *) behind what somebody shows: the e-mail address of destroyed
 * accounts, newest last, or the number of a receipt, of whomever. None: an empty array. */
apr_status_t pd_ledger_find(apr_array_header_t **pseudonyms, const pd_portal_t *portal,
                            const char *email_or_number, apr_pool_t *p);

/* That the program looks at `count` acts, into the journal, before it shows any. */
apr_status_t pd_ledger_look(const pd_portal_t *portal, const char *by, apr_int64_t count,
                            apr_pool_t *p);

/* Acts whose term was over at `before` and that prove nothing that still stands, at most `limit`.
 * An act stands as long as none of the same kind came after it and the account was not destroyed, a
 * withdrawal, too: that an account has lost its ground is known by nothing else. The term of one
 * that does not stand runs from what ended it: until then it proves what the data were used on. */
apr_status_t pd_ledger_due(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                           apr_pool_t *p);

/* Removes all of those in one walk through the old acts, a page in each transaction, until the
 * instant `until`; and what was remembered of people of whom no act is left. `removed` counts the
 * pages before an error, too. */
apr_status_t pd_ledger_expire(int *removed, const pd_portal_t *portal, apr_time_t before,
                              apr_time_t until, apr_pool_t *p);

#endif
