/* Return targets, base URLs, percent-encoding. */
#include "pd_test.h"
#include "text/pd_url.h"
#include <string.h>
#include <apr_strings.h>

static const struct {
    const char *raw, *target; /* NULL: refused */
} targets[] = {
    {"/", "/"},
    {"/cabinet/", "/cabinet/"},
    {"/cabinet/a%20b?x=1&y=%D0%B0", "/cabinet/a%20b?x=1&y=%D0%B0"},
    {"/portal/account/", "/portal/account/"},
    {"/%D0%BF%D1%80/", "/%D0%BF%D1%80/"},
    {"/a..b/.well-known/c...", "/a..b/.well-known/c..."},
    {"/a?", "/a?"},
    {"/a?next=/b/../c//d", "/a?next=/b/../c//d"},
    {"/a?next=%2Fb%2Fc&q=100%25", "/a?next=%2Fb%2Fc&q=100%25"},
    {"/a?x[0]=1|2", "/a?x%5B0%5D=1%7C2"},
    {"/user@clinic:1;v=2,3!$&'()*+=~", "/user@clinic:1;v=2,3!$&'()*+=~"},
    {"/100%25/", "/100%25/"},
    /* refused: not a path of ours */
    {NULL, NULL},
    {"", NULL},
    {"cabinet/", NULL},
    {" /", NULL},
    {"?x=1", NULL},
    {"https://clinic.example/", NULL},
    {"HTTPS:clinic.example", NULL},
    {"javascript:alert(1)", NULL},
    {"data:text/html,x", NULL},
    {"//evil.example", NULL},
    {"///evil.example/a", NULL},
    {"/\\evil.example", NULL},
    {"\\/evil.example", NULL},
    {"\\\\evil.example", NULL},
    {"/a//evil.example", NULL},
    {"/a\\b", NULL},
    /* refused: such a thing in disguise */
    {"/%2Fevil.example", NULL},
    {"/%2fevil.example", NULL},
    {"/%5Cevil.example", NULL},
    {"%2F%2Fevil.example", NULL},
    {"/%252Fevil.example", NULL},
    {"/%255cevil.example", NULL},
    {"/%25252525252Fevil.example", NULL},
    {"/%25%32%46evil.example", NULL},
    {"/a%2Fb", NULL},
    {"/a/%2e%2e//evil.example", NULL},
    {"/%C0%AFevil.example", NULL},
    {"/%25C0%25AFevil.example", NULL},
    /* refused: dot segments */
    {"/..", NULL},
    {"/.", NULL},
    {"/a/../b", NULL},
    {"/a/./b", NULL},
    {"/%2e%2E/b", NULL},
    {"/.%2e/b", NULL},
    {"/%252e%252e/b", NULL},
    {"/a/..;x=1/b", NULL},
    {"/a/.;/b", NULL},
    {"/a/..%3b/b", NULL},
    /* refused: controls, white space, line ends */
    {"/a b", NULL},
    {"/\tevil", NULL},
    {"/a\r\nSet-Cookie: x", NULL},
    {"/%09/evil.example", NULL},
    {"/%0d%0aSet-Cookie:x", NULL},
    {"/%250d%250ax", NULL},
    {"/a?x=%0A", NULL},
    {"/a?x=%250A", NULL},
    {"/a%00", NULL},
    {"/a%2500", NULL},
    {"/a%7F", NULL},
    {"/a%C2%85b", NULL},
    /* refused: form */
    {"/a#b", NULL},
    {"/a?x#b", NULL},
    {"/а", NULL},
    {"/a?x=а", NULL},
    {"/a%", NULL},
    {"/a%2", NULL},
    {"/a%zz", NULL},
    {"/a?x=%G0", NULL},
    {"/<script>", NULL},
    {"/a\"b", NULL},
    {"/a[b]", NULL},
    {"/a%FF", NULL},
};

START_TEST(target)
{
    const char *found = pd_url_target(targets[_i].raw, tp);
    ck_assert_pstr_eq(found, targets[_i].target);
    if (found != NULL) {
        ck_assert_pstr_eq(pd_url_target(found, tp), found);
    }
}
END_TEST

START_TEST(target_length)
{
    char *raw = apr_palloc(tp, PD_TARGET_BYTES_MAX + 2);
    memset(raw, 'a', PD_TARGET_BYTES_MAX + 1);
    raw[0] = '/';
    raw[PD_TARGET_BYTES_MAX] = '\0';
    ck_assert_ptr_nonnull(pd_url_target(raw, tp));
    raw[PD_TARGET_BYTES_MAX] = 'a';
    raw[PD_TARGET_BYTES_MAX + 1] = '\0';
    ck_assert_ptr_null(pd_url_target(raw, tp));
    /* Encoding must not carry it over the limit either. */
    raw[PD_TARGET_BYTES_MAX] = '\0';
    raw[1] = '?';
    raw[2] = '[';
    ck_assert_ptr_null(pd_url_target(raw, tp));
}
END_TEST

static const struct {
    const char *raw, *base;
    int secure;
} bases[] = {
    {"https://www.clinic.example", "https://www.clinic.example", 1},
    {"http://127.0.0.1:8080", "http://127.0.0.1:8080", 0},
    {"http://localhost:80", "http://localhost", 0},
    {"https://clinic.example:443", "https://clinic.example", 1},
    {"https://clinic.example:80", "https://clinic.example:80", 1},
    {"HTTPS://Clinic.Example", "https://clinic.example", 1},
    {"http://[::1]:8080", "http://[::1]:8080", 0},
    {"https://[2001:DB8::0:1]", "https://[2001:db8::1]", 1},
    {"https://клиника.рф", "https://xn--80apagcdp.xn--p1ai", 1},
    {NULL, NULL, 0},
    {"", NULL, 0},
    {"https://", NULL, 0},
    {"https://clinic.example/", NULL, 0},
    {"https://clinic.example?x", NULL, 0},
    {"https://clinic.example#x", NULL, 0},
    {"https://user@clinic.example", NULL, 0},
    {"https://user:pw@clinic.example", NULL, 0},
    {"https://clinic.example:", NULL, 0},
    {"https://clinic.example:0", NULL, 0},
    {"https://clinic.example:65536", NULL, 0},
    {"https://clinic.example:08", NULL, 0},
    {"https://clinic.example:8o", NULL, 0},
    {"https://[::1", NULL, 0},
    {"https://[::1]x", NULL, 0},
    {"https://[::1]x:80", NULL, 0},
    {"https://::1", NULL, 0},
    {"https://1.2.3", NULL, 0},
    {"https://a_b.example", NULL, 0},
    {"https://-a.example", NULL, 0},
    {"https://a..example", NULL, 0},
    {"ftp://clinic.example", NULL, 0},
    {"//clinic.example", NULL, 0},
    {" https://clinic.example", NULL, 0},
};

START_TEST(base)
{
    int secure = -1;
    ck_assert_pstr_eq(pd_url_base(&secure, bases[_i].raw, tp), bases[_i].base);
    ck_assert_int_eq(secure, bases[_i].secure);
}
END_TEST

START_TEST(encode)
{
    ck_assert_str_eq(pd_url_encode("aZ09-._~", tp), "aZ09-._~");
    ck_assert_str_eq(pd_url_encode("/a b?c&d=е+%", tp), "%2Fa%20b%3Fc%26d%3D%D0%B5%2B%25");
    ck_assert_str_eq(pd_url_encode("", tp), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("url");
    TCase *tc = tcase_create("url");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_loop_test(tc, target, 0, sizeof(targets) / sizeof(targets[0]));
    tcase_add_test(tc, target_length);
    tcase_add_loop_test(tc, base, 0, sizeof(bases) / sizeof(bases[0]));
    tcase_add_test(tc, encode);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
