/* The outbox: a letter is written in the transaction that causes it and delivered later by a job,
 * at least once, with a Message-ID kept over all tries. States: queued, sending (under a lease),
 * sent, failed. A claim is one atomic UPDATE, so that two senders never hold one letter (ECOSYSTEM
 * trap 16). Retry waits double from 1 minute to 1 hour with jitter until letter_lifetime ends. */
#ifndef PD_OUTBOX_H
#define PD_OUTBOX_H
#include "portal/pd_purpose.h"

typedef struct pd_letter_t {
    const char *kind; /* template "mail/KIND.txt": first line the subject, then a blank line */
    const char *person_id;
    const pd_datakey_t *key;
    const char *address;
    const char *mailbox; /* its look-up hash */
    const char *language;
    pd_value_t *values; /* for the template */
    int always;   /* of what no stranger can bring about, or not more than once a day: whatever the
                     mailbox had this hour, and it takes no place of those that strangers cause */
    int may_lack; /* what it tells of must not wait for it: a template that makes no letter of it
                     leaves the row of a failed one, which is logged and journalled */
} pd_letter_t;

/* Under which name letters to an address are counted: pd_letter_t.mailbox. Addresses are told apart
 * by the case of their local part, mailboxes as a rule are not: or each spelling would have letters
 * of its own. */
const char *pd_outbox_mailbox(const pd_portal_t *portal, const char *address, apr_pool_t *p);

/* Address, mailbox and language of `letter->person_id`, opened with `letter->key`, inside a
 * transaction. APR_ENOENT: there is no such person. */
apr_status_t pd_outbox_address(pd_letter_t *letter, pd_conn_t *conn, const pd_portal_t *portal,
                               apr_pool_t *p);

/* What each kind of letter is for. Letters of another kind are refused. */
typedef struct pd_letter_kind_t {
    const char *kind;    /* as pd_letter_t.kind */
    const char *purpose; /* of the register: portal/pd_purpose.h */
    const char *consent; /* the kind of consent it needs beside, or NULL */
    pd_basis_e basis;
} pd_letter_kind_t;

/* Ended by kind NULL. */
extern const pd_letter_kind_t pd_letter_kinds[];

/* The kind of a template "mail/KIND.txt"; NULL: it has none, or one of no known purpose. */
const pd_letter_kind_t *pd_letter_kind_of_file(const char *file);

/* Those that nobody has to receive carry an address by which they end (pd_notice_setting.h). */
int pd_letter_is_optional(const char *kind);

/* May a letter of this kind go to this person now? Asked when it is written, and again before it is
 * sent: a consent may have been taken back between. */
apr_status_t pd_outbox_allowed(int *allowed, pd_conn_t *conn, const pd_portal_t *portal,
                               const char *kind, const char *person_id, apr_pool_t *p);

/* Writes a letter; `written` 0 when the mailbox had its letters of this hour, or when its purpose
 * doesn't allow to write to this person now (no error). */
apr_status_t pd_outbox_add(int *written, pd_conn_t *conn, const pd_portal_t *portal,
                           const pd_letter_t *letter, apr_pool_t *p);

/* What the letters' templates may use. */
extern const pd_contract_t pd_letter_contracts[];

/* What a try came to. */
typedef enum {
    PD_MAIL_ACCEPTED,
    PD_MAIL_REFUSED,     /* permanent: 5xx */
    PD_MAIL_DEFERRED,    /* 4xx */
    PD_MAIL_UNREACHABLE, /* no connection, TLS or authentication trouble: alarm, retry */
    PD_MAIL_UNKNOWN      /* cut or silent after the message was sent: may have arrived; retry */
} pd_mail_e;

typedef struct pd_mail_result_t {
    pd_mail_e outcome;
    long reply_code;    /* SMTP, or 0 */
    const char *reason; /* a few words for the log, without address */
} pd_mail_result_t;

/* A way to deliver one finished message: SMTP or Maildir. */
typedef void pd_transport_fn(pd_mail_result_t *result, const pd_settings_t *settings,
                             const char *recipient, const char *message_id, const char *message,
                             apr_size_t length, apr_pool_t *p);
void pd_smtp_deliver(pd_mail_result_t *result, const pd_settings_t *settings, const char *recipient,
                     const char *message_id, const char *message, apr_size_t length, apr_pool_t *p);
void pd_maildir_deliver(pd_mail_result_t *result, const pd_settings_t *settings,
                        const char *recipient, const char *message_id, const char *message,
                        apr_size_t length, apr_pool_t *p);

/* The one that mail_relay names. */
pd_transport_fn *pd_transport(const pd_settings_t *settings);

/* Takes due letters, at most `limit`, and tries each. `seen` counts those that were due, `tried`
 * those another sender did not take first: nothing is left when nothing was seen. A poisoned letter
 * doesn't hold the queue. */
apr_status_t pd_outbox_deliver(int *tried, int *seen, const pd_portal_t *portal,
                               pd_transport_fn *transport, int limit, apr_pool_t *p);

typedef struct pd_outbox_state_t {
    apr_int64_t queued, failed;
    apr_int64_t lacking; /* of the failed: their templates made no letter (may_lack) */
    apr_time_t oldest;   /* 0: none waits */
} pd_outbox_state_t;
apr_status_t pd_outbox_look(pd_outbox_state_t *state, const pd_portal_t *portal, apr_pool_t *p);

/* Do so many letters wait that those to everybody come later? Else somebody's code would stand
 * behind them all. */
apr_status_t pd_outbox_is_busy(int *busy, const pd_portal_t *portal, apr_pool_t *p);

/* Removes letters that were sent or have failed longer than `age` ago. */
apr_status_t pd_outbox_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                              int limit, apr_pool_t *p);

#endif
