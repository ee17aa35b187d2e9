/* The journal (F52): one row per event, written in the transaction of the event, hash-chained per
 * host. Details are sealed under the subject's key, so that destroying the key leaves the chain
 * valid.
 *
 *   chain[n] = keyed_hash(journal key; "row", host, n, at, event, subject, details, head[n-1])
 *   head[n]  = keyed_hash(journal key; "head", host, n, chain[n])      head[0]: chain[0] is ""
 *
 * journal_head keeps n and head[n] of the last row, so that rows cut off at the end are missed; and
 * a head forged without the key breaks the chain at the next row for ever. A head line kept
 * elsewhere shows a journal that was put back to an earlier state.
 *
 * Rows whose term is over are removed from the front of a chain. journal_start keeps n and head[n]
 * of the last of them, with a proof made with the key; the chain then begins behind it.
 * Source: DESIGN 5.5, F45, seed 5.1, 5.4, 7.1. */
#ifndef PD_JOURNAL_H
#define PD_JOURNAL_H
#include "portal/pd_portal.h"

/* Events of the clause's own words; the text is stored. */
#define PD_EVENT_REGISTRATION_BEGUN     "registration.begun"
#define PD_EVENT_REGISTRATION_KNOWN     "registration.known-mailbox"
#define PD_EVENT_REGISTRATION_CONFIRMED "registration.confirmed"
#define PD_EVENT_REGISTRATION_EXPIRED   "registration.expired"
#define PD_EVENT_ACT                    "act"
#define PD_EVENT_SIGNED_IN              "session.begun"
#define PD_EVENT_SIGN_IN_FAILED         "session.refused"
#define PD_EVENT_SIGN_IN_UNUSUAL        "session.unusual"  /* from a place that is told of */
#define PD_EVENT_SIGN_IN_DISOWNED       "session.disowned" /* "that was not me" */
#define PD_EVENT_SIGNED_OUT             "session.ended"
#define PD_EVENT_DOCUMENT_PUBLISHED     "document.published"
#define PD_EVENT_DRAFT_MADE             "draft.made"
#define PD_EVENT_DRAFT_WITHDRAWN        "draft.withdrawn"
#define PD_EVENT_CHANGE_TOLD            "change.told" /* letters about a coming version */
#define PD_EVENT_MAILING_BEGUN          "mailing.begun"
#define PD_EVENT_MAILING_STOPPED        "mailing.stopped"
#define PD_EVENT_NOTICES_WRITTEN        "notices.written"
#define PD_EVENT_NOTICES_SET            "notices.set" /* which optional ones are wanted */
#define PD_EVENT_NOTICE_READ            "notice.read"
#define PD_EVENT_NOTICE_REMOVED         "notice.removed"
#define PD_EVENT_STAFF_LOOK             "staff.look"
#define PD_EVENT_LETTER_FAILED          "letter.failed"
#define PD_EVENT_KEY_BOUND              "portal.key-bound"
#define PD_EVENT_PASSWORD_REHASHED      "credential.rehashed"
#define PD_EVENT_PASSWORD_SET           "credential.set"
#define PD_EVENT_PASSWORD_EXPIRED       "credential.expired" /* it has to be replaced */
#define PD_EVENT_LOGIN_CHANGED          "login.changed"
#define PD_EVENT_EMAIL_ASKED            "email.asked"
#define PD_EVENT_EMAIL_CHANGED          "email.changed"
#define PD_EVENT_EMAIL_RESTORED         "email.restored"
#define PD_EVENT_RECOVERY_ASKED         "recovery.asked"
#define PD_EVENT_FACTOR_ON              "factor.on"
#define PD_EVENT_FACTOR_OFF             "factor.off"
#define PD_EVENT_FACTOR_CODES           "factor.codes"
#define PD_EVENT_FACTOR_ENTERED         "factor.entered"
#define PD_EVENT_FACTOR_REFUSED         "factor.refused"
#define PD_EVENT_FACTOR_RESET           "factor.reset"
#define PD_EVENT_PERSON_ADDED           "person.added"
#define PD_EVENT_ROLE_APPOINTED         "role.appointed"
#define PD_EVENT_ROLE_DISMISSED         "role.dismissed"
#define PD_EVENT_LINK_MADE              "link.made"
#define PD_EVENT_PURPOSE_REFUSED        "purpose.refused"
#define PD_EVENT_WITHDRAWAL_DONE        "withdrawal.done"
#define PD_EVENT_REVIEW_TOLD            "review.told"    /* the yearly look at one's data */
#define PD_EVENT_UNUSED_TOLD            "account.unused" /* the letter before its closing */
#define PD_EVENT_EXPORT_ASKED           "export.asked"
#define PD_EVENT_EXPORT_MADE            "export.made"
#define PD_EVENT_CLOSING_BEGUN          "closing.begun"
#define PD_EVENT_CLOSING_RECALLED       "closing.recalled"
#define PD_EVENT_PERSON_DESTROYED       "person.destroyed"
#define PD_EVENT_PERSON_LOOKED_AT       "person.seen" /* by the administration */
#define PD_EVENT_PERSON_BLOCKED         "person.blocked"
#define PD_EVENT_PERSON_UNBLOCKED       "person.unblocked"
#define PD_EVENT_BACKUP_MADE            "backup.made"
#define PD_EVENT_BACKUP_RESTORED        "backup.restored"
#define PD_EVENT_JOURNAL_CUT            "journal.cut"    /* rows whose term was over */
#define PD_EVENT_SESSIONS_ENDED         "sessions.ended" /* of a person, or "" of everybody */

/* Adds one row. `subject` a person's id or "". `details` NULL or JSON text, sealed under `key` (the
 * subject's data key; NULL: the system's). Comes after the changes it tells of: on PostgreSQL the
 * head stays locked until the transaction ends, and who waits for other rows with it blocks the
 * host. */
apr_status_t pd_journal_add(pd_conn_t *conn, const pd_portal_t *portal, const char *event,
                            const char *subject, const char *details, const pd_datakey_t *key,
                            apr_pool_t *p);

/* Opens the details of a row (JSON text; "" where it has none). `key` as for pd_journal_add.
 * PD_ESEAL: they were sealed by another key. */
apr_status_t pd_journal_details(const char **details, const pd_portal_t *portal, const char *host,
                                apr_int64_t sequence, const char *sealed, const pd_datakey_t *key,
                                apr_pool_t *p);

typedef enum {
    PD_JOURNAL_SOUND = 0,
    PD_JOURNAL_CHANGED,   /* a row's content doesn't fit its chain value */
    PD_JOURNAL_MISSING,   /* a number is missing (cut out, or cut off at the end) */
    PD_JOURNAL_INSERTED,  /* rows beyond the head */
    PD_JOURNAL_REORDERED, /* two rows stand in each other's place */
    PD_JOURNAL_HEAD,      /* the head itself is forged or missing */
    PD_JOURNAL_START,     /* where the chain begins is forged */
    PD_JOURNAL_UNCOMPARED /* all is whole, but the head that was kept is that of a row that was
                             removed at the end of its term, and can be compared with none */
} pd_journal_e;

typedef struct pd_journal_report_t {
    pd_journal_e finding; /* of the first fault */
    const char *host;     /* whose chain */
    apr_int64_t sequence; /* at which row; of PD_JOURNAL_UNCOMPARED the last one removed */
    apr_int64_t rows;     /* rows read in all */
    apr_int64_t chains;
    apr_array_header_t *heads; /* of const char *: "HOST SEQUENCE HEAD", to be kept elsewhere */
} pd_journal_report_t;

/* Reads every chain in pages and stops at the first fault. `anchor` NULL, or a head line kept from
 * earlier: then a chain shorter than it, or another one, is PD_JOURNAL_MISSING / CHANGED; one that
 * begins behind it PD_JOURNAL_UNCOMPARED. APR_EINVAL: `anchor` is no head line. */
apr_status_t pd_journal_verify(pd_journal_report_t *report, const pd_portal_t *portal,
                               const char *anchor, apr_pool_t *p);

/* Removes the first rows of every chain, those of hosts that are gone too, as long as they were
 * written before `before`; at most `limit`, each chain in a transaction of its own. A chain that is
 * at fault there is left as it is, which the log tells when nothing else was to do. A row
 * "journal.cut" says which rows of a chain are gone. */
apr_status_t pd_journal_cut(int *removed, const pd_portal_t *portal, apr_time_t before, int limit,
                            apr_pool_t *p);

/* How many rows it would remove if all chains are sound, counted up to `limit`. */
apr_status_t pd_journal_due(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                            apr_pool_t *p);

#endif
