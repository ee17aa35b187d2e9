/* A whole portal for the tests of portal/: a migrated empty database on engine `i`, a key file,
 * tiny letters, both documents in force, cheap password hashing and a clock that tests set. */
#ifndef PORTAL_TEST_H
#define PORTAL_TEST_H
#include "../db/db_test.h"
#include "../tmpl/mo_build.h"
#include <apr_file_io.h>
#include "base/pd_clock.h"
#include "crypt/pd_token.h"
#include "portal/pd_document.h"
#include "portal/pd_journal.h"
#include "portal/pd_outbox.h"
#include "portal/pd_portal.h"

#define SECOND  ((apr_time_t)1000000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define BROWSER "browser-browser-browser-browser-browser-br1"
#define STRANGE "stranger-stranger-stranger-stranger-strange"
#define GOOD    "correct horse battery 9 staple"

static apr_time_t test_now;
static pd_portal_t portal;

static apr_time_t test_clock(void)
{
    return test_now;
}

static inline void write_test_file(const char *folder, const char *name, const char *bytes,
                                   apr_size_t length)
{
    const char *path = apr_pstrcat(tp, folder, "/", name, NULL);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* Letters whose words no unit test looks at. */
static const char *const plain_letters[] = {
    "mail/recovery.txt",         "mail/password-changed.txt",
    "mail/password-expired.txt", "mail/login-changed.txt",
    "mail/email-code.txt",       "mail/email-known.txt",
    "mail/email-changed.txt",    "mail/email-restored.txt",
    "mail/second-factor.txt",    "mail/closing-recalled.txt",
    "mail/unused.txt",           "mail/notice.txt",
    "mail/notice-optional.txt",  "mail/blocked.txt",
    "mail/unblocked.txt",        NULL};

static inline const pd_templates_t *test_templates(const char *folder)
{
    static const mo_entry_t english[] = {MO_ENTRY("", MO_ENGLISH)};
    static const mo_entry_t russian[] = {MO_ENTRY("", MO_RUSSIAN)};
    static const char confirm[] = "Confirm\n\n[{{link}}] [{{code}}] {{hours}}\n";
    static const char known[] = "Known\n\n[{{sign_in_url}}]\n";
    static const char attempts[] = "Attempts\n\n{{site_name}}\n";
    static const char password[] = "Password\n\n[{{sign_in_url}}]\n";
    static const char receipt[] = "Receipt\n\n{{#acts}}[{{number}}] [{{title}}, {{version}}]"
                                  " {{/acts}}{{consents_url}}\n";
    static const char withdrawn[] = "Withdrawn\n\n[{{number}}] [{{title}}, {{version}}]"
                                    " {{#due}}{{iso}}{{/due}}\n";
    static const char coming[] =
        "Coming\n\n[{{policy_url}}] [{{diff_url}}] {{#effective}}{{iso}}{{/effective}}\n";
    static const char plain[] = "Plain\n\n[{{site_name}}]\n";
    static const char closing[] = "Closing\n\n[{{link}}] {{#due}}{{iso}}{{/due}}\n";
    static const char place[] = "Place\n\n[{{country}}] [{{not_me_url}}]\n";
    static const char *const common[] = {NULL};
    static const pd_contract_t *const contracts[] = {pd_letter_contracts, NULL};
    const pd_templates_t *templates;
    const char *why = "";
    pd_buf_t mo;
    apr_dir_make(apr_pstrcat(tp, folder, "/mail", NULL), APR_OS_DEFAULT, tp);
    apr_dir_make(apr_pstrcat(tp, folder, "/po", NULL), APR_OS_DEFAULT, tp);
    write_test_file(folder, "mail/confirm.txt", confirm, sizeof(confirm) - 1);
    write_test_file(folder, "mail/new-place.txt", place, sizeof(place) - 1);
    write_test_file(folder, "mail/closing.txt", closing, sizeof(closing) - 1);
    write_test_file(folder, "mail/known.txt", known, sizeof(known) - 1);
    write_test_file(folder, "mail/attempts.txt", attempts, sizeof(attempts) - 1);
    write_test_file(folder, "mail/password.txt", password, sizeof(password) - 1);
    for (int i = 0; plain_letters[i]; i++)
        write_test_file(folder, plain_letters[i], plain, sizeof(plain) - 1);
    write_test_file(folder, "mail/consent-receipt.txt", receipt, sizeof(receipt) - 1);
    write_test_file(folder, "mail/consent-withdrawn.txt", withdrawn, sizeof(withdrawn) - 1);
    write_test_file(folder, "mail/policy-coming.txt", coming, sizeof(coming) - 1);
    mo_build(&mo, english, 1, 0, tp);
    write_test_file(folder, "po/en.mo", mo.bytes, mo.length);
    mo_build(&mo, russian, 1, 0, tp);
    write_test_file(folder, "po/ru.mo", mo.bytes, mo.length);
    pd_templates_source_t source = {folder, NULL, pd_languages, common, contracts};
    ck_assert_msg(pd_templates_load(&templates, &why, &source, tp) == APR_SUCCESS, "%s", why);
    return templates;
}

static inline pd_settings_t *test_settings(void)
{
    pd_settings_t *settings = pd_settings_new(tp);
    settings->base_url = "https://www.example.org";
    settings->site_name = "Example clinic";
    settings->host_name = "host-a";
    settings->mail_from = "portal@example.org";
    pd_settings_complete(settings, tp);
    settings->password_memory = 64;
    settings->password_passes = 1;
    settings->hashing_wait = SECOND;
    settings->confirmation_lifetime = 24 * HOUR;
    settings->session_idle = HOUR;
    settings->session_lifetime = 12 * HOUR;
    settings->letters_per_hour = 5;
    return settings;
}

static inline void publish(const char *kind, const char *text)
{
    apr_array_header_t *texts = apr_array_make(tp, 1, sizeof(pd_document_source_t));
    APR_ARRAY_PUSH(texts, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "text"};
    pd_publication_t publication = {.kind = kind, .texts = texts, .editorial = ""};
    apr_int64_t version;
    const char *why = "";
    ck_assert_msg(pd_document_publish(&version, &why, &portal, &publication, tp) == APR_SUCCESS,
                  "%s", why);
}

/* 0: engine `i` isn't there. */
static inline int portal_open(int i)
{
    pd_db_options_t options;
    const char *why = "";
    int applied;
    pd_keyring_t *keys;
    pd_db_t *empty = db_test_empty(&options, i);
    if (!empty)
        return 0;
    ck_assert_msg(pd_migrate_apply(&applied, &why, empty, tp) == APR_SUCCESS, "%s", why);
    options.check_schema = 1;
    const char *key_file = apr_pstrcat(tp, test_folder, "/master.key", NULL);
    ck_assert_msg(pd_keyring_create(key_file, &why, tp) == APR_SUCCESS, "%s", why);
    ck_assert_msg(pd_keyring_load(&keys, key_file, &why, tp) == APR_SUCCESS, "%s", why);
    portal = (pd_portal_t){.settings = test_settings(), .keys = keys};
    portal.db = db_test_open(&options, tp);
    ck_assert_int_eq(pd_gate_create(&portal.hashing, 1, 8, tp), APR_SUCCESS);
    portal.templates = test_templates(test_folder);
    ck_assert_msg(pd_portal_bind_key(&why, &portal, tp) == APR_SUCCESS, "%s", why);
    return 1;
}

static inline void portal_documents(void)
{
    publish(PD_DOCUMENT_POLICY, "The policy\n\n1. PURPOSE\n\n1.1. Words.\n");
    publish(PD_DOCUMENT_PROCESSING, "The consent\n\n1. WHAT\n\n1.1. Words.\n");
}

/* One number from the database, by a statement of the test. */
static inline apr_int64_t ask(const char *text)
{
    const pd_sql_t sql = {apr_pstrcat(tp, "test ", text, NULL), apr_pstrdup(tp, text), "i", "test"};
    const pd_rows_t *rows;
    ck_assert_int_eq(pd_db_read(&rows, portal.db, &sql, PD_NO_ARGS, 1, tp), APR_SUCCESS);
    return PD_ROW_COUNT(rows) ? PD_ROW(rows, 0)[0].number : -1;
}

static inline const char *ask_text(const char *text)
{
    const pd_sql_t sql = {apr_pstrcat(tp, "test ", text, NULL), apr_pstrdup(tp, text), "s", "test"};
    const pd_rows_t *rows;
    ck_assert_int_eq(pd_db_read(&rows, portal.db, &sql, PD_NO_ARGS, 1, tp), APR_SUCCESS);
    return PD_ROW_COUNT(rows) ? PD_ROW(rows, 0)[0].text : NULL;
}

#define tell(...) ck_assert_int_eq(DB_TEST_RUN(portal.db, __VA_ARGS__), APR_SUCCESS)

/* The newest letter. */
typedef struct letter_t {
    const char *kind, *person_id, *address, *link, *token, *code;
} letter_t;

static inline const char *between(const char **at)
{
    const char *from = strchr(*at, '[');
    const char *to = from ? strchr(from, ']') : NULL;
    if (!to)
        return "";
    *at = to;
    return apr_pstrmemdup(tp, from + 1, (apr_size_t)(to - from - 1));
}

static inline letter_t newest_letter(void)
{
    static const pd_sql_t sql = {
        "test_letter",
        "SELECT l.id, l.kind, l.person_id, l.recipient, l.body, p.data_key FROM letter l"
        " JOIN person p ON p.id = l.person_id ORDER BY l.created_at DESC LIMIT 1",
        "ssssss", "test"};
    const pd_rows_t *rows;
    const pd_datakey_t *key;
    const char *body;
    letter_t letter = {0};
    ck_assert_int_eq(pd_db_read(&rows, portal.db, &sql, PD_NO_ARGS, 1, tp), APR_SUCCESS);
    ck_assert_int_eq(PD_ROW_COUNT(rows), 1);
    const pd_cell_t *cell = PD_ROW(rows, 0);
    letter.kind = cell[1].text;
    letter.person_id = cell[2].text;
    ck_assert_int_eq(pd_datakey_unwrap(&key, portal.keys, cell[5].text, cell[2].text, tp), 0);
    ck_assert_int_eq(
        pd_open(&letter.address, key, "letter.recipient", cell[0].text, cell[3].text, tp), 0);
    ck_assert_int_eq(pd_open(&body, key, "letter.body", cell[0].text, cell[4].text, tp), 0);
    letter.link = between(&body);
    letter.code = between(&body);
    const char *token = strstr(letter.link, "?t=");
    letter.token = token ? token + 3 : "";
    return letter;
}

static inline pd_journal_e journal_finding(void)
{
    pd_journal_report_t report;
    ck_assert_int_eq(pd_journal_verify(&report, &portal, NULL, tp), APR_SUCCESS);
    return report.finding;
}

static inline void portal_setup(void)
{
    db_test_setup();
    test_now = (apr_time_t)1800000000 * SECOND;
    pd_clock_set(test_clock);
}

static inline void portal_teardown(void)
{
    static const char *const names[] = {"mail/confirm.txt",
                                        "mail/new-place.txt",
                                        "mail/recovery.txt",
                                        "mail/closing.txt",
                                        "mail/known.txt",
                                        "mail/attempts.txt",
                                        "mail/password.txt",
                                        "mail/consent-receipt.txt",
                                        "mail/consent-withdrawn.txt",
                                        "mail/policy-coming.txt",
                                        "po/en.mo",
                                        "po/ru.mo",
                                        "master.key"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(apr_pstrcat(tp, test_folder, "/", names[i], NULL));
    for (int i = 0; plain_letters[i]; i++)
        unlink(apr_pstrcat(tp, test_folder, "/", plain_letters[i], NULL));
    rmdir(apr_pstrcat(tp, test_folder, "/mail", NULL));
    rmdir(apr_pstrcat(tp, test_folder, "/po", NULL));
    pd_clock_set(NULL);
    db_test_teardown();
}

static inline Suite *portal_suite(const char *name, TCase **tcase)
{
    Suite *suite = suite_create(name);
    *tcase = tcase_create(name);
    tcase_add_checked_fixture(*tcase, portal_setup, portal_teardown);
    tcase_set_timeout(*tcase, 120);
    suite_add_tcase(suite, *tcase);
    return suite;
}

#endif
