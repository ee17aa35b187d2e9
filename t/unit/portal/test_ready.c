/* Ready pages: when they are good, who makes them, who goes first, and how long they stay. */
#include "portal_test.h"

#include <stdlib.h>
#include "portal/pd_coherence.h"
#include "portal/pd_ready.h"

#define IDENTITY PD_ENCODING_IDENTITY

static void ring(void *coherence)
{
    pd_coherence_ring(coherence);
}

static int ready_open(int i)
{
    if (!portal_open(i)) {
        return 0;
    }
    void *block = apr_pcalloc(tp, pd_coherence_bytes());
    ck_assert_int_eq(pd_coherence_attach(&portal.coherence, block, NULL, tp), APR_SUCCESS);
    pd_db_on_commit(portal.db, ring, portal.coherence);
    portal_documents();
    ck_assert_int_eq(pd_ready_create(&portal.ready, tp), APR_SUCCESS);
    return 1;
}

static const pd_encoded_t *get(const char *path, const char *language)
{
    const char *about;
    return pd_ready_get(&about, &portal, path, language, tp);
}

/* As a handler does it: looks, begins, reads, keeps. */
static const pd_encoded_t *make(const char *path, const char *bytes, apr_time_t from,
                                apr_time_t until, int in_force)
{
    pd_ready_turn_t turn;
    (void)get(path, "ru");
    pd_ready_begin(&turn, &portal, path, "ru");
    turn.from = from;
    turn.until = until;
    turn.in_force = in_force;
    return pd_ready_keep(&turn, bytes, strlen(bytes), tp);
}

static const pd_encoded_t *make_lasting(const char *path, const char *bytes)
{
    return make(path, bytes, 0, APR_INT64_MAX, 0);
}

static void is_text(const pd_encoded_t *page, const char *text)
{
    ck_assert_ptr_nonnull(page);
    ck_assert_uint_eq(page->form[IDENTITY].length, strlen(text));
    ck_assert_int_eq(memcmp(page->form[IDENTITY].bytes, text, strlen(text)), 0);
}

START_TEST(path_and_language_name_a_page)
{
    if (!ready_open(_i)) {
        return;
    }
    ck_assert_ptr_null(get("policy", "ru"));
    is_text(make_lasting("policy", "one"), "one");
    is_text(get("policy", "ru"), "one");
    ck_assert_ptr_eq(get("policy", "ru"), get("policy", "ru"));
    ck_assert_ptr_null(get("policy", "en"));
    ck_assert_ptr_null(get("policyr", "u"));
    ck_assert_ptr_null(get("policy/1", "ru"));
    is_text(make_lasting("policy/1", "two"), "two");
    is_text(make_lasting("policy", "three"), "three");
    is_text(get("policy", "ru"), "three");
    is_text(get("policy/1", "ru"), "two");
}
END_TEST

START_TEST(publishing_ends_it)
{
    pd_ready_turn_t turn;
    if (!ready_open(_i)) {
        return;
    }
    is_text(make_lasting("policy", "one"), "one");
    publish("processing", "Again\n\n1. WHAT\n");
    ck_assert_ptr_null(get("policy", "ru"));
    is_text(make_lasting("policy", "two"), "two");
    is_text(get("policy", "ru"), "two");

    /* Published between the reading and the keeping: sent once, never again. */
    pd_ready_begin(&turn, &portal, "policy/1", "ru");
    turn.until = APR_INT64_MAX;
    publish("processing", "Once more\n\n1. WHAT\n");
    is_text(pd_ready_keep(&turn, "old", 3, tp), "old");
    ck_assert_ptr_null(get("policy/1", "ru"));
}
END_TEST

START_TEST(clock_ends_it_both_ways)
{
    if (!ready_open(_i)) {
        return;
    }
    apr_time_t start = test_now;
    is_text(make("policy", "between", start, start + HOUR, 1), "between");
    test_now = start + HOUR - 1;
    is_text(get("policy", "ru"), "between");
    test_now = start + HOUR;
    ck_assert_ptr_null(get("policy", "ru"));
    test_now = start - 1;
    ck_assert_ptr_null(get("policy", "ru"));
    test_now = start;
    is_text(get("policy", "ru"), "between");

    /* An instant that passed while the page was made; and one who said nothing of instants. */
    test_now = start + HOUR;
    ck_assert_ptr_null(make("policy/1", "late", start, start + HOUR, 0));
    ck_assert_ptr_null(make("policy/1", "early", test_now + 1, APR_INT64_MAX, 0));
    ck_assert_ptr_null(make("policy/1", "silent", 0, 0, 0));
    ck_assert_ptr_null(get("policy/1", "ru"));
}
END_TEST

START_TEST(one_makes_at_a_time)
{
    pd_ready_turn_t first, second;
    if (!ready_open(_i)) {
        return;
    }
    pd_ready_begin(&first, &portal, "policy", "ru");
    pd_ready_begin(&second, &portal, "policy", "ru");
    first.until = second.until = APR_INT64_MAX;
    ck_assert_ptr_null(pd_ready_keep(&second, "second", 6, tp));
    pd_ready_end(&second);
    ck_assert_ptr_null(get("policy", "ru"));
    pd_ready_begin(&second, &portal, "policy", "ru");
    ck_assert_ptr_null(second.portal);
    is_text(pd_ready_keep(&first, "first", 5, tp), "first");
    pd_ready_end(&first);

    /* A turn that brought nothing. */
    pd_ready_begin(&first, &portal, "policy", "ru");
    pd_ready_end(&first);
    is_text(make_lasting("policy", "third"), "third");
}
END_TEST

START_TEST(bounded)
{
    if (!ready_open(_i)) {
        return;
    }
    is_text(make("policy", "in force", 0, APR_INT64_MAX, 1), "in force");
    is_text(make_lasting("policy/1", "used"), "used");
    for (int n = 2; n <= PD_READY_PAGES; n++) {
        const char *path = apr_psprintf(tp, "policy/%d", n);
        is_text(make_lasting(path, path), path);
        is_text(get("policy/1", "ru"), "used");
    }
    /* One more than there is room for. The first is in force, the second was used. */
    ck_assert_ptr_null(get("policy/2", "ru"));
    is_text(get("policy/3", "ru"), "policy/3");
    is_text(get("policy/1", "ru"), "used");
    is_text(get("policy", "ru"), "in force");

    /* What is no good any more goes before anything else. */
    publish("processing", "Again\n\n1. WHAT\n");
    for (int n = 0; n < PD_READY_PAGES; n++) {
        const char *path = apr_psprintf(tp, "documents/other/%d", n);
        is_text(make_lasting(path, path), path);
    }
    is_text(get("documents/other/0", "ru"), "documents/other/0");

    apr_size_t length = PD_READY_BYTES_MAX + 1;
    char *large = apr_palloc(tp, length + 1);
    memset(large, 'x', length);
    large[length] = '\0';
    ck_assert_ptr_null(make_lasting("policy", large));
    large[length - 1] = '\0';
    ck_assert_ptr_nonnull(make_lasting("policy", large));
}
END_TEST

/* Who sends a page keeps it, whatever becomes of the store. */
START_TEST(stays_while_it_is_sent)
{
    apr_pool_t *answer;
    if (!ready_open(_i)) {
        return;
    }
    apr_pool_create(&answer, NULL);
    pd_ready_turn_t turn;
    ck_assert_ptr_null(get("policy", "ru"));
    pd_ready_begin(&turn, &portal, "policy", "ru");
    turn.until = APR_INT64_MAX;
    turn.about = apr_pstrdup(tp, "policy 1");
    const pd_encoded_t *made = pd_ready_keep(&turn, "mine", 4, answer);
    memset((char *)turn.about, 'x', strlen(turn.about));
    const char *about;
    const pd_encoded_t *found = pd_ready_get(&about, &portal, "policy", "ru", answer);
    ck_assert_ptr_eq(made, found);
    ck_assert_str_eq(about, "policy 1");
    is_text(make_lasting("policy", "newer"), "newer");
    is_text(found, "mine");
    is_text(get("policy", "ru"), "newer");
    apr_pool_destroy(answer);
    is_text(get("policy", "ru"), "newer");
}
END_TEST

START_TEST(nothing_without_the_database)
{
    if (!ready_open(_i)) {
        return;
    }
    is_text(make_lasting("policy", "one"), "one");
    pd_coherence_t *coherence = portal.coherence;
    portal.coherence = NULL;
    ck_assert_ptr_null(get("policy", "ru"));
    portal.coherence = coherence;
    is_text(get("policy", "ru"), "one");
    tell("ALTER TABLE invalidation_head RENAME TO away");
    pd_coherence_ring(portal.coherence);
    ck_assert_ptr_null(get("policy", "ru"));
    tell("ALTER TABLE away RENAME TO invalidation_head");
    is_text(get("policy", "ru"), "one");
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("ready", &tcase);
    tcase_add_loop_test(tcase, path_and_language_name_a_page, 0, N_ENGINES);
    tcase_add_loop_test(tcase, publishing_ends_it, 0, N_ENGINES);
    tcase_add_loop_test(tcase, clock_ends_it_both_ways, 0, N_ENGINES);
    tcase_add_loop_test(tcase, one_makes_at_a_time, 0, N_ENGINES);
    tcase_add_loop_test(tcase, bounded, 0, N_ENGINES);
    tcase_add_loop_test(tcase, stays_while_it_is_sent, 0, N_ENGINES);
    tcase_add_loop_test(tcase, nothing_without_the_database, 0, N_ENGINES);
    return pd_test_main(suite);
}
