/* Comparing versions: in which language, and with which one unless somebody says. */
#include "portal_test.h"

#include "portal/pd_comparison.h"

/* One version of the policy; NULL: it has no text in that language. */
static void put(const char *russian, const char *english)
{
    apr_array_header_t *texts = apr_array_make(tp, 2, sizeof(pd_document_source_t));
    const pd_document_source_t sources[] = {
        {"ru", PD_MARKUP_PLAIN, russian, russian ? strlen(russian) : 0, "ru.txt"},
        {"en", PD_MARKUP_MARKDOWN, english, english ? strlen(english) : 0, "en.md"}};
    for (int i = 0; i < 2; i++) {
        if (sources[i].bytes != NULL) {
            APR_ARRAY_PUSH(texts, pd_document_source_t) = sources[i];
        }
    }
    pd_publication_t publication = {.kind = PD_DOCUMENT_POLICY,
                                    .texts = texts,
                                    .effective_at = 0,
                                    .editorial = "",
                                    .drops_languages = 1};
    apr_int64_t version;
    const char *why;
    ck_assert_int_eq(pd_document_publish(&version, &why, &portal, &publication, tp), APR_SUCCESS);
}

static pd_comparison_t compare(apr_int64_t before, apr_int64_t after, const char *language)
{
    pd_comparison_t comparison;
    ck_assert_int_eq(
        pd_comparison_make(&comparison, &portal, PD_DOCUMENT_POLICY, before, after, language, tp),
        APR_SUCCESS);
    return comparison;
}

START_TEST(in_a_language_of_both)
{
    static const struct {
        apr_int64_t before, after;
        const char *asked, *compared; /* NULL: not at all */
    } cases[] = {{1, 2, "ru", "ru"}, {1, 2, "en", "en"}, {1, 3, "en", "ru"}, {3, 2, "en", "ru"},
                 {1, 4, "ru", "en"}, {4, 2, "ru", "en"}, {3, 4, "ru", NULL}, {2, 2, "ru", "ru"}};
    pd_comparison_t comparison;
    if (!portal_open(_i)) {
        return;
    }
    put("Правила\n\n1.1. Пункт один.\n", "# Rules\n\n1.1. Clause one.\n");
    put("Правила\n\n1.1. Пункт два.\n", "# Rules\n\n1.1. Clause *two*.\n");
    put("Правила\n\n1.1. Пункт три.\n", NULL);
    put(NULL, "# Rules\n\n1.1. Clause four.\n");
    for (int i = 0; i < 8; i++) {
        comparison = compare(cases[i].before, cases[i].after, cases[i].asked);
        ck_assert_int_eq(comparison.difference != NULL, cases[i].compared != NULL);
        ck_assert_int_eq(comparison.before.version, cases[i].before);
        ck_assert_int_eq(comparison.after.version, cases[i].after);
        if (cases[i].compared != NULL) {
            ck_assert_str_eq(comparison.before.language, cases[i].compared);
            ck_assert_str_eq(comparison.after.language, cases[i].compared);
            ck_assert_int_eq(comparison.difference->reworded, cases[i].before != cases[i].after);
        }
    }
    ck_assert_int_eq(pd_comparison_make(&comparison, &portal, PD_DOCUMENT_POLICY, 1, 9, "ru", tp),
                     APR_ENOENT);
    ck_assert_int_eq(pd_comparison_make(&comparison, &portal, PD_DOCUMENT_POLICY, 9, 1, "ru", tp),
                     APR_ENOENT);
    ck_assert_int_eq(pd_comparison_make(&comparison, &portal, "poem", 1, 2, "ru", tp), APR_ENOENT);
}
END_TEST

/* Newest first, as a list of versions comes. */
START_TEST(with_the_last_that_had_to_be_read)
{
    static const struct {
        apr_int64_t version;
        apr_time_t effective;
        const char *editorial;
        apr_int64_t before;
    } cases[] = {{7, 30, "", 5},        /* 6 takes force with it, so never was in force */
                 {6, 30, "", 5},        /* 5 had to be read */
                 {5, 20, "", 3},        /* the comma of 4 had not */
                 {4, 11, "a comma", 3}, /* and itself is compared with what it mends */
                 {3, 10, "", 1},
                 {2, 5, "a comma", 1}, /* at the same instant: the one before, for want of any */
                 {1, 5, "", 0}};
    apr_array_header_t *documents = apr_array_make(tp, 7, sizeof(pd_document_t));
    for (int i = 0; i < 7; i++) {
        APR_ARRAY_PUSH(documents, pd_document_t) =
            (pd_document_t){.version = cases[i].version,
                            .effective_at = cases[i].effective,
                            .editorial = cases[i].editorial};
    }
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(pd_comparison_before(documents, cases[i].version), cases[i].before);
    }
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("comparison", &tcase);
    tcase_add_loop_test(tcase, in_a_language_of_both, 0, N_ENGINES);
    tcase_add_test(tcase, with_the_last_that_had_to_be_read);
    return pd_test_main(suite);
}
