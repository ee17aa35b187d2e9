/* Lists of addresses: what is taken, what is refused, who is in. */
#include "pd_test.h"
#include <string.h>
#include "text/pd_network.h"

static const struct {
    const char *list, *wrong; /* the word refused; NULL: the list is good */
} lists[] = {{"127.0.0.1", NULL},
             {" 127.0.0.1  ::1 ", NULL},
             {"10.0.0.0/8 2001:db8::/32", NULL},
             {"10.0.0.0/255.0.0.0", NULL},
             {"none", NULL},
             {"", ""},
             {"  ", ""},
             {"none ::1", "none"},
             {"::1 none", "none"},
             {"localhost", "localhost"},
             {"127.0.0.1 10.1", "10.1"},
             {"10.0.0.0/", "10.0.0.0/"},
             {"10.0.0.0/33", "10.0.0.0/33"},
             {"10.0.0.0/8/8", "10.0.0.0/8/8"},
             {"256.0.0.1", "256.0.0.1"},
             {"::1,::2", "::1,::2"}};

START_TEST(lists_are_taken_or_refused)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        apr_array_header_t *networks;
        const char *wrong = NULL;
        apr_status_t status = pd_network_parse(&networks, &wrong, lists[i].list, tp);
        ck_assert_msg(status == (lists[i].wrong ? APR_EINVAL : APR_SUCCESS), "%s", lists[i].list);
        ck_assert_msg(!lists[i].wrong || !strcmp(wrong, lists[i].wrong), "%s: %s", lists[i].list,
                      wrong);
    }
}
END_TEST

static const struct {
    const char *list, *address;
    int in;
} members[] = {{"127.0.0.1 ::1", "127.0.0.1", 1},
               {"127.0.0.1 ::1", "127.0.0.2", 0},
               {"127.0.0.1 ::1", "::1", 1},
               {"127.0.0.1 ::1", "::2", 0},
               {"127.0.0.1", "::ffff:127.0.0.1", 1},
               {"10.0.0.0/8", "10.255.0.1", 1},
               {"10.0.0.0/8", "11.0.0.1", 0},
               {"2001:db8::/32", "2001:db8:1::5", 1},
               {"2001:db8::/32", "2001:db9::5", 0},
               {"203.0.113.7/32", "203.0.113.7", 1},
               {"none", "127.0.0.1", 0}};

START_TEST(addresses_are_in_or_out)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        apr_array_header_t *networks;
        apr_sockaddr_t *address;
        const char *wrong;
        ck_assert_int_eq(pd_network_parse(&networks, &wrong, members[i].list, tp), APR_SUCCESS);
        ck_assert_int_eq(apr_sockaddr_info_get(&address, members[i].address, APR_UNSPEC, 80, 0, tp),
                         APR_SUCCESS);
        ck_assert_msg(pd_network_holds(networks, address) == members[i].in, "%s in %s",
                      members[i].address, members[i].list);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text/network");
    TCase *tcase = tcase_create("network");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_test(tcase, lists_are_taken_or_refused);
    tcase_add_test(tcase, addresses_are_in_or_out);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
