/* Accept-Language. */
#include "pd_test.h"
#include "text/pd_language.h"
#include <string.h>

static const char *const offered[] = {"ru", "en", "pt-BR", NULL};

static const struct {
    const char *header, *chosen;
} cases[] = {
    {NULL, "ru"},
    {"", "ru"},
    {"en", "en"},
    {"EN", "en"},
    {"ru-RU,ru;q=0.9,en;q=0.8", "ru"},
    {"en-US,en;q=0.9,ru;q=0.8", "en"},
    {"en-GB", "en"},
    {"de,fr;q=0.9", "ru"},
    {"de, en;q=0.1", "en"},
    {"*", "ru"},
    {"*;q=0.5, ru;q=0", "en"},
    {"en;q=0", "ru"},
    {"ru;q=0,en;q=0", "ru"},
    {"ru;q=0.5, en;q=0.51", "en"},
    {"ru;q=0.001, en;q=1.000", "en"},
    {"en, ru", "en"},
    {"ru, en", "ru"},
    {"pt", "pt-BR"},
    {"pt-BR", "pt-BR"},
    {"pt-br;q=0.2, pt;q=0.9", "pt-BR"},
    {"pt-PT", "ru"},
    {"en-US;q=0, en", "en"},
    {"en ; q=0.4 ,\tru;Q=0.3", "en"},
    {" , ,en,", "en"},
    {"e", "ru"},
    /* malformed anywhere: nothing of it is believed */
    {"en;q=1.5", "ru"},
    {"en;q=0.1234", "ru"},
    {"en;q=1.001", "ru"},
    {"en;q=", "ru"},
    {"en;x=1", "ru"},
    {"en;q=1;x", "ru"},
    {"en_US", "ru"},
    {"en ru", "ru"},
    {"en-", "ru"},
    {"toolonglang,en", "ru"},
    {"en,\xd1\x80", "ru"},
    {"en,**", "ru"},
};

START_TEST(choose)
{
    const char *chosen = pd_language_choose(cases[_i].header, offered);
    ck_assert_msg(strcmp(chosen, cases[_i].chosen) == 0, "%s: %s", cases[_i].header, chosen);
}
END_TEST

START_TEST(is_offered)
{
    ck_assert(pd_language_offered("en", offered));
    ck_assert(!pd_language_offered("EN", offered));
    ck_assert(!pd_language_offered("e", offered));
    ck_assert(!pd_language_offered("", offered));
    ck_assert(!pd_language_offered(NULL, offered));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("language");
    TCase *tc = tcase_create("language");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, choose, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tc, is_offered);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
