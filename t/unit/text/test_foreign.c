/* Addresses of other sites: what is shown is what is pressed, and what looks like something else is
 * refused. */
#include "pd_test.h"
#include <string.h>
#include "text/pd_foreign.h"

static const struct {
    const char *raw, *url, *host, *shown, *path;
    unsigned port;
    int secure;
} good[] = {
    {"https://example.com", "https://example.com/", "example.com", "example.com", "/", 0, 1},
    {"http://example.com/", "http://example.com/", "example.com", "example.com", "/", 0, 0},
    {"HTTPS://EXAMPLE.com:443/A?b=C#d", "https://example.com/A?b=C#d", "example.com", "example.com",
     "/A?b=C#d", 0, 1},
    {"https://example.com:8443/x", "https://example.com:8443/x", "example.com", "example.com", "/x",
     8443, 1},
    {"https://example.com?q=1", "https://example.com/?q=1", "example.com", "example.com", "/?q=1",
     0, 1},
    {"https://example.com#top", "https://example.com/#top", "example.com", "example.com", "/#top",
     0, 1},
    /* Behind the host an "@" or "//" is harmless. */
    {"https://example.com/@user//x", "https://example.com/@user//x", "example.com", "example.com",
     "/@user//x", 0, 1},
    {"https://example.com/?to=https://other.example/",
     "https://example.com/?to=https://other.example/", "example.com", "example.com",
     "/?to=https://other.example/", 0, 1},
    {"https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C",
     "xn--e1afmkfd.xn--p1ai", "пример.рф", "/%D0%BF%D1%83%D1%82%D1%8C", 0, 1},
    /* The Cyrillic look-alike of apple.com: both forms tell. */
    {"https://xn--80ak6aa92e.com/", "https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com",
     "аррӏе.com", "/", 0, 1},
    {"http://192.0.2.1:8080/", "http://192.0.2.1:8080/", "192.0.2.1", "192.0.2.1", "/", 8080, 0},
    {"http://[2001:DB8::1]/", "http://[2001:db8::1]/", "[2001:db8::1]", "[2001:db8::1]", "/", 0, 0},
    {"https://example.com/%41%0d%0aX", "https://example.com/%41%0d%0aX", "example.com",
     "example.com", "/%41%0d%0aX", 0, 1},
};

START_TEST(test_good)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        pd_foreign_t found;
        ck_assert_msg(pd_foreign_parse(&found, good[i].raw, tp), "%s", good[i].raw);
        ck_assert_str_eq(found.url, good[i].url);
        ck_assert_str_eq(found.host, good[i].host);
        ck_assert_str_eq(found.shown, good[i].shown);
        ck_assert_str_eq(found.path, good[i].path);
        ck_assert_uint_eq(found.port, good[i].port);
        ck_assert_int_eq(found.secure, good[i].secure);
        /* What came out is read the same again. */
        pd_foreign_t again;
        ck_assert_msg(pd_foreign_parse(&again, found.url, tp), "%s", found.url);
        ck_assert_str_eq(again.url, found.url);
    }
}
END_TEST

static const char *const bad[] = {
    NULL,
    "",
    "/",
    "//example.com/",
    "///example.com",
    "example.com",
    "https:",
    "https:/example.com",
    "https:example.com",
    "https://",
    "https:///",
    "https://?x",
    "javascript:alert(1)",
    "JavaScript://example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data://example.com/",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.com/",
    "mailto:a@example.com",
    "view-source:https://example.com/",
    "https+x://example.com/",
    " https://example.com/",
    "\thttps://example.com/",
    "https://example.com/ x",
    "https://exa mple.com/",
    "https://example.com/\r\nSet-Cookie: x=1",
    "ht\ntps://example.com/",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://www.example.org@evil.example/",
    "https://www.example.org%40evil.example/",
    "https://@example.com/",
    "https://example.com\\@evil.example/",
    "https://example.com\\evil",
    "https:\\\\example.com\\",
    "https://example.com/\\evil",
    "https://example.com:/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:80:80/",
    "https://example.com:x/",
    "https://.example.com/",
    "https://example..com/",
    "https://example.com./",
    "https://-example.com/",
    "https://exa_mple.com/",
    "https://1/",
    "https://0x7f000001/",
    "https://127.1/",
    "https://2130706433/",
    "https://[::1/",
    "https://::1/",
    "https://[::g]/",
    "https://[fe80::1%25eth0]/",
    "https://xn--/",
    "https://xn--a/",
    "https://example.com/<script>",
    "https://example.com/\"onmouseover=x",
    "https://example.com/`x`",
    "https://example.com/%",
    "https://example.com/%4",
    "https://example.com/%zz",
    "https://example.com/\xff",
    "https://example.com/\xc0\xaf",
    "https://example.com/\xe2\x80\xae"
    "moc.live",                         /* right-to-left override */
    "https://example.com/\xe2\x80\x8b", /* zero width space */
    "https://example.com/\xc2\xad",     /* soft hyphen */
    "https://example.com/\xef\xbb\xbf", /* byte order mark */
    "https://example.com/\xc2\x85",     /* a control character of C1 */
    "https://example.com/\x7f",
    "\xef\xbb\xbfhttps://example.com/",
};

START_TEST(test_bad)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pd_foreign_t found;
        ck_assert_msg(!pd_foreign_parse(&found, bad[i], tp), "%s", bad[i] ? bad[i] : "NULL");
    }
}
END_TEST

START_TEST(test_length)
{
    pd_foreign_t found;
    char text[PD_FOREIGN_BYTES_MAX + 2];
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://example.com/", 20);
    text[PD_FOREIGN_BYTES_MAX] = '\0';
    ck_assert_int_eq(pd_foreign_parse(&found, text, tp), 1);
    text[PD_FOREIGN_BYTES_MAX] = 'a';
    text[PD_FOREIGN_BYTES_MAX + 1] = '\0';
    ck_assert_int_eq(pd_foreign_parse(&found, text, tp), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text/foreign");
    TCase *tcase = tcase_create("foreign");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_add_test(tcase, test_good);
    tcase_add_test(tcase, test_bad);
    tcase_add_test(tcase, test_length);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
