/* Letters about the account, into the outbox. */
#include "portal/pd_account_letter.h"
#include <apr_strings.h>
#include "portal/pd_notice.h"
#include "portal/pd_outbox.h"

const char *pd_account_url(const pd_portal_t *portal, const char *page, apr_pool_t *p)
{
    const pd_settings_t *settings = portal->settings;
    return apr_pstrcat(p, settings->base_url, settings->path, "/", page, NULL);
}

apr_status_t pd_account_letter(pd_conn_t *conn, const pd_portal_t *portal,
                               const pd_person_t *person, const char *kind, pd_value_t *values,
                               apr_pool_t *p)
{
    pd_letter_t letter = {.kind = kind,
                          .person_id = person->id,
                          .key = person->key,
                          .address = person->email,
                          .mailbox = pd_outbox_mailbox(portal, person->email, p),
                          .language = person->language,
                          .values = values ? values : pd_value_map(p),
                          .always = 1};
    int written;
    pd_value_set_text(letter.values, "sign_in_url", pd_account_url(portal, "login", p), p);
    apr_status_t status = pd_outbox_add(&written, conn, portal, &letter, p);
    if (status != APR_SUCCESS || !pd_notice_kind_find(kind))
        return status;
    return pd_notice_add(conn, portal, person->id, kind, NULL, p);
}
