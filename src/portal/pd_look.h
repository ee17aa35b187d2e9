/* Looks at people's data (F35): who, by what and for which purpose. Before anything is shown: what
 * can't be noted must not be.
 *
 * A look at one person is a row of that person's own journal, sealed under the person's key. A look
 * at a list is one row under who looked: the list may hold a million people. From it the copy of
 * one's data tells of the lists that may have included the person (pd_export_look.c). Lists of
 * pseudonyms, of numbers and of drafts are no looks: the authors of drafts act in an office, and
 * stand in the journal with each draft. */
#ifndef PD_LOOK_H
#define PD_LOOK_H
#include "portal/pd_person.h"

/* `by` a person's id or PD_ROLE_BY_PROGRAM; `what` names the command or page. */
apr_status_t pd_look_note(const pd_portal_t *portal, const pd_person_t *person, const char *by,
                          const char *what, const char *purpose, apr_pool_t *p);

/* Names of lists; export-word.html has words for each. */
#define PD_LOOK_DOCUMENTS   "documents"     /* who has read a document or agreed, and who has not */
#define PD_LOOK_CONSENTS    "consents find" /* acts, noted by pd_ledger_look */
#define PD_LOOK_STAFF       "staff list"
#define PD_LOOK_WITHDRAWALS "withdrawals list"

typedef struct pd_look_list_t {
    const char *list;
    const char *purpose;      /* of use */
    const char *kind, *which; /* PD_LOOK_DOCUMENTS: of which document, and whom; else NULL */
    apr_int64_t version;      /* likewise; else 0 */
} pd_look_list_t;

/* `by` as above. Sealed under the key of who looks: with that account it goes. What the program
 * looks at is sealed under the system's. */
apr_status_t pd_look_note_list(const pd_portal_t *portal, const char *by,
                               const pd_look_list_t *look, apr_pool_t *p);

#endif
