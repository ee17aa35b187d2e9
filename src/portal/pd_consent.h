/* Consents (F25-F28; L1; seed 2.1, 6.2.2, 9.1). Every kind of document but the policy is a consent
 * of its own, named by its title, given and taken back alone. What was agreed to is one text: a
 * later version is another, which nobody has agreed to until he does. Giving and taking back write
 * act, receipt by letter, journal and what caches must hear in one transaction. */
#ifndef PD_CONSENT_H
#define PD_CONSENT_H
#include "portal/pd_document.h"
#include "portal/pd_person.h"
#include "portal/pd_session.h"
#include "portal/pd_withdrawal.h"

/* How a person stands to one consent. */
typedef struct pd_consent_t {
    const char *kind;
    const char *title;         /* of the text in force, else of the one agreed to last */
    apr_int64_t version;       /* in force; 0: none is */
    apr_int64_t material;      /* the newest in force that changes more than words; 0: none */
    const pd_act_t *given;     /* the last time; NULL: never */
    const pd_act_t *withdrawn; /* taken back after that; NULL: it stands, if it was ever given */
    apr_time_t due_at;         /* until when the rest of a withdrawal has to be done; 0: nothing */
} pd_consent_t;

int pd_consent_stands(const pd_consent_t *consent);

/* It stands for an earlier text, and one that says something else is in force. */
int pd_consent_outgrown(const pd_consent_t *consent);

/* Every consent there is: those with a text in force, and those of the person. `acts` are all of
 * the person, by pd_act_list; they are pointed to. The account's own comes first. */
apr_status_t pd_consent_list(apr_array_header_t **consents, const pd_portal_t *portal,
                             const char *person_id, const apr_array_header_t *acts,
                             const char *language, apr_pool_t *p);

/* One of them. APR_ENOENT: no text of it is in force, and the person never agreed to one. */
apr_status_t pd_consent_get(pd_consent_t *consent, const pd_portal_t *portal,
                            const pd_person_t *person, const char *kind, const char *language,
                            apr_pool_t *p);

typedef struct pd_consent_form_t {
    const char *kind;
    const char *language; /* of the page */
    const char *shown;    /* as it came back; may be NULL */
    const char *wording;  /* of the box or the button, as shown */
    const char *address;  /* of the client */
    const char *agent;    /* what the browser calls itself; may be NULL */
    const char *by;       /* who did it for the person; NULL: the person did */
    const char *reason;   /* by what that is proved; NULL with `by` */
} pd_consent_form_t;

typedef enum {
    PD_CONSENT_DONE = 0,
    PD_CONSENT_ALREADY, /* it is so: nothing was written */
    PD_CONSENT_CHANGED, /* another text is in force than was shown: show that one */
    PD_CONSENT_LIMITED  /* given too often of late; to be tried again after, at most: */
} pd_consent_e;
#define PD_CONSENT_LIMIT_SECS 3600

/* Agrees to the text in force. APR_ENOENT: there is none. */
apr_status_t pd_consent_give(pd_consent_e *outcome, const pd_portal_t *portal,
                             const char *person_id, const pd_consent_form_t *form, apr_pool_t *p);

/* Takes back what stands, whichever version it is, and starts the clock; `shown` is not looked at.
 * Nothing holds it up but the database: a letter that its template doesn't give is left out, which
 * the log, the journal and pdportalctl check tell. */
apr_status_t pd_consent_withdraw(pd_consent_e *outcome, const pd_portal_t *portal,
                                 const char *person_id, const pd_consent_form_t *form,
                                 apr_pool_t *p);

/* Is there a ground to serve the person of a session beyond the account's own pages? It is the
 * consent to processing, or an appointment: who works for the site was never asked for one. */
int pd_consent_has_ground(const pd_session_t *session);

#endif
