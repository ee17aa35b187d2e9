/* Setting a password by a link. Only a good link is worth a place in the hashing gate; whether it
 * is still good is decided again, by its use, when the hash is ready. */
#include "portal/pd_password_set.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "portal/pd_device.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_outbox.h"
#include "portal/pd_person_int.h"
#include "portal/pd_recovery.h"
#include "portal/pd_role.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

enum { SET };

const pd_sql_t pd_password_set_sql[] = {
    [SET] = {"password_set",
             "INSERT INTO credential (person_id, kind, secret, changed_at)"
             " VALUES (%s, 'password', %s, %lld) ON CONFLICT (person_id, kind) DO UPDATE"
             " SET secret = excluded.secret, changed_at = excluded.changed_at",
             "", "the new password in the place of the old one, or the first"},
    {NULL, NULL, NULL, NULL}};

/* The person of a good link, and what is asked of the password. */
static apr_status_t find(pd_password_view_t *view, pd_person_t *person, const pd_portal_t *portal,
                         const char *token, apr_pool_t *p)
{
    const char *id;
    apr_array_header_t *roles;
    memset(view, 0, sizeof(*view));
    apr_status_t status = pd_link_look(&view->link, &id, portal, token, PD_LINK_PASSWORD, p);
    if (status != APR_SUCCESS || view->link != PD_LINK_GOOD)
        return status;
    status = pd_person_get(person, portal, id, p);
    if (status == APR_SUCCESS)
        status = pd_role_list(&roles, portal, id, p);
    if (status != APR_SUCCESS)
        return status;
    view->login = person->login;
    view->min_chars = portal->settings->password_min;
    if (roles->nelts > 0 && view->min_chars < PD_STAFF_PASSWORD_MIN)
        view->min_chars = PD_STAFF_PASSWORD_MIN;
    return APR_SUCCESS;
}

apr_status_t pd_password_look(pd_password_view_t *view, const pd_portal_t *portal,
                              const char *token, apr_pool_t *p)
{
    pd_person_t person;
    return find(view, &person, portal, token, p);
}

typedef struct set_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *token;
    const char *secret; /* sealed */
    int used, ended;
} set_t;

static apr_status_t write_letter(const set_t *set, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_settings_t *settings = set->portal->settings;
    const pd_person_t *person = set->person;
    pd_letter_t letter = {.kind = "password",
                          .person_id = person->id,
                          .key = person->key,
                          .address = person->email,
                          .mailbox = pd_outbox_mailbox(set->portal, person->email, p),
                          .language = person->language,
                          .values = pd_value_map(p),
                          .always = 1};
    int written;
    pd_value_set_text(letter.values, "sign_in_url",
                      apr_pstrcat(p, settings->base_url, settings->path, "/login", NULL), p);
    return pd_outbox_add(&written, conn, set->portal, &letter, p);
}

/* Sessions before the credential: a sign-in takes them in this order too. */
static apr_status_t set_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    set_t *set = baton;
    const char *id = set->person->id;
    apr_status_t status = pd_link_use(&set->used, conn, set->token, PD_LINK_PASSWORD, p);
    if (status != APR_SUCCESS || !set->used)
        return status;
    status = pd_session_clear(&set->ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_password_set_sql[SET],
                              PD_ARGS(PD_T(id), PD_T(set->secret), PD_N(pd_clock_now())), p);
    if (status == APR_SUCCESS)
        status = pd_device_forget(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_link_void(conn, id, p);
    if (status == APR_SUCCESS)
        status = pd_recovery_void(conn, id, p);
    if (status == APR_SUCCESS)
        status = write_letter(set, conn, p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:i}", "by", "link", "sessions_ended", set->ended), p);
    return pd_journal_add(conn, set->portal, PD_EVENT_PASSWORD_SET, id, details, set->person->key,
                          p);
}

static apr_status_t hash(set_t *set, const char *password, apr_pool_t *p)
{
    const char *stored;
    apr_status_t status = pd_password_hash_gated(&stored, set->portal, password, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_seal(&set->secret, set->person->key, "credential.secret", set->person->id, stored, p);
}

apr_status_t pd_password_set(pd_password_set_e *outcome, const char **mistake, int *retry_after,
                             const pd_portal_t *portal, const pd_client_t *client,
                             const char *token, const char *typed, apr_pool_t *p)
{
    pd_guess_t guess;
    pd_password_view_t view;
    pd_person_t person;
    const char *password;
    set_t set = {.portal = portal, .person = &person, .token = token};
    *outcome = PD_PASSWORD_LINK_GONE;
    *mistake = NULL;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    if (*retry_after) {
        *outcome = PD_PASSWORD_LIMITED;
        return APR_SUCCESS;
    }
    apr_status_t status = find(&view, &person, portal, token, p);
    if (status != APR_SUCCESS || view.link != PD_LINK_GOOD)
        return status;
    pd_guess_right(&guess);
    const pd_new_password_t chosen = {typed, person.login, person.email, view.min_chars};
    *mistake = pd_password_check(&password, portal, &chosen, p);
    if (*mistake) {
        *outcome = PD_PASSWORD_MISTAKE;
        return APR_SUCCESS;
    }
    status = hash(&set, password, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, set_step, &set, p);
    if (status != APR_SUCCESS || !set.used)
        return status;
    *outcome = PD_PASSWORD_SET;
    pd_log(PD_LOG_INFO, 0, "PD0622: password of person %s set by a link", person.id);
    return APR_SUCCESS;
}
