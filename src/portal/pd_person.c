/* Persons: found by keyed look-up hashes, opened with their own data key. */
#include "portal/pd_person.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_person_int.h"
#include "portal/pd_tables_int.h"
#include "text/pd_email.h"
#include "text/pd_login.h"

enum { GET, LOOKUP, NAMED, CLAIM };

const pd_sql_t pd_person_sql[] = {
    [GET] = {"person_get",
             "SELECT state, data_key, login, email, language, generation, policy_version,"
             " created_at, confirmed_at FROM person WHERE id = %s",
             "sssssiiii", "a whole person"},
    [LOOKUP] = {"person_lookup",
                "SELECT p.id, p.state, p.generation, p.data_key, c.secret, c.expired_at"
                " FROM identifier i"
                " JOIN person p ON p.id = i.person_id"
                " JOIN credential c ON c.person_id = p.id AND c.kind = 'password'"
                " WHERE i.kind = %s AND i.lookup = %s AND i.reserved_until = 0",
                "ssissi", "who answers to a login or an e-mail"},
    [NAMED] = {"person_named",
               "SELECT person_id FROM identifier WHERE kind = %s AND lookup = %s"
               " AND reserved_until = 0",
               "s", "whose a login or an e-mail is"},
    [CLAIM] = {"person_claim",
               "INSERT INTO identifier (kind, lookup, person_id) VALUES (%s, %s, %s)"
               " ON CONFLICT (kind, lookup) DO UPDATE SET reserved_until = 0"
               " WHERE identifier.person_id = excluded.person_id"
               " AND identifier.reserved_until > 0",
               "", "take a login or an e-mail that is free, or one's own former one"},
    {NULL, NULL, NULL, NULL}};

static const char *const state_names[] = {[PD_PERSON_PENDING] = "pending",
                                          [PD_PERSON_ACTIVE] = "active",
                                          [PD_PERSON_BLOCKED] = "blocked",
                                          [PD_PERSON_CLOSING] = "closing",
                                          [PD_PERSON_DESTROYED] = "destroyed"};

/* A word nobody wrote counts as destroyed: it opens nothing. */
pd_person_state_e pd_person_state_parse(const char *text)
{
    for (int i = 0; i < PD_PERSON_DESTROYED; i++) {
        if (strcmp(text, state_names[i]) == 0)
            return (pd_person_state_e)i;
    }
    return PD_PERSON_DESTROYED;
}

pd_password_cost_t pd_password_cost_of(const pd_settings_t *settings)
{
    return (pd_password_cost_t){(apr_uint32_t)settings->password_memory,
                                (apr_uint32_t)settings->password_passes};
}

apr_status_t pd_hashing_enter(int *slot, const pd_portal_t *portal)
{
    *slot = 0;
    if (!portal->hashing)
        return APR_SUCCESS;
    apr_status_t status = pd_gate_enter(slot, portal->hashing, portal->settings->hashing_wait);
    if (status == PD_EBUSY)
        pd_count(portal->counts, PD_COUNT_HASHING_BUSY);
    return status;
}

void pd_hashing_leave(const pd_portal_t *portal, int slot)
{
    if (portal->hashing)
        pd_gate_leave(portal->hashing, slot);
}

const char *pd_password_typed(const char *typed, apr_pool_t *p)
{
    if (strlen(typed) > PD_PASSWORD_BYTES_MAX)
        return NULL;
    char *normal = (char *)pd_text_opaque(typed, p);
    if (normal)
        pd_wipe_with_pool(normal, strlen(normal), p);
    return normal && strlen(normal) <= PD_PASSWORD_BYTES_MAX ? normal : NULL;
}

const char *pd_text_trim(const char *typed, apr_pool_t *p)
{
    if (!typed)
        return "";
    while (apr_isspace(*typed))
        typed++;
    apr_size_t length = strlen(typed);
    while (length > 0 && apr_isspace(typed[length - 1]))
        length--;
    return apr_pstrmemdup(p, typed, length);
}

const char *pd_code_typed(const char *typed, apr_pool_t *p)
{
    char *code = apr_pstrdup(p, typed), *to = code;
    for (; *typed; typed++) {
        if (!apr_isspace(*typed) && *typed != '-')
            *to++ = *typed;
    }
    *to = '\0';
    return code;
}

static apr_status_t open_person(pd_person_t *person, const pd_portal_t *portal,
                                const pd_cell_t *cell, apr_pool_t *p)
{
    apr_status_t status =
        pd_datakey_unwrap(&person->key, portal->keys, cell[1].text, person->id, p);
    if (status == APR_SUCCESS)
        status = pd_open(&person->login, person->key, "person.login", person->id, cell[2].text, p);
    if (status == APR_SUCCESS)
        status = pd_open(&person->email, person->key, "person.email", person->id, cell[3].text, p);
    return status;
}

apr_status_t pd_person_get(pd_person_t *person, const pd_portal_t *portal, const char *id,
                           apr_pool_t *p)
{
    const pd_rows_t *found;
    memset(person, 0, sizeof(*person));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_person_sql[GET], PD_ARGS(PD_T(id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(found, 0);
    person->id = apr_pstrdup(p, id);
    person->state = pd_person_state_parse(cell[0].text);
    person->language = cell[4].text;
    person->generation = cell[5].number;
    person->policy_version = cell[6].number;
    person->created_at = cell[7].number;
    person->confirmed_at = cell[8].number;
    if (person->state == PD_PERSON_DESTROYED)
        return APR_ENOENT;
    return open_person(person, portal, cell, p);
}

/* Text that can be nobody's is looked up all the same, so that the work stays the same. */
const char *pd_person_lookup_of(const char **kind, const pd_portal_t *portal, const char *typed,
                                apr_pool_t *p)
{
    const char *normal = typed;
    *kind = "login";
    if (strchr(typed, '@')) {
        pd_email_t email;
        *kind = "email";
        if (pd_email_parse(&email, typed, p) == APR_SUCCESS)
            normal = email.address;
    }
    else {
        pd_login_t login;
        pd_login_e outcome;
        if (pd_login_parse(&outcome, &login, pd_text_trim(typed, p), p) == APR_SUCCESS &&
            outcome == PD_LOGIN_OK)
            normal = login.skeleton;
    }
    return pd_hash_lookup(portal->keys, *kind, normal, p);
}

apr_status_t pd_person_lookup(pd_person_found_t *found, const pd_portal_t *portal,
                              const char *login_or_email, apr_pool_t *p)
{
    const pd_rows_t *rows;
    const char *kind;
    const char *lookup = pd_person_lookup_of(&kind, portal, login_or_email, p);
    memset(found, 0, sizeof(*found));
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_person_sql[LOOKUP],
                                     PD_ARGS(PD_T(kind), PD_T(lookup)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    found->id = cell[0].text;
    found->state = pd_person_state_parse(cell[1].text);
    found->generation = cell[2].number;
    found->sealed_password = cell[4].text;
    found->password_expired = cell[5].number != 0;
    if (found->state != PD_PERSON_ACTIVE && found->state != PD_PERSON_BLOCKED &&
        found->state != PD_PERSON_CLOSING)
        return APR_ENOENT;
    status = pd_datakey_unwrap(&found->key, portal->keys, cell[3].text, found->id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_open(&found->stored_password, found->key, "credential.secret", found->id,
                   found->sealed_password, p);
}

apr_status_t pd_person_find(const char **id, const char **stored_password,
                            const pd_portal_t *portal, const char *login_or_email, apr_pool_t *p)
{
    pd_person_found_t found;
    *id = *stored_password = NULL;
    apr_status_t status = pd_person_lookup(&found, portal, login_or_email, p);
    if (status == APR_SUCCESS) {
        *id = found.id;
        *stored_password = found.stored_password;
    }
    return status;
}

apr_status_t pd_person_named(const char **id, const pd_portal_t *portal, const char *login_or_email,
                             apr_pool_t *p)
{
    const pd_rows_t *found;
    const char *kind;
    const char *lookup = pd_person_lookup_of(&kind, portal, login_or_email, p);
    *id = NULL;
    apr_status_t status = pd_db_read(&found, portal->db, &pd_person_sql[NAMED],
                                     PD_ARGS(PD_T(kind), PD_T(lookup)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return APR_ENOENT;
    *id = PD_ROW(found, 0)[0].text;
    return APR_SUCCESS;
}

apr_status_t pd_person_claim(int *claimed, pd_conn_t *conn, const char *kind, const char *lookup,
                             const char *person_id, apr_pool_t *p)
{
    return pd_conn_exec(claimed, conn, &pd_person_sql[CLAIM],
                        PD_ARGS(PD_T(kind), PD_T(lookup), PD_T(person_id)), p);
}

const char *pd_person_pseudonym(const pd_portal_t *portal, const char *id, apr_pool_t *p)
{
    return pd_hash_lookup(portal->keys, "act", id, p);
}
