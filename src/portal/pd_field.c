/* The table of fields, and the search for what has outlived its term and is still there: accounts
 * that nobody uses, acts, the journal. */
#include "portal/pd_field.h"
#include "base/pd_clock.h"
#include "portal/pd_destruction.h"
#include "portal/pd_device.h"
#include "portal/pd_email_change.h"
#include "portal/pd_email_restore.h"
#include "portal/pd_former_name.h"
#include "portal/pd_inbox.h"
#include "portal/pd_jobs.h"
#include "portal/pd_journal.h"
#include "portal/pd_ledger.h"
#include "portal/pd_link.h"
#include "portal/pd_outbox.h"
#include "portal/pd_purpose.h"
#include "portal/pd_recovery.h"
#include "portal/pd_registration.h"
#include "portal/pd_session.h"
#include "portal/pd_sign_in_history.h"
#include "portal/pd_tables_int.h"
#include "portal/pd_unusual.h"

enum { IDLE_PEOPLE };

const pd_sql_t pd_field_sql[] = {
    [IDLE_PEOPLE] =
        {"field_idle_people",
         "SELECT p.id FROM person p WHERE p.state IN ('active', 'blocked')"
         " AND p.signed_in_at < %lld AND p.confirmed_at < %lld"
         " AND NOT EXISTS (SELECT 1 FROM unused_notice u WHERE u.person_id = p.id)"
         " LIMIT %lld",
         "s", "people who have not signed in since an instant, and whom the job has not told"},
    {NULL, NULL, NULL, NULL}};

static apr_status_t idle_people(int *due, const pd_portal_t *portal, apr_time_t before, int limit,
                                apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_field_sql[IDLE_PEOPLE],
                                     PD_ARGS(PD_N(before), PD_N(before), PD_N(limit)), limit, p);
    *due = status == APR_SUCCESS ? PD_ROW_COUNT(rows) : 0;
    return status;
}

static apr_int64_t account_term(const pd_settings_t *settings)
{
    return settings->term_account;
}

static apr_int64_t acts_term(const pd_settings_t *settings)
{
    return settings->term_acts;
}

static apr_int64_t journal_term(const pd_settings_t *settings)
{
    return settings->term_journal;
}

static apr_int64_t letters_term(const pd_settings_t *settings)
{
    return settings->term_letters;
}

static apr_int64_t notices_term(const pd_settings_t *settings)
{
    return settings->term_notices;
}

static apr_int64_t sign_ins_term(const pd_settings_t *settings)
{
    return settings->term_sign_ins;
}

static apr_int64_t registration_term(const pd_settings_t *settings)
{
    return settings->confirmation_lifetime;
}

static apr_int64_t session_term(const pd_settings_t *settings)
{
    return settings->session_lifetime;
}

static apr_int64_t device_term(const pd_settings_t *settings)
{
    (void)settings;
    return apr_time_from_sec((apr_int64_t)PD_DEVICE_DAYS * 24 * 3600);
}

static apr_int64_t former_name_term(const pd_settings_t *settings)
{
    (void)settings;
    return PD_LOGIN_RESERVED; /* of the longest */
}

static apr_int64_t link_term(const pd_settings_t *settings)
{
    (void)settings;
    return PD_LINK_RECALL_LIFETIME; /* of the longest */
}

static apr_int64_t recovery_term(const pd_settings_t *settings)
{
    (void)settings;
    return PD_RECOVERY_LIFETIME;
}

static apr_int64_t destruction_term(const pd_settings_t *settings)
{
    (void)settings;
    return PD_DESTRUCTION_KEPT;
}

static apr_status_t destroy_letters(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p)
{
    *removed = 0;
    if (portal->settings->term_letters < 0) {
        return APR_SUCCESS;
    }
    return pd_outbox_expire(removed, portal, portal->settings->term_letters, limit, p);
}

static apr_status_t destroy_notices(int *removed, const pd_portal_t *portal, int limit,
                                    apr_pool_t *p)
{
    *removed = 0;
    if (portal->settings->term_notices < 0) {
        return APR_SUCCESS;
    }
    return pd_inbox_expire(removed, portal, portal->settings->term_notices, limit, p);
}

static apr_status_t destroy_sign_ins(int *removed, const pd_portal_t *portal, int limit,
                                     apr_pool_t *p)
{
    apr_int64_t term = portal->settings->term_sign_ins;
    int attempts = 0, countries = 0;
    apr_status_t rv = pd_sign_in_history_expire_nobody(removed, portal, limit, p);
    if (rv == APR_SUCCESS && term >= 0) {
        rv = pd_sign_in_history_expire(&attempts, portal, term, limit, p);
    }
    if (rv == APR_SUCCESS && term >= 0) {
        rv = pd_unusual_expire(&countries, portal, term, limit, p);
    }
    *removed += attempts + countries;
    return rv;
}

static apr_status_t destroy_acts(int *removed, const pd_portal_t *portal, int limit, apr_pool_t *p)
{
    apr_int64_t term = portal->settings->term_acts;
    apr_time_t now = pd_clock_now();
    (void)limit; /* one walk removes them all */
    *removed = 0;
    /* Without a term, too: the acts of destruction it reads from don't stay. */
    apr_status_t rv = pd_ledger_remember_earlier(portal, p);
    if (rv == APR_SUCCESS && term >= 0) {
        rv = pd_ledger_expire(removed, portal, now - term, now + PD_RUN_MAX, p);
    }
    return rv;
}

static apr_status_t destroy_events(int *removed, const pd_portal_t *portal, int limit,
                                   apr_pool_t *p)
{
    apr_int64_t term = portal->settings->term_journal;
    *removed = 0;
    return term < 0 ? APR_SUCCESS
                    : pd_journal_cut(removed, portal, pd_clock_now() - term, limit, p);
}

#define ACCOUNT account_term, "PDPortalTermAccount", NULL

const pd_field_t pd_fields[] = {
    {"login", "person.login identifier.lookup", "4.1.1 4.1.2", PD_SOURCE_PERSON, PD_SINCE_SIGN_IN,
     ACCOUNT, idle_people},
    {"email", "person.email identifier.lookup", "4.1.1 4.1.3 4.1.4 4.1.5", PD_SOURCE_PERSON,
     PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"password", "credential.*", "4.1.1", PD_SOURCE_PERSON, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"factor", "factor_code.*", "4.1.1", PD_SOURCE_PORTAL, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"language", "person.language", "4.1.3", PD_SOURCE_PERSON, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"registered",
     "person.id person.state person.data_key person.generation person.policy_version "
     "person.created_at person.confirmed_at person.signed_in_at "
     "person.reviewed_at closing.* unused_notice.*",
     "4.1.2 4.1.5", PD_SOURCE_PORTAL, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"roles", "role.* draft.*", "4.1.2", PD_SOURCE_PORTAL, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"registration", "registration.*", "4.1.5", PD_SOURCE_PORTAL, PD_SINCE_MADE, registration_term,
     "PDPortalConfirmationLifetime", pd_registration_expire, NULL},
    {"email_asked", "address_change.*", "4.1.5", PD_SOURCE_PERSON, PD_SINCE_MADE, registration_term,
     "PDPortalConfirmationLifetime", pd_email_change_expire, NULL},
    {"email_former", "former_address.*", "4.1.4", PD_SOURCE_PORTAL, PD_SINCE_MADE, link_term, NULL,
     pd_email_restore_expire, NULL},
    {"former_names", "identifier.reserved_until", "4.1.1 4.1.4", PD_SOURCE_PORTAL, PD_SINCE_MADE,
     former_name_term, NULL, pd_former_name_expire, NULL},
    {"sessions", "session.*", "4.1.1 4.1.2 4.1.4", PD_SOURCE_PORTAL, PD_SINCE_MADE, session_term,
     "PDPortalSessionLifetime", pd_session_expire, NULL},
    {"sign_ins", "sign_in.* sign_in_country.* sign_in_nobody.*", "4.1.4", PD_SOURCE_PORTAL,
     PD_SINCE_MADE, sign_ins_term, "PDPortalTermSignIns", destroy_sign_ins, NULL},
    {"browsers", "device.*", "4.1.4", PD_SOURCE_PORTAL, PD_SINCE_SIGN_IN, device_term, NULL,
     pd_device_expire, NULL},
    {"links", "link.*", "4.1.1", PD_SOURCE_PORTAL, PD_SINCE_MADE, link_term, NULL, pd_link_expire,
     NULL},
    {"recovery", "recovery.*", "4.1.1", PD_SOURCE_PORTAL, PD_SINCE_MADE, recovery_term, NULL,
     pd_recovery_expire, NULL},
    {"letters", "letter.*", "4.1.3 4.1.4 4.1.5", PD_SOURCE_PORTAL, PD_SINCE_SENT, letters_term,
     "PDPortalTermLetters", destroy_letters, NULL},
    {"notices", "notice.*", "4.1.3 4.1.4", PD_SOURCE_PORTAL, PD_SINCE_MADE, notices_term,
     "PDPortalTermNotices", destroy_notices, NULL},
    {"notices_off", "notice_off.*", "4.1.3", PD_SOURCE_PERSON, PD_SINCE_SIGN_IN, ACCOUNT, NULL},
    {"acts", "act.* withdrawal.* told.* former_person.*", "4.1.2", PD_SOURCE_PORTAL, PD_SINCE_MADE,
     acts_term, "PDPortalTermActs", destroy_acts, pd_ledger_due},
    {"destruction", "destruction.*", "4.1.2", PD_SOURCE_PORTAL, PD_SINCE_MADE, destruction_term,
     NULL, pd_destruction_expire, NULL},
    {"journal", "journal.*", "4.1.4", PD_SOURCE_PORTAL, PD_SINCE_MADE, journal_term,
     "PDPortalTermJournal", destroy_events, pd_journal_due},
    {.id = NULL}};

apr_status_t pd_field_due(int *due, const pd_portal_t *portal, const pd_field_t *field,
                          apr_interval_time_t past, apr_pool_t *p)
{
    apr_int64_t term = field->term(portal->settings);
    *due = 0;
    if (field->due == NULL || term < 0) {
        return APR_SUCCESS;
    }
    return field->due(due, portal, pd_clock_now() - term - past, PD_DUE_MAX, p);
}

const char *pd_field_unnamed(void)
{
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        if (!pd_purpose_all_known(field->purposes)) {
            return field->id;
        }
    }
    for (const pd_job_t *job = pd_jobs; job->name; job++) {
        if (!pd_purpose_all_known(job->purposes)) {
            return job->name;
        }
    }
    for (const pd_contract_t *letter = pd_letter_contracts; letter->file; letter++) {
        if (!pd_letter_kind_of_file(letter->file)) {
            return letter->file;
        }
    }
    return NULL;
}
