/* Adding staff. Names are claimed as a confirmation does it: who wants the same mailbox waits at
 * its name first. */
#include "portal/pd_staff.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_link.h"
#include "portal/pd_person_int.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_role.h"
#include "portal/pd_tables_int.h"

#define STAFF_MAX 10000

enum { OWNERS, ADD_PERSON, LIST };

const pd_sql_t pd_staff_sql[] = {
    [OWNERS] = {"staff_owners",
                "SELECT i.kind, p.id, p.state, p.data_key, (SELECT COUNT(*) FROM credential c"
                " WHERE c.person_id = p.id AND c.kind = 'password')"
                " FROM identifier i JOIN person p ON p.id = i.person_id"
                " WHERE (i.kind = 'login' AND i.lookup = %s)"
                " OR (i.kind = 'email' AND i.lookup = %s)",
                "ssssi", "whose a login and an e-mail are"},
    [ADD_PERSON] = {"staff_add_person",
                    "INSERT INTO person (id, state, data_key, login, email, language, generation,"
                    " policy_version, created_at, confirmed_at, reviewed_at)"
                    " VALUES (%s, 'active', %s, %s, %s, %s, 1, 0, %lld, %lld, %lld)",
                    "", "a person whose mailbox an administrator vouches for"},
    [LIST] = {"staff_list",
              "SELECT p.id, p.login, p.data_key, p.state, r.role, r.since, r.until, r.appointed_by"
              " FROM role r JOIN person p ON p.id = r.person_id WHERE r.person_id > ''"
              " AND r.since <= %lld AND (r.until = 0 OR r.until > %lld)"
              " ORDER BY r.person_id, r.role LIMIT 10000",
              "sssssiis", "every role in force"},
    {NULL, NULL, NULL, NULL}};

typedef struct add_t {
    const pd_portal_t *portal;
    const pd_staff_order_t *order;
    /* of a new person, made before the transaction */
    const char *new_id, *wrapped, *login, *email; /* sealed */
    const pd_datakey_t *new_key;
    const char *login_lookup, *email_lookup;
    apr_time_t now;
    /* of whom it turns out to be */
    const char *id;
    const pd_datakey_t *key;
    int has_password;
    const char *token; /* NULL: no link */
    pd_staff_result_t *result;
} add_t;

static apr_status_t prepare(add_t *add, const pd_login_t *login, const pd_email_t *email,
                            apr_pool_t *p)
{
    const pd_keyring_t *keys = add->portal->keys;
    add->now = pd_clock_now();
    add->new_id = pd_random_uuid7(add->now, p);
    add->login_lookup = pd_hash_lookup(keys, "login", login->skeleton, p);
    add->email_lookup = pd_hash_lookup(keys, "email", email->address, p);
    apr_status_t status = pd_datakey_new(&add->new_key, &add->wrapped, keys, add->new_id, p);
    if (status == APR_SUCCESS)
        status = pd_seal(&add->login, add->new_key, "person.login", add->new_id, login->name, p);
    if (status == APR_SUCCESS)
        status = pd_seal(&add->email, add->new_key, "person.email", add->new_id, email->address, p);
    return status;
}

/* Whose the names are: nobody's (DONE, id NULL), one person's, or not to be had. */
static pd_staff_e judge(add_t *add, const pd_rows_t *owners)
{
    const pd_cell_t *login = NULL, *email = NULL;
    for (int i = 0; i < PD_ROW_COUNT(owners); i++) {
        const pd_cell_t *cell = PD_ROW(owners, i);
        if (strcmp(cell[0].text, "login") == 0)
            login = cell;
        else
            email = cell;
    }
    add->id = NULL;
    if (!login && !email)
        return PD_STAFF_DONE;
    if (!login)
        return PD_STAFF_EMAIL_TAKEN;
    if (!email || strcmp(login[1].text, email[1].text) != 0)
        return PD_STAFF_LOGIN_TAKEN;
    add->id = login[1].text;
    add->has_password = login[4].number > 0;
    return pd_person_state_parse(login[2].text) == PD_PERSON_ACTIVE ? PD_STAFF_DONE
                                                                    : PD_STAFF_BARRED;
}

static apr_status_t look(add_t *add, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *owners;
    apr_status_t status =
        pd_conn_read(&owners, conn, &pd_staff_sql[OWNERS],
                     PD_ARGS(PD_T(add->login_lookup), PD_T(add->email_lookup)), 2, p);
    if (status != APR_SUCCESS)
        return status;
    add->result->outcome = judge(add, owners);
    if (add->result->outcome != PD_STAFF_DONE || !add->id)
        return APR_SUCCESS;
    return pd_datakey_unwrap(&add->key, add->portal->keys, PD_ROW(owners, 0)[3].text, add->id, p);
}

/* A name that somebody took since `look` sends the whole transaction round again. */
static apr_status_t add_person(add_t *add, pd_conn_t *conn, apr_pool_t *p)
{
    int login, email = 0;
    add->id = add->new_id;
    add->key = add->new_key;
    add->has_password = 0;
    apr_status_t status = pd_conn_exec(
        NULL, conn, &pd_staff_sql[ADD_PERSON],
        PD_ARGS(PD_T(add->new_id), PD_T(add->wrapped), PD_T(add->login), PD_T(add->email),
                PD_T(add->order->language), PD_N(add->now), PD_N(add->now), PD_N(add->now)),
        p);
    if (status == APR_SUCCESS)
        status = pd_person_claim(&login, conn, "login", add->login_lookup, add->id, p);
    if (status == APR_SUCCESS)
        status = pd_person_claim(&email, conn, "email", add->email_lookup, add->id, p);
    if (status != APR_SUCCESS)
        return status;
    return login && email ? APR_SUCCESS : PD_EBUSY;
}

static apr_status_t make_link(add_t *add, pd_conn_t *conn, apr_pool_t *p)
{
    add->token = NULL;
    if (add->has_password && !add->order->link)
        return APR_SUCCESS;
    return pd_link_make(&add->token, conn, add->id, PD_LINK_PASSWORD, add->now + PD_LINK_LIFETIME,
                        p);
}

/* After all rows. */
static apr_status_t tell(const add_t *add, pd_conn_t *conn, apr_pool_t *p)
{
    const char *by = add->order->by;
    json_int_t until = add->now + PD_LINK_LIFETIME;
    apr_status_t status = APR_SUCCESS;
    if (add->id == add->new_id)
        status = pd_journal_add(conn, add->portal, PD_EVENT_PERSON_ADDED, add->id,
                                pd_json_text(json_pack("{s:s}", "by", by), p), add->key, p);
    if (status != APR_SUCCESS || !add->token)
        return status;
    const char *details = pd_json_text(
        json_pack("{s:s, s:s, s:I}", "purpose", PD_LINK_PASSWORD, "by", by, "expires_at", until),
        p);
    return pd_journal_add(conn, add->portal, PD_EVENT_LINK_MADE, add->id, details, add->key, p);
}

static apr_status_t add_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    add_t *add = baton;
    apr_status_t status = pd_conn_lock_name(conn, add->email_lookup, p);
    if (status == APR_SUCCESS)
        status = look(add, conn, p);
    if (status != APR_SUCCESS || add->result->outcome != PD_STAFF_DONE)
        return status;
    if (!add->id)
        status = add_person(add, conn, p);
    if (status == APR_SUCCESS)
        status = make_link(add, conn, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_appointment_t appointment = {add->id, add->key, add->order->role, add->order->by};
    status = pd_role_appoint(&add->result->appointed, conn, add->portal, &appointment, p);
    return status == APR_SUCCESS ? tell(add, conn, p) : status;
}

static const char *mistake_of(pd_login_t *login, pd_email_t *email, const pd_staff_order_t *order,
                              apr_pool_t *p)
{
    const char *mistake = pd_registration_check_login(login, order->login, p);
    if (!mistake)
        mistake = pd_registration_check_email(email, order->email, p);
    if (!mistake && !pd_role_wellformed(order->role))
        mistake = "role_bad";
    return mistake;
}

static void answer(pd_staff_result_t *result, const add_t *add, const char *login, apr_pool_t *p)
{
    const pd_settings_t *settings = add->portal->settings;
    result->person_id = add->id;
    result->login = login;
    result->added = add->id == add->new_id;
    if (add->token) {
        result->link =
            apr_pstrcat(p, settings->base_url, settings->path, "/reset?t=", add->token, NULL);
        result->link_until = add->now + PD_LINK_LIFETIME;
    }
    pd_log(PD_LOG_INFO, 0, "PD0621: person %s: role %s%s%s", add->id, add->order->role,
           result->added ? ", added" : "", add->token ? ", link made" : "");
}

apr_status_t pd_staff_add(pd_staff_result_t *result, const pd_portal_t *portal,
                          const pd_staff_order_t *order, apr_pool_t *p)
{
    pd_login_t login;
    pd_email_t email;
    add_t add = {.portal = portal, .order = order, .result = result};
    memset(result, 0, sizeof(*result));
    result->mistake = mistake_of(&login, &email, order, p);
    if (result->mistake) {
        result->outcome = PD_STAFF_MISTAKE;
        return APR_SUCCESS;
    }
    apr_status_t status = prepare(&add, &login, &email, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, add_step, &add, p);
    if (status == APR_SUCCESS && result->outcome == PD_STAFF_DONE)
        answer(result, &add, login.name, p);
    return status;
}

static apr_status_t read_staff(pd_staff_t *staff, const pd_portal_t *portal, const pd_cell_t *cell,
                               apr_pool_t *p)
{
    const pd_datakey_t *key;
    *staff = (pd_staff_t){.person_id = cell[0].text,
                          .state = cell[3].text,
                          .role = cell[4].text,
                          .since = cell[5].number,
                          .until = cell[6].number,
                          .appointed_by = cell[7].text};
    apr_status_t status = pd_datakey_unwrap(&key, portal->keys, cell[2].text, cell[0].text, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_open(&staff->login, key, "person.login", cell[0].text, cell[1].text, p);
}

apr_status_t pd_staff_list(apr_array_header_t **staff, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_time_t now = pd_clock_now();
    *staff = apr_array_make(p, 8, sizeof(pd_staff_t));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_staff_sql[LIST],
                                     PD_ARGS(PD_N(now), PD_N(now)), STAFF_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        status = read_staff(apr_array_push(*staff), portal, PD_ROW(found, i), p);
    return status;
}
