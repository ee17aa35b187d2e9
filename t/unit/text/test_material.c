/* What an editorial version may not touch. */
#include "pd_test.h"
#include "text/pd_material.h"
#include <string.h>

static pd_article_t article(const char *text)
{
    pd_article_t found;
    const char *why = "";
    ck_assert_msg(pd_clause_render(&found, &why, PD_MARKUP_PLAIN, text, strlen(text), tp) == 0,
                  "%s", why);
    return found;
}

#define OLD                                                                                        \
    "Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. Login - and \"mail\".\n\n3.2. Age.\n\n" \
    "5. WAYS\n\n5.2. To nobody.\n\n5.20. Freely.\n"

static const struct {
    const char *text, *sections, *changed;
} cases[] = {
    {OLD, "3 5.2", ""},
    {OLD, NULL, ""},
    /* typography */
    {"Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. Login \xe2\x80\x94 "
     "and\xc2\xa0«mail».\n\n"
     "3.2.   Age.\n\n5. WAYS\n\n5.2. To no\xc2\xad"
     "body.\n\n5.20. Freely.\n",
     NULL, ""},
    /* words */
    {"Rules\n\n2. WORDS\n\n2.1. A visitor.\n\n3. DATA\n\n3.1. Login - and \"mail\".\n\n3.2. "
     "Age.\n\n"
     "5. WAYS\n\n5.2. To nobody.\n\n5.20. Never.\n",
     "3 5.2", ""},
    {"Rules\n\n2. WORDS\n\n2.1. A visitor.\n\n3. DATA\n\n3.1. Login - and \"mail\".\n\n3.2. "
     "Age.\n\n"
     "5. WAYS\n\n5.2. To nobody.\n\n5.20. Never.\n",
     NULL, "2.1, 5.20"},
    {"Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. Login - and \"post\".\n\n3.2. Age.\n\n"
     "5. WAYS\n\n5.2. To everybody.\n\n5.20. Freely.\n",
     "3 5.2", "3.1, 5.2"},
    /* punctuation is meaning */
    {"Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. Login, and \"mail\".\n\n3.2. Age.\n\n"
     "5. WAYS\n\n5.2. To nobody.\n\n5.20. Freely.\n",
     "3 5.2", "3.1"},
    /* added, taken out */
    {"Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. Login - and \"mail\".\n\n3.3. "
     "Place.\n\n"
     "5. WAYS\n\n5.2. To nobody.\n\n5.2.1. But one.\n\n5.20. Freely.\n",
     "3 5.2", "3.3, 5.2.1, 3.2"},
};

START_TEST(clauses_are_compared)
{
    pd_article_t before = article(OLD), after = article(cases[_i].text);
    ck_assert_str_eq(pd_material_clauses(&before, &after, cases[_i].sections, tp),
                     cases[_i].changed);
}
END_TEST

START_TEST(a_text_as_a_whole)
{
    pd_article_t before = article("Rules\n\nFreely “given”.\n");
    pd_article_t same = article("Rules\n\nFreely\xc2\xa0\"given\".\n");
    pd_article_t other = article("Rules\n\nFreely «taken».\n");
    pd_article_t title = article("Rule\n\nFreely “given”.\n");
    ck_assert(pd_material_same(&before, &same, tp));
    ck_assert(!pd_material_same(&before, &other, tp));
    ck_assert(!pd_material_same(&before, &title, tp));
}
END_TEST

/* A letter and its mark, composed or not. */
START_TEST(composed_or_not)
{
    pd_article_t before = article("Rules\n\n1.1. \xd0\xb9\n");
    pd_article_t after = article("Rules\n\n1.1. \xd0\xb8\xcc\x86\n");
    ck_assert_str_eq(pd_material_clauses(&before, &after, NULL, tp), "");
}
END_TEST

START_TEST(sections_are_numbers)
{
    pd_article_t text = article(OLD);
    ck_assert(pd_material_has(&text, "4 5.2"));
    ck_assert(pd_material_has(&text, "5.20"));
    ck_assert(pd_material_has(&text, "  2 "));
    ck_assert(!pd_material_has(&text, "4 6.2"));
    ck_assert(!pd_material_has(&text, "5.3 5.2.1"));
    ck_assert(!pd_material_has(&text, ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("material");
    TCase *tcase = tcase_create("material");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, clauses_are_compared, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tcase, a_text_as_a_whole);
    tcase_add_test(tcase, composed_or_not);
    tcase_add_test(tcase, sections_are_numbers);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
