/* Names that partials of an export's page have words for: "export-title" of sections,
 * "export-label" of columns, "export-word" of values that are one of few. */
#ifndef PD_EXPORT_NAMES_INT_H
#define PD_EXPORT_NAMES_INT_H

#define EXPORT_SECTIONS                                                                            \
    "s_account", "s_credentials", "s_roles", "s_drafts", "s_registration", "s_email_asked",        \
        "s_email_former", "s_former_names", "s_sessions", "s_sign_ins", "s_countries", "s_unused", \
        "s_browsers", "s_links", "s_recovery", "s_letters", "s_notices", "s_notices_off",          \
        "s_acts", "s_texts", "s_withdrawals", "s_told", "s_journal", "s_looks"

#define EXPORT_LABELS                                                                              \
    "l_id", "l_key", "l_login", "l_email", "l_language", "l_state", "l_policy_version",            \
        "l_created_at", "l_confirmed_at", "l_signed_in_at", "l_reviewed_at", "l_generation",       \
        "l_kind", "l_changed_at", "l_expired_at", "l_spare_codes", "l_role", "l_since", "l_until", \
        "l_number", "l_version", "l_expires_at", "l_attempts", "l_return_to", "l_acts",            \
        "l_authenticated_at", "l_used_at", "l_mfa_at", "l_browser", "l_system", "l_network",       \
        "l_country_code", "l_country", "l_region", "l_at", "l_outcome", "l_told_at", "l_close_at", \
        "l_seen_at", "l_purpose", "l_answered_at", "l_recipient", "l_done_at", "l_verb",           \
        "l_wording", "l_form", "l_html_sha256", "l_address", "l_agent", "l_title", "l_markup",     \
        "l_source", "l_act", "l_task", "l_started_at", "l_due_at", "l_way", "l_event", "l_by",     \
        "l_details", "l_content", "l_letter", "l_read_at", "l_sum_covers", "l_list", "l_which"

#define EXPORT_WORDS                                                                               \
    "w_ru", "w_en", "w_pending", "w_active", "w_blocked", "w_closing", "w_totp", "w_totp_new",     \
        "w_policy", "w_processing", "w_open", "w_published", "w_withdrawn", "w_signed_in",         \
        "w_code", "w_waits", "w_closed", "w_more", "w_queued", "w_sending", "w_sent", "w_failed",  \
        "w_accepted", "w_deferred", "w_refused", "w_unknown", "w_unreachable", "w_done",           \
        "w_given_again", "w_destroy", "w_close", "w_letter", "w_page", "w_acknowledged",           \
        "w_consented", "w_withdrew", "w_plain", "w_markdown", "w_body", "w_article", "w_person",   \
        "w_pdportalctl", "w_staff", "w_administrator", "w_editor", "w_link", "w_sign_in",          \
        "w_registration_begun", "w_registration_known_mailbox", "w_registration_confirmed",        \
        "w_registration_expired", "w_act", "w_session_begun", "w_session_refused",                 \
        "w_session_unusual", "w_session_disowned", "w_session_ended", "w_document_published",      \
        "w_draft_made", "w_draft_withdrawn", "w_change_told", "w_staff_look", "w_letter_failed",   \
        "w_credential_rehashed", "w_credential_set", "w_credential_expired", "w_login_changed",    \
        "w_email_asked", "w_email_changed", "w_email_restored", "w_recovery_asked", "w_factor_on", \
        "w_factor_off", "w_factor_codes", "w_factor_entered", "w_factor_refused",                  \
        "w_factor_reset", "w_person_added", "w_role_appointed", "w_role_dismissed", "w_link_made", \
        "w_purpose_refused", "w_withdrawal_done", "w_export_asked", "w_export_made",               \
        "w_notices_set", "w_notice_read", "w_notice_removed", "w_closing_begun", "w_review_told",  \
        "w_closing_recalled", "w_sessions_ended", "w_password", "w_person_seen",                   \
        "w_person_blocked", "w_person_unblocked", "w_gone", "w_documents", "w_consents_find",      \
        "w_staff_list", "w_withdrawals_list", "w_all", "w_acted", "w_not", "w_4_1_1", "w_4_1_2",   \
        "w_4_1_3", "w_4_1_4", "w_4_1_5", "w_4_1_6", "w_4_1_7", "w_4_1_8"

#endif
