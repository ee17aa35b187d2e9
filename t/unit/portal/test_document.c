/* Documents: numbers, languages, the switch by the clock, what is refused, and two publishers at
 * once. */
#include "portal_test.h"

#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_comparison.h"
#include "portal/pd_document_sum.h"

#define TEXT "Title\n\n1. FIRST\n\n1.1. Words.\n"

typedef struct text_t {
    const char *language, *bytes;
    pd_markup_e markup;
} text_t;

typedef struct order_t {
    const char *kind, *editorial;
    apr_time_t effective;
    text_t texts[2];
    int drops;
} order_t;

static pd_refusal_t refusal;

static apr_status_t put(apr_int64_t *version, const char **why, const order_t *order)
{
    apr_array_header_t *list = apr_array_make(tp, 2, sizeof(pd_document_source_t));
    for (int i = 0; i < 2 && order->texts[i].language; i++) {
        const text_t *text = &order->texts[i];
        APR_ARRAY_PUSH(list, pd_document_source_t) = (pd_document_source_t){
            text->language, text->markup, text->bytes, strlen(text->bytes), "some.txt"};
    }
    pd_publication_t publication = {.kind = order->kind ? order->kind : "policy",
                                    .texts = list,
                                    .effective_at = order->effective,
                                    .editorial = order->editorial ? order->editorial : "",
                                    .drops_languages = order->drops,
                                    .refusal = &refusal};
    return pd_document_publish(version, why, &portal, &publication, tp);
}

static void put_good(const order_t *order, apr_int64_t wanted)
{
    apr_int64_t version;
    const char *why = NULL;
    ck_assert_msg(put(&version, &why, order) == APR_SUCCESS, "%s", why ? why : "");
    ck_assert_int_eq(version, wanted);
    ck_assert_int_eq(refusal.code, PD_REFUSED_NOT);
}

static void put_refused(const order_t *order, pd_refused_e wanted, const char *words)
{
    apr_int64_t version;
    const char *why = NULL;
    ck_assert_int_eq(put(&version, &why, order), APR_EINVAL);
    ck_assert_msg(refusal.code == wanted, "%d instead of %d: %s", refusal.code, wanted, why);
    ck_assert_msg(why && strstr(why, words), "%s: %s", words, why ? why : "");
    ck_assert_int_eq(version, 0);
}

#define RUSSIAN                                                                                    \
    {                                                                                              \
        "ru", "Политика\n\n1. ПЕРВОЕ\n", PD_MARKUP_PLAIN                                           \
    }
#define RUSSIAN_SECOND                                                                             \
    {                                                                                              \
        "ru", "Политика вторая\n\n1. ПЕРВОЕ\n", PD_MARKUP_PLAIN                                    \
    }
#define ENGLISH                                                                                    \
    {                                                                                              \
        "en", "# Policy\n\n1. FIRST\n", PD_MARKUP_MARKDOWN                                         \
    }
#define ENGLISH_SECOND                                                                             \
    {                                                                                              \
        "en", "# Second policy\n\n1. FIRST\n", PD_MARKUP_MARKDOWN                                  \
    }
static const order_t both = {.texts = {RUSSIAN, ENGLISH}};

START_TEST(published_text_is_kept_and_hashed)
{
    pd_document_t document;
    if (!portal_open(_i)) {
        return;
    }
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "ru", tp), APR_ENOENT);
    put_good(&both, 1);
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "en", tp), APR_SUCCESS);
    ck_assert_int_eq(document.version, 1);
    ck_assert_str_eq(document.language, "en");
    ck_assert_str_eq(document.title, "Policy");
    ck_assert_str_eq(document.editorial, "");
    ck_assert_int_eq(document.markup, PD_MARKUP_MARKDOWN);
    ck_assert_str_eq(document.source, both.texts[1].bytes);
    ck_assert_str_eq(document.source_sha256,
                     pd_hash_sha256(both.texts[1].bytes, strlen(both.texts[1].bytes), tp));
    ck_assert_str_eq(document.sum_covers, PD_SUM_OF_ARTICLE);
    const char *seen = apr_pstrcat(tp, "<h1>Policy</h1>\n", document.html, "\n", NULL);
    ck_assert_str_eq(document.html_sha256, pd_hash_sha256(seen, strlen(seen), tp));
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
    put_good(&both, 1);
    put_good(&(order_t){.effective = start + HOUR, .texts = {RUSSIAN_SECOND}, .drops = 1}, 2);
    put_good(&(order_t){.effective = start + HOUR, .texts = {RUSSIAN, ENGLISH}}, 3);
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
    order_t order; /* effective from now */
    pd_refused_e code;
    const char *words;
} refusals[] = {
    {{.effective = -1, .texts = {{"ru", TEXT, 0}}}, PD_REFUSED_PAST, "past"},
    {{.effective = HOUR - 1, .texts = {{"ru", TEXT, 0}}}, PD_REFUSED_EARLIER, "earlier"},
    {{.texts = {{"ru", TEXT, 0}}}, PD_REFUSED_EARLIER, "earlier"}, /* at once, before version 1 */
    {{.effective = 2 * HOUR, .texts = {{"ru", TEXT, 0}, {"ru", TEXT, 0}}},
     PD_REFUSED_TWICE,
     "twice"},
    {{.effective = 2 * HOUR, .texts = {{"fr", TEXT, 0}}},
     PD_REFUSED_LANGUAGE,
     "no language \"fr\""},
    {{.effective = 2 * HOUR, .texts = {{"ru", "Title\n\n1. \xff\n", 0}}},
     PD_REFUSED_TEXT,
     "some.txt"},
    {{.effective = 2 * HOUR, .texts = {{"ru", "", 0}}}, PD_REFUSED_TEXT, "some.txt"},
    {{.effective = 2 * HOUR}, PD_REFUSED_EMPTY, "no text"},
    {{.kind = "Policy\"", .effective = 2 * HOUR, .texts = {{"ru", TEXT, 0}}},
     PD_REFUSED_KIND,
     "kind"},
    {{.effective = 2 * HOUR, .texts = {RUSSIAN, ENGLISH}}, PD_REFUSED_SAME, "nothing changed"},
    {{.effective = 2 * HOUR, .texts = {ENGLISH, RUSSIAN}, .editorial = "a comma"},
     PD_REFUSED_SAME,
     "nothing changed"},
    {{.effective = 2 * HOUR, .texts = {RUSSIAN_SECOND}}, PD_REFUSED_DROPPED, "\"en\""},
    {{.effective = 2 * HOUR, .texts = {RUSSIAN_SECOND, ENGLISH}, .editorial = "a word"},
     PD_REFUSED_MATERIAL,
     "not editorial"},
    {{.kind = "research", .texts = {{"ru", TEXT, 0}}, .editorial = "a comma"},
     PD_REFUSED_FIRST,
     "first version"},
    {{.effective = 2 * HOUR,
      .texts = {{"ru",
                 "Title\n\n1. \xe2\x80\xae"
                 "12\n",
                 0}}},
     PD_REFUSED_TEXT,
     "line 3: a bidirectional control character, U+202E"},
};

START_TEST(refusal_leaves_nothing)
{
    if (!portal_open(_i)) {
        return;
    }
    order_t first = both;
    first.effective = test_now + HOUR;
    put_good(&first, 1);
    for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        order_t order = refusals[i].order;
        order.effective = order.effective ? test_now + order.effective : 0;
        put_refused(&order, refusals[i].code, refusals[i].words);
    }
    static const char *const editorials[] = {"one\ntwo", "be\x07ll", "\xff", "\xc2\x85",
                                             "\xe2\x80\xae 12"};
    for (int i = 0; i < 5; i++) {
        order_t order = both;
        order.effective = test_now + 2 * HOUR;
        order.editorial = editorials[i];
        put_refused(&order, PD_REFUSED_REASON, "editorial");
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document_text"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'document.published'"), 1);
}
END_TEST

#define POLICY(words, data, ways)                                                                  \
    "Rules\n\n2. WORDS\n\n2.1. " words "\n\n3. DATA\n\n3.1. " data "\n\n5. WAYS\n\n5.2. " ways     \
    "\n\n5.3. Care.\n"

static const struct {
    const char *kind, *before, *after, *clauses; /* clauses NULL: editorial */
} changes[] = {
    {"policy", POLICY("A gest.", "A login.", "To nobody."),
     POLICY("A guest.", "A login.", "To nobody."), NULL},
    {"policy", POLICY("A.", "A \"login\".", "To nobody."), POLICY("A.", "A «login».", "To nobody."),
     NULL},
    {"policy", POLICY("A.", "A login.", "To nobody."),
     POLICY("A.", "A login, a place.", "To nobody."), "3.1"},
    {"policy", POLICY("A.", "A login.", "To nobody."), POLICY("B.", "A login.", "To a bank."),
     "5.2"},
    /* no section that is named: the whole counts */
    {"policy", "Rules\n\n1. A gest.\n", "Rules\n\n1. A guest.\n", "1"},
    {"policy", "Rules\n\nA gest.\n", "Rules\n\nA guest.\n", ""},
    {"policy", "Rules\n\nA guest.\n", "Rules\n\n3. DATA\n\nA guest.\n", "3"},
    /* so it does in a consent */
    {"research", POLICY("A gest.", "A login.", "To nobody."),
     POLICY("A guest.", "A login.", "To nobody."), "2.1"},
    {"research", POLICY("A \"guest\".", "A.", "B."), POLICY("A “guest”.", "A.", "B."), NULL},
};

START_TEST(editorial_changes_no_meaning)
{
    if (!portal_open(_i % N_ENGINES)) {
        return;
    }
    int i = _i / N_ENGINES;
    put_good(&(order_t){.kind = changes[i].kind, .texts = {{"ru", changes[i].before, 0}}}, 1);
    order_t next = {
        .kind = changes[i].kind, .editorial = "mended", .texts = {{"ru", changes[i].after, 0}}};
    if (changes[i].clauses) {
        put_refused(&next, PD_REFUSED_MATERIAL, "not editorial");
        ck_assert_str_eq(refusal.detail, changes[i].clauses);
        ck_assert_str_eq(refusal.language, "ru");
        next.editorial = "";
    }
    put_good(&next, 2);
}
END_TEST

#define EDITORIAL_RUSSIAN                                                                          \
    {                                                                                              \
        "ru", POLICY("A guest.", "A login.", "To nobody."), PD_MARKUP_PLAIN                        \
    }

/* A text that the last version has not got was compared with nothing: as editorial, a whole new
 * policy would come by one person. */
START_TEST(editorial_keeps_the_languages)
{
    if (!portal_open(_i)) {
        return;
    }
    put_good(&(order_t){.texts = {{"ru", POLICY("A gest.", "A login.", "To nobody."), 0}}}, 1);
    order_t more = {.editorial = "x", .texts = {EDITORIAL_RUSSIAN, ENGLISH}};
    put_refused(&more, PD_REFUSED_LANGUAGE_MORE, "no text in \"en\"");
    ck_assert_str_eq(refusal.language, "en");
    order_t other = {.editorial = "x", .texts = {ENGLISH}, .drops = 1};
    put_refused(&other, PD_REFUSED_LANGUAGE_LESS, "a text in \"ru\"");
    more.editorial = "";
    put_good(&more, 2);
    order_t less = {.editorial = "x", .texts = {ENGLISH_SECOND}, .drops = 1};
    put_refused(&less, PD_REFUSED_LANGUAGE_LESS, "a text in \"ru\", this one has none");
    ck_assert_str_eq(refusal.language, "ru");
    less.drops = 0;
    put_refused(&less, PD_REFUSED_LANGUAGE_LESS, "without --editorial");
    less.editorial = "";
    put_refused(&less, PD_REFUSED_DROPPED, "--drop-language");
    less.drops = 1;
    put_good(&less, 3);
}
END_TEST

static const struct {
    const char *change, *fault; /* fault NULL: it is as it was published */
} alterations[] = {
    {"UPDATE document_text SET title = 'x' WHERE language = 'ru'", "its title or text of policy"},
    {"UPDATE document_text SET html = html || ' ' WHERE language = 'en'", "language \"en\""},
    {"UPDATE document_text SET source = source || ' '", "its source of policy, version 1"},
    {"UPDATE document_text SET sum_covers = 'body'", "its text of policy"},
    {"UPDATE document_text SET sum_covers = 'nothing'", "its text of policy"},
    {"UPDATE document SET effective_at = effective_at + 1", NULL},
};

START_TEST(altered_texts_are_found)
{
    const char *fault = "";
    if (!portal_open(_i % N_ENGINES)) {
        return;
    }
    int i = _i / N_ENGINES;
    ck_assert_int_eq(pd_document_sum_check(&fault, &portal, tp), APR_SUCCESS);
    ck_assert_ptr_null(fault);
    put_good(&both, 1);
    ck_assert_int_eq(pd_document_sum_check(&fault, &portal, tp), APR_SUCCESS);
    ck_assert_ptr_null(fault);
    tell(alterations[i].change);
    ck_assert_int_eq(pd_document_sum_check(&fault, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(fault == NULL, alterations[i].fault == NULL);
    ck_assert(!fault || strstr(fault, alterations[i].fault));
}
END_TEST

/* Before schema 20 the sum was that of the body. */
START_TEST(a_sum_of_the_body_stays_good)
{
    pd_document_t document;
    const char *fault = "";
    if (!portal_open(_i)) {
        return;
    }
    put_good(&(order_t){.texts = {RUSSIAN}}, 1);
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 1, "ru", tp), APR_SUCCESS);
    tell(apr_pstrcat(tp, "UPDATE document_text SET sum_covers = 'body', html_sha256 = '",
                     pd_hash_sha256(document.html, strlen(document.html), tp), "'", NULL));
    ck_assert_int_eq(pd_document_sum_check(&fault, &portal, tp), APR_SUCCESS);
    ck_assert_ptr_null(fault);
    put_refused(&(order_t){.texts = {RUSSIAN}}, PD_REFUSED_SAME, "nothing changed");
}
END_TEST

#define WHOLE(title, opening, more)                                                                \
    title "\n\n" opening "\n\n2. WORDS\n\n2.1. A.\n\n3. DATA\n\n3.1. B.\n" more

static const struct {
    const char *kind, *after, *clauses;
    pd_refused_e code;
} additions[] = {
    {"policy", WHOLE("Rules", "Of us.", "\n5.6. To a bank.\n"), "5.6", PD_REFUSED_CLAUSES},
    {"policy", WHOLE("Rules", "Of us.", "\n10. MORE\n\n10.1. To a bank.\n"), "10, 10.1",
     PD_REFUSED_CLAUSES},
    {"policy", "Rules\n\nOf us.\n\n2. WORDS\n\n3. DATA\n\n3.1. B.\n", "2.1", PD_REFUSED_CLAUSES},
    {"policy", WHOLE("Rules", "Of us.", "\n3.2. A place.\n\n5.6. To a bank.\n"), "3.2",
     PD_REFUSED_MATERIAL},
    {"policy", "Rules\n\nOf us.\n\n2. WORDS\n\n2.1. A. All of it is sold to a bank.\n\n3. DATA\n\n3.1. B.\n",
     "2.1", PD_REFUSED_REWRITTEN},
    {"policy", WHOLE("Rules", "Of us and a bank.", ""), "", PD_REFUSED_OPENING},
    {"policy", WHOLE("A permission", "Of us.", ""), "", PD_REFUSED_OPENING},
    {"research", WHOLE("Rules", "Of us.", "\n5.6. To a bank.\n"), "5.6", PD_REFUSED_MATERIAL},
    {"research", WHOLE("Rules", "Of us and a bank.", ""), "", PD_REFUSED_MATERIAL},
    {"research", WHOLE("A permission", "Of us.", ""), "", PD_REFUSED_MATERIAL},
};

/* What stands in no section that counts may be mended, not come or go. */
START_TEST(editorial_adds_nothing)
{
    if (!portal_open(_i % N_ENGINES)) {
        return;
    }
    int i = _i / N_ENGINES;
    const char *kind = additions[i].kind;
    put_good(&(order_t){.kind = kind, .texts = {{"ru", WHOLE("Rules", "Of us.", ""), 0}}}, 1);
    order_t next = {.kind = kind, .editorial = "mended", .texts = {{"ru", additions[i].after, 0}}};
    put_refused(&next, additions[i].code, "not editorial");
    ck_assert_str_eq(refusal.detail, additions[i].clauses);
    ck_assert_str_eq(refusal.language, "ru");
    next.editorial = "";
    put_good(&next, 2);
}
END_TEST

#define LINKED(to) "# Rules\n\n2.1. See [there](/a).\n\n3.1. Given to [partners](" to ").\n"

START_TEST(editorial_keeps_the_links)
{
    if (!portal_open(_i)) {
        return;
    }
    put_good(&(order_t){.texts = {{"ru", LINKED("/partners"), PD_MARKUP_MARKDOWN}}}, 1);
    order_t next = {.editorial = "x", .texts = {{"ru", LINKED("/partners2"), PD_MARKUP_MARKDOWN}}};
    put_refused(&next, PD_REFUSED_MATERIAL, "leads elsewhere: clause 3.1;");
    next.editorial = "";
    put_good(&next, 2);
}
END_TEST

/* Published before such texts were refused: read and compared as ever; the next version leaves the
 * character out and says that this is material. */
START_TEST(published_before_bidi_was_refused)
{
    pd_document_t document;
    pd_comparison_t comparison;
    if (!portal_open(_i)) {
        return;
    }
    put_good(&(order_t){.texts = {{"ru", POLICY("A.", "After @12 days.", "To nobody."), 0}}}, 1);
    tell("UPDATE document_text SET source = replace(source, '@', '\xe2\x80\xae'),"
         " html = replace(html, '@', '\xe2\x80\xae')");
    ck_assert_int_eq(pd_document_current(&document, &portal, "policy", "ru", tp), APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(document.html, "\xe2\x80\xae"));
    order_t next = {.editorial = "x",
                    .texts = {{"ru", POLICY("A.", "After 12 days.", "To nobody."), 0}}};
    put_refused(&next, PD_REFUSED_MATERIAL, "clause 3.1;");
    next.editorial = "";
    put_good(&next, 2);
    ck_assert_int_eq(pd_comparison_make(&comparison, &portal, "policy", 1, 2, "ru", tp),
                     APR_SUCCESS);
    ck_assert_int_eq(comparison.difference->reworded, 1);
}
END_TEST

START_TEST(sections_are_set)
{
    if (!portal_open(_i)) {
        return;
    }
    pd_settings_t settings = *portal.settings;
    settings.material_sections = "2";
    portal.settings = &settings;
    put_good(&(order_t){.texts = {{"ru", POLICY("A.", "B.", "C."), 0}}}, 1);
    put_good(&(order_t){.texts = {{"ru", POLICY("A.", "B, b.", "D."), 0}}, .editorial = "x"}, 2);
    put_refused(&(order_t){.texts = {{"ru", POLICY("A!", "B, b.", "D."), 0}}, .editorial = "x"},
                PD_REFUSED_MATERIAL, "clause 2.1");
}
END_TEST

/* Two hosts, whose clocks are never quite the same, and one whose clock is wrong. */
START_TEST(instants_never_go_back)
{
    pd_document_t document;
    if (!portal_open(_i)) {
        return;
    }
    apr_time_t start = test_now;
    put_good(&both, 1);
    test_now = start - 3 * SECOND;
    put_good(&(order_t){.texts = {RUSSIAN_SECOND, ENGLISH}}, 2);
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 2, "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(document.published_at, start);
    ck_assert_int_eq(document.effective_at, start);
    test_now = start - HOUR;
    put_refused(&both, PD_REFUSED_CLOCK, "2027-01-15T08:00:00Z; set the clock right");
    order_t later = both;
    later.effective = start + HOUR;
    put_refused(&later, PD_REFUSED_CLOCK, "clock");
    test_now = start;
    put_good(&both, 3);
}
END_TEST

START_TEST(kinds_are_listed)
{
    apr_array_header_t *kinds;
    if (!portal_open(_i)) {
        return;
    }
    ck_assert_int_eq(pd_document_kinds(&kinds, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(kinds->nelts, 0);
    put_good(&both, 1);
    put_good(&(order_t){.kind = "a1-b", .texts = {RUSSIAN}}, 1);
    put_good(&(order_t){.texts = {RUSSIAN_SECOND, ENGLISH}}, 2);
    ck_assert_int_eq(pd_document_kinds(&kinds, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(kinds->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(kinds, 0, const char *), "a1-b");
    ck_assert_str_eq(APR_ARRAY_IDX(kinds, 1, const char *), "policy");
}
END_TEST

static const struct {
    const char *kind;
    int good;
} kind_names[] = {
    {"policy", 1}, {"a", 1},   {"a-1", 1}, {"abcdefghijklmnopqrstuvwxyzabcdefghijklmn", 1},
    {"", 0},       {"1a", 0},  {"-a", 0},  {"abcdefghijklmnopqrstuvwxyzabcdefghijklmno", 0},
    {"Policy", 0}, {"a_b", 0}, {"a/b", 0}, {"политика", 0},
};

START_TEST(kinds_have_names)
{
    ck_assert_int_eq(pd_document_kind_good(kind_names[_i].kind), kind_names[_i].good);
}
END_TEST

#define PUBLISHERS 4
#define EACH       5

static void *publish_some(void *baton)
{
    int me = *(int *)baton;
    apr_pool_t *p;
    apr_pool_create_unmanaged(&p);
    *(int *)baton = 0;
    for (int i = 0; i < EACH; i++) {
        apr_array_header_t *list = apr_array_make(p, 1, sizeof(pd_document_source_t));
        /* each a text of its own, or nothing would have changed */
        const char *text = apr_psprintf(p, "%s\nBy %d, the %d.\n", TEXT, me, i);
        APR_ARRAY_PUSH(list, pd_document_source_t) =
            (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "some.txt"};
        pd_publication_t publication = {.kind = "policy", .texts = list, .editorial = ""};
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
    int failed[PUBLISHERS];
    if (!portal_open(_i)) {
        return;
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        failed[i] = i;
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

/* The same text twice at once: one is published. */
static void *publish_same(void *baton)
{
    apr_pool_t *p;
    apr_pool_create_unmanaged(&p);
    apr_array_header_t *list = apr_array_make(p, 1, sizeof(pd_document_source_t));
    APR_ARRAY_PUSH(list, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, TEXT, strlen(TEXT), "some.txt"};
    pd_publication_t publication = {.kind = "policy", .texts = list, .editorial = ""};
    apr_int64_t version;
    const char *why;
    *(apr_status_t *)baton = pd_document_publish(&version, &why, &portal, &publication, p);
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(the_same_text_at_once_is_published_once)
{
    pthread_t threads[PUBLISHERS];
    apr_status_t results[PUBLISHERS];
    int published = 0, refused = 0;
    if (!portal_open(_i)) {
        return;
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        pthread_create(&threads[i], NULL, publish_same, &results[i]);
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        pthread_join(threads[i], NULL);
        published += results[i] == APR_SUCCESS;
        refused += results[i] == APR_EINVAL;
    }
    ck_assert_int_eq(published, 1);
    ck_assert_int_eq(refused, PUBLISHERS - 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("document", &tcase);
    tcase_add_loop_test(tcase, published_text_is_kept_and_hashed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, clock_decides_what_is_in_force, 0, N_ENGINES);
    tcase_add_loop_test(tcase, refusal_leaves_nothing, 0, N_ENGINES);
    tcase_add_loop_test(tcase, altered_texts_are_found, 0,
                        N_ENGINES * (int)(sizeof(alterations) / sizeof(alterations[0])));
    tcase_add_loop_test(tcase, a_sum_of_the_body_stays_good, 0, N_ENGINES);
    tcase_add_loop_test(tcase, editorial_adds_nothing, 0,
                        N_ENGINES * (int)(sizeof(additions) / sizeof(additions[0])));
    tcase_add_loop_test(tcase, editorial_changes_no_meaning, 0,
                        N_ENGINES * (int)(sizeof(changes) / sizeof(changes[0])));
    tcase_add_loop_test(tcase, editorial_keeps_the_languages, 0, N_ENGINES);
    tcase_add_loop_test(tcase, editorial_keeps_the_links, 0, N_ENGINES);
    tcase_add_loop_test(tcase, published_before_bidi_was_refused, 0, N_ENGINES);
    tcase_add_loop_test(tcase, sections_are_set, 0, N_ENGINES);
    tcase_add_loop_test(tcase, instants_never_go_back, 0, N_ENGINES);
    tcase_add_loop_test(tcase, kinds_are_listed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, kinds_have_names, 0,
                        (int)(sizeof(kind_names) / sizeof(kind_names[0])));
    tcase_add_loop_test(tcase, publishers_at_once_get_different_numbers, 0, N_ENGINES);
    tcase_add_loop_test(tcase, the_same_text_at_once_is_published_once, 0, N_ENGINES);
    return pd_test_main(suite);
}
