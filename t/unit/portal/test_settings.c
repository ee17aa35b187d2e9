/* Settings: every row of the table through its life, values good and bad, the check of the whole,
 * and the reader of configuration files. */
#include "pd_test.h"

#include "portal/pd_settings.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND ((apr_int64_t)1000000)

static const void *member(const void *structure, const pd_directive_t *row)
{
    return (const char *)structure + row->offset;
}

static apr_int64_t number(const void *structure, const pd_directive_t *row)
{
    return *(const apr_int64_t *)member(structure, row);
}

static const char *text(const void *structure, const pd_directive_t *row)
{
    return *(const char *const *)member(structure, row);
}

/* A good value unlike the default. */
static const char *sample(const pd_directive_t *row)
{
    switch (row->type) {
    case PD_TYPE_TEXT:
        return row->words ? "en" : "other";
    case PD_TYPE_FILE:
        return "/etc/other";
    case PD_TYPE_URL_PATH:
        return "/other";
    case PD_TYPE_BASE_URL:
        return "https://other.example";
    case PD_TYPE_RELAY:
        return "smtp://mail.example:2525";
    case PD_TYPE_MAILBOX:
        return "other@example.org";
    case PD_TYPE_FLAG:
        return row->fallback && !strcasecmp(row->fallback, "On") ? "Off" : "On";
    case PD_TYPE_NUMBER:
        return apr_psprintf(tp, "%" APR_INT64_T_FMT, row->max);
    case PD_TYPE_BYTES:
        return "1M";
    case PD_TYPE_TIME:
        return apr_psprintf(tp, "%" APR_INT64_T_FMT, row->max / SECOND);
    case PD_TYPE_TERM:
        return "without limit";
    case PD_TYPE_CHOICE:
        return "off";
    case PD_TYPE_ZONE:
        return "UTC";
    case PD_TYPE_HOST:
        return "other-host";
    case PD_TYPE_CLAUSES:
        return "1 2.3";
    case PD_TYPE_CONTACT:
        return "mailto:security@other.example";
    case PD_TYPE_NETWORK:
        return "10.0.0.0/8 2001:db8::/32";
    case PD_TYPE_DATABASE:
        return "pgsql";
    }
    return NULL;
}

static const char *second_of(const pd_directive_t *row)
{
    return row->type == PD_TYPE_DATABASE ? "dbname=other" : NULL;
}

static void ck_same(const void *a, const void *b, const pd_directive_t *row)
{
    if (pd_directive_is_number(row)) {
        ck_assert_msg(number(a, row) == number(b, row), "%s", row->name);
    }
    else {
        ck_assert_msg(!strcmp(text(a, row), text(b, row)), "%s", row->name);
    }
}

static void *merge(const pd_directive_t *row, const void *outer, const void *inner)
{
    return row->scope == PD_SCOPE_SERVER ? (void *)pd_settings_merge(outer, inner, tp)
                                         : (void *)pd_dir_settings_merge(outer, inner, tp);
}

static void *fresh(const pd_directive_t *row)
{
    return row->scope == PD_SCOPE_SERVER ? (void *)pd_settings_new(tp)
                                         : (void *)pd_dir_settings_new(tp);
}

static void set(void *structure, const pd_directive_t *row, const char *value)
{
    const char *why = pd_directive_set(structure, row, value, second_of(row), tp);
    ck_assert_msg(!why, "%s", why ? why : "");
}

START_TEST(every_row_unset_set_inherited_and_back)
{
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        void *outer = fresh(row), *inner = fresh(row), *standard = fresh(row);
        ck_assert_msg(pd_directive_is_number(row) ? number(outer, row) == PD_UNSET
                                                  : !text(outer, row),
                      "%s", row->name);
        set(outer, row, sample(row));
        ck_same(merge(row, outer, inner), outer, row);
        ck_same(merge(row, inner, outer), outer, row);
        if (!row->fallback) {
            continue;
        }
        if (row->scope == PD_SCOPE_SERVER) {
            pd_settings_complete(standard, tp);
        }
        else {
            pd_dir_settings_complete(standard, tp);
        }
        set(inner, row, row->fallback);
        ck_same(standard, inner, row);
        ck_same(merge(row, outer, inner), standard, row);
        ck_assert_msg(pd_directive_is_number(row) ? number(outer, row) != number(inner, row)
                                                  : strcmp(text(outer, row), text(inner, row)),
                      "%s: the sample is the default", row->name);
    }
}
END_TEST

START_TEST(names_are_unique_and_found_in_any_case)
{
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        char *name = apr_pstrdup(tp, row->name);
        name[0] = 'p';
        name[3] = 'O';
        ck_assert_ptr_eq(pd_directive_find(name), row);
        ck_assert(!strncmp(row->name, "PDPortal", 8) && row->help);
    }
    ck_assert_ptr_null(pd_directive_find("PDPortalNothing"));
}
END_TEST

static const struct {
    const char *name, *value, *second;
    const char *wrong; /* words of the sentence; NULL: the value is good */
} values[] = {
    {"PDPortalSessionIdle", "5 parsecs", NULL,
     "\"5 parsecs\" is no time; write a number with s, min, h or d, for example 30min; between "
     "1min "
     "and 30d"},
    {"PDPortalSessionIdle", "59s", NULL, "out of bounds"},
    {"PDPortalSessionIdle", "60", NULL, NULL},
    {"PDPortalSessionIdle", "-1h", NULL, "is no time"},
    {"PDPortalSessionIdle", "999999999999d", NULL, "out of bounds"},
    {"PDPortalSessionIdle", "", NULL, "missing"},
    {"PDPortalSessionIdle", NULL, NULL, "missing"},
    {"PDPortalTermActs", "90d", NULL, NULL},
    {"PDPortalTermActs", "3 years", NULL, NULL},
    {"PDPortalTermActs", "Without Limit", NULL, NULL},
    {"PDPortalTermActs", "51 years", NULL, "is no term"},
    {"PDPortalTermActs", "0 years", NULL, "\"3 years\", or \"without limit\""},
    {"PDPortalTermActs", "23h", NULL, "between 1d and 18300d"},
    {"PDPortalTermActs", "unlimited", NULL, "is no term"},
    {"PDPortalTermActs", "", NULL, "missing"},
    {"PDPortalMailInterval", "0", NULL, "out of bounds"},
    {"PDPortalPasswordMin", "7", NULL, "between 8 and 64"},
    {"PDPortalPasswordMin", "65", NULL, "between 8 and 64"},
    {"PDPortalPasswordMin", "64", NULL, NULL},
    {"PDPortalPasswordMin", "12x", NULL, "whole number"},
    {"PDPortalPasswordMemory", "19455", NULL, "between 19456"},
    {"PDPortalInsecureCookies", "perhaps", NULL, "write On or Off"},
    {"PDPortalInsecureCookies", "oN", NULL, NULL},
    {"PDPortalMailTLS", "maybe", NULL, "write auto, require or off"},
    {"PDPortalMailTLS", "Require", NULL, NULL},
    {"PDPortalLanguage", "fr", NULL, "write ru or en"},
    {"PDPortalPath", "/", NULL, "for example /portal"},
    {"PDPortalPath", "portal", NULL, "for example /portal"},
    {"PDPortalPath", "/portal/", NULL, "for example /portal"},
    {"PDPortalPath", "/a//b", NULL, "for example /portal"},
    {"PDPortalPath", "/a/../b", NULL, ". or .."},
    {"PDPortalPath", "/a b", NULL, "for example /portal"},
    {"PDPortalPath", "/people/portal", NULL, NULL},
    {"PDPortalSiteHome", "/", NULL, NULL},
    {"PDPortalSiteHome", "//evil.example", NULL, "is no path"},
    {"PDPortalBaseURL", "www.example.org", NULL, "https://www.example.org"},
    {"PDPortalBaseURL", "https://www.example.org/portal", NULL, "without a path"},
    {"PDPortalBaseURL", "https://www.example.org:8443", NULL, NULL},
    {"PDPortalMailFrom", "nobody", NULL, "portal@example.org"},
    {"PDPortalMailFrom", "a@example.org\r\nX: y", NULL, "control character"},
    {"PDPortalMailRelay", "sendmail", NULL, "smtp://host"},
    {"PDPortalMailRelay", "maildir:mail", NULL, "maildir:/path"},
    {"PDPortalMailRelay", "smtp://user@host", NULL, "smtp://host"},
    {"PDPortalMailRelay", "smtp://host:0", NULL, "smtp://host"},
    {"PDPortalMailRelay", "smtp://host:25/x", NULL, "smtp://host"},
    {"PDPortalMailRelay", "smtp://[::1]:25", NULL, NULL},
    {"PDPortalMailRelay", "smtps://mail.example.org", NULL, NULL},
    {"PDPortalMailRelay", "maildir:/var/mail/portal", NULL, NULL},
    {"PDPortalKeyFile", "master.key", NULL, "begins with /"},
    {"PDPortalMetricsFrom", "none", NULL, NULL},
    {"PDPortalMetricsFrom", "10.1.2.3 2001:db8::/32  ::1", NULL, NULL},
    {"PDPortalMetricsFrom", "127.0.0.1 localhost", NULL, "\"localhost\" is no address"},
    {"PDPortalMetricsFrom", "none 127.0.0.1", NULL, "\"none\" is no address"},
    {"PDPortalMetricsFrom", "10.1", NULL, "\"10.1\" is no address"},
    {"PDPortalMetricsFrom", "10.0.0.0/33", NULL, "\"10.0.0.0/33\" is no address"},
    {"PDPortalMetricsFrom", "10.0.0.0/", NULL, "10.0.0.0/8"},
    {"PDPortalMetricsFrom", "300.0.0.1", NULL, "no network"},
    {"PDPortalMetricsFrom", "127.0.0.1, ::1", NULL, "\"127.0.0.1,\" is no address"},
    {"PDPortalMetricsFrom", "  ", NULL, "is no address"},
    {"PDPortalHostName", "two words", NULL, "letters, digits"},
    {"PDPortalHostName", "", NULL, "is missing"},
    {"PDPortalHostName", "web-1.example.org", NULL, NULL},
    {"PDPortalMaterialSections", "3 4 5.2", NULL, NULL},
    {"PDPortalMaterialSections", "", NULL, "is missing"},
    {"PDPortalMaterialSections", "3. 4", NULL, "\"3 4 5.2\""},
    {"PDPortalMaterialSections", "x", NULL, "\"3 4 5.2\""},
    {"PDPortalTimeZone", "Moon/Sea", NULL, "Europe/Moscow"},
    {"PDPortalTimeZone", "../../etc/passwd", NULL, "Europe/Moscow"},
    {"PDPortalSiteName", "Клиника «Пример»", NULL, NULL},
    {"PDPortalSiteName", "\xff\xfe", NULL, "UTF-8"},
    {"PDPortalDatabase", "mysql", "x", "write sqlite3 or pgsql"},
    {"PDPortalDatabase", "sqlite3", NULL, "parameters are missing"},
    {"PDPortalDatabase", "sqlite3", "portal.db", "absolute path"},
    {"PDPortalDatabase", "sqlite3", "/var/lib/p/portal.db", NULL},
};

START_TEST(value_is_taken_or_explained)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        pd_settings_t *settings = pd_settings_new(tp);
        pd_settings_t *before = pd_settings_new(tp);
        const pd_directive_t *row = pd_directive_find(values[i].name);
        ck_assert_ptr_nonnull(row);
        const char *why = pd_directive_set(settings, row, values[i].value, values[i].second, tp);
        const char *shown = values[i].value ? values[i].value : "";
        if (!values[i].wrong) {
            ck_assert_msg(!why, "%s", why ? why : "");
            continue;
        }
        ck_assert_msg(why && strstr(why, values[i].wrong), "%s \"%s\": %s", row->name, shown,
                      why ? why : "taken");
        ck_assert_msg(!strncmp(why, row->name, strlen(row->name)), "%s", why);
        ck_assert_msg(!memcmp(settings, before, sizeof *settings), "%s \"%s\" was stored",
                      row->name, shown);
    }
}
END_TEST

static pd_settings_t *needed_only(void)
{
    static const char *const lines[][3] = {{"PDPortalDatabase", "sqlite3", "/x/portal.db"},
                                           {"PDPortalKeyFile", "/x/key", NULL},
                                           {"PDPortalBaseURL", "https://www.example.org", NULL},
                                           {"PDPortalMailFrom", "portal@example.org", NULL},
                                           {"PDPortalMailRelay", "smtp://127.0.0.1", NULL}};
    pd_settings_t *settings = pd_settings_new(tp);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ck_assert_ptr_null(pd_directive_set(settings, pd_directive_find(lines[i][0]), lines[i][1],
                                            lines[i][2], tp));
    }
    return settings;
}

/* As it was written, whatever the unit. */
START_TEST(term_is_written_in_words)
{
    static const char *const words[] = {"without limit", "1 year", "50 years", "30d", "36h"};
    const pd_directive_t *row = pd_directive_find("PDPortalTermAccount");
    pd_settings_t *settings = pd_settings_new(tp);
    ck_assert_str_eq(pd_settings_term_text(settings->term_account, tp), "not set");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ck_assert_ptr_null(pd_directive_set(settings, row, words[i], NULL, tp));
        ck_assert_str_eq(pd_settings_term_text(settings->term_account, tp), words[i]);
    }
    ck_assert_ptr_nonnull(pd_directive_set(settings, row, "0", NULL, tp));
    ck_assert_str_eq(pd_settings_term_text(settings->term_account, tp), "36h"); /* untouched */
}
END_TEST

START_TEST(defaults_are_those_of_the_manual)
{
    pd_settings_t *settings = needed_only();
    pd_settings_complete(settings, tp);
    ck_assert_ptr_null(pd_settings_check(settings, tp));
    ck_assert_str_eq(settings->path, "/portal");
    ck_assert_str_eq(settings->site_name, "www.example.org");
    ck_assert_str_eq(settings->language, "ru");
    ck_assert_int_eq(settings->session_idle, 1800 * SECOND);
    ck_assert_int_eq(settings->session_lifetime, 12 * 3600 * SECOND);
    ck_assert_int_eq(settings->password_memory, 65536);
    ck_assert_int_eq(settings->mail_tls, PD_MAIL_TLS_AUTO);
    ck_assert_int_eq(settings->insecure_cookies, 0);
    ck_assert_int_eq(settings->letter_lifetime, 3 * 86400 * SECOND);
    ck_assert_uint_gt(strlen(settings->host_name), 0);
}
END_TEST

static const struct {
    const char *name, *value, *second_name, *second_value;
    const char *wrong;
} wholes[] = {
    {"PDPortalBaseURL", "http://www.example.org", NULL, NULL, "PDPortalBaseURL"},
    {"PDPortalBaseURL", "http://127.0.0.1:8080", NULL, NULL, "PDPortalInsecureCookies On"},
    {"PDPortalBaseURL", "http://127.0.0.1:8080", "PDPortalInsecureCookies", "On", NULL},
    {"PDPortalBaseURL", "http://localhost", "PDPortalInsecureCookies", "On", NULL},
    {"PDPortalBaseURL", "http://127.0.0.1.example.org", "PDPortalInsecureCookies", "On",
     "PDPortalInsecureCookies"},
    {"PDPortalBaseURL", "https://www.example.org", "PDPortalInsecureCookies", "On",
     "PDPortalInsecureCookies"},
    {"PDPortalMailUser", "portal", NULL, NULL, "PDPortalMailPasswordFile"},
    {"PDPortalMailRelay", "smtps://mail.example.org", "PDPortalMailTLS", "off", "PDPortalMailTLS"},
    {"PDPortalSessionIdle", "13h", NULL, NULL, "PDPortalSessionIdle"},
    {"PDPortalTermJournal", "1097d", NULL, NULL, "1097d is too short, for acts of destruction"},
    {"PDPortalTermJournal", "3 years", NULL, NULL, NULL},
    {"PDPortalTermJournal", "3 years", "PDPortalTermAccount", "3 years", NULL},
    {"PDPortalTermJournal", "3 years", "PDPortalTermAccount", "1099d", "write \"1099d\" or longer"},
    {"PDPortalTermJournal", "3 years", "PDPortalTermAccount", "without limit", NULL},
    {"PDPortalTermJournal", "without limit", "PDPortalTermAccount", "50 years", NULL},
    {"PDPortalTermAccount", "50 years", NULL, NULL, NULL},
};

START_TEST(whole_is_checked)
{
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        pd_settings_t *settings = needed_only();
        set(settings, pd_directive_find(wholes[i].name), wholes[i].value);
        if (wholes[i].second_name) {
            set(settings, pd_directive_find(wholes[i].second_name), wholes[i].second_value);
        }
        pd_settings_complete(settings, tp);
        const char *why = pd_settings_check(settings, tp);
        ck_assert_msg(wholes[i].wrong ? why && strstr(why, wholes[i].wrong) != NULL : !why,
                      "%zu: %s", i, why ? why : "taken");
    }
}
END_TEST

START_TEST(needed_directives_are_named)
{
    static const char *const names[] = {"PDPortalDatabase", "PDPortalKeyFile", "PDPortalBaseURL",
                                        "PDPortalMailFrom", "PDPortalMailRelay"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        pd_settings_t *settings = needed_only();
        *(const char **)(void *)((char *)settings + pd_directive_find(names[i])->offset) = NULL;
        pd_settings_complete(settings, tp);
        const char *why = pd_settings_check(settings, tp);
        ck_assert_msg(why && strstr(why, names[i]), "%s", names[i]);
    }
}
END_TEST

static const char *read_text(pd_settings_t *settings, const char *bytes, const char **path)
{
    char *name = apr_pstrdup(tp, "/tmp/pd-test-settings-XXXXXX");
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
    const char *why = pd_settings_read_file(settings, name, tp);
    unlink(name);
    *path = name;
    return why;
}

START_TEST(file_is_read_as_httpd_reads_it)
{
    const char *path;
    pd_settings_t *settings = pd_settings_new(tp);
    const char *why = read_text(settings,
                                "# PDPortalPath /comment\r\n"
                                "ServerRoot \"/srv/web\"\n"
                                "Listen 80\n"
                                "pdportaldatabase sqlite3 \"/var/lib/a b/portal.db\"\r\n"
                                "<VirtualHost *:443>\n"
                                "  PDPortalSiteName 'A \"good\" \\'name\\''\n"
                                "  PDPortalKeyFile conf/master.key\n"
                                "  PDPortalBaseURL \\\n"
                                "     https://www.example.org\n"
                                "  <Location /app>\n"
                                "    PDPortalIdentityHeaders On\n"
                                "  </Location>\n"
                                "</VirtualHost>\n"
                                "<VirtualHost *:80>\n"
                                "  PDPortalBaseURL \"https://www.example.org\"\n"
                                "</VirtualHost>",
                                &path);
    ck_assert_msg(!why, "%s", why ? why : "");
    ck_assert_str_eq(settings->database_params, "/var/lib/a b/portal.db");
    ck_assert_str_eq(settings->site_name, "A \"good\" 'name'");
    ck_assert_str_eq(settings->key_file, "/srv/web/conf/master.key");
    ck_assert_str_eq(settings->base_url, "https://www.example.org");
    ck_assert_ptr_null(settings->path);
}
END_TEST

static const struct {
    const char *bytes;
    const char *line; /* ":N: " */
    const char *wrong;
} files[] = {
    {"\n\\\n\nPDPortalPaht /x\n", ":4: ", "no directive \"PDPortalPaht\""},
    {"PDPortalPath /a\n<VirtualHost *>\nPDPortalPath /b\n", ":3: ", "two portals"},
    {"PDPortalPath \"/a\n", ":1: ", "quote"},
    {"PDPortalSiteName two words\n", ":1: ", "double quotes"},
    {"PDPortalPath\n", ":1: ", "missing"},
    {"PDPortalSiteName a \\\n  b\nPDPortalPath x", ":1: ", "too many words"},
    {"Foo \\\n bar\nPDPortalPath x", ":3: ", "PDPortalPath: \"x\""},
    {"PDPortalKeyFile ${KEYS}/k\n", ":1: ", "variable"},
    {"PDPortalIdentityHeaders maybe\n", ":1: ", "On or Off"},
};

START_TEST(file_mistakes_have_their_line)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path;
        const char *why = read_text(pd_settings_new(tp), files[i].bytes, &path);
        ck_assert_msg(why && strstr(why, files[i].wrong), "%zu: %s", i, why ? why : "taken");
        ck_assert_msg(!strncmp(why, path, strlen(path)), "%s", why);
        ck_assert_msg(!strncmp(why + strlen(path), files[i].line, strlen(files[i].line)), "%s",
                      why);
    }
    ck_assert_ptr_nonnull(pd_settings_read_file(pd_settings_new(tp), "/nowhere/x.conf", tp));
    ck_assert_ptr_nonnull(pd_settings_read_file(pd_settings_new(tp), "/tmp", tp));
}
END_TEST

static const struct {
    const char *host;
    int loopback;
} hosts[] = {{"localhost", 1},       {"a.localhost", 1}, {"127.0.0.1", 1}, {"127.9.9.9", 1},
             {"[::1]", 1},           {"127.0.0.1.x", 0}, {"127.1", 0},     {"localhost.x", 0},
             {"www.example.org", 0}, {"10.0.0.1", 0},    {"", 0},          {".localhost", 0}};

START_TEST(loopback_is_told)
{
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        ck_assert_msg(pd_host_is_loopback(hosts[i].host) == hosts[i].loopback, "%s", hosts[i].host);
    }
}
END_TEST

START_TEST(manual_has_every_row)
{
    const char *manual = pd_directives_manual(tp);
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        ck_assert_msg(strstr(manual, apr_pstrcat(tp, "### ", row->name, "\n", NULL)), "%s",
                      row->name);
        ck_assert_msg(strstr(manual, row->help), "%s", row->name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_test(tcase, every_row_unset_set_inherited_and_back);
    tcase_add_test(tcase, names_are_unique_and_found_in_any_case);
    tcase_add_test(tcase, value_is_taken_or_explained);
    tcase_add_test(tcase, term_is_written_in_words);
    tcase_add_test(tcase, defaults_are_those_of_the_manual);
    tcase_add_test(tcase, whole_is_checked);
    tcase_add_test(tcase, needed_directives_are_named);
    tcase_add_test(tcase, file_is_read_as_httpd_reads_it);
    tcase_add_test(tcase, file_mistakes_have_their_line);
    tcase_add_test(tcase, loopback_is_told);
    tcase_add_test(tcase, manual_has_every_row);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
