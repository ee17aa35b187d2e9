/* What browsers call themselves: real headers, read to a family; and what is none. */
#include "pd_test.h"
#include "text/pd_agent.h"
#include <apr_strings.h>
#include <string.h>

#define WIN    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
#define DROID  "Mozilla/5.0 (Linux; Android 14; SM-A546E) "
#define PHONE  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) "
#define MAC    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "
#define APPLE  "AppleWebKit/605.1.15 (KHTML, like Gecko) "

static const struct {
    const char *sent, *browser, *system;
} cases[] = {
    {WIN WEBKIT "Chrome/124.0.0.0 Safari/537.36", "Chrome", "Windows"},
    {WIN WEBKIT "Chrome/124.0.0.0 Safari/537.36 Edg/124.0.0.0", "Edge", "Windows"},
    {WIN WEBKIT "Chrome/122.0.0.0 YaBrowser/24.4.0.0 Safari/537.36", "Yandex Browser", "Windows"},
    {WIN WEBKIT "Chrome/123.0.0.0 Safari/537.36 OPR/109.0.0.0", "Opera", "Windows"},
    {WIN WEBKIT "Chrome/124.0.0.0 Safari/537.36 Vivaldi/6.7", "Vivaldi", "Windows"},
    {"Mozilla/5.0 (Windows NT 10.0; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox", "Windows"},
    {DROID WEBKIT "Chrome/124.0.0.0 Mobile Safari/537.36", "Chrome", "Android"},
    {DROID WEBKIT "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet",
     "Android"},
    {DROID WEBKIT "Version/4.0 Chrome/112.0.0.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.7",
     "Mi Browser", "Android"},
    {DROID WEBKIT "Chrome/114.0.0.0 HuaweiBrowser/14.0 Mobile Safari/537.36", "Huawei Browser",
     "Android"},
    {DROID WEBKIT "Chrome/124.0.0.0 Mobile Safari/537.36 EdgA/124.0.0.0", "Edge", "Android"},
    {"Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0", "Firefox", "Android"},
    {PHONE APPLE "Version/17.5 Mobile/15E148 Safari/604.1", "Safari", "iPhone"},
    {PHONE APPLE "CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1", "Chrome", "iPhone"},
    {PHONE APPLE "FxiOS/126.0 Mobile/15E148 Safari/605.1.15", "Firefox", "iPhone"},
    {PHONE APPLE "Version/17.0 EdgiOS/124.0 Mobile/15E148 Safari/605.1.15", "Edge", "iPhone"},
    {"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) " APPLE "Version/16.6 Safari/604.1", "Safari",
     "iPad"},
    {MAC APPLE "Version/17.4 Safari/605.1.15", "Safari", "Mac"},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/124.0.0.0 Safari/537.36", "Chrome",
     "ChromeOS"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Firefox", "Linux"},
    {"curl/7.88.1", "", ""},
    {"Mozilla/5.0 (compatible; Googlebot/2.1)", "", ""},
    {"Firefox", "", ""}, /* the word without its version */
    {"firefox/126.0 (windows nt 10.0)", "", ""},
    {"", "", ""},
    {NULL, "", ""},
};

START_TEST(families)
{
    pd_agent_t agent;
    pd_agent_read(&agent, cases[_i].sent);
    ck_assert_str_eq(agent.browser, cases[_i].browser);
    ck_assert_str_eq(agent.system, cases[_i].system);
}
END_TEST

/* Nothing of what was sent comes out again. */
START_TEST(only_our_own_words)
{
    pd_agent_t agent;
    char *sent = apr_pstrdup(tp, WIN "Firefox/126.0 <script>alert(1)</script>");
    pd_agent_read(&agent, sent);
    memset(sent, 'x', strlen(sent));
    ck_assert_str_eq(agent.browser, "Firefox");
    ck_assert_str_eq(agent.system, "Windows");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agent");
    TCase *tcase = tcase_create("agent");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, families, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tcase, only_our_own_words);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
