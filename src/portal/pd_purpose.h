/* The register of purposes (F29; seed 4.1, 6.2.1): what a person's data may be used for. Every
 * page, letter, job and command names one of the eight, by its clause; a use that names none, or
 * that lacks what it stands on, is refused, counted and put into the journal. */
#ifndef PD_PURPOSE_H
#define PD_PURPOSE_H
#include "portal/pd_portal.h"

/* What makes a purpose lawful. */
typedef enum {
    PD_GROUND_REGISTRATION, /* the person's account, while pd_purpose_has_ground */
    PD_GROUND_CONSENT,      /* a consent of its own */
    PD_GROUND_SECURITY      /* guarding the person and the portal, also of somebody blocked */
} pd_ground_e;

/* Who gets data for it, beside the portal's own staff. */
typedef enum {
    PD_RECIPIENT_NONE,
    PD_RECIPIENT_RELAY,  /* the mail relay, with each letter */
    PD_RECIPIENT_SITE,   /* the applications of the site behind */
    PD_RECIPIENT_PARTNER /* the partner whom the person named */
} pd_recipient_e;

typedef struct pd_purpose_t {
    const char *id; /* "4.1.3": the clause of the policy */
    pd_ground_e ground;
    const char *consent;  /* the kind of document it needs; one that ends in "-" begins the kinds,
                             one for each partner; NULL: none */
    const char *optional; /* the consent for those of its uses that nobody has to have, or NULL */
    int before_confirmation; /* also of somebody who has yet to confirm the mailbox */
    pd_recipient_e recipient;
} pd_purpose_t;

/* All eight, in the policy's order; ended by id NULL. */
extern const pd_purpose_t pd_purposes[];

/* NULL: no such purpose; `id` may be NULL. */
const pd_purpose_t *pd_purpose_find(const char *id);

/* Is each word of the list, parted by spaces, a purpose, and is there one? */
int pd_purpose_all_known(const char *ids);

/* Does the list name this purpose? */
int pd_purpose_is_named(const char *ids, const char *id);

/* Is there a ground for what the registration carries? The gate of the site and this register ask
 * it alike: the consent to processing stands, or an appointment does (who works for the site was
 * never asked for a consent). */
int pd_purpose_has_ground(int consented, int appointed);

typedef enum {
    PD_BASIS_PURPOSE = 0, /* the purpose alone carries it */
    PD_BASIS_LAW /* a right of the person, or a duty towards them: it goes on while the person is
                    blocked or leaving, and when the consent to processing was taken back */
} pd_basis_e;

typedef struct pd_use_t {
    const char *what; /* for the journal: "letter confirm", "page account/" */
    const char *purpose;
    const char *consent; /* the kind it needs: which partner's, or the optional one; NULL: none */
    pd_basis_e basis;
} pd_use_t;

typedef enum {
    PD_USE_LAWFUL = 0,
    PD_USE_UNKNOWN, /* it names no purpose of the register, or a consent that doesn't belong to it
                     */
    PD_USE_NOBODY,  /* there is no such person (any more) */
    PD_USE_UNCONFIRMED, /* the person has yet to confirm the mailbox */
    PD_USE_UNCONSENTED, /* the consent was never given, or was taken back */
    PD_USE_BLOCKED,     /* the person is blocked or leaving */
    PD_USE_WITHDRAWN,   /* the consent to processing was taken back */
    PD_USE_UNGROUNDED   /* it was never given, and no appointment stands (any more) */
} pd_use_e;

/* May the person's data be used so, now? What is refused is counted, and in the journal when this
 * returns. Outside of a transaction: reads only, unless it refuses. */
apr_status_t pd_purpose_use(pd_use_e *outcome, const pd_portal_t *portal, const pd_use_t *use,
                            const char *person_id, apr_pool_t *p);

/* The same question, without a refusal: for a list that leaves out whom it may not name. */
apr_status_t pd_purpose_ask(pd_use_e *outcome, const pd_portal_t *portal, const pd_use_t *use,
                            const char *person_id, apr_pool_t *p);

/* The same within a transaction; the refusal is in the journal if that is committed. A step that is
 * tried again is counted again. */
apr_status_t pd_purpose_use_within(pd_use_e *outcome, pd_conn_t *conn, const pd_portal_t *portal,
                                   const pd_use_t *use, const char *person_id, apr_pool_t *p);

#endif
