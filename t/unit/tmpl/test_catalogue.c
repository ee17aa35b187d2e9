/* Catalogues: both byte orders, plural rules, chains, and every way a file can be damaged. */
#include <string.h>
#include <apr_file_io.h>
#include "pd_test.h"
#include "base/pd_status.h"
#include "mo_build.h"
#include "tmpl/pd_catalogue.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const mo_entry_t russian[] = {
    MO_ENTRY("", MO_RUSSIAN),
    MO_ENTRY("Sign in", "Войти"),
    MO_ENTRY("hour\0hours", "час\0часа\0часов"),
};
static const mo_entry_t english[] = {
    MO_ENTRY("", MO_ENGLISH),
    MO_ENTRY("Sign in", "Log in"),
    MO_ENTRY("hour\0hours", "h\0hs"),
};

static const pd_catalogue_t *parse(const mo_entry_t *entries, int n, int big)
{
    pd_buf_t bytes;
    const pd_catalogue_t *catalogue = NULL;
    const char *why = NULL;
    mo_build(&bytes, entries, n, big, tp);
    apr_status_t st = pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, tp);
    ck_assert_msg(st == APR_SUCCESS, "%s", why);
    return catalogue;
}

START_TEST(texts_in_both_byte_orders)
{
    const pd_catalogue_t *catalogue = parse(russian, N_OF(russian), _i);
    ck_assert_str_eq(pd_catalogue_text(catalogue, "Sign in"), "Войти");
    ck_assert_str_eq(pd_catalogue_text(catalogue, "hour"), "час");
    ck_assert_str_eq(pd_catalogue_plural(catalogue, "hour", 2), "часов");
    ck_assert_ptr_null(pd_catalogue_plural(catalogue, "hour", 3));
    ck_assert_ptr_null(pd_catalogue_plural(catalogue, "hour", -1));
    ck_assert_ptr_null(pd_catalogue_plural(catalogue, "Sign in", 0));
    ck_assert_ptr_null(pd_catalogue_text(catalogue, "Sign"));
    ck_assert_ptr_null(pd_catalogue_text(catalogue, ""));
    ck_assert_int_eq(pd_catalogue_forms(catalogue), 3);
    ck_assert(!pd_catalogue_ids_stand(catalogue));
}
END_TEST

static const struct {
    apr_int64_t number;
    int english, russian;
} forms[] = {
    {0, 1, 2},   {1, 0, 0},   {2, 1, 1},   {4, 1, 1},  {5, 1, 2},  {11, 1, 2},  {12, 1, 2},
    {14, 1, 2},  {19, 1, 2},  {20, 1, 2},  {21, 1, 0}, {22, 1, 1}, {25, 1, 2},  {101, 1, 0},
    {111, 1, 2}, {112, 1, 2}, {122, 1, 1}, {-1, 0, 0}, {-3, 1, 1}, {-11, 1, 2},
};

START_TEST(plural_forms)
{
    ck_assert_int_eq(pd_catalogue_form(parse(english, 3, 0), forms[_i].number), forms[_i].english);
    ck_assert_int_eq(pd_catalogue_form(parse(russian, 3, 0), forms[_i].number), forms[_i].russian);
}
END_TEST

static const struct {
    const char *header;
    const char *why; /* NULL: taken */
    int forms;
} headers[] = {
    {MO_ENGLISH, NULL, 2},
    {"Content-Type: text/plain; charset=utf-8\nPlural-Forms: nplurals=2; plural=n != 1", NULL, 2},
    {"content-type: text/plain; charset=UTF-8\nplural-forms:nplurals=3; plural=((n%10==1 && "
     "n%100!=11) ? 0 : (n%10>=2 && n%10<=4 && (n%100<12 || n%100>14)) ? 1 : 2);\n",
     NULL, 3},
    {"Content-Type: text/plain; charset=KOI8-R\nPlural-Forms: nplurals=2; plural=n != 1;\n",
     "charset", 0},
    {"Plural-Forms: nplurals=2; plural=n != 1;\n", "charset", 0},
    {"Content-Type: text/plain; charset=UTF-8\n", "unknown Plural-Forms", 0},
    {"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n > 1;\n",
     "unknown Plural-Forms", 0},
    {"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=1; plural=0;\n",
     "unknown Plural-Forms", 0},
    {"", "charset", 0},
};

START_TEST(header)
{
    mo_entry_t entry = {MO_TEXT(""), {headers[_i].header, strlen(headers[_i].header)}};
    pd_buf_t bytes;
    const pd_catalogue_t *catalogue;
    const char *why = "";
    mo_build(&bytes, &entry, 1, 0, tp);
    apr_status_t st = pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, tp);
    if (headers[_i].why) {
        ck_assert_int_eq(st, PD_ETEMPLATE);
        ck_assert_ptr_nonnull(strstr(why, headers[_i].why));
        ck_assert_ptr_null(catalogue);
    }
    else {
        ck_assert_int_eq(st, APR_SUCCESS);
        ck_assert_int_eq(pd_catalogue_forms(catalogue), headers[_i].forms);
    }
}
END_TEST

/* One word of the English file (little end first) or one byte of it is changed. */
static const struct {
    const char *name;
    apr_size_t at;
    apr_uint32_t word;
    const char *why;
} damages[] = {
    {"magic", 0, 0x12345678, "not a .mo file"},
    {"revision", 4, 0x00020000, "revision"},
    {"no entries", 8, 0, "no header"},
    {"too many entries", 8, 0x00ffffff, "table"},
    {"entries that overflow 32 bits", 8, 0x20000001, "table"},
    {"id table far away", 12, 0xfffffff8, "table"},
    {"text table far away", 16, 0xfffffff8, "table"},
    {"length of an id", 28 + 8, 0xffffffff, "reaches beyond"},
    {"offset of an id", 28 + 12, 0xffffffff, "reaches beyond"},
    {"an id without its zero", 28 + 8, 6, "reaches beyond"},
    {"length of a text", 52 + 8, 0x7fffffff, "reaches beyond"},
    {"offset of a text", 52 + 12, 0x7fffffff, "reaches beyond"},
    {"the header as an entry", 28 + 8, 0, "twice"},
    {"too few forms", 52 + 16, 1, "plural forms"},
};

START_TEST(damage)
{
    pd_buf_t bytes, word;
    const pd_catalogue_t *catalogue;
    const char *why = "";
    mo_build(&bytes, english, N_OF(english), 0, tp);
    pd_buf_init(&word, 4, tp);
    mo_word(&word, damages[_i].word, 0);
    if (strcmp(damages[_i].name, "the header as an entry") == 0) {
        /* The third id gets the second's place. */
        memcpy(bytes.bytes + 28 + 16, bytes.bytes + 28 + 8, 8);
        memcpy(bytes.bytes + 52 + 16, bytes.bytes + 52 + 8, 8);
    }
    else {
        memcpy(bytes.bytes + damages[_i].at, word.bytes, 4);
    }
    apr_status_t st = pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, tp);
    ck_assert_msg(st == PD_ETEMPLATE && strstr(why, damages[_i].why), "%s: %s", damages[_i].name,
                  why);
}
END_TEST

START_TEST(every_shorter_file_is_refused)
{
    pd_buf_t bytes;
    mo_build(&bytes, russian, N_OF(russian), 0, tp);
    for (apr_size_t n = 0; n < bytes.length; n++) {
        const pd_catalogue_t *catalogue;
        const char *why;
        ck_assert_int_eq(pd_catalogue_parse(&catalogue, &why, bytes.bytes, n, tp), PD_ETEMPLATE);
    }
}
END_TEST

START_TEST(text_that_is_not_utf8)
{
    static const mo_entry_t bad[] = {MO_ENTRY("", MO_ENGLISH), MO_ENTRY("a\0b", "a\0\xff")};
    pd_buf_t bytes;
    const pd_catalogue_t *catalogue;
    const char *why = "";
    mo_build(&bytes, bad, 2, 0, tp);
    ck_assert_int_eq(pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, tp),
                     PD_ETEMPLATE);
    ck_assert_ptr_nonnull(strstr(why, "UTF-8"));
}
END_TEST

START_TEST(chains)
{
    static const mo_entry_t site[] = {MO_ENTRY("", MO_ENGLISH), MO_ENTRY("Sign in", "Enter")};
    const pd_catalogue_t *first = parse(site, 2, 0), *chain;
    const char *why = "";
    ck_assert_int_eq(pd_catalogue_chain(&chain, &why, first, parse(english, 3, 0), tp), 0);
    ck_assert_str_eq(pd_catalogue_text(chain, "Sign in"), "Enter");
    ck_assert_str_eq(pd_catalogue_plural(chain, "hour", 1), "hs");
    ck_assert(!pd_catalogue_ids_stand(chain));
    ck_assert_int_eq(pd_catalogue_chain(&chain, &why, first, NULL, tp), 0);
    ck_assert_ptr_null(pd_catalogue_text(chain, "hour"));
    ck_assert(pd_catalogue_ids_stand(chain));
    ck_assert_int_eq(pd_catalogue_chain(&chain, &why, first, parse(russian, 3, 0), tp),
                     PD_ETEMPLATE);
    ck_assert_ptr_null(chain);
}
END_TEST

START_TEST(files)
{
    const pd_catalogue_t *catalogue;
    const char *why = "";
    apr_status_t st = pd_catalogue_load(&catalogue, &why, "/nonexistent/ru.mo", tp);
    ck_assert(APR_STATUS_IS_ENOENT(st));
    ck_assert_ptr_nonnull(strstr(why, "/nonexistent/ru.mo"));
    ck_assert_int_ne(pd_catalogue_load(&catalogue, &why, "/", tp), APR_SUCCESS);
    ck_assert_int_ne(pd_catalogue_load(&catalogue, &why, "/dev/zero", tp), APR_SUCCESS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("catalogue");
    TCase *tcase = tcase_create("catalogue");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, texts_in_both_byte_orders, 0, 2);
    tcase_add_loop_test(tcase, plural_forms, 0, N_OF(forms));
    tcase_add_loop_test(tcase, header, 0, N_OF(headers));
    tcase_add_loop_test(tcase, damage, 0, N_OF(damages));
    tcase_add_test(tcase, every_shorter_file_is_refused);
    tcase_add_test(tcase, text_that_is_not_utf8);
    tcase_add_test(tcase, chains);
    tcase_add_test(tcase, files);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
