/* Documents with numbered clauses, plain and Markdown. The clinic in these texts is made up. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "base/pd_bytes.h"
#include "text/pd_clause.h"
#include <string.h>
#include <apr_strings.h>

#define N(number, literal) "<a class=\"n\" href=\"#p" number "\">" literal "</a> "
#define LINK(url)          "<a href=\"" url "\" rel=\"noopener noreferrer external\">"

static const struct {
    const char *source, *html; /* behind the title "Правила" */
} plain[] = {
    {"", ""},
    {"Клиника «Ромашка» бережёт данные.", "<p>Клиника «Ромашка» бережёт данные.</p>\n"},
    {"1. СЛОВА", "<h2 id=\"p1\">" N("1", "1.") "СЛОВА</h2>\n"},
    {"1. Слова и смыслы", "<h2 id=\"p1\">" N("1", "1.") "Слова и смыслы</h2>\n"},
    {"1. Клиника отвечает за всё.",
     "<p id=\"p1\" class=\"l1\">" N("1", "1.") "Клиника отвечает за всё.</p>\n"},
    {"1. ВСЁ КАПИТЕЛЬЮ.", "<h2 id=\"p1\">" N("1", "1.") "ВСЁ КАПИТЕЛЬЮ.</h2>\n"},
    {"1.1. Гость", "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1.") "Гость</p>\n"},
    {"1.1 Гость", "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1") "Гость</p>\n"},
    {"1.1.12) Гость", "<p id=\"p1.1.12\" class=\"l3\">" N("1.1.12", "1.1.12)") "Гость</p>\n"},
    {"1.1.\tГость", "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1.") "Гость</p>\n"},
    {"1.1.\xc2\xa0Гость", "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1.") "Гость</p>\n"},
    {"5.", "<h2 id=\"p5\">" N("5", "5.") "</h2>\n"},
    /* not clause numbers */
    {"1) гость", "<p>1) гость</p>\n"},
    {"30 дней", "<p>30 дней</p>\n"},
    {"2026. Год", "<p>2026. Год</p>\n"},
    {"22.11.2026 клиника открылась", "<p>22.11.2026 клиника открылась</p>\n"},
    {"22.11.2026. Открытие", "<p>22.11.2026. Открытие</p>\n"},
    {"01.09.26 начало", "<p>01.09.26 начало</p>\n"},
    {"0.5 ставки", "<p>0.5 ставки</p>\n"},
    {"1.1.Гость", "<p>1.1.Гость</p>\n"},
    {"1..2 Гость", "<p>1..2 Гость</p>\n"},
    {"1.2.3.4.5.6.7.8.9.10 Гость", "<p>1.2.3.4.5.6.7.8.9.10 Гость</p>\n"},
    /* lines and paragraphs */
    {"2.1. Первая\nвторая\n  третья.\n\nДругой.",
     "<p id=\"p2.1\" class=\"l2\">" N("2.1", "2.1.") "Первая вторая третья.</p>\n<p>Другой.</p>\n"},
    /* clauses on lines of their own, without blank lines; a reference that a line break puts in
     * front doesn't come next in the count and stays in its sentence */
    {"1. СЛОВА\n1.1. Первый.\n1.2. Второй, смотри пункт\n1.1. выше.\n2. ДЕЛО\n2.1. Третий.",
     "<h2 id=\"p1\">" N(
         "1", "1.") "СЛОВА</h2>\n"
                    "<p id=\"p1.1\" class=\"l2\">" N(
                        "1.1", "1.1.") "Первый.</p>\n"
                                       "<p id=\"p1.2\" class=\"l2\">" N(
                                           "1.2",
                                           "1.2.") "Второй, смотри пункт 1.1. выше.</p>\n"
                                                   "<h2 id=\"p2\">" N(
                                                       "2", "2.") "ДЕЛО</h2>\n"
                                                                  "<p id=\"p2.1\" class=\"l2\">" N(
                                                                      "2.1",
                                                                      "2.1.") "Третий.</p>\n"},
    {"1.1.1. а\n1.1.2. б\n1.2. в\n1.4. г\n1.2.1. д",
     "<p id=\"p1.1.1\" class=\"l3\">" N(
         "1.1.1", "1.1.1.") "а</p>\n"
                            "<p id=\"p1.1.2\" class=\"l3\">" N(
                                "1.1.2", "1.1.2.") "б</p>\n"
                                                   "<p id=\"p1.2\" class=\"l2\">" N(
                                                       "1.2",
                                                       "1.2.") "в 1.4. г</p>\n"
                                                               "<p id=\"p1.2.1\" class=\"l3\">" N(
                                                                   "1.2.1", "1.2.1.") "д</p>\n"},
    {"Смотри пункт\n5.2. этих правил.", "<p>Смотри пункт 5.2. этих правил.</p>\n"},
    {"5.4. Меры против чужого или\n\nслучайного взгляда.",
     "<p id=\"p5.4\" class=\"l2\">" N("5.4",
                                      "5.4.") "Меры против чужого или случайного взгляда.</p>\n"},
    {"5.4. Меры.\n\nслучайно с маленькой",
     "<p id=\"p5.4\" class=\"l2\">" N("5.4", "5.4.") "Меры.</p>\n"
                                                     "<p>случайно с маленькой</p>\n"},
    {"3.2. Клиника хранит:\n\nимя;\n\nадрес;",
     "<p id=\"p3.2\" class=\"l2\">" N("3.2",
                                      "3.2.") "Клиника хранит:</p>\n<p>имя;</p>\n<p>адрес;</p>\n"},
    {"5.4. Меры (и «всё.»)\n\nдальше",
     "<p id=\"p5.4\" class=\"l2\">" N("5.4", "5.4.") "Меры (и «всё.»)</p>\n<p>дальше</p>\n"},
    {"1. СЛОВА\n\nниже строчными.",
     "<h2 id=\"p1\">" N("1", "1.") "СЛОВА</h2>\n<p>ниже строчными.</p>\n"},
    {"1. ПЕРВОЕ\nСЛОВО\n\nниже строчными.",
     "<h2 id=\"p1\">" N("1", "1.") "ПЕРВОЕ СЛОВО</h2>\n<p>ниже строчными.</p>\n"},
    {"1. ПЕРВОЕ\nслово\n\nниже строчными.",
     "<p id=\"p1\" class=\"l1\">" N("1", "1.") "ПЕРВОЕ слово ниже строчными.</p>\n"},
    {"Строчными.\n\n1. СЛОВА\n\nниже строчными.",
     "<p>Строчными.</p>\n<h2 id=\"p1\">" N("1", "1.") "СЛОВА</h2>\n<p>ниже строчными.</p>\n"},
    {"5.4. 12\n\nдней", "<p id=\"p5.4\" class=\"l2\">" N("5.4", "5.4.") "12 дней</p>\n"},
    {"5.4. Меры против\n\n5.5. Далее",
     "<p id=\"p5.4\" class=\"l2\">" N("5.4", "5.4.") "Меры против</p>\n"
                                                     "<p id=\"p5.5\" class=\"l2\">" N(
                                                         "5.5", "5.5.") "Далее</p>\n"},
    {"А\r\n\r\nБ\rВ", "<p>А</p>\n<p>Б В</p>\n"},
    {"кли\xc2\xadника", "<p>клиника</p>\n"},
    /* markup */
    {"А & <b>Б</b> \"В\" 'Г'", "<p>А &amp; &lt;b&gt;Б&lt;/b&gt; &quot;В&quot; &#39;Г&#39;</p>\n"},
    {"**не** [ссылка](http://a.example) `x`", "<p>**не** [ссылка](http://a.example) `x`</p>\n"},
    {"На <http://a.example/?b=1&c='> и <HTTPS://b.example>.",
     "<p>На " LINK("http://a.example/?b=1&amp;c=&#39;") "http://a.example/?b=1&amp;c=&#39;</a> "
                                                        "и " LINK("HTTPS://b.example") "HTTPS://"
                                                                                       "b.example</"
                                                                                       "a>.</p>\n"},
    {"<mailto:a@b.example>", "<p><a href=\"mailto:a@b.example\">mailto:a@b.example</a></p>\n"},
    {"<javascript:x> <http://a b> <http://a.example <http://>",
     "<p>&lt;javascript:x&gt; &lt;http://a b&gt; &lt;http://a.example &lt;http://&gt;</p>\n"},
};

static const char *render(pd_article_t *article, pd_markup_e markup, const char *source)
{
    const char *why;
    memset(article, 0, sizeof(*article));
    apr_status_t rv = pd_clause_render(article, &why, markup, source, strlen(source), tp);
    ck_assert_msg(rv == APR_SUCCESS, "%s", why);
    ck_assert_ptr_null(why);
    return article->html;
}

START_TEST(plain_text)
{
    pd_article_t article;
    const char *source = apr_pstrcat(tp, "\n\nПравила\n\n", plain[_i].source, NULL);
    ck_assert_str_eq(render(&article, PD_MARKUP_PLAIN, source), plain[_i].html);
    ck_assert_str_eq(article.title, "Правила");
}
END_TEST

static const struct {
    const char *source, *html; /* behind "# Правила" */
} markdown[] = {
    {"", ""},
    {"Текст *курсив* **жир** `код`  \nстрока\nещё",
     "<p>Текст <em>курсив</em> <strong>жир</strong> <code>код</code><br>\nстрока\nещё</p>\n"},
    {"1.1. Гость", "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1.") "Гость</p>\n"},
    {"1.1. **Гость** и *друг*", "<p id=\"p1.1\" class=\"l2\">" N(
                                    "1.1", "1.1.") "<strong>Гость</strong> и <em>друг</em></p>\n"},
    {"**1.1. Гость** — это",
     "<p id=\"p1.1\" class=\"l2\">" N("1.1", "1.1.") "<strong>Гость</strong> — это</p>\n"},
    {"1.1.*x*", "<p>1.1.<em>x</em></p>\n"},
    {"## 1. Слова\n\n### 1.1 Гость",
     "<h2 id=\"p1\">" N("1", "1.") "Слова</h2>\n"
                                   "<h3 id=\"p1.1\">" N("1.1", "1.1") "Гость</h3>\n"},
    {"# Ещё\n\n###### шесть", "<h2>Ещё</h2>\n<h6>шесть</h6>\n"},
    /* ordered lists are clauses with the numbers of the source */
    {"1. СЛОВА\n\n1.1. Гость\n\n2. ДЕЛА",
     "<h2 id=\"p1\">" N("1", "1.") "СЛОВА</h2>\n<p id=\"p1.1\" class=\"l2\">" N(
         "1.1", "1.1.") "Гость</p>\n"
                        "<h2 id=\"p2\">" N("2", "2.") "ДЕЛА</h2>\n"},
    {"3. Раз\n5. Два\n4. Три",
     "<h2 id=\"p3\">" N("3", "3.") "Раз</h2>\n"
                                   "<h2 id=\"p5\">" N("5", "5.") "Два</h2>\n<h2 id=\"p4\">" N(
                                       "4", "4.") "Три</h2>\n"},
    {"7. Клиника отвечает.\n\n   7.1. Всегда.\n\n   Везде.",
     "<p id=\"p7\" class=\"l1\">" N("7", "7.") "Клиника отвечает.</p>\n<p id=\"p7.1\" "
                                               "class=\"l2\">" N(
                                                   "7.1", "7.1.") "Всегда.</p>\n<p>Везде.</p>\n"},
    {"1\\. СЛОВА", "<h2 id=\"p1\">" N("1", "1.") "СЛОВА</h2>\n"},
    {"2026. Год", "<p>2026. Год</p>\n"},
    {"007. Агент", "<p>007. Агент</p>\n"},
    {"5.1. Так:\n\n1) раз;\n2) два.\n\n5.2. И так:\n\n1) три.",
     "<p id=\"p5.1\" class=\"l2\">" N("5.1", "5.1.") "Так:</p>\n<p>1) раз;</p>\n<p>2) два.</p>\n"
                                                     "<p id=\"p5.2\" class=\"l2\">" N(
                                                         "5.2",
                                                         "5.2.") "И так:</p>\n<p>1) три.</p>\n"},
    {"- а\n- б\n  1. в\n  2. г\n\nх",
     "<ul>\n<li>а</li>\n<li>б<p>1. в</p>\n<p>2. г</p>\n</li>\n</ul>\n<p>х</p>\n"},
    {"- а\n\n- б", "<ul>\n<li><p>а</p>\n</li>\n<li><p>б</p>\n</li>\n</ul>\n"},
    {"- 1.2. а", "<ul>\n<li><p id=\"p1.2\" class=\"l2\">" N("1.2", "1.2.") "а</p>\n</li>\n</ul>\n"},
    {"1. - а", "<p id=\"p1\" class=\"l1\">" N("1", "1.") "</p>\n<ul>\n<li>а</li>\n</ul>\n"},
    {"> 5.3. чужое\n>\n> 1. чужое",
     "<blockquote>\n<p>5.3. чужое</p>\n<p>1. чужое</p>\n</blockquote>\n"},
    {"```\n<b> & 1.1. x\n```\n\n* * *", "<pre><code>&lt;b&gt; &amp; 1.1. x\n</code></pre>\n<hr>\n"},
    /* links */
    {"[а](https://a.example/б?в=\"г\") <http://b.example>",
     "<p>" LINK("https://a.example/б?в=%22г%22") "а</a> " LINK(
         "http://b.example") "http://b.example</a></p>\n"},
    {"[п. 5.3](#p5.3) [тут](/portal/policy#p1) [письмо](mailto:a@b.example)",
     "<p><a href=\"#p5.3\">п. 5.3</a> <a href=\"/portal/policy#p1\">тут</a> "
     "<a href=\"mailto:a@b.example\">письмо</a></p>\n"},
    {"[путь](/дом)", "<p><a href=\"/%D0%B4%D0%BE%D0%BC\">путь</a></p>\n"},
    {"[а](javascript:alert(1)) [б](data:text/html,x) [в](//e.example) [г](JaVaScRiPt:x) "
     "[д](e.example)",
     "<p>а б в г д</p>\n"},
    {"[а](&#106;avascript:x) [б](java&#10;script:x) [в](/\\\\e.example) [г](vbscript:x) "
     "[д](http:///x)",
     "<p>а б в г д</p>\n"},
    {"[*а*](http://a.example \"загл\")", "<p>" LINK("http://a.example") "<em>а</em></a></p>\n"},
    /* raw HTML and images are text */
    {"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;\n</p>\n"},
    {"а <b onclick='x'>б</b>", "<p>а &lt;b onclick=&#39;x&#39;&gt;б&lt;/b&gt;</p>\n"},
    {"![наш *дом*](http://a.example/x.png)", "<p>наш дом</p>\n"},
    {"[![дом](a.png)](http://a.example)", "<p>" LINK("http://a.example") "дом</a></p>\n"},
    {"![д [с](http://b.example)](a.png)", "<p>д с</p>\n"},
    {"&lt;b&gt; & \" '", "<p>&lt;b&gt; &amp; &quot; &#39;</p>\n"},
};

START_TEST(markdown_text)
{
    pd_article_t article;
    const char *source = apr_pstrcat(tp, "# Правила\n\n", markdown[_i].source, NULL);
    ck_assert_str_eq(render(&article, PD_MARKUP_MARKDOWN, source), markdown[_i].html);
    ck_assert_str_eq(article.title, "Правила");
}
END_TEST

static const pd_clause_t expected_clauses[] = {
    {"1", "СЛОВА", "", 1},
    {"1.1", "Гость — это <человек> и http://a.example всё.", "http://a.example\n", 2},
    {"1.1.1", "Друг: раз; два.", "", 3},
    {"2", "ДЕЛА", "", 1},
};

static void check_clauses(const pd_article_t *article)
{
    ck_assert_int_eq(article->clauses->nelts, 4);
    for (int i = 0; i < 4; i++) {
        const pd_clause_t *clause = &APR_ARRAY_IDX(article->clauses, i, pd_clause_t);
        ck_assert_str_eq(clause->number, expected_clauses[i].number);
        ck_assert_str_eq(clause->text, expected_clauses[i].text);
        ck_assert_str_eq(clause->links, expected_clauses[i].links);
        ck_assert_int_eq(clause->level, expected_clauses[i].level);
    }
}

START_TEST(clauses)
{
    pd_article_t article;
    render(
        &article, PD_MARKUP_PLAIN,
        "Правила\n\nВступление.\n\n1. СЛОВА\n\n1.1. Гость — это\n<человек> и <http://a.example>  "
        "всё.\n\n1.1.1 Друг:\n\nраз;\n\nдва.\n\n2. ДЕЛА\n");
    check_clauses(&article);
    render(&article, PD_MARKUP_MARKDOWN,
           "# Правила\n\nВступление.\n\n1. СЛОВА\n\n1.1. *Гость* — это\n\\<человек> и "
           "<http://a.example>  \nвсё.\n\n1.1.1 Друг:\n\n- раз;\n- два.\n\n2. ДЕЛА\n");
    check_clauses(&article);
}
END_TEST

static const struct {
    pd_markup_e markup;
    const char *source, *title;
} titles[] = {
    {PD_MARKUP_PLAIN, "\xef\xbb\xbfПравила\r\nклиники & <всех>\r\n", "Правила клиники & <всех>"},
    {PD_MARKUP_PLAIN, "Правила\n\nклиника", "Правила"},
    {PD_MARKUP_MARKDOWN, "\xef\xbb\xbf# Правила *клиники*\r\n", "Правила клиники"},
    {PD_MARKUP_MARKDOWN, "Вступление\n\n# 1. Слова\n\n# Правила", "Правила"},
    {PD_MARKUP_MARKDOWN, "Правила\n=======\n", "Правила"},
};

START_TEST(title)
{
    pd_article_t article;
    render(&article, titles[_i].markup, titles[_i].source);
    ck_assert_str_eq(article.title, titles[_i].title);
}
END_TEST

static const struct {
    pd_markup_e markup;
    const char *source, *why;
} faults[] = {
    {PD_MARKUP_PLAIN, "", "line 1"},
    {PD_MARKUP_PLAIN, " \n\xc2\xa0\n", "line 1"},
    {PD_MARKUP_PLAIN, "\n1. СЛОВА\n", "line 2"},
    {PD_MARKUP_PLAIN, "Т\n\n1. А\n\n2. Б\n\n1. В\n", "line 7: clause 1 stands in line 3"},
    {PD_MARKUP_PLAIN, "Т\n\n1.1. А\n\n1.1) Б\n", "line 5: clause 1.1 stands in line 3"},
    {PD_MARKUP_PLAIN, "Т\r\n\r\n\xff", "line 3: invalid UTF-8"},
    {PD_MARKUP_PLAIN, "Т\n\xed\xa0\x80", "line 2: invalid UTF-8"},
    {PD_MARKUP_PLAIN, "Т\nа\x0c\n", "line 2: a control character"},
    {PD_MARKUP_PLAIN, "Т\nа\xc2\x85\n", "line 2: a control character"},
    {PD_MARKUP_MARKDOWN, "", "line 1"},
    {PD_MARKUP_MARKDOWN, "## Правила", "line 1"},
    {PD_MARKUP_MARKDOWN, "# ![](x)", "line 1"},
    {PD_MARKUP_MARKDOWN, "# Т\n\n1. А\n1. Б\n", "line 4: clause 1 stands in line 3"},
    {PD_MARKUP_MARKDOWN, "# Т\n\n## 1. А\n\n1. Б\n", "line 5: clause 1 stands in line 3"},
};

START_TEST(fault)
{
    pd_article_t article;
    const char *why;
    const char *source = faults[_i].source;
    apr_status_t rv =
        pd_clause_render(&article, &why, faults[_i].markup, source, strlen(source), tp);
    ck_assert_int_eq(rv, PD_ETEXT);
    ck_assert_msg(strncmp(why, faults[_i].why, strlen(faults[_i].why)) == 0, "%s", why);
}
END_TEST

START_TEST(nul_and_size)
{
    pd_article_t article;
    const char *why;
    ck_assert_int_eq(pd_clause_render(&article, &why, PD_MARKUP_PLAIN, "Т\nа\0б", 8, tp), PD_ETEXT);
    ck_assert_str_eq(why, "line 2: a NUL byte");
    char *big = apr_palloc(tp, PD_DOCUMENT_BYTES_MAX + 1);
    memset(big, 'a', PD_DOCUMENT_BYTES_MAX + 1);
    ck_assert_int_eq(
        pd_clause_render(&article, &why, PD_MARKUP_PLAIN, big, PD_DOCUMENT_BYTES_MAX + 1, tp),
        PD_ELIMIT);
    ck_assert_int_eq(
        pd_clause_render(&article, &why, PD_MARKUP_PLAIN, big, PD_DOCUMENT_BYTES_MAX, tp),
        APR_SUCCESS);
}
END_TEST

#define DIGITS 200000
#define LINES  20000

/* One paragraph of a long number and of many lines that go on with it: read to the end, and in a
 * time that grows with its length, not with its square. */
START_TEST(long_paragraph)
{
    pd_article_t article;
    static const char head[] = "T\n\n1.1. ", line[] = "\n\na";
    char *source = apr_palloc(tp, sizeof(head) + DIGITS + LINES * (sizeof(line) - 1));
    char *to = source;
    memcpy(to, head, sizeof(head) - 1);
    to += sizeof(head) - 1;
    memset(to, '7', DIGITS);
    to += DIGITS;
    for (int i = 0; i < LINES; i++, to += sizeof(line) - 1) {
        memcpy(to, line, sizeof(line) - 1);
    }
    *to = '\0';
    render(&article, PD_MARKUP_PLAIN, source);
    ck_assert_int_eq(article.clauses->nelts, 1);
    const char *text = APR_ARRAY_IDX(article.clauses, 0, pd_clause_t).text;
    ck_assert_uint_eq(strlen(text), DIGITS + 2 * LINES);
    ck_assert_str_eq(text + DIGITS + 2 * LINES - 6, " a a a");
}
END_TEST

static const struct {
    pd_markup_e markup;
    const char *source, *why; /* NULL: it may be published */
} orders[] = {
    {PD_MARKUP_PLAIN, "\xef\xbb\xbfТ\n\nа\xc2\xadб\xe2\x80\x8d\n", NULL}, /* soft hyphen, joiner */
    {PD_MARKUP_PLAIN, "Т\n\nа\xe2\x80\x8b б\n",
     "line 3: a character that shows nothing, U+200B"},
    {PD_MARKUP_PLAIN, "Т\n\nа\xf3\xa0\x81\x81\n",
     "line 3: a character that shows nothing, U+E0041"},
    {PD_MARKUP_MARKDOWN, "# Т\n\nа&#x2060;\n",
     "a character reference stands for a character that shows nothing, U+2060"},
    {PD_MARKUP_PLAIN,
     "Т\r\n\r\nа \xe2\x80\xae"
     "12\xe2\x80\xac\r\n",
     "line 3: a bidirectional control character, U+202E"},
    {PD_MARKUP_PLAIN, "Т\n\nа\n\nб\xe2\x81\xa9",
     "line 5: a bidirectional control character, U+2069"},
    {PD_MARKUP_PLAIN, "Т\xe2\x80\x8e\n\nа\n", "line 1: a bidirectional control character, U+200E"},
    {PD_MARKUP_PLAIN, "Т\n\nа\xd8\x9c\n", "line 3: a bidirectional control character, U+061C"},
    {PD_MARKUP_PLAIN, "Т\n\nа &#x202E;12\n", NULL}, /* shown as it is written */
    {PD_MARKUP_MARKDOWN, "# Т\n\nа `&#x202E;12`\n", NULL},
    {PD_MARKUP_MARKDOWN, "# Т\n\nа &#x202E;12\n",
     "a character reference stands for a bidirectional control character, U+202E"},
    {PD_MARKUP_MARKDOWN, "# Т&rlm;\n\nа\n",
     "a character reference stands for a bidirectional control character, U+200F"},
    {PD_MARKUP_MARKDOWN,
     "# Т\n\n\xe2\x81\xa6"
     "1. а\n",
     "line 3: a bidirectional control character, U+2066"},
};

/* It is rendered all the same: what was published once stays readable. */
START_TEST(order_fault)
{
    pd_article_t article;
    const char *source = orders[_i].source;
    render(&article, orders[_i].markup, source);
    const char *why = pd_clause_order_fault(source, strlen(source), &article, tp);
    if (orders[_i].why == NULL) {
        ck_assert_ptr_null(why);
    }
    else {
        ck_assert_str_eq(why, orders[_i].why);
    }
}
END_TEST

START_TEST(deep_nesting)
{
    pd_article_t article;
    char *source = apr_palloc(tp, 20005);
    memcpy(source, "# T\n", 4);
    memset(source + 4, '>', 20000);
    source[20004] = '\0';
    ck_assert_ptr_nonnull(render(&article, PD_MARKUP_MARKDOWN, source));
}
END_TEST

static const struct {
    const char *source, *text;
} texts[] = {
    {"# The *Rules* & more\n\nOf a\n**clinic**.\n\n## 1. WORDS\n\n1.1. A \"guest\" & "
     "<co>.\n\nMore.\n",
     "The Rules & more\n\nOf a clinic.\n\n1. WORDS\n\n1.1. A \"guest\" & <co>.\n\nMore.\n"},
    /* numbers as published, which CommonMark would count anew */
    {"# T\n\n3. Three\n7. Seven\n\n9.4. Nine\n\n> 1. quoted\n",
     "T\n\n3. Three\n\n7. Seven\n\n9.4. Nine\n\n> 1. quoted\n"},
    {"# T\n\n1. A [b](https://c.example/?d&e), <https://f.example/>, <g@h.example>, "
     "[i](javascript:j).\n",
     "T\n\n1. A b <https://c.example/?d&e>, https://f.example/, g@h.example, i.\n"},
    {"# T\n\n- a\n- b\n  - c\n\n  d\n\n1. E\n", "T\n\n- a\n- b\n  - c\n\n  d\n\n1. E\n"},
    {"# T\n\nLine\\\nbreak\n\n```\na  <b>\n  c\n```\n\n---\n\n<p>d</p>\n\n1. `e`  f\n",
     "T\n\nLine\nbreak\n\na  <b>\n  c\n\n* * *\n\n<p>d</p>\n\n1. e f\n"},
    {"# T\n", "T\n"},
};

START_TEST(as_plain_text)
{
    pd_article_t article;
    const char *html = render(&article, PD_MARKUP_MARKDOWN, texts[_i].source);
    ck_assert_ptr_nonnull(html);
    ck_assert_str_eq(pd_clause_text(article.title, article.html, tp), texts[_i].text);
}
END_TEST

/* The text is bounded, whatever stands in what. */
START_TEST(nesting_as_plain_text)
{
    pd_buf_t html;
    pd_buf_init(&html, 1000000, tp);
    for (int i = 0; i < 3000; i++) {
        pd_buf_puts(&html, "<blockquote>\n<ul>\n<li>\n<p>a</p>\n");
    }
    const char *text = pd_clause_text("T", html.bytes, tp);
    ck_assert_uint_lt(strlen(text), 3000 * 60);
    ck_assert_str_eq(text + strlen(text) - 4, "- a\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clause");
    TCase *tc = tcase_create("clause");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, plain_text, 0, sizeof(plain) / sizeof(plain[0]));
    tcase_add_loop_test(tc, markdown_text, 0, sizeof(markdown) / sizeof(markdown[0]));
    tcase_add_test(tc, clauses);
    tcase_add_loop_test(tc, title, 0, sizeof(titles) / sizeof(titles[0]));
    tcase_add_loop_test(tc, fault, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(tc, nul_and_size);
    tcase_add_test(tc, deep_nesting);
    tcase_add_loop_test(tc, as_plain_text, 0, sizeof(texts) / sizeof(texts[0]));
    tcase_add_test(tc, nesting_as_plain_text);
    tcase_add_test(tc, long_paragraph);
    tcase_add_loop_test(tc, order_fault, 0, sizeof(orders) / sizeof(orders[0]));
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
