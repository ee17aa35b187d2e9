/* The policy in force has to be acknowledged before authorised sections open (F24, seed 2.1, 9.2).
 * Versions marked editorial pass silently. Acknowledging is no consent to processing. */
#ifndef PD_ACKNOWLEDGE_H
#define PD_ACKNOWLEDGE_H
#include "portal/pd_coming.h"
#include "portal/pd_document.h"
#include "portal/pd_session.h"

/* What a process knows of the versions, so that a request need not ask: read anew when documents
 * changed, and when the next version takes force. */
struct pd_schedule_t *pd_schedule_new(apr_pool_t *p);

/* Has the person of a session, found just now, yet to acknowledge the policy in force? Anything but
 * success: it can't be known. */
apr_status_t pd_acknowledge_lacking(int *lacking, const pd_portal_t *portal,
                                    const pd_session_t *session, apr_pool_t *p);

/* The announced material version that takes force next, from the same knowledge; `version` 0: none,
 * or it can't be known now. */
pd_coming_t pd_acknowledge_announced(const pd_portal_t *portal, const pd_session_t *session,
                                     apr_pool_t *p);

typedef struct pd_acknowledge_form_t {
    const char *language; /* in which the text was shown */
    apr_int64_t version;  /* that was shown */
    const char *shown;    /* pd_document_shown, as it came back; may be NULL */
    const char *wording;  /* of the box, as shown */
    const char *address;  /* of the client */
    const char *agent;    /* what the browser calls itself; may be NULL */
    int announced;        /* a version that has yet to take force, ahead of its time */
} pd_acknowledge_form_t;

typedef enum {
    PD_ACKNOWLEDGED = 0,
    PD_ACKNOWLEDGE_CHANGED /* what was shown isn't what there is to read now: show that */
} pd_acknowledge_e;

/* Records the act and the version, with the journal, in one transaction, once. Who is told of a
 * coming version may acknowledge it beforehand: the sections then stay open when it takes force. */
apr_status_t pd_acknowledge(pd_acknowledge_e *outcome, const pd_portal_t *portal,
                            const char *person_id, const pd_acknowledge_form_t *form,
                            apr_pool_t *p);

#endif
