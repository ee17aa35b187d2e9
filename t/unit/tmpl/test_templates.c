/* The set of templates, on folders made for each case: search order, kinds, catalogues, faults. */
#include <string.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include "pd_test.h"
#include "base/pd_status.h"
#include "mo_build.h"
#include "tmpl/pd_templates.h"

static const char *folder; /* of the running case */

static void write_file(const char *name, const char *bytes, apr_size_t length)
{
    apr_file_t *file;
    const char *path = apr_pstrcat(tp, folder, "/", name, NULL);
    ck_assert_int_eq(apr_file_open(&file, path,
                                   APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                                   APR_FPROT_OS_DEFAULT, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(apr_file_write_full(file, bytes, length, NULL), APR_SUCCESS);
    apr_file_close(file);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static void write_catalogue(const char *name, const char *header, const char *id, const char *text)
{
    mo_entry_t entries[] = {{MO_TEXT(""), {header, strlen(header)}},
                            {{id, strlen(id)}, {text, strlen(text)}}};
    pd_buf_t bytes;
    mo_build(&bytes, entries, 2, 0, tp);
    write_file(name, bytes.bytes, bytes.length);
}

static const char *const made[] = {"share/po", "share/mail", "site/po", "site/mail"};

static void setup(void)
{
    const char *temp;
    apr_file_t *file;
    pd_test_setup();
    ck_assert_int_eq(apr_temp_dir_get(&temp, tp), APR_SUCCESS);
    char *name = apr_pstrcat(tp, temp, "/pd-templates-XXXXXX", NULL);
    ck_assert_int_eq(apr_file_mktemp(&file, name, 0, tp), APR_SUCCESS);
    folder = apr_pstrcat(tp, name, ".d", NULL);
    for (int i = 0; i < 4; i++)
        apr_dir_make_recursive(apr_pstrcat(tp, folder, "/", made[i], NULL), APR_FPROT_OS_DEFAULT,
                               tp);
    write_text("share/layout.html", "<b>{{portal}}</b>{{$content}}{{/content}}");
    write_text("share/sign.txt", "-- \n{{portal}}\n");
    write_text("share/login.html",
               "{{<layout}}{{$content}}{{#_}}Hi {{login}}{{/_}}{{/content}}{{/layout}}");
    write_text("share/mail/hello.txt", "{{login}}\n{{>sign}}\n");
    write_catalogue("share/po/ru.mo", MO_RUSSIAN, "Hi {{login}}", "Привет, {{login}}");
}

static void remove_folder(const char *path)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    if (apr_dir_open(&dir, path, tp) != APR_SUCCESS)
        return;
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *inner = apr_pstrcat(tp, path, "/", info.name, NULL);
        if (info.filetype == APR_REG)
            apr_file_remove(inner, tp);
        else if (info.name[0] != '.')
            remove_folder(inner);
    }
    apr_dir_close(dir);
    apr_dir_remove(path, tp);
}

static void teardown(void)
{
    remove_folder(folder);
    pd_test_teardown();
}

static const char *const languages[] = {"ru", "en", NULL};
static const char *const common[] = {"portal", NULL};
static const char *const login_names[] = {"login", NULL};
static const pd_contract_t pages[] = {{"login.html", login_names, NULL}, {NULL, NULL, NULL}};
static const pd_contract_t mails[] = {{"mail/hello.txt", login_names, NULL}, {NULL, NULL, NULL}};
static const pd_contract_t *const contracts[] = {pages, mails, NULL};

static pd_templates_source_t source_here(void)
{
    pd_templates_source_t source = {apr_pstrcat(tp, folder, "/share", NULL),
                                    apr_pstrcat(tp, folder, "/site", NULL), languages, common,
                                    contracts};
    return source;
}

static const pd_templates_t *load(void)
{
    pd_templates_source_t source = source_here();
    const pd_templates_t *templates = NULL;
    const char *why = NULL;
    apr_status_t st = pd_templates_load(&templates, &why, &source, tp);
    ck_assert_msg(st == APR_SUCCESS, "%s", why);
    return templates;
}

static const char *shown(const char *file, const char *language)
{
    const pd_mustache_t *template = pd_templates_get(load(), file, language);
    pd_value_t *values = pd_value_map(tp);
    pd_buf_t out;
    ck_assert_ptr_nonnull(template);
    pd_value_set_text(values, "portal", "P&Q", tp);
    pd_value_set_text(values, "login", "<anna>", tp);
    pd_buf_init(&out, 1000, tp);
    pd_mustache_render(template, values, &out, tp);
    return out.bytes;
}

START_TEST(pages_in_their_language)
{
    ck_assert_str_eq(shown("login.html", "en"), "<b>P&amp;Q</b>Hi &lt;anna&gt;");
    ck_assert_str_eq(shown("login.html", "ru"), "<b>P&amp;Q</b>Привет, &lt;anna&gt;");
    ck_assert_ptr_null(pd_templates_get(load(), "login.html", "de"));
    ck_assert_ptr_null(pd_templates_get(load(), "other.html", "en"));
}
END_TEST

START_TEST(letters_are_text)
{
    ck_assert_str_eq(shown("mail/hello.txt", "en"), "<anna>\n-- \nP&Q\n");
}
END_TEST

START_TEST(the_site_stands_before_us)
{
    write_text("site/layout.html", "<i>{{$content}}{{/content}}</i>");
    ck_assert_str_eq(shown("login.html", "en"), "<i>Hi &lt;anna&gt;</i>");
    write_text("site/login.html", "own {{login}}");
    ck_assert_str_eq(shown("login.html", "en"), "own &lt;anna&gt;");
    write_text("site/mail/hello.txt", "own");
    ck_assert_str_eq(shown("mail/hello.txt", "en"), "own");
}
END_TEST

START_TEST(the_sites_words_stand_before_ours)
{
    write_text("site/login.html", "{{#_}}Hi {{login}}{{/_}} {{#_}}Own{{/_}}");
    write_catalogue("site/po/ru.mo", MO_RUSSIAN, "Own", "Своё");
    ck_assert_str_eq(shown("login.html", "ru"), "Привет, &lt;anna&gt; Своё");
    write_catalogue("site/po/en.mo", MO_ENGLISH, "Hi {{login}}", "Hey {{login}}");
    ck_assert_str_eq(shown("login.html", "en"), "Hey &lt;anna&gt; Own");
}
END_TEST

static const struct {
    const char *name, *file, *text, *why;
} faults[] = {
    {"unknown name", "site/login.html", "\n{{logn}}", "[ru] login.html:2: unknown name \"logn\""},
    {"a name of another page", "site/layout.html", "{{mail}}", "layout.html:1: unknown name"},
    {"raw", "site/login.html", "{{{login}}}", "may not be shown raw"},
    {"words lacking", "site/login.html", "{{#_}}New{{/_}}",
     "[ru] login.html:1: the catalogue lacks"},
    {"partial lacking", "site/login.html", "{{>gone}}", "login.html: partial gone.html: "},
    {"partial elsewhere", "site/login.html", "{{>../../x}}", "malformed tag"},
    {"catalogue", "site/po/en.mo", "nonsense", "po/en.mo: not a .mo file"},
    {"our catalogue", "share/po/ru.mo", "nonsense", "po/ru.mo: not a .mo file"},
};

START_TEST(faults_are_named)
{
    pd_templates_source_t source = source_here();
    const pd_templates_t *templates = NULL;
    const char *why = "";
    write_text(faults[_i].file, faults[_i].text);
    apr_status_t st = pd_templates_load(&templates, &why, &source, tp);
    ck_assert_msg(st == PD_ETEMPLATE && strstr(why, faults[_i].why), "%s: %s", faults[_i].name,
                  why);
    ck_assert_ptr_null(templates);
}
END_TEST

static void expect_fault(const char *part)
{
    pd_templates_source_t source = source_here();
    const pd_templates_t *templates = NULL;
    const char *why = "";
    ck_assert_int_eq(pd_templates_load(&templates, &why, &source, tp), PD_ETEMPLATE);
    ck_assert_msg(strstr(why, part) != NULL, "%s", why);
}

START_TEST(missing_files)
{
    apr_file_remove(apr_pstrcat(tp, folder, "/share/po/ru.mo", NULL), tp);
    expect_fault("po/ru.mo: there is no such catalogue");
    write_catalogue("site/po/ru.mo", MO_ENGLISH, "Hi {{login}}", "{{login}}");
    ck_assert_str_eq(shown("login.html", "ru"), "<b>P&amp;Q</b>&lt;anna&gt;");
    write_catalogue("share/po/ru.mo", MO_RUSSIAN, "Hi {{login}}", "{{login}}");
    expect_fault("site/po/ru.mo: its Plural-Forms");
    apr_file_remove(apr_pstrcat(tp, folder, "/site/po/ru.mo", NULL), tp);
    apr_file_remove(apr_pstrcat(tp, folder, "/share/login.html", NULL), tp);
    expect_fault("login.html: ");
    write_file("site/login.html", "a\0b", 3);
    expect_fault("login.html: holds a zero byte");
}
END_TEST

START_TEST(plain_files)
{
    pd_templates_source_t source = source_here();
    const char *bytes;
    apr_size_t length;
    write_file("share/style.css", "a\0b", 3);
    ck_assert_int_eq(pd_templates_file(&bytes, &length, &source, "style.css", tp), APR_SUCCESS);
    ck_assert_int_eq(length, 3);
    write_text("site/style.css", "");
    ck_assert_int_eq(pd_templates_file(&bytes, &length, &source, "style.css", tp), APR_SUCCESS);
    ck_assert_int_eq(length, 0);
    ck_assert(APR_STATUS_IS_ENOENT(pd_templates_file(&bytes, &length, &source, "x.css", tp)));
    static const char *const outside[] = {"../share/style.css", "/etc/passwd", ""};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pd_templates_file(&bytes, &length, &source, outside[i], tp), APR_EINVAL);
    source.site = NULL;
    ck_assert_int_eq(pd_templates_file(&bytes, &length, &source, "style.css", tp), APR_SUCCESS);
    ck_assert_int_eq(length, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("templates");
    TCase *tcase = tcase_create("templates");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pages_in_their_language);
    tcase_add_test(tcase, letters_are_text);
    tcase_add_test(tcase, the_site_stands_before_us);
    tcase_add_test(tcase, the_sites_words_stand_before_ours);
    tcase_add_loop_test(tcase, faults_are_named, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(tcase, missing_files);
    tcase_add_test(tcase, plain_files);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
