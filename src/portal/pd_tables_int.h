/* The SQL tables of the files of portal/, each ended by label NULL; pd_portal.c lists them all. */
#ifndef PD_TABLES_INT_H
#define PD_TABLES_INT_H
#include "db/pd_db.h"

extern const pd_sql_t pd_portal_sql[];
extern const pd_sql_t pd_person_sql[];
extern const pd_sql_t pd_registration_sql[];
extern const pd_sql_t pd_registration_letter_sql[];
extern const pd_sql_t pd_registration_expire_sql[];
extern const pd_sql_t pd_confirm_sql[];
extern const pd_sql_t pd_confirm_submit_sql[];
extern const pd_sql_t pd_session_sql[];
extern const pd_sql_t pd_session_begin_sql[];
extern const pd_sql_t pd_session_facts_sql[];
extern const pd_sql_t pd_device_sql[];
extern const pd_sql_t pd_former_name_sql[];
extern const pd_sql_t pd_sign_in_history_sql[];
extern const pd_sql_t pd_unusual_sql[];
extern const pd_sql_t pd_disown_sql[];
extern const pd_sql_t pd_outbox_address_sql[];
extern const pd_sql_t pd_guess_letter_sql[];
extern const pd_sql_t pd_session_end_sql[];
extern const pd_sql_t pd_role_sql[];
extern const pd_sql_t pd_link_sql[];
extern const pd_sql_t pd_login_change_sql[];
extern const pd_sql_t pd_email_change_sql[];
extern const pd_sql_t pd_email_restore_sql[];
extern const pd_sql_t pd_password_expire_sql[];
extern const pd_sql_t pd_staff_sql[];
extern const pd_sql_t pd_password_set_sql[];
extern const pd_sql_t pd_factor_sql[];
extern const pd_sql_t pd_factor_submit_sql[];
extern const pd_sql_t pd_recovery_sql[];
extern const pd_sql_t pd_recovery_letter_sql[];
extern const pd_sql_t pd_act_sql[];
extern const pd_sql_t pd_ledger_sql[];
extern const pd_sql_t pd_consent_sql[];
extern const pd_sql_t pd_consent_letter_sql[];
extern const pd_sql_t pd_withdrawal_sql[];
extern const pd_sql_t pd_block_sql[];
extern const pd_sql_t pd_closing_sql[];
extern const pd_sql_t pd_destruction_sql[];
extern const pd_sql_t pd_unused_sql[];
extern const pd_sql_t pd_review_sql[];
extern const pd_sql_t pd_destruction_act_sql[];
extern const pd_sql_t pd_acknowledge_sql[];
extern const pd_sql_t pd_journal_sql[];
extern const pd_sql_t pd_journal_verify_sql[];
extern const pd_sql_t pd_document_sql[];
extern const pd_sql_t pd_document_publish_sql[];
extern const pd_sql_t pd_document_compare_sql[];
extern const pd_sql_t pd_document_sum_sql[];
extern const pd_sql_t pd_draft_sql[];
extern const pd_sql_t pd_coming_sql[];
extern const pd_sql_t pd_coming_letter_sql[];
extern const pd_sql_t pd_export_sql[];
extern const pd_sql_t pd_export_journal_sql[];
extern const pd_sql_t pd_export_look_sql[];
extern const pd_sql_t pd_backup_sql[];
extern const pd_sql_t pd_backup_keys_sql[];
extern const pd_sql_t pd_destroyed_sql[];
extern const pd_sql_t pd_report_sql[];
extern const pd_sql_t pd_uses_sql[];
extern const pd_sql_t pd_purpose_sql[];
extern const pd_sql_t pd_field_sql[];
extern const pd_sql_t pd_invalidation_sql[];
extern const pd_sql_t pd_outbox_sql[];
extern const pd_sql_t pd_outbox_deliver_sql[];
extern const pd_sql_t pd_notice_sql[];
extern const pd_sql_t pd_notice_setting_sql[];
extern const pd_sql_t pd_inbox_sql[];
extern const pd_sql_t pd_mailing_sql[];
extern const pd_sql_t pd_mailing_stop_sql[];
extern const pd_sql_t pd_state_sql[];

#endif
