/* What the files of registration and confirmation share. */
#ifndef PD_REGISTRATION_INT_H
#define PD_REGISTRATION_INT_H
#include "portal/pd_document.h"
#include "portal/pd_registration.h"
#include "text/pd_email.h"
#include "text/pd_login.h"

/* Codes, and passwords typed in a strange browser, that may be tried for one registration. */
#define PD_CONFIRM_ATTEMPTS_MAX 10

/* pd_registration_check.c */
typedef struct pd_checked_form_t {
    pd_login_t login;
    pd_email_t email;
    const char *password; /* normalised; wiped with the pool */
} pd_checked_form_t;

/* Every mistake of the form, in the order of its fields. */
apr_status_t pd_registration_check(apr_array_header_t **mistakes, pd_checked_form_t *checked,
                                   const pd_portal_t *portal, const pd_registration_form_t *form,
                                   apr_pool_t *p);

/* The code of a login's mistake, or NULL. */
const char *pd_registration_check_login(pd_login_t *login, const char *typed, apr_pool_t *p);

/* The same of an e-mail. */
const char *pd_registration_check_email(pd_email_t *email, const char *typed, apr_pool_t *p);

/* pd_registration_acts.c: what was ticked, kept until the mailbox is proved. */
const char *pd_registration_acts_text(const pd_registration_form_t *form,
                                      const pd_document_t *policy, const pd_document_t *processing,
                                      apr_time_t now, apr_pool_t *p);

/* Such a text as pd_act_t; PD_ETEXT: it is none. */
apr_status_t pd_registration_acts_read(apr_array_header_t **acts, const char *text, apr_pool_t *p);

/* pd_registration_letter.c: the secrets of a registration and the letter that carries them. */
typedef struct pd_secrets_t {
    const char *token, *code;           /* for the letter */
    const char *token_hash, *code_hash; /* for the row */
    const char *void_token,
        *void_code; /* for the row of a decoy: nobody has what they are made of */
} pd_secrets_t;
void pd_secrets_new(pd_secrets_t *secrets, const pd_portal_t *portal, const char *person_id,
                    apr_pool_t *p);

/* Who gets the letter. */
typedef struct pd_addressee_t {
    const char *person_id;
    const pd_datakey_t *key;
    const char *address;
    const char *language;
} pd_addressee_t;

/* pd_registration_acts.c: adds the kept acts of a person to the ledger, and writes a letter with
 * their receipts; `policy_version` is the one acknowledged. */
apr_status_t pd_registration_acts_add(apr_int64_t *policy_version, pd_conn_t *conn,
                                      const pd_portal_t *portal, const pd_addressee_t *person,
                                      const char *text, apr_pool_t *p);

/* The confirmed owner of a mailbox; `owner->person_id` NULL: nobody. `owner->address` NULL: he gave
 * it up lately, and it is still reserved for him (pd_former_name.h). */
apr_status_t pd_registration_owner(pd_addressee_t *owner, pd_conn_t *conn,
                                   const pd_portal_t *portal, const char *email_lookup,
                                   apr_pool_t *p);

/* Writes to the owner that his mailbox is known when there is one, else the secrets to `newcomer`.
 */
apr_status_t pd_registration_letter(int *written, pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_addressee_t *owner, const pd_addressee_t *newcomer,
                                    const pd_secrets_t *secrets, apr_pool_t *p);

/* pd_confirm.c: a registration as a confirmation sees it. */
typedef struct pd_waiting_t {
    const char *person_id;
    int decoy;
    const char *login_lookup, *email_lookup;
    const char *browser, *token, *code; /* hashes */
    const char *return_to, *acts;       /* sealed */
    apr_time_t expires_at, proved_at, confirmed_at;
    const char *language;
    const char *email; /* sealed */
    const char *sealed_password;
    const pd_datakey_t *key;
    int by_token;   /* found by the link's token */
    int by_browser; /* the registering browser, or the one that proved the mailbox */
} pd_waiting_t;

/* By token, else by browser (its newest); either may be NULL. APR_ENOENT: none, or over. */
apr_status_t pd_confirm_find(pd_waiting_t *waiting, const pd_portal_t *portal, const char *token,
                             const char *browser, apr_pool_t *p);

/* First thing of a transaction that goes on with a registration: nobody removes it before the end
 * then, nor its person. `there` 0: it is gone already. */
apr_status_t pd_confirm_hold(int *there, pd_conn_t *conn, const pd_waiting_t *waiting,
                             apr_pool_t *p);

/* pd_registration_expire.c: everything of a registration whose row was just deleted. */
apr_status_t pd_registration_clear(pd_conn_t *conn, const char *person_id, apr_pool_t *p);

/* Removes the others that wait with the same mailbox. */
apr_status_t pd_registration_clear_rivals(pd_conn_t *conn, const char *email_lookup,
                                          const char *person_id, apr_pool_t *p);

#endif
