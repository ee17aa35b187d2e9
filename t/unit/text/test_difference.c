/* The difference of two documents: who is who, what moved, which words changed. The clinic in these
 * texts is made up. Changes are written in one line each, as `show` does. */
#include "pd_test.h"
#include "text/pd_difference.h"
#include <string.h>
#include <apr_strings.h>
#include "base/pd_bytes.h"

static const pd_difference_t *compare_as(pd_markup_e markup, const char *before, const char *after)
{
    pd_article_t a, b;
    const char *why;
    const pd_difference_t *difference;
    ck_assert_int_eq(pd_clause_render(&a, &why, markup, before, strlen(before), tp), 0);
    ck_assert_int_eq(pd_clause_render(&b, &why, markup, after, strlen(after), tp), 0);
    ck_assert_int_eq(pd_difference_make(&difference, &a, &b, tp), APR_SUCCESS);
    return difference;
}

static const pd_difference_t *compare(const char *before, const char *after)
{
    return compare_as(PD_MARKUP_PLAIN, before, after);
}

static void show_words(pd_buf_t *out, const apr_array_header_t *words)
{
    static const char *const open[] = {"", "[-", "[+"}, *const close[] = {"", "]", "]"};
    for (int i = 0; i < words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(words, i, pd_span_t);
        pd_buf_printf(out, "%s%s%s", open[span->kind], span->text, close[span->kind]);
    }
}

static const char *number_of(const pd_change_t *change, const pd_clause_t *clause)
{
    return change->part == PD_PART_TITLE     ? "title"
           : change->part == PD_PART_OPENING ? "opening"
                                             : clause->number;
}

static void show_change(pd_buf_t *out, const pd_change_t *change)
{
    if (change->before == NULL || change->after == NULL) {
        const pd_clause_t *clause = change->before ? change->before : change->after;
        pd_buf_printf(out, "%c %s %s\n", change->before ? '-' : '+', number_of(change, clause),
                      clause->text);
        return;
    }
    const char *before = number_of(change, change->before);
    const char *after = number_of(change, change->after);
    pd_buf_printf(out, "%c %s", change->moved ? '>' : change->renumbered ? '=' : '~', before);
    if (strcmp(before, after) != 0) {
        pd_buf_printf(out, ">%s", after);
    }
    if (change->words != NULL) {
        pd_buf_putc(out, ' ');
        show_words(out, change->words);
    }
    pd_buf_putc(out, '\n');
}

static const char *show(const pd_difference_t *difference)
{
    pd_buf_t out;
    pd_buf_init(&out, 1 << 20, tp);
    for (int i = 0; i < difference->changes->nelts; i++) {
        const pd_change_t *change = &APR_ARRAY_IDX(difference->changes, i, pd_change_t);
        if (!pd_change_is_none(change)) {
            show_change(&out, change);
        }
    }
    return out.bytes;
}

#define HEAD "Правила\n\n1. ЦЕЛИ\n\n"
#define A    "Узнать вас при входе."
#define B    "Открыть вам ваши разделы."
#define C    "Ответить на вопрос, известить о заявке."
#define D    "Помочь, когда что-то не получается."
#define X    "Срок хранения: 30 дней."

static const struct {
    const char *before, *after, *shown;
} cases[] = {
    {HEAD "1.1. " A, HEAD "1.1. " A, ""},
    /* added, at the end and in the middle */
    {HEAD "1.1. " A "\n1.2. " B, HEAD "1.1. " A "\n1.2. " B "\n1.3. " C, "+ 1.3 " C "\n"},
    {HEAD "1.1. " A "\n1.2. " B, HEAD "1.1. " C "\n1.2. " A "\n1.3. " B,
     "+ 1.1 " C "\n= 1.1>1.2\n= 1.2>1.3\n"},
    /* removed: at the end, in the middle, all */
    {HEAD "1.1. " A "\n1.2. " B, HEAD "1.1. " A, "- 1.2 " B "\n"},
    {HEAD "1.1. " A "\n1.2. " B "\n1.3. " C, HEAD "1.1. " A "\n1.2. " C,
     "- 1.2 " B "\n= 1.3>1.2\n"},
    {HEAD "1.1. " A "\n1.2. " B, HEAD, "- 1.1 " A "\n- 1.2 " B "\n"},
    /* moved down, moved up, two that change places */
    {HEAD "1.1. " A "\n1.2. " B "\n1.3. " C "\n1.4. " D,
     HEAD "1.1. " B "\n1.2. " C "\n1.3. " A "\n1.4. " D, "= 1.2>1.1\n= 1.3>1.2\n> 1.1>1.3\n"},
    {HEAD "1.1. " A "\n1.2. " B "\n1.3. " C "\n1.4. " D,
     HEAD "1.1. " D "\n1.2. " A "\n1.3. " B "\n1.4. " C,
     "> 1.4>1.1\n= 1.1>1.2\n= 1.2>1.3\n= 1.3>1.4\n"},
    {HEAD "1.1. " A "\n1.2. " B, HEAD "1.1. " B "\n1.2. " A, "= 1.2>1.1\n> 1.1>1.2\n"},
    /* into another section: the heading that kept its number did not move */
    {HEAD "1.1. " A "\n1.2. " B "\n2. РАЗНОЕ\n2.1. " C,
     HEAD "1.1. " A "\n2. РАЗНОЕ\n2.1. " B "\n2.2. " C, "> 1.2>2.1\n= 2.1>2.2\n"},
    /* reworded where it stands, elsewhere in the count, elsewhere at all */
    {HEAD "1.1. Узнать вас при фходе.", HEAD "1.1. " A, "~ 1.1 Узнать вас при [-фходе][+входе].\n"},
    {HEAD "1.1. " A "\n1.2. " C,
     HEAD "1.1. " D "\n1.2. " A "\n1.3. Ответить на вопрос, известить о "
          "вашей заявке.",
     "+ 1.1 " D "\n= 1.1>1.2\n= 1.2>1.3 Ответить на вопрос, известить о [+вашей ]заявке.\n"},
    {HEAD "1.1. " C "\n1.2. " A "\n1.3. " B,
     HEAD "1.1. " A "\n1.2. " B "\n1.3. Ответить на вопрос, известить о вашей заявке.",
     "= 1.2>1.1\n= 1.3>1.2\n> 1.1>1.3 Ответить на вопрос, известить о [+вашей ]заявке.\n"},
    /* another text under the same number */
    {HEAD "1.1. " A, HEAD "1.1. " D, "- 1.1 " A "\n+ 1.1 " D "\n"},
    {HEAD "1.1. " A "\n1.2. " B, HEAD "1.1. " D "\n1.2. " C "\n1.3. " B,
     "- 1.1 " A "\n+ 1.1 " D "\n+ 1.2 " C "\n= 1.2>1.3\n"},
    /* fewer than 30 words of 100 in common are two clauses, 30 are one */
    {HEAD "1.1. a b c d e f g", HEAD "1.1. a b h i j k l",
     "- 1.1 a b c d e f g\n+ 1.1 a b h i j k l\n"},
    {HEAD "1.1. a b c d e f", HEAD "1.1. a b h i j k", "~ 1.1 a b [-c d e f][+h i j k]\n"},
    /* the most alike, whatever the number; with words as much alike the number */
    {HEAD "1.2. передавать данные врачу клиники\n1.3. передавать данные лаборатории клиники",
     HEAD "1.2. передавать данные лаборатории клиники и партнёрам",
     "- 1.2 передавать данные врачу клиники\n"
     "= 1.3>1.2 передавать данные лаборатории клиники[+ и партнёрам]\n"},
    {HEAD "1.1. передавать данные врачу\n1.2. передавать данные другу",
     HEAD "1.2. передавать данные партнёру",
     "- 1.1 передавать данные врачу\n~ 1.2 передавать данные [-другу][+партнёру]\n"},
    /* a new clause took the number of one that was also mended */
    {HEAD "1.1. " C, HEAD "1.1. " A "\n1.2. Ответить на вопрос, известить о вашей заявке.",
     "+ 1.1 " A "\n= 1.1>1.2 Ответить на вопрос, известить о [+вашей ]заявке.\n"},
    /* title and opening words */
    {"Правила\n\nКлиника хранит данные.\n\n1.1. " A, "Правила портала\n\n1.1. " A,
     "~ title Правила[+ портала]\n- opening Клиника хранит данные.\n"},
    {"Правила\n\n1.1. " A, "Правила\n\nКлиника хранит данные.\n\n1.1. " A,
     "+ opening Клиника хранит данные.\n"},
    {"Правила\n\nКлиника хранит имя.", "Правила\n\nКлиника хранит имя и адрес.",
     "~ opening Клиника хранит имя[+ и адрес].\n"},
    /* words and marks */
    {HEAD "1.1. По пункту 5.2, если нужно.", HEAD "1.1. По пункту 5.3, если нужно.",
     "~ 1.1 По пункту [-5.2][+5.3], если нужно.\n"},
    {HEAD "1.1. Имя, адрес.", HEAD "1.1. Имя; адрес.", "~ 1.1 Имя[-,][+;] адрес.\n"},
    {HEAD "1.1. Имя и адрес почты.", HEAD "1.1. Имя или адрес почты.",
     "~ 1.1 Имя [-и][+или] адрес почты.\n"},
    {HEAD "1.1. Пишите на a@clinic.example скорее.", HEAD "1.1. Пишите на b@clinic.example скорее.",
     "~ 1.1 Пишите на [-a@clinic.example][+b@clinic.example] скорее.\n"},
    {HEAD "1.1. Клиника хранит логин, адрес и имя.",
     HEAD "1.1. Клиника бережёт пароль, почту и имя.",
     "~ 1.1 Клиника [-хранит логин, адрес][+бережёт пароль, почту] и имя.\n"},
    {HEAD "1.1. Срок: 30 дней <a & \"b\">.", HEAD "1.1. Срок: 10 дней <a & \"b\">.",
     "~ 1.1 Срок: [-30][+10] дней <a & \"b\">.\n"},
    {HEAD "1.1. Слово «да» 🙂 конец.",
     HEAD "1.1. Слово «да» 🙃 конец.",
     "~ 1.1 Слово «да» [-🙂][+🙃] конец.\n"},
    {HEAD "1.1. и\xcc\x86од есть слово.", HEAD "1.1. йод есть слово.",
     "~ 1.1 [-и\xcc\x86од][+йод] есть слово.\n"},
    /* much added to little, much taken away, nothing left of either */
    {"Правила\n\nКлиника.", "Правила\n\nКлиника, её врачи и её партнёры в других городах страны.",
     "~ opening Клиника[+, её врачи и её партнёры в других городах страны].\n"},
    {"Правила\n\nКлиника, её врачи и её партнёры в других городах страны.", "Правила\n\nКлиника.",
     "~ opening Клиника[-, её врачи и её партнёры в других городах страны].\n"},
    {"Правила\n\nКлиника.", "Правила\n\nВрачи.", "~ opening [-Клиника.][+Врачи.]\n"},
    /* the kind of space is no change */
    {HEAD "1.1. Через 30\xc2\xa0дней, т.\xe2\x80\xafе. месяц.",
     HEAD "1.1. Через 30 дней, т. е. месяц.", ""},
    /* equal clauses */
    {HEAD "1.1. " A "\n1.2. " A "\n1.3. " A, HEAD "1.1. " A "\n1.2. " A, "- 1.3 " A "\n"},
    {HEAD "1.1. " A "\n1.2. " A, HEAD "1.1. " A "\n1.2. " A "\n1.3. " A, "+ 1.3 " A "\n"},
    /* the same words in several clauses go with the clause above, the clause beside, the number */
    {HEAD "4.1. " A "\n4.1.1. " X "\n4.2. " B "\n4.2.1. " X "\n4.3. " C "\n4.3.1. " X,
     HEAD "4.1. " B "\n4.1.1. " X "\n4.2. " C "\n4.2.1. " X,
     "- 4.1 " A "\n- 4.1.1 " X "\n= 4.2>4.1\n= 4.2.1>4.1.1\n= 4.3>4.2\n= 4.3.1>4.2.1\n"},
    {HEAD "4.1. " A "\n4.1.1. " X "\n4.2. " B "\n4.2.1. " X,
     HEAD "4.1. " D "\n4.1.1. " X "\n4.2. " A "\n4.2.1. " X "\n4.3. " B "\n4.3.1. " X,
     "+ 4.1 " D "\n+ 4.1.1 " X "\n= 4.1>4.2\n= 4.1.1>4.2.1\n= 4.2>4.3\n= 4.2.1>4.3.1\n"},
    {HEAD "4.1. " A "\n4.1.1. " X "\n4.2. " C "\n4.2.1. " X,
     HEAD "4.1. Ответить на вопрос, известить о вашей заявке.\n4.1.1. " X,
     "- 4.1 " A "\n- 4.1.1 " X "\n"
     "= 4.2>4.1 Ответить на вопрос, известить о [+вашей ]заявке.\n= 4.2.1>4.1.1\n"},
    {HEAD "4.1. " X "\n4.1.1. " A "\n4.2. " X "\n4.2.1. " B, HEAD "4.1. " X "\n4.1.1. " B,
     "- 4.1 " X "\n- 4.1.1 " A "\n= 4.2>4.1\n= 4.2.1>4.1.1\n"},
    {HEAD "1.1. " X "\n1.2. " A "\n1.3. " X, HEAD "1.1. " A "\n1.2. " X,
     "- 1.1 " X "\n= 1.2>1.1\n= 1.3>1.2\n"},
    {HEAD "1.1. " A "\n1.2. " X "\n1.3. " B "\n1.4. " X "\n1.5. " C,
     HEAD "1.1. Новое слово.\n1.2. Другое дело.\n1.3. Третий раз.\n1.4. " X,
     "- 1.1 " A "\n+ 1.1 Новое слово.\n- 1.2 " X "\n+ 1.2 Другое дело.\n- 1.3 " B "\n"
     "+ 1.3 Третий раз.\n- 1.5 " C "\n"},
    /* clauses without words */
    {"Правила\n\n1. ЦЕЛИ\n\n2.", "Правила\n\n1.\n\n2. ЦЕЛИ", "+ 1 \n= 1>2\n- 2 \n"},
};

START_TEST(shows_just_what_changed)
{
    ck_assert_str_eq(show(compare(cases[_i].before, cases[_i].after)), cases[_i].shown);
}
END_TEST

START_TEST(counts_each_clause_once)
{
    const pd_difference_t *d = compare(
        HEAD "1.1. Узнать вас при фходе.\n1.2. " B "\n1.3. " C "\n1.4. " D "\n1.5. Прочее для вас.",
        HEAD "1.1. " A "\n1.2. " C "\n1.3. " B "\n1.4. " D "\n1.5. Новая цель, которой не было.\n"
             "1.6. Прочее для вас.");
    ck_assert_int_eq(d->added, 1);
    ck_assert_int_eq(d->removed, 0);
    ck_assert_int_eq(d->reworded, 1);
    ck_assert_int_eq(d->moved, 1);
    ck_assert_int_eq(d->moved_reworded, 0);
    ck_assert_int_eq(d->renumbered, 2);
    ck_assert_int_eq(d->changes->nelts, 8); /* the title, the heading, six clauses */
}
END_TEST

/* Addresses that nobody sees in the words; each clause counts once, whatever else changed. */
START_TEST(links_that_lead_elsewhere)
{
    static const struct {
        const char *before, *after;
        int relinked;
    } links[] = {
        {"# T\n\nSee [it](/a).\n\n1. [One](/b) word\n\n2. [Two](/c)\n",
         "# T\n\nSee [it](/a).\n\n1. [One](/b) word\n\n2. [Two](/c)\n", 0},
        {"# T\n\n1. [One](/b) word\n\n2. [Two](/c)\n",
         "# T\n\n1. [One](/B) word here\n\n2. [Two](/C)\n", 2},
        {"# T\n\nSee [it](/a).\n\n1. One\n", "# T\n\nSee [it](/b).\n\n1. One\n", 1},
        {"# T\n\n1. [One](/b), [two](/c)\n", "# T\n\n1. [One](/b), two\n", 1},
        {"# T\n\n1. One\n", "# T\n\n1. One\n\n2. [Two](/c)\n", 0},
        {"# T\n\n1. One\n\n2. [Two](/c)\n", "# T\n\n1. [Two](/c)\n", 0},
    };
    for (int i = 0; i < 6; i++) {
        const pd_difference_t *d = compare_as(PD_MARKUP_MARKDOWN, links[i].before, links[i].after);
        ck_assert_msg(d->relinked == links[i].relinked, "%d: %d", i, d->relinked);
    }
}
END_TEST

/* Words read back: the text before, or the text after. */
static const char *read_back(const apr_array_header_t *words, pd_span_e without)
{
    pd_buf_t out;
    pd_buf_init(&out, 4 << 20, tp);
    for (int i = 0; i < words->nelts; i++) {
        const pd_span_t *span = &APR_ARRAY_IDX(words, i, pd_span_t);
        pd_buf_puts(&out, span->kind == without ? "" : span->text);
    }
    return out.bytes;
}

static void is_whole(const pd_difference_t *difference)
{
    for (int i = 0; i < difference->changes->nelts; i++) {
        const pd_change_t *change = &APR_ARRAY_IDX(difference->changes, i, pd_change_t);
        if (change->words != NULL) {
            ck_assert_str_eq(read_back(change->words, PD_SPAN_ADDED), change->before->text);
            ck_assert_str_eq(read_back(change->words, PD_SPAN_REMOVED), change->after->text);
        }
    }
}

/* `n` clauses, the i-th of which reads "WORD N", N being `base` and i times `step`. */
static const char *many(int n, const char *word, int base, int step)
{
    pd_buf_t out;
    pd_buf_init(&out, PD_DOCUMENT_BYTES_MAX, tp);
    pd_buf_puts(&out, "T\n");
    for (int i = 1; i <= n; i++) {
        pd_buf_printf(&out, "\n%d.%d. %s %d\n", i / 100 + 1, i % 100 + 1, word, base + i * step);
    }
    ck_assert(!out.overflow);
    return out.bytes;
}

/* Ten thousand clauses: all equal, each reworded, each another, all the other way round. */
START_TEST(many_clauses)
{
    const int n = 9800;
    const pd_difference_t *d = compare(many(n, "equal", 0, 0), many(n - 1, "equal", 0, 0));
    ck_assert_int_eq(d->removed, 1);
    ck_assert_int_eq(d->added + d->reworded + d->moved, 0);
    d = compare(many(n, "one clause with words", 1, 2),
                many(n, "one clause with words", 100000, 3));
    ck_assert_int_eq(d->reworded, n);
    is_whole(d);
    d = compare(many(n, "before", 1, 2), many(n, "after", 2, 2));
    ck_assert_int_eq(d->added, n);
    ck_assert_int_eq(d->removed, n);
    d = compare(many(n, "word", 0, 1), many(n, "word", n + 1, -1));
    ck_assert_int_eq(d->moved, n - 1);
    ck_assert_int_eq(d->renumbered, 1);
}
END_TEST

/* One clause that fills the document: `word` again and again. */
static const char *huge(const char *first, const char *word, const char *last)
{
    pd_buf_t out;
    pd_buf_init(&out, PD_DOCUMENT_BYTES_MAX - 64, tp);
    pd_buf_printf(&out, "T\n\n1.1. %s", first);
    while (!out.overflow) {
        pd_buf_puts(&out, word);
    }
    return apr_pstrcat(tp, out.bytes, last, NULL);
}

START_TEST(huge_clauses)
{
    const pd_difference_t *d = compare(huge("first ", "a ", "last"), huge("", "a ", ""));
    ck_assert_int_eq(d->reworded, 1);
    is_whole(d);
    d = compare(huge("", "a ", ""), huge("", "b ", ""));
    is_whole(d);
    d = compare(huge("x ", "a b ", "y"), huge("z ", "b a ", "w"));
    is_whole(d);
    d = compare(huge("x ", "one two three ", ""), huge("", "two one three four ", ""));
    is_whole(d);
}
END_TEST

/* More edits than are looked for: what is the same at both ends stays so, and where that is little
 * the clause is shown as replaced. */
START_TEST(too_many_edits)
{
    for (int n_same = 0; n_same <= 1000; n_same += 1000) {
        pd_buf_t before, after;
        pd_buf_init(&before, 1 << 16, tp);
        pd_buf_puts(&before, "T\n\n1.1. Begin");
        for (int i = 0; i < n_same; i++) {
            pd_buf_printf(&before, " same%d", i);
        }
        after = before;
        after.bytes = apr_pstrmemdup(tp, before.bytes, before.length);
        after.capacity = before.length + 1;
        for (int i = 0; i < 400; i++) {
            pd_buf_printf(&before, " kept%d old%d", i, i);
            pd_buf_printf(&after, " kept%d new%d", i, i);
        }
        const pd_difference_t *d = compare(before.bytes, after.bytes);
        ck_assert_int_eq(d->reworded, 1);
        is_whole(d);
        const char *wanted = n_same ? "~ 1.1 Begin same0 " : "~ 1.1 [-Begin kept0 ";
        ck_assert_int_eq(strncmp(show(d), wanted, strlen(wanted)), 0);
    }
}
END_TEST

START_TEST(same_again)
{
    const char *before = many(300, "a clause that has a word", 0, 3);
    const char *after = many(290, "a clause that had a word", 1, 5);
    ck_assert_str_eq(show(compare(before, after)), show(compare(before, after)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("difference");
    TCase *tc = tcase_create("difference");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, shows_just_what_changed, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, counts_each_clause_once);
    tcase_add_test(tc, links_that_lead_elsewhere);
    tcase_add_test(tc, many_clauses);
    tcase_add_test(tc, huge_clauses);
    tcase_add_test(tc, too_many_edits);
    tcase_add_test(tc, same_again);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
