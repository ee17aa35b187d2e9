/* Runs cases in the JSON shape of the official mustache specification. With MUSTACHE_SPEC in the
 * environment: every *.json of that folder; without it: our own t/unit/tmpl/cases.json below
 * PD_SOURCE_DIR. Our cases may also give "kind", "known", "raw", "catalogue" ({id: text, or
 * [plural, form, form ..]}), "language", and "error", a part of the expected complaint. */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include <apr_strings.h>
#include "pd_test.h"
#include "base/pd_status.h"
#include "mo_build.h"
#include "tmpl/pd_mustache.h"

static json_t *cases;

static const pd_value_t *value_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT: {
        pd_value_t *map = pd_value_map(tp);
        const char *name;
        json_t *member;
        json_object_foreach((json_t *)json, name, member)
            pd_value_set(map, apr_pstrdup(tp, name), value_of(member));
        return map;
    }
    case JSON_ARRAY: {
        pd_value_t *list = pd_value_list(tp);
        for (size_t i = 0; i < json_array_size(json); i++)
            pd_value_add(list, value_of(json_array_get(json, i)));
        return list;
    }
    case JSON_STRING:
        return pd_value_text(json_string_value(json), tp);
    case JSON_INTEGER:
        return pd_value_number(json_integer_value(json), tp);
    case JSON_REAL: {
        char text[40];
        snprintf(text, sizeof(text), "%.12g", json_real_value(json));
        return pd_value_text(apr_pstrdup(tp, text), tp);
    }
    default: {
        pd_value_t *map = pd_value_map(tp);
        pd_value_set_bool(map, "truth", json_is_true(json), tp);
        return pd_value_get(map, "truth");
    }
    }
}

static const char *partial_source(void *baton, const char *name)
{
    return json_string_value(json_object_get(baton, name));
}

static const char *const *names_of(const json_t *list)
{
    if (!list)
        return NULL;
    apr_array_header_t *names = apr_array_make(tp, 8, sizeof(const char *));
    for (size_t i = 0; i < json_array_size(list); i++)
        APR_ARRAY_PUSH(names, const char *) = json_string_value(json_array_get(list, i));
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)(const void *)names->elts;
}

/* Joined by zeros. */
static mo_text_t join(const char *first, const json_t *list, size_t from)
{
    pd_buf_t joined;
    pd_buf_init(&joined, 10000, tp);
    if (first)
        pd_buf_puts(&joined, first);
    for (size_t i = from; i < json_array_size(list); i++) {
        if (joined.length > 0)
            pd_buf_putc(&joined, '\0');
        pd_buf_puts(&joined, json_string_value(json_array_get(list, i)));
    }
    mo_text_t text = {joined.bytes, joined.length};
    return text;
}

static const pd_catalogue_t *catalogue_of(const json_t *messages, const char *language)
{
    mo_entry_t entries[32] = {MO_ENTRY("", MO_ENGLISH)};
    static const mo_entry_t russian = MO_ENTRY("", MO_RUSSIAN);
    const pd_catalogue_t *catalogue;
    const char *id, *why = NULL;
    json_t *text;
    pd_buf_t bytes;
    int n = 1;
    if (!messages)
        return NULL;
    if (language && strcmp(language, "ru") == 0)
        entries[0] = russian;
    json_object_foreach((json_t *)messages, id, text)
    {
        ck_assert_int_lt(n, 32);
        mo_entry_t *entry = &entries[n++];
        entry->id.bytes = id;
        entry->id.length = strlen(id);
        if (json_is_array(text)) {
            pd_buf_t key;
            pd_buf_init(&key, 10000, tp);
            pd_buf_add(&key, id, strlen(id) + 1);
            pd_buf_puts(&key, json_string_value(json_array_get(text, 0)));
            entry->id.bytes = key.bytes;
            entry->id.length = key.length;
            entry->text = join(NULL, text, 1);
        }
        else {
            entry->text.bytes = json_string_value(text);
            entry->text.length = json_string_length(text);
        }
    }
    mo_build(&bytes, entries, n, 0, tp);
    ck_assert_msg(pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, tp) == 0, "%s",
                  why);
    return catalogue;
}

START_TEST(a_case)
{
    json_t *one = json_array_get(cases, (size_t)_i);
    const char *title = json_string_value(json_object_get(one, "name"));
    const char *error = json_string_value(json_object_get(one, "error"));
    const char *kind = json_string_value(json_object_get(one, "kind"));
    pd_mustache_options_t options = {
        .kind = kind && strcmp(kind, "text") == 0 ? PD_MUSTACHE_TEXT : PD_MUSTACHE_HTML,
        .name = "case.html",
        .catalogue = catalogue_of(json_object_get(one, "catalogue"),
                                  json_string_value(json_object_get(one, "language"))),
        .source = partial_source,
        .baton = json_object_get(one, "partials"),
        .known = names_of(json_object_get(one, "known")),
        .raw = names_of(json_object_get(one, "raw")),
    };
    const pd_mustache_t *template = NULL;
    const char *why = "";
    apr_status_t st = pd_mustache_parse(
        &template, &why, json_string_value(json_object_get(one, "template")), &options, tp);
    if (error) {
        ck_assert_msg(st == PD_ETEMPLATE && strstr(why, error), "%s: \"%s\"", title, why);
        ck_assert_ptr_null(template);
        return;
    }
    ck_assert_msg(st == APR_SUCCESS, "%s: %s", title, why);
    pd_buf_t out;
    pd_buf_init(&out, 100000, tp);
    json_t *data = json_object_get(one, "data");
    pd_mustache_render(template, data ? value_of(data) : pd_value_map(tp), &out, tp);
    const char *expected = json_string_value(json_object_get(one, "expected"));
    ck_assert_msg(strcmp(out.bytes, expected) == 0, "%s:\n got {%s}\nwant {%s}", title, out.bytes,
                  expected);
}
END_TEST

static void add_file(const char *path)
{
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    if (!file) {
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        exit(1);
    }
    json_array_extend(cases, json_object_get(file, "tests"));
    json_decref(file);
}

static void add_folder(const char *folder)
{
    glob_t found;
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/*.json", folder);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            add_file(found.gl_pathv[i]);
    globfree(&found);
}

int main(void)
{
    const char *spec = getenv("MUSTACHE_SPEC"), *source = getenv("PD_SOURCE_DIR");
    char path[4096];
    cases = json_array();
    snprintf(path, sizeof(path), "%s/t/unit/tmpl/cases.json", source ? source : ".");
    if (spec)
        add_folder(spec);
    else
        add_file(path);
    Suite *suite = suite_create("mustache_spec");
    TCase *tcase = tcase_create("cases");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, a_case, 0, (int)json_array_size(cases));
    suite_add_tcase(suite, tcase);
    int failed = pd_test_main(suite);
    json_decref(cases);
    return failed;
}
