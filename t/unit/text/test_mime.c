/* Messages: header fields, folding, encodings, refusals. */
#include "pd_test.h"
#include "base/pd_status.h"
#include "text/pd_mime.h"
#include <string.h>
#include <apr_strings.h>

/* 2026-11-22 18:05:00 UTC. */
#define SUNDAY apr_time_from_sec(1795370700)

static pd_mime_t sample(void)
{
    pd_mime_t mail = {.from = "portal@clinic.example",
                      .from_name = "",
                      .to = "anna@example.org",
                      .subject = "A letter",
                      .message_id = "0192.1@clinic.example",
                      .language = "en",
                      .body = "Hello,\n\n-- \nportal\n",
                      .date = SUNDAY};
    return mail;
}

static const char *written(const pd_mime_t *mail)
{
    const char *message;
    apr_size_t length;
    ck_assert_int_eq(pd_mime_write(&message, &length, mail, tp), APR_SUCCESS);
    ck_assert_uint_eq(strlen(message), length);
    return message;
}

START_TEST(whole_message)
{
    pd_mime_t mail = sample();
    ck_assert_str_eq(written(&mail), "Date: Sun, 22 Nov 2026 18:05:00 +0000\r\n"
                                     "From: portal@clinic.example\r\n"
                                     "To: anna@example.org\r\n"
                                     "Subject: A letter\r\n"
                                     "Message-ID: <0192.1@clinic.example>\r\n"
                                     "MIME-Version: 1.0\r\n"
                                     "Content-Type: text/plain; charset=utf-8\r\n"
                                     "Content-Transfer-Encoding: 7bit\r\n"
                                     "Content-Language: en\r\n"
                                     "Auto-Submitted: auto-generated\r\n"
                                     "\r\n"
                                     "Hello,\r\n\r\n-- \r\nportal\r\n");
}
END_TEST

/* What ends such letters by one POST (RFC 8058); an address that could end the field is refused. */
START_TEST(unsubscribe)
{
    pd_mime_t mail = sample();
    const char *message;
    apr_size_t length;
    static const char *const bad[] = {"",
                                      "https://a.example/>",
                                      "https://a.example/ b",
                                      "https://a.example/\r\nX: y",
                                      "https://a.example/,",
                                      "https://a.example/\xd0\x9d"};
    ck_assert_ptr_eq(strstr(written(&mail), "Unsubscribe"), NULL);
    mail.unsubscribe = "https://clinic.example/portal/unsubscribe?t=1.1.abc";
    ck_assert_ptr_nonnull(
        strstr(written(&mail),
               "\r\nList-Unsubscribe: <https://clinic.example/portal/unsubscribe?t=1.1.abc>\r\n"
               "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        mail.unsubscribe = bad[i];
        ck_assert_int_eq(pd_mime_write(&message, &length, &mail, tp), PD_ETEXT);
    }
}
END_TEST

static const struct {
    const char *name, *subject, *expected; /* from "From:" to the end of the subject */
} headers[] = {
    {"Clinic", "Your code",
     "From: \"Clinic\"\r\n <portal@clinic.example>\r\nTo: anna@example.org\r\nSubject: Your "
     "code\r\n"},
    {"A \"B\" \\C", "=?odd?=",
     "From: \"A \\\"B\\\" \\\\C\"\r\n <portal@clinic.example>\r\nTo: anna@example.org\r\n"
     "Subject: =?UTF-8?B?PT9vZGQ/PQ==?=\r\n"},
    {"Ромашка", "Код",
     "From: =?UTF-8?B?0KDQvtC80LDRiNC60LA=?=\r\n <portal@clinic.example>\r\nTo: "
     "anna@example.org\r\n"
     "Subject: =?UTF-8?B?0JrQvtC0?=\r\n"},
    {"", "Подтвердите, пожалуйста, адрес: без этого кабинет не откроется",
     "From: portal@clinic.example\r\nTo: anna@example.org\r\n"
     "Subject: =?UTF-8?B?0J/QvtC00YLQstC10YDQtNC40YLQtSwg0L/QvtC20LDQu9GD0Lk=?=\r\n"
     " =?UTF-8?B?0YHRgtCwLCDQsNC00YDQtdGBOiDQsdC10Lcg0Y3RgtC+0LPQviDQutCw0LE=?=\r\n"
     " =?UTF-8?B?0LjQvdC10YIg0L3QtSDQvtGC0LrRgNC+0LXRgtGB0Y8=?=\r\n"},
    {"", "", "From: portal@clinic.example\r\nTo: anna@example.org\r\nSubject: \r\n"},
    {"", " x",
     "From: portal@clinic.example\r\nTo: anna@example.org\r\nSubject: =?UTF-8?B?IHg=?=\r\n"},
};

START_TEST(header)
{
    pd_mime_t mail = sample();
    mail.from_name = headers[_i].name;
    mail.subject = headers[_i].subject;
    const char *from = strstr(written(&mail), "From:");
    apr_size_t length = (apr_size_t)(strstr(from, "Message-ID:") - from);
    ck_assert_str_eq(apr_pstrmemdup(tp, from, length), headers[_i].expected);
}
END_TEST

static const struct {
    const char *body, *encoding, *expected;
} bodies[] = {
    {"", "7bit", ""},
    {"x", "7bit", "x\r\n"},
    {"Здравствуйте!\nКод: 7\n", "base64",
     "0JfQtNGA0LDQstGB0YLQstGD0LnRgtC1IQ0K0JrQvtC0OiA3DQo=\r\n"},
    {"Caf\xc3\xa9 opens = at nine \nend\t\n", "quoted-printable",
     "Caf=C3=A9 opens =3D at nine=20\r\nend=09\r\n"},
    {"a\rb c d e f", "quoted-printable", "a=0Db c d e f\r\n"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh",
     "quoted-printable",
     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhh=\r\nhhhhh\r\n"},
};

START_TEST(body)
{
    pd_mime_t mail = sample();
    mail.body = bodies[_i].body;
    const char *message = written(&mail);
    const char *line =
        apr_pstrcat(tp, "Content-Transfer-Encoding: ", bodies[_i].encoding, "\r\n", NULL);
    ck_assert_ptr_nonnull(strstr(message, line));
    ck_assert_str_eq(strstr(message, "\r\n\r\n") + 4, bodies[_i].expected);
}
END_TEST

START_TEST(lines_stay_short)
{
    pd_mime_t mail = sample();
    mail.subject = "ж";
    for (int i = 0; i < 7; i++) {
        mail.subject = apr_pstrcat(tp, mail.subject, "a", mail.subject, NULL);
    }
    mail.from_name = mail.subject;
    mail.body = apr_pstrcat(tp, mail.subject, "\n", mail.subject, NULL);
    for (const char *at = written(&mail); *at;) {
        apr_size_t length = strcspn(at, "\r");
        ck_assert_msg(length <= 76, "%.80s", at);
        ck_assert_int_eq(at[length + 1], '\n');
        at += length + 2;
    }
}
END_TEST

enum { FROM, NAME, TO, SUBJECT, ID, LANGUAGE, BODY };

static const struct {
    int member;
    const char *value;
} bad[] = {
    {FROM, ""},
    {FROM, "portal"},
    {FROM, "a@b@c.example"},
    {TO, "anna@example.org\r\nBcc: all@example.org"},
    {TO, "anna@example.org>"},
    {TO, "anna @example.org"},
    {TO, "anna@example.org, b@example.org"},
    {TO, "анна@example.org"},
    {NAME, "Clinic\r\nBcc: all@example.org"},
    {NAME, "Clinic\xff"},
    {SUBJECT, "Code\nX: y"},
    {SUBJECT, "Code\rX"},
    {SUBJECT, "Code\x01"},
    {SUBJECT, "Code\xc2\x85X"},
    {ID, "a b@clinic.example"},
    {ID, "<1@clinic.example>"},
    {LANGUAGE, ""},
    {LANGUAGE, "en\r\nX: y"},
    {LANGUAGE, "русский"},
    {BODY, "\xff"},
};

START_TEST(refused)
{
    pd_mime_t mail = sample();
    const char **members[] = {&mail.from,       &mail.from_name, &mail.to,  &mail.subject,
                              &mail.message_id, &mail.language,  &mail.body};
    const char *message = NULL;
    apr_size_t length;
    *members[bad[_i].member] = bad[_i].value;
    ck_assert_int_eq(pd_mime_write(&message, &length, &mail, tp), PD_ETEXT);
    ck_assert_ptr_null(message);
}
END_TEST

START_TEST(too_big)
{
    pd_mime_t mail = sample();
    const char *message;
    apr_size_t length;
    char *huge = apr_palloc(tp, 2 * 1024 * 1024);
    memset(huge, 'a', 2 * 1024 * 1024 - 1);
    huge[2 * 1024 * 1024 - 1] = '\0';
    mail.body = huge;
    ck_assert_int_eq(pd_mime_write(&message, &length, &mail, tp), PD_ELIMIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mime");
    TCase *tc = tcase_create("mime");
    tcase_add_checked_fixture(tc, pd_test_setup, pd_test_teardown);
    tcase_add_test(tc, whole_message);
    tcase_add_test(tc, unsubscribe);
    tcase_add_loop_test(tc, header, 0, sizeof(headers) / sizeof(headers[0]));
    tcase_add_loop_test(tc, body, 0, sizeof(bodies) / sizeof(bodies[0]));
    tcase_add_test(tc, lines_stay_short);
    tcase_add_loop_test(tc, refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, too_big);
    suite_add_tcase(suite, tc);
    return pd_test_main(suite);
}
