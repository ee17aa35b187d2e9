/* Where to write about security: a mailbox or an https page, rebuilt; nothing else. */
#include "pd_test.h"
#include "text/pd_contact.h"

static const struct {
    const char *raw, *uri; /* NULL: refused */
} cases[] = {
    {"mailto:security@example.org", "mailto:security@example.org"},
    {"MailTo:security@example.org", "mailto:security@example.org"},
    {"mailto:security@Example.ORG", "mailto:security@example.org"},
    {"mailto:security@\xd0\xba\xd0\xbb\xd0\xb8\xd0\xbd\xd0\xb8\xd0\xba\xd0\xb0.\xd1\x80\xd1\x84",
     "mailto:security@xn--80apagcdp.xn--p1ai"},
    {"https://example.org/security", "https://example.org/security"},
    {"https://example.org", "https://example.org/"},
    {"http://example.org/security", NULL}, /* could be changed on its way */
    {"mailto:", NULL},
    {"mailto:nobody", NULL},
    {"mailto:a@b@example.org", NULL},
    {"mailto:security@example.org?subject=x", NULL},
    {"mailto:a%0ab@example.org", NULL},
    {"mailto:a&b@example.org", NULL},
    {"mailto:a#b@example.org", NULL},
    {"mailto:security@example.org\nExpires: never", NULL},
    {"mailto:\xd0\xb0@example.org", NULL}, /* a mailbox that few relays carry */
    {"https://user@example.org/", NULL},
    {"https://example.org/\nExpires: never", NULL},
    {"javascript:alert(1)", NULL},
    {"security@example.org", NULL},
    {"tel:+7-000-000-00-00", NULL},
    {"", NULL},
};

START_TEST(contacts)
{
    const char *uri = pd_contact_uri(cases[_i].raw, tp);
    if (cases[_i].uri == NULL) {
        ck_assert_msg(uri == NULL, "%s gives %s", cases[_i].raw, uri);
        return;
    }
    ck_assert_ptr_nonnull(uri);
    ck_assert_str_eq(uri, cases[_i].uri);
    ck_assert_str_eq(pd_contact_uri(uri, tp), uri);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contact");
    TCase *tcase = tcase_create("contact");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tcase, contacts, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
