/* One portal: its languages, the list of all SQL of portal/, and the bond between a database and
 * its key file, without which a wrong key would first show as people who can't be found. */
#include "portal/pd_portal.h"
#include <apr_strings.h>
#include "portal/pd_journal.h"
#include "portal/pd_tables_int.h"

enum { BIND, BOUND };

const pd_sql_t pd_portal_sql[] = {
    [BIND] = {"portal_bind_key",
              "INSERT INTO meta (name, value) VALUES ('key', %s) ON CONFLICT DO NOTHING", "",
              "first use of the database by a key file"},
    [BOUND] = {"portal_bound_key", "SELECT value FROM meta WHERE name = 'key'", "s",
               "fingerprint of the key file the database belongs to"},
    {NULL, NULL, NULL, NULL}};

const char *const pd_languages[] = {"ru", "en", NULL};

const pd_sql_t *const pd_sql_tables[] = {pd_portal_sql,
                                         pd_person_sql,
                                         pd_registration_sql,
                                         pd_registration_letter_sql,
                                         pd_registration_expire_sql,
                                         pd_confirm_sql,
                                         pd_confirm_submit_sql,
                                         pd_session_sql,
                                         pd_session_begin_sql,
                                         pd_session_facts_sql,
                                         pd_device_sql,
                                         pd_former_name_sql,
                                         pd_sign_in_history_sql,
                                         pd_unusual_sql,
                                         pd_disown_sql,
                                         pd_outbox_address_sql,
                                         pd_guess_letter_sql,
                                         pd_session_end_sql,
                                         pd_role_sql,
                                         pd_link_sql,
                                         pd_login_change_sql,
                                         pd_email_change_sql,
                                         pd_email_restore_sql,
                                         pd_password_expire_sql,
                                         pd_staff_sql,
                                         pd_password_set_sql,
                                         pd_recovery_sql,
                                         pd_recovery_letter_sql,
                                         pd_factor_sql,
                                         pd_factor_submit_sql,
                                         pd_act_sql,
                                         pd_ledger_sql,
                                         pd_consent_sql,
                                         pd_consent_letter_sql,
                                         pd_withdrawal_sql,
                                         pd_block_sql,
                                         pd_closing_sql,
                                         pd_destruction_sql,
                                         pd_unused_sql,
                                         pd_review_sql,
                                         pd_destruction_act_sql,
                                         pd_acknowledge_sql,
                                         pd_journal_sql,
                                         pd_journal_start_sql,
                                         pd_journal_cut_sql,
                                         pd_journal_walk_sql,
                                         pd_journal_verify_sql,
                                         pd_document_sql,
                                         pd_document_publish_sql,
                                         pd_document_compare_sql,
                                         pd_document_sum_sql,
                                         pd_draft_sql,
                                         pd_coming_sql,
                                         pd_coming_letter_sql,
                                         pd_export_sql,
                                         pd_export_journal_sql,
                                         pd_export_look_sql,
                                         pd_backup_sql,
                                         pd_backup_keys_sql,
                                         pd_destroyed_sql,
                                         pd_report_sql,
                                         pd_uses_sql,
                                         pd_purpose_sql,
                                         pd_field_sql,
                                         pd_invalidation_sql,
                                         pd_outbox_sql,
                                         pd_outbox_deliver_sql,
                                         pd_notice_sql,
                                         pd_notice_setting_sql,
                                         pd_inbox_sql,
                                         pd_mailing_sql,
                                         pd_mailing_stop_sql,
                                         pd_state_sql,
                                         NULL};

static apr_status_t compare_key(const char **why, const pd_portal_t *portal, const pd_rows_t *bound,
                                apr_pool_t *p)
{
    if (PD_ROW_COUNT(bound) == 0) {
        *why = "the database belongs to no key file yet; run \"pdportalctl init\"";
        return PD_EKEY;
    }
    if (pd_keyring_check(portal->keys, PD_ROW(bound, 0)[0].text) == APR_SUCCESS)
        return APR_SUCCESS;
    *why = apr_psprintf(p,
                        "the database was made with another key file than %s; put the file back"
                        " that belongs to it",
                        portal->settings->key_file ? portal->settings->key_file : "this one");
    return PD_EKEY;
}

typedef struct bind_t {
    const pd_portal_t *portal;
    const pd_rows_t *bound;
} bind_t;

static apr_status_t bind_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    bind_t *bind = baton;
    int affected;
    const char *fingerprint = pd_keyring_fingerprint(bind->portal->keys, p);
    apr_status_t status =
        pd_conn_exec(&affected, conn, &pd_portal_sql[BIND], PD_ARGS(PD_T(fingerprint)), p);
    if (status == APR_SUCCESS && affected == 1)
        status = pd_journal_add(conn, bind->portal, PD_EVENT_KEY_BOUND, "", NULL, NULL, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_read(&bind->bound, conn, &pd_portal_sql[BOUND], PD_NO_ARGS, 1, p);
}

apr_status_t pd_portal_bind_key(const char **why, const pd_portal_t *portal, apr_pool_t *p)
{
    bind_t bind = {portal, NULL};
    *why = "the database can't be read or written";
    apr_status_t status = pd_db_transact(portal->db, bind_step, &bind, p);
    return status == APR_SUCCESS ? compare_key(why, portal, bind.bound, p) : status;
}

apr_status_t pd_portal_check_key(const char **why, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *bound;
    *why = "the database can't be read";
    apr_status_t status = pd_db_read(&bound, portal->db, &pd_portal_sql[BOUND], PD_NO_ARGS, 1, p);
    return status == APR_SUCCESS ? compare_key(why, portal, bound, p) : status;
}
