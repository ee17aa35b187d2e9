/* The second factor: how it stands, its beginning, and its end by an administrator. */
#include "portal/pd_factor.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "crypt/pd_totp.h"
#include "portal/pd_factor_int.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_notice.h"
#include "portal/pd_outbox.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"
#include "text/pd_url.h"

#define PLACE "credential.totp"

enum { SECRET, ON, ON_SINCE, CODES, BEGIN, REMOVE, REMOVE_NEW, REMOVE_CODES };

const pd_sql_t pd_factor_sql[] = {
    [SECRET] = {"factor_secret", "SELECT secret FROM credential WHERE person_id = %s AND kind = %s",
                "s", "the secret of an authenticator"},
    [ON] = {"factor_on",
            "SELECT COUNT(*) FROM credential WHERE person_id = %s AND kind IN " PD_FACTOR_KINDS,
            "i", "whether a person has a second factor"},
    [ON_SINCE] = {"factor_on_since",
                  "SELECT COUNT(*) FROM credential WHERE person_id = %s AND changed_at >= %lld"
                  " AND kind IN " PD_FACTOR_KINDS,
                  "i", "whether it was set up since an instant"},
    [CODES] = {"factor_codes", "SELECT COUNT(*) FROM factor_code WHERE person_id = %s", "i",
               "how many codes for a lost telephone are left"},
    [BEGIN] = {"factor_begin",
               "INSERT INTO credential (person_id, kind, secret, changed_at)"
               " SELECT p.id, '" PD_FACTOR_KIND_NEW "', CAST(%s AS TEXT), CAST(%lld AS BIGINT)"
               " FROM person p WHERE p.id = %s AND NOT EXISTS (SELECT 1 FROM credential c"
               " WHERE c.person_id = p.id AND c.kind IN " PD_FACTOR_KINDS ")"
               " ON CONFLICT (person_id, kind) DO UPDATE"
               " SET secret = excluded.secret, changed_at = excluded.changed_at",
               "", "a secret that is being shown"},
    [REMOVE] = {"factor_remove",
                "DELETE FROM credential WHERE person_id = %s AND kind IN " PD_FACTOR_KINDS, "",
                "no second factor any more"},
    [REMOVE_NEW] = {"factor_remove_new",
                    "DELETE FROM credential WHERE person_id = %s AND kind = '" PD_FACTOR_KIND_NEW
                    "'",
                    "", "nor one that was being shown"},
    [REMOVE_CODES] = {"factor_remove_codes", "DELETE FROM factor_code WHERE person_id = %s", "",
                      "nor codes for a lost telephone"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_factor_secret(pd_factor_secret_t *secret, const pd_portal_t *portal,
                              const pd_person_t *person, const char *kind, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *secret = (pd_factor_secret_t){NULL, NULL};
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_factor_sql[SECRET],
                                     PD_ARGS(PD_T(person->id), PD_T(kind)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    secret->sealed = PD_ROW(rows, 0)[0].text;
    return pd_open(&secret->text, person->key, PLACE, person->id, secret->sealed, p);
}

apr_status_t pd_factor_lock(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    return pd_conn_lock_name(conn, apr_pstrcat(p, "factor of ", person_id, NULL), p);
}

/* As applications read it: otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=ISSUER. */
static const char *uri_of(const pd_portal_t *portal, const pd_person_t *person, const char *secret,
                          apr_pool_t *p)
{
    const pd_settings_t *settings = portal->settings;
    const char *name = settings->site_name ? settings->site_name : settings->base_url;
    const char *issuer = pd_url_encode(name, p);
    char *uri = apr_pstrcat(p, "otpauth://totp/", issuer, ":", pd_url_encode(person->login, p),
                            "?secret=", secret, "&issuer=", issuer, NULL);
    pd_wipe_with_pool(uri, strlen(uri), p);
    return uri;
}

static apr_status_t look_on(pd_factor_view_t *view, const pd_portal_t *portal,
                            const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *rows;
    view->on = 1;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_factor_sql[CODES], PD_ARGS(PD_T(person_id)), 1, p);
    if (status == APR_SUCCESS)
        view->codes_left = (int)PD_ROW(rows, 0)[0].number;
    return status;
}

apr_status_t pd_factor_look(pd_factor_view_t *view, const pd_portal_t *portal,
                            const char *person_id, apr_pool_t *p)
{
    pd_person_t person;
    pd_factor_secret_t secret = {NULL, NULL};
    memset(view, 0, sizeof(*view));
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_factor_secret(&secret, portal, &person, PD_FACTOR_KIND, p);
    if (status != APR_SUCCESS || secret.text)
        return status != APR_SUCCESS ? status : look_on(view, portal, person_id, p);
    status = pd_factor_secret(&secret, portal, &person, PD_FACTOR_KIND_NEW, p);
    view->secret = secret.text;
    if (status == APR_SUCCESS && view->secret)
        view->uri = uri_of(portal, &person, view->secret, p);
    return status;
}

typedef struct begin_t {
    const char *person_id, *sealed;
} begin_t;

static apr_status_t begin_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const begin_t *begin = baton;
    apr_status_t status = pd_factor_lock(conn, begin->person_id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_factor_sql[BEGIN],
                        PD_ARGS(PD_T(begin->sealed), PD_N(pd_clock_now()), PD_T(begin->person_id)),
                        p);
}

apr_status_t pd_factor_begin(const pd_portal_t *portal, const char *person_id, apr_pool_t *p)
{
    pd_person_t person;
    begin_t begin = {.person_id = person_id};
    const char *secret = pd_totp_secret_new(p);
    if (!secret)
        return APR_ENOMEM;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_seal(&begin.sealed, person.key, PLACE, person_id, secret, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_db_transact(portal->db, begin_step, &begin, p);
}

apr_status_t pd_factor_is_on(int *on, pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status =
        pd_conn_read(&rows, conn, &pd_factor_sql[ON], PD_ARGS(PD_T(person_id)), 1, p);
    *on = status == APR_SUCCESS && PD_ROW(rows, 0)[0].number > 0;
    return status;
}

apr_status_t pd_factor_remove(int *had, pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    apr_status_t status =
        pd_conn_exec(had, conn, &pd_factor_sql[REMOVE], PD_ARGS(PD_T(person_id)), p);
    if (status == APR_SUCCESS && *had)
        status = pd_conn_exec(NULL, conn, &pd_factor_sql[REMOVE_NEW], PD_ARGS(PD_T(person_id)), p);
    if (status != APR_SUCCESS || !*had)
        return status;
    return pd_conn_exec(NULL, conn, &pd_factor_sql[REMOVE_CODES], PD_ARGS(PD_T(person_id)), p);
}

/* One that is being shown goes in any case: the person would be shown what somebody else has seen.
 */
apr_status_t pd_factor_remove_since(int *had, pd_conn_t *conn, const char *person_id,
                                    apr_time_t since, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *had = 0;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_factor_sql[ON_SINCE],
                                       PD_ARGS(PD_T(person_id), PD_N(since)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW(rows, 0)[0].number > 0)
        return pd_factor_remove(had, conn, person_id, p);
    return pd_conn_exec(NULL, conn, &pd_factor_sql[REMOVE_NEW], PD_ARGS(PD_T(person_id)), p);
}

apr_status_t pd_factor_tell_removed(pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_person_t *person, const char *link_purpose,
                                    apr_pool_t *p)
{
    apr_status_t status = pd_factor_tell(conn, portal, person, "turned_off", p);
    if (status != APR_SUCCESS)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "by", "link", "purpose", link_purpose), p);
    return pd_journal_add(conn, portal, PD_EVENT_FACTOR_OFF, person->id, details, person->key, p);
}

apr_status_t pd_factor_tell(pd_conn_t *conn, const pd_portal_t *portal, const pd_person_t *person,
                            const char *what, apr_pool_t *p)
{
    const pd_settings_t *settings = portal->settings;
    int written;
    pd_letter_t letter = {.kind = "second-factor",
                          .person_id = person->id,
                          .key = person->key,
                          .address = person->email,
                          .mailbox = pd_outbox_mailbox(portal, person->email, p),
                          .language = person->language,
                          .values = pd_value_map(p),
                          .always = 1};
    pd_value_set_bool(letter.values, what, 1, p);
    pd_value_set_text(letter.values, "sign_in_url",
                      apr_pstrcat(p, settings->base_url, settings->path, "/login", NULL), p);
    apr_status_t status = pd_outbox_add(&written, conn, portal, &letter, p);
    apr_table_t *said = apr_table_make(p, 1);
    apr_table_setn(said, what, "1");
    return status == APR_SUCCESS ? pd_notice_add(conn, portal, person->id, letter.kind, said, p)
                                 : status;
}

typedef struct reset_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *reason;
    int had, ended;
} reset_t;

static apr_status_t reset_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    reset_t *reset = baton;
    const char *id = reset->person->id;
    apr_status_t status = pd_factor_remove(&reset->had, conn, id, p);
    if (status != APR_SUCCESS || !reset->had)
        return status;
    status = pd_session_clear(&reset->ended, conn, id, NULL, p);
    if (status == APR_SUCCESS)
        status = pd_factor_tell(conn, reset->portal, reset->person, "was_reset", p);
    if (status == APR_SUCCESS)
        status = pd_invalidation_add(conn, PD_INVALID_PERSON, id, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(json_pack("{s:s, s:s, s:i}", "by", "pdportalctl", "reason",
                                                 reset->reason, "sessions_ended", reset->ended),
                                       p);
    return pd_journal_add(conn, reset->portal, PD_EVENT_FACTOR_RESET, id, details,
                          reset->person->key, p);
}

apr_status_t pd_factor_reset(int *had, const pd_portal_t *portal, const char *person_id,
                             const char *reason, apr_pool_t *p)
{
    pd_person_t person;
    *had = 0;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    reset_t reset = {portal, &person, reason, 0, 0};
    status = pd_db_transact(portal->db, reset_step, &reset, p);
    *had = status == APR_SUCCESS && reset.had;
    if (*had)
        pd_log(PD_LOG_NOTICE, 0, "PD0790: second factor of person %s reset", person_id);
    return status;
}
