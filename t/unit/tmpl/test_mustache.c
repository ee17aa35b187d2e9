/* What the JSON cases can't say: bounds of rendering, limits of parsing, and the list of messages.
 */
#include <string.h>
#include "pd_test.h"
#include "base/pd_status.h"
#include "tmpl/pd_mustache.h"

static const char *same_source(void *baton, const char *name)
{
    (void)name;
    return baton;
}

static const pd_mustache_t *parse(const char *source, const char *partial)
{
    pd_mustache_options_t options = {
        .name = "t.html", .source = same_source, .baton = (void *)(apr_uintptr_t)partial};
    const pd_mustache_t *template;
    const char *why = NULL;
    ck_assert_msg(pd_mustache_parse(&template, &why, source, &options, tp) == 0, "%s", why);
    return template;
}

START_TEST(buffer_bound)
{
    pd_buf_t out;
    pd_buf_init(&out, 10, tp);
    pd_mustache_render(parse("12345{{x}}12345", NULL), pd_value_map(tp), &out, tp);
    ck_assert(!out.overflow);
    pd_mustache_render(parse("1", NULL), pd_value_map(tp), &out, tp);
    ck_assert(out.overflow);
    ck_assert_str_eq(out.bytes, "1234512345");
}
END_TEST

START_TEST(recursion_stops_at_depth_64)
{
    pd_buf_t out;
    pd_buf_init(&out, 1000, tp);
    pd_mustache_render(parse("{{>p}}", "x{{>p}}"), pd_value_map(tp), &out, tp);
    ck_assert_int_eq(out.length, 64);
    ck_assert(!out.overflow);
}
END_TEST

START_TEST(a_template_that_runs_away_is_cut)
{
    pd_buf_t out;
    pd_buf_init(&out, 1000, tp);
    pd_mustache_render(parse("{{>p}}", "{{>p}}{{>p}}"), pd_value_map(tp), &out, tp);
    ck_assert(out.overflow);
}
END_TEST

START_TEST(several_renders_append)
{
    const pd_mustache_t *template = parse("{{#l}}{{.}}{{/l}}", NULL);
    pd_value_t *map = pd_value_map(tp), *list = pd_value_list(tp);
    pd_buf_t out;
    pd_buf_init(&out, 1000, tp);
    pd_value_add(list, pd_value_number(1, tp));
    pd_value_add(list, pd_value_text("<", tp));
    pd_value_set(map, "l", list);
    pd_mustache_render(template, map, &out, tp);
    pd_mustache_render(template, map, &out, tp);
    ck_assert_str_eq(out.bytes, "1&lt;1&lt;");
}
END_TEST

START_TEST(limits_of_sources)
{
    pd_mustache_options_t options = {.name = "t.html"};
    const pd_mustache_t *template;
    const char *why = "";
    char *large = apr_palloc(tp, 1024 * 1024 + 2);
    memset(large, 'x', 1024 * 1024 + 1);
    large[1024 * 1024 + 1] = '\0';
    ck_assert_int_eq(pd_mustache_parse(&template, &why, large, &options, tp), PD_ETEMPLATE);
    ck_assert_str_eq(why, "t.html:1: larger than 1048576 bytes");
    ck_assert_int_eq(pd_mustache_parse(&template, &why, "\xc3", &options, tp), PD_ETEMPLATE);
    ck_assert_str_eq(why, "t.html:1: not valid UTF-8");
    ck_assert_ptr_null(template);
}
END_TEST

START_TEST(messages)
{
    apr_array_header_t *list;
    const char *why = NULL;
    static const char source[] = "{{#_}} Sign\n in {{/_}}\n{{! {{#x}}\n{{=<% %>=}}\n"
                                 "<%#_n hours%>an hour|\n<%hours%> hours<%/_n%><%#_%>a|b<%/_%>";
    ck_assert_int_eq(pd_mustache_messages(&list, &why, "t.html", source, tp), APR_SUCCESS);
    ck_assert_int_eq(list->nelts, 3);
    const pd_message_t *message = (const pd_message_t *)(const void *)list->elts;
    ck_assert_str_eq(message[0].id, "Sign in");
    ck_assert_ptr_null(message[0].plural);
    ck_assert_int_eq(message[0].line, 1);
    ck_assert_str_eq(message[1].id, "an hour");
    ck_assert_str_eq(message[1].plural, "<%hours%> hours");
    ck_assert_int_eq(message[1].line, 5);
    ck_assert_str_eq(message[2].id, "a|b");
    ck_assert_int_eq(message[2].line, 6);
}
END_TEST

START_TEST(messages_of_a_faulty_source)
{
    apr_array_header_t *list;
    const char *why = "";
    ck_assert_int_eq(pd_mustache_messages(&list, &why, "t.html", "\n{{#_}}a{{/_n}}", tp),
                     PD_ETEMPLATE);
    ck_assert_str_eq(why, "t.html:2: words are not closed");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mustache");
    TCase *tcase = tcase_create("mustache");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_test(tcase, buffer_bound);
    tcase_add_test(tcase, recursion_stops_at_depth_64);
    tcase_add_test(tcase, a_template_that_runs_away_is_cut);
    tcase_add_test(tcase, several_renders_append);
    tcase_add_test(tcase, limits_of_sources);
    tcase_add_test(tcase, messages);
    tcase_add_test(tcase, messages_of_a_faulty_source);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
