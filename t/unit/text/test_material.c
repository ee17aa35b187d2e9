/* What an editorial version may not touch. */
#include "pd_test.h"
#include "text/pd_material.h"
#include <string.h>

static pd_article_t article_in(pd_markup_e markup, const char *text)
{
    pd_article_t found;
    const char *why = "";
    ck_assert_msg(pd_clause_render(&found, &why, markup, text, strlen(text), tp) == 0, "%s", why);
    return found;
}

static pd_article_t article(const char *text)
{
    return article_in(PD_MARKUP_PLAIN, text);
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

#define LINKED(opening, words, data)                                                               \
    "# Rules\n\nSee [here](" opening ").\n\n2.1. See [there](" words ").\n\n3.1. Given to "        \
    "[partners](" data ").\n"

/* The reader sees the same words, and is told of other partners. */
START_TEST(links_count)
{
    pd_article_t before = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/b", "/partners"));
    pd_article_t opening = article_in(PD_MARKUP_MARKDOWN, LINKED("/c", "/b", "/partners"));
    pd_article_t words = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/c", "/partners"));
    pd_article_t data = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/b", "/partners2"));
    ck_assert_str_eq(pd_material_clauses(&before, &before, NULL, tp), "");
    ck_assert_str_eq(pd_material_clauses(&before, &data, "3 5.2", tp), "3.1");
    ck_assert_str_eq(pd_material_clauses(&before, &words, "3 5.2", tp), "");
    ck_assert_str_eq(pd_material_clauses(&before, &words, NULL, tp), "2.1");
    ck_assert(pd_material_same(&before, &before, tp));
    ck_assert(!pd_material_same(&before, &opening, tp));
    ck_assert(!pd_material_same(&before, &data, tp));
}
END_TEST

/* Typography may change in words, but an address with another dash is another address. */
START_TEST(addresses_have_no_typography)
{
    pd_article_t before = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/b", "https://a-b.example"));
    pd_article_t after = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/b",
                                                               "https://a\xe2\x80\x90"
                                                               "b.example"));
    ck_assert_str_eq(pd_material_clauses(&before, &after, "3", tp), "3.1");
    ck_assert(!pd_material_same(&before, &after, tp));
}
END_TEST

static const struct {
    const char *text;
    int same;
} unseen[] = {
    {"Rules\n\n3.1. After 12\xe2\x80\x8b days.\n", 1}, /* U+200B */
    {"Rules\n\n3.1. After \xef\xbb\xbf"
     "12 days.\n",
     1}, /* U+FEFF */
    {"Rules\n\n3.1. After \xe2\x80\xae"
     "12\xe2\x80\xac days.\n",
     0}, /* U+202E, U+202C */
    {"Rules\n\n3.1. After \xe2\x81\xa7"
     "12\xe2\x81\xa9 days.\n",
     0}, /* U+2067, U+2069 */
    {"Rules\n\n3.1. After \xe2\x80\x8f"
     "12 days.\n",
     0}, /* U+200F */
    {"Rules\n\n3.1. After \xd8\x9c"
     "12 days.\n",
     0}, /* U+061C */
};

/* What nobody sees is typography, unless it turns around what everybody sees. */
START_TEST(what_turns_numbers_around_counts)
{
    pd_article_t before = article("Rules\n\n3.1. After 12 days.\n");
    pd_article_t after = article(unseen[_i].text);
    ck_assert_str_eq(pd_material_clauses(&before, &after, "3", tp), unseen[_i].same ? "" : "3.1");
    ck_assert_int_eq(pd_material_same(&before, &after, tp), unseen[_i].same);
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

static const struct {
    const char *text, *numbers;
} sets[] = {
    {OLD, ""},
    {"Rules\n\n2. OTHER\n\n2.1. Words.\n\n3. DATA\n\n3.1. A.\n\n3.2. B.\n\n5. C\n\n5.2. "
     "D.\n\n5.20. E.\n",
     ""},
    {OLD "\n5.21. To a bank.\n\n10. MORE\n", "5.21, 10"},
    {"Rules\n\n2. WORDS\n\n2.2. A guest.\n\n3. DATA\n\n3.1. A.\n\n3.2. B.\n\n5. C\n\n5.2. D.\n",
     "2.2, 2.1, 5.20"},
};

/* Whatever their words. */
START_TEST(clauses_that_came_or_went)
{
    pd_article_t before = article(OLD), after = article(sets[_i].text);
    ck_assert_str_eq(pd_material_unpaired(&before, &after, tp), sets[_i].numbers);
}
END_TEST

START_TEST(openings_are_compared)
{
    pd_article_t before = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/b", "/partners"));
    pd_article_t clauses = article_in(PD_MARKUP_MARKDOWN, LINKED("/a", "/c", "/partners2"));
    pd_article_t linked = article_in(PD_MARKUP_MARKDOWN, LINKED("/c", "/b", "/partners"));
    ck_assert(pd_material_same_opening(&before, &clauses, tp));
    ck_assert(!pd_material_same_opening(&before, &linked, tp));
    before = article("The \"rules\"\n\nOf a clinic.\n\n1. A\n");
    pd_article_t typography = article("The «rules»\n\nOf a\xc2\xa0"
                                      "clinic.\n\n1. B\n");
    pd_article_t title = article("Our \"rules\"\n\nOf a clinic.\n\n1. A\n");
    pd_article_t opening = article("The \"rules\"\n\nOf a bank.\n\n1. A\n");
    ck_assert(pd_material_same_opening(&before, &typography, tp));
    ck_assert(!pd_material_same_opening(&before, &title, tp));
    ck_assert(!pd_material_same_opening(&before, &opening, tp));
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
    tcase_add_test(tcase, links_count);
    tcase_add_test(tcase, addresses_have_no_typography);
    tcase_add_loop_test(tcase, what_turns_numbers_around_counts, 0,
                        sizeof(unseen) / sizeof(unseen[0]));
    tcase_add_test(tcase, sections_are_numbers);
    tcase_add_loop_test(tcase, clauses_that_came_or_went, 0, sizeof(sets) / sizeof(sets[0]));
    tcase_add_test(tcase, openings_are_compared);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
