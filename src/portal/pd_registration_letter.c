/* The letter of a registration: link and code to a newcomer, or a word to the owner of a mailbox
 * that is known. Both ways ask and write the same, so that neither answer nor time tells which it
 * was. */
#include <apr_strings.h>
#include "crypt/pd_token.h"
#include "portal/pd_outbox.h"
#include "portal/pd_registration_int.h"
#include "portal/pd_tables_int.h"

enum { OWNER };

const pd_sql_t pd_registration_letter_sql[] = {
    [OWNER] = {"registration_owner",
               "SELECT p.id, p.data_key, p.email, p.language, i.reserved_until FROM identifier i"
               " JOIN person p ON p.id = i.person_id WHERE i.kind = 'email' AND i.lookup = %s",
               "ssssi", "the confirmed owner of a mailbox"},
    {NULL, NULL, NULL, NULL}};

void pd_secrets_new(pd_secrets_t *secrets, const pd_portal_t *portal, const char *person_id,
                    apr_pool_t *p)
{
    secrets->token = pd_token_new(p);
    secrets->code = pd_code_new(p);
    secrets->token_hash = pd_token_hash(secrets->token, p);
    secrets->code_hash = pd_code_hash(portal->keys, person_id, secrets->code, p);
    secrets->void_token = pd_token_hash(pd_token_new(p), p);
    /* Of a token, not of eight digits: no code that can be typed fits. */
    secrets->void_code = pd_code_hash(portal->keys, person_id, pd_token_new(p), p);
}

apr_status_t pd_registration_owner(pd_addressee_t *owner, pd_conn_t *conn,
                                   const pd_portal_t *portal, const char *email_lookup,
                                   apr_pool_t *p)
{
    const pd_rows_t *found;
    memset(owner, 0, sizeof(*owner));
    apr_status_t status = pd_conn_read(&found, conn, &pd_registration_letter_sql[OWNER],
                                       PD_ARGS(PD_T(email_lookup)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(found, 0);
    status = pd_datakey_unwrap(&owner->key, portal->keys, cell[1].text, cell[0].text, p);
    if (status != APR_SUCCESS)
        return status;
    owner->language = cell[3].text;
    owner->person_id = cell[0].text;
    status = pd_open(&owner->address, owner->key, "person.email", cell[0].text, cell[2].text, p);
    if (cell[4].number > 0)
        owner->address = NULL;
    return status;
}

static const char *portal_url(const pd_portal_t *portal, const char *page, apr_pool_t *p)
{
    return apr_pstrcat(p, portal->settings->base_url, portal->settings->path, page, NULL);
}

static pd_value_t *values_of(const pd_portal_t *portal, const pd_secrets_t *secrets,
                             const pd_addressee_t *owner, apr_pool_t *p)
{
    int known = owner->person_id != NULL;
    pd_value_t *values = pd_value_map(p);
    pd_value_set_text(values, "site_name", portal->settings->site_name, p);
    pd_value_set_bool(values, "given_up", known && !owner->address, p);
    if (known) {
        pd_value_set_text(values, "sign_in_url", portal_url(portal, "/login", p), p);
        return values;
    }
    const char *page = apr_pstrcat(p, "/confirm?t=", secrets->token, NULL);
    pd_value_set_text(values, "link", portal_url(portal, page, p), p);
    pd_value_set_text(values, "code", secrets->code, p);
    pd_value_set_number(values, "hours",
                        portal->settings->confirmation_lifetime / apr_time_from_sec(3600), p);
    return values;
}

apr_status_t pd_registration_letter(int *written, pd_conn_t *conn, const pd_portal_t *portal,
                                    const pd_addressee_t *owner, const pd_addressee_t *newcomer,
                                    const pd_secrets_t *secrets, apr_pool_t *p)
{
    int known = owner->person_id != NULL;
    const pd_addressee_t *to = known ? owner : newcomer;
    const char *address = to->address ? to->address : newcomer->address;
    pd_letter_t letter = {.kind = known ? "known" : "confirm",
                          .person_id = to->person_id,
                          .key = to->key,
                          .address = address,
                          .mailbox = pd_outbox_mailbox(portal, address, p),
                          .language = to->language,
                          .values = values_of(portal, secrets, owner, p)};
    return pd_outbox_add(written, conn, portal, &letter, p);
}
