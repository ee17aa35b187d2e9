/* Beginning a registration. Everything that is dear or random is done before the transaction,
 * whoever the mailbox belongs to; the transaction runs the same statements for a known and an
 * unknown one. */
#include "portal/pd_registration.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_token.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person_int.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"
#include "text/pd_language.h"

enum { ADD_PERSON, ADD_CREDENTIAL, ADD };

const pd_sql_t pd_registration_sql[] = {
    [ADD_PERSON] = {"registration_add_person",
                    "INSERT INTO person (id, state, data_key, login, email, language, generation,"
                    " policy_version, created_at, confirmed_at)"
                    " VALUES (%s, 'pending', %s, %s, %s, %s, 1, 0, %lld, 0)",
                    "", "a person whose mailbox is not proved yet"},
    [ADD_CREDENTIAL] = {"registration_add_credential",
                        "INSERT INTO credential (person_id, kind, secret, changed_at)"
                        " VALUES (%s, 'password', %s, %lld)",
                        "", "the password chosen"},
    [ADD] =
        {"registration_add",
         "INSERT INTO registration (person_id, decoy, login_lookup, email_lookup, browser, token,"
         " code, attempts, return_to, acts, created_at, expires_at, proved_at, confirmed_at)"
         " VALUES (%s, %lld, %s, %s, %s, %s, %s, 0, %s, %s, %lld, %lld, 0, 0)",
         "", "a registration that waits for its mailbox"},
    {NULL, NULL, NULL, NULL}};

/* What one registration writes. */
typedef struct begin_t {
    const pd_portal_t *portal;
    pd_addressee_t newcomer;
    const char *wrapped;                                   /* data key */
    const char *login, *email, *secret, *return_to, *acts; /* sealed */
    const char *login_lookup, *email_lookup, *browser;
    pd_secrets_t secrets;
    apr_time_t now;
    int known; /* for the log */
} begin_t;

static apr_status_t seal_all(begin_t *begin, const pd_checked_form_t *checked, const char *stored,
                             const char *return_to, const char *acts, apr_pool_t *p)
{
    const struct {
        const char **sealed;
        const char *place, *plain;
    } values[] = {{&begin->login, "person.login", checked->login.name},
                  {&begin->email, "person.email", checked->email.address},
                  {&begin->secret, "credential.secret", stored},
                  {&begin->return_to, "registration.return_to", return_to ? return_to : ""},
                  {&begin->acts, "registration.acts", acts}};
    apr_status_t status = APR_SUCCESS;
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]) && status == APR_SUCCESS; i++)
        status = pd_seal(values[i].sealed, begin->newcomer.key, values[i].place,
                         begin->newcomer.person_id, values[i].plain, p);
    return status;
}

static apr_status_t prepare(begin_t *begin, const pd_checked_form_t *checked,
                            const pd_registration_form_t *form, const char *stored,
                            const char *acts, apr_pool_t *p)
{
    const pd_portal_t *portal = begin->portal;
    pd_addressee_t *newcomer = &begin->newcomer;
    newcomer->person_id = pd_random_uuid7(begin->now, p);
    newcomer->address = checked->email.address;
    newcomer->language =
        pd_language_offered(form->language, pd_languages) ? form->language : pd_languages[0];
    begin->login_lookup = pd_hash_lookup(portal->keys, "login", checked->login.skeleton, p);
    begin->email_lookup = pd_hash_lookup(portal->keys, "email", checked->email.address, p);
    /* Without a form cookie no browser counts as the registering one. */
    begin->browser =
        pd_token_hash(form->browser && *form->browser ? form->browser : pd_token_new(p), p);
    pd_secrets_new(&begin->secrets, portal, newcomer->person_id, p);
    apr_status_t status =
        pd_datakey_new(&newcomer->key, &begin->wrapped, portal->keys, newcomer->person_id, p);
    if (status == APR_SUCCESS)
        status = seal_all(begin, checked, stored, form->return_to, acts, p);
    return status;
}

static apr_status_t add_person(pd_conn_t *conn, const begin_t *begin, apr_pool_t *p)
{
    const char *id = begin->newcomer.person_id;
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_registration_sql[ADD_PERSON],
                     PD_ARGS(PD_T(id), PD_T(begin->wrapped), PD_T(begin->login), PD_T(begin->email),
                             PD_T(begin->newcomer.language), PD_N(begin->now)),
                     p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_registration_sql[ADD_CREDENTIAL],
                        PD_ARGS(PD_T(id), PD_T(begin->secret), PD_N(begin->now)), p);
}

/* Without a letter there is no secret either: what nobody was sent, nobody but a guesser can know.
 */
static apr_status_t add_registration(pd_conn_t *conn, const begin_t *begin, int told, apr_pool_t *p)
{
    const pd_secrets_t *secrets = &begin->secrets;
    apr_time_t expires = begin->now + begin->portal->settings->confirmation_lifetime;
    return pd_conn_exec(
        NULL, conn, &pd_registration_sql[ADD],
        PD_ARGS(PD_T(begin->newcomer.person_id), PD_N(begin->known), PD_T(begin->login_lookup),
                PD_T(begin->email_lookup), PD_T(begin->browser),
                PD_T(told ? secrets->token_hash : secrets->void_token),
                PD_T(told ? secrets->code_hash : secrets->void_code), PD_T(begin->return_to),
                PD_T(begin->acts), PD_N(begin->now), PD_N(expires)),
        p);
}

static apr_status_t begin_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    begin_t *begin = baton;
    const pd_portal_t *portal = begin->portal;
    pd_addressee_t owner;
    apr_status_t status = pd_registration_owner(&owner, conn, portal, begin->email_lookup, p);
    if (status != APR_SUCCESS)
        return status;
    begin->known = owner.person_id != NULL;
    status = add_person(conn, begin, p);
    int written;
    if (status == APR_SUCCESS)
        status = pd_registration_letter(&written, conn, portal, &owner, &begin->newcomer,
                                        &begin->secrets, p);
    if (status == APR_SUCCESS)
        status = add_registration(conn, begin, written && !begin->known, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_addressee_t *subject = begin->known ? &owner : &begin->newcomer;
    const char *details =
        pd_json_text(json_pack("{s:s}", "registration", begin->newcomer.person_id), p);
    return pd_journal_add(conn, portal,
                          begin->known ? PD_EVENT_REGISTRATION_KNOWN : PD_EVENT_REGISTRATION_BEGUN,
                          subject->person_id, details, subject->key, p);
}

/* Both texts in force, in the language of the form. APR_ENOENT: one is missing. */
static apr_status_t texts_in_force(pd_document_t *policy, pd_document_t *processing,
                                   const pd_portal_t *portal, const char *language, apr_pool_t *p)
{
    apr_status_t status = pd_document_current(policy, portal, PD_DOCUMENT_POLICY, language, p);
    if (status == APR_SUCCESS)
        status = pd_document_current(processing, portal, PD_DOCUMENT_PROCESSING, language, p);
    return status;
}

/* The form is whole, and both texts are known: now it costs something. */
static apr_status_t begin_checked(const pd_portal_t *portal, const pd_checked_form_t *checked,
                                  const pd_registration_form_t *form, const pd_document_t *policy,
                                  const pd_document_t *processing, apr_pool_t *p)
{
    const char *stored;
    apr_status_t status = pd_password_hash_gated(&stored, portal, checked->password, p);
    if (status != APR_SUCCESS)
        return status;
    begin_t begin = {.portal = portal, .now = pd_clock_now()};
    const char *acts = pd_registration_acts_text(form, policy, processing, begin.now, p);
    status = acts ? prepare(&begin, checked, form, stored, acts, p) : APR_ENOMEM;
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, begin_step, &begin, p);
    if (status != APR_SUCCESS)
        return status;
    pd_count(portal->counts, PD_COUNT_REGISTRATION_BEGUN);
    pd_log(PD_LOG_INFO, 0, "PD0401: registration %s begun", begin.newcomer.person_id);
    return APR_SUCCESS;
}

apr_status_t pd_registration_begin(pd_registration_e *outcome, apr_array_header_t **mistakes,
                                   int *retry_after, const pd_portal_t *portal,
                                   const pd_registration_form_t *form, apr_pool_t *p)
{
    pd_checked_form_t checked;
    pd_document_t policy, processing;
    const pd_client_t client = {.address = form->address, .browser = form->browser};
    pd_guess_t guess;
    *outcome = PD_REGISTRATION_MISTAKES;
    *retry_after = 0;
    apr_status_t status = pd_registration_check(mistakes, &checked, portal, form, p);
    if (status != APR_SUCCESS || (*mistakes)->nelts)
        return status;
    const char *language =
        pd_language_offered(form->language, pd_languages) ? form->language : pd_languages[0];
    status = texts_in_force(&policy, &processing, portal, language, p);
    *outcome = PD_REGISTRATION_CLOSED;
    if (status != APR_SUCCESS)
        return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
    *outcome = PD_REGISTRATION_CHANGED;
    if (policy.version != form->policy_version || processing.version != form->consent_version)
        return APR_SUCCESS;
    *retry_after = pd_guess_mail(&guess, portal, &client, p);
    *outcome = *retry_after ? PD_REGISTRATION_LIMITED : PD_REGISTRATION_BEGUN;
    if (*retry_after)
        return APR_SUCCESS;
    status = begin_checked(portal, &checked, form, &policy, &processing, p);
    if (status == PD_EBUSY)
        pd_guess_untried(&guess);
    return status;
}
