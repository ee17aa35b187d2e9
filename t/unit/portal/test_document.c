/* Documents: numbers, languages, the switch by the clock, what is refused, and two publishers at
 * once. */
#include "portal_test.h"

#include "base/pd_status.h"
#include "crypt/pd_hash.h"

#define TEXT "Title\n\n1. FIRST\n\n1.1. Words.\n"

typedef struct text_t {
    const char *language, *bytes;
    pd_markup_e markup;
} text_t;

static apr_status_t put_for(apr_int64_t *version, const char **why, const char *kind,
                            apr_time_t effective, const char *editorial, const text_t *texts, int n)
{
    apr_array_header_t *list = apr_array_make(tp, 2, sizeof(pd_document_source_t));
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(list, pd_document_source_t) = (pd_document_source_t){
            texts[i].language, texts[i].markup, texts[i].bytes, strlen(texts[i].bytes), "some.txt"};
    }
    pd_publication_t publication = {kind, list, effective, editorial};
    return pd_document_publish(version, why, &portal, &publication, tp);
}

static apr_status_t put(apr_int64_t *version, const char **why, const char *kind,
                        apr_time_t effective, const text_t *texts, int n)
{
    return put_for(version, why, kind, effective, "reason", texts, n);
}

static void put_good(apr_time_t effective, const text_t *texts, int n, apr_int64_t wanted)
{
    apr_int64_t version;
    const char *why = NULL;
    ck_assert_msg(put(&version, &why, "policy", effective, texts, n) == APR_SUCCESS, "%s",
                  why ? why : "");
    ck_assert_int_eq(version, wanted);
}

static const text_t both[] = {{"ru", "Политика\n\n1. ПЕРВОЕ\n", PD_MARKUP_PLAIN},
                              {"en", "# Policy\n\n1. FIRST\n", PD_MARKUP_MARKDOWN}};
static const text_t russian[] = {{"ru", "Политика вторая\n\n1. ПЕРВОЕ\n", PD_MARKUP_PLAIN}};

START_TEST(published_text_is_kept_and_hashed)
{
    pd_document_t document;
    if (!portal_open(_i)) {
        return;
    }
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "ru", tp), APR_ENOENT);
    put_good(0, both, 2, 1);
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "en", tp), APR_SUCCESS);
    ck_assert_int_eq(document.version, 1);
    ck_assert_str_eq(document.language, "en");
    ck_assert_str_eq(document.title, "Policy");
    ck_assert_str_eq(document.editorial, "reason");
    ck_assert_str_eq(document.source, both[1].bytes);
    ck_assert_int_eq(document.markup, PD_MARKUP_MARKDOWN);
    ck_assert_str_eq(document.source_sha256,
                     pd_hash_sha256(both[1].bytes, strlen(both[1].bytes), tp));
    ck_assert_str_eq(document.html_sha256,
                     pd_hash_sha256(document.html, strlen(document.html), tp));
    ck_assert_ptr_nonnull(strstr(document.html, "FIRST"));
    ck_assert_int_eq(document.published_at, test_now);
    ck_assert_int_eq(document.effective_at, test_now);
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 1, "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(document.markup, PD_MARKUP_PLAIN);
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 2, "ru", tp), APR_ENOENT);
    ck_assert_int_eq(pd_document_get(&document, &portal, "processing", 1, "ru", tp), APR_ENOENT);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'document.published'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(clock_decides_what_is_in_force)
{
    pd_document_t document;
    apr_array_header_t *list;
    if (!portal_open(_i)) {
        return;
    }
    apr_time_t start = test_now;
    put_good(0, both, 2, 1);
    put_good(start + HOUR, russian, 1, 2);
    put_good(start + HOUR, both, 2, 3);
    test_now = start + HOUR - 1;
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(document.version, 1);
    test_now = start + HOUR;
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(document.version, 3);
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 2, "en", tp), APR_SUCCESS);
    ck_assert_str_eq(document.language, "ru");
    ck_assert_int_eq(pd_document_list(&list, &portal, "policy", "en", tp), APR_SUCCESS);
    ck_assert_int_eq(list->nelts, 3);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 0, pd_document_t).version, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, pd_document_t).language, "en");
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, pd_document_t).title, "Политика вторая");
    ck_assert_int_eq(APR_ARRAY_IDX(list, 2, pd_document_t).version, 1);
}
END_TEST

static const struct {
    const char *kind;
    apr_time_t effective; /* from now */
    text_t texts[2];
    const char *wrong;
} refusals[] = {
    {"policy", -1, {{"ru", TEXT, 0}, {NULL, NULL, 0}}, "past"},
    {"policy", HOUR - 1, {{"ru", TEXT, 0}, {NULL, NULL, 0}}, "earlier"},
    {"policy", 0, {{"ru", TEXT, 0}, {NULL, NULL, 0}}, "earlier"}, /* at once, before version 1 */
    {"policy", 2 * HOUR, {{"ru", TEXT, 0}, {"ru", TEXT, 0}}, "twice"},
    {"policy", 2 * HOUR, {{"fr", TEXT, 0}, {NULL, NULL, 0}}, "no language \"fr\""},
    {"policy", 2 * HOUR, {{"ru", "Title\n\n1. \xff\n", 0}, {NULL, NULL, 0}}, "some.txt"},
    {"policy", 2 * HOUR, {{"ru", "", 0}, {NULL, NULL, 0}}, "some.txt"},
    {"policy", 2 * HOUR, {{NULL, NULL, 0}, {NULL, NULL, 0}}, "no text"},
    {"Policy\"", 2 * HOUR, {{"ru", TEXT, 0}, {NULL, NULL, 0}}, "kind"},
};

START_TEST(refusal_leaves_nothing)
{
    if (!portal_open(_i)) {
        return;
    }
    put_good(test_now + HOUR, both, 2, 1);
    for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        apr_int64_t version;
        const char *why = NULL;
        int n = refusals[i].texts[1].language ? 2 : refusals[i].texts[0].language ? 1 : 0;
        apr_time_t effective = refusals[i].effective ? test_now + refusals[i].effective : 0;
        ck_assert_int_eq(put(&version, &why, refusals[i].kind, effective, refusals[i].texts, n),
                         APR_EINVAL);
        ck_assert_msg(why && strstr(why, refusals[i].wrong), "%u: %s", i, why ? why : "");
    }
    static const char *const editorials[] = {"one\ntwo", "be\x07ll", "\xff", "\xc2\x85"};
    for (int i = 0; i < 4; i++) {
        apr_int64_t version;
        const char *why = NULL;
        ck_assert_int_eq(
            put_for(&version, &why, "policy", test_now + 2 * HOUR, editorials[i], both, 2),
            APR_EINVAL);
        ck_assert_msg(why && strstr(why, "editorial"), "%d: %s", i, why ? why : "");
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document_text"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'document.published'"), 1);
}
END_TEST

#define PUBLISHERS 4
#define EACH       5

static void *publish_some(void *baton)
{
    apr_pool_t *p;
    apr_pool_create_unmanaged(&p);
    for (int i = 0; i < EACH; i++) {
        apr_array_header_t *list = apr_array_make(p, 1, sizeof(pd_document_source_t));
        APR_ARRAY_PUSH(list, pd_document_source_t) =
            (pd_document_source_t){"ru", PD_MARKUP_PLAIN, TEXT, strlen(TEXT), "some.txt"};
        pd_publication_t publication = {"policy", list, 0, ""};
        apr_int64_t version;
        const char *why;
        if (pd_document_publish(&version, &why, &portal, &publication, p)) {
            *(int *)baton = 1;
        }
    }
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(publishers_at_once_get_different_numbers)
{
    pthread_t threads[PUBLISHERS];
    int failed[PUBLISHERS] = {0};
    if (!portal_open(_i)) {
        return;
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        pthread_create(&threads[i], NULL, publish_some, &failed[i]);
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(failed[i], 0);
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), PUBLISHERS * EACH);
    ck_assert_int_eq(ask("SELECT MAX(version) FROM document"), PUBLISHERS * EACH);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("document", &tcase);
    tcase_add_loop_test(tcase, published_text_is_kept_and_hashed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, clock_decides_what_is_in_force, 0, N_ENGINES);
    tcase_add_loop_test(tcase, refusal_leaves_nothing, 0, N_ENGINES);
    tcase_add_loop_test(tcase, publishers_at_once_get_different_numbers, 0, N_ENGINES);
    return pd_test_main(suite);
}
