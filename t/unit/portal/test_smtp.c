/* SMTP: what a try comes to. PD_TEST_SMTP=host:port names a running t/tools/smtp-server; without it
 * the dialogues are skipped, and said so. PD_TEST_SMTP_TLS=host:port its port that demands
 * STARTTLS, with PD_TEST_SMTP_CA the certificate's file. */
#include "pd_test.h"

#include "portal/pd_outbox.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE "From: <portal@example.org>\r\nSubject: x\r\n\r\n.dot\r\nWords\r\n"

static pd_settings_t *settings_for(const char *scheme, const char *address)
{
    pd_settings_t *settings = pd_settings_new(tp);
    settings->mail_relay = apr_pstrcat(tp, scheme, address, NULL);
    settings->mail_from = "portal@example.org";
    settings->base_url = "https://www.example.org";
    pd_settings_complete(settings, tp);
    settings->mail_timeout = apr_time_from_msec(1500);
    return settings;
}

static pd_mail_result_t deliver(const pd_settings_t *settings, const char *recipient)
{
    pd_mail_result_t result;
    ck_assert(pd_transport(settings) == pd_smtp_deliver);
    pd_smtp_deliver(&result, settings, recipient, "1@www.example.org", MESSAGE, strlen(MESSAGE),
                    tp);
    ck_assert_ptr_nonnull(result.reason);
    ck_assert_ptr_null(strchr(result.reason, '@'));
    return result;
}

static const char *server(const char *variable)
{
    const char *address = getenv(variable);
    if (!address || !*address) {
        printf("# SKIP %s is not set: no mail server to talk to\n", variable);
        return NULL;
    }
    return address;
}

static const struct {
    const char *name;
    pd_mail_e outcome;
    long reply;
} dialogues[] = {
    {"accept", PD_MAIL_ACCEPTED, 250},    {"defer", PD_MAIL_DEFERRED, 451},
    {"refuse", PD_MAIL_REFUSED, 550},     {"datarefuse", PD_MAIL_REFUSED, 554},
    {"datadefer", PD_MAIL_DEFERRED, 452}, {"hang", PD_MAIL_UNREACHABLE, 250},
    {"datahang", PD_MAIL_UNKNOWN, 354},   {"cut", PD_MAIL_UNREACHABLE, 250},
    {"datacut", PD_MAIL_UNKNOWN, 354},
};

START_TEST(outcome_follows_the_reply)
{
    const char *address = server("PD_TEST_SMTP");
    if (!address) {
        return;
    }
    const char *recipient = apr_pstrcat(tp, dialogues[_i].name, "@example.org", NULL);
    pd_mail_result_t result = deliver(settings_for("smtp://", address), recipient);
    ck_assert_msg(
        result.outcome == dialogues[_i].outcome && result.reply_code == dialogues[_i].reply,
        "%s: outcome %d, reply %ld", dialogues[_i].name, result.outcome, result.reply_code);
}
END_TEST

static const char *const hostile[] = {
    "a@example.org>\r\nRCPT TO:<b@example.org",
    "a@example.org\n",
    "a b@example.org",
    "a@example.org>",
    "<a@example.org",
    "a\x7f@example.org",
    "",
};

START_TEST(hostile_address_is_refused_before_the_network)
{
    /* Were it tried, the outcome would be UNREACHABLE. */
    pd_mail_result_t result = deliver(settings_for("smtp://", "127.0.0.1:1"), hostile[_i]);
    ck_assert_int_eq(result.outcome, PD_MAIL_REFUSED);
    ck_assert_int_eq(result.reply_code, 0);
}
END_TEST

START_TEST(relay_that_is_away_is_unreachable)
{
    pd_mail_result_t result = deliver(settings_for("smtp://", "127.0.0.1:1"), "a@example.org");
    ck_assert_int_eq(result.outcome, PD_MAIL_UNREACHABLE);
    ck_assert_int_eq(result.reply_code, 0);
}
END_TEST

/* A server that answers each command by a line, for refusals that t/tools/smtp-server has not. */
typedef struct script_t {
    const char *name, *greeting, *recipient, *data, *end;
    pd_mail_e outcome;
    long reply;
} script_t;

#define HELLO "220 here"
static const script_t scripts[] = {
    {"greeting", "554 no service for you", "", "", "", PD_MAIL_UNREACHABLE, 554},
    {"client rejected late", HELLO, "554 5.7.1 <unknown>: Client host rejected", "", "",
     PD_MAIL_UNREACHABLE, 554},
    {"no relaying", HELLO, "550 5.7.1 Unable to relay", "", "", PD_MAIL_UNREACHABLE, 550},
    {"no relaying, in lines", HELLO, "550-5.7.1 Unable\r\n550 5.7.1 to relay", "", "",
     PD_MAIL_UNREACHABLE, 550},
    {"sender rejected", HELLO, "553 sender rejected", "", "", PD_MAIL_UNREACHABLE, 553},
    {"sender's domain", HELLO, "550 5.1.8 Sender address rejected", "", "", PD_MAIL_UNREACHABLE,
     550},
    {"our name", HELLO, "504 5.5.2 Helo command rejected", "", "", PD_MAIL_UNREACHABLE, 504},
    {"no reason", HELLO, "554 rejected", "", "", PD_MAIL_UNREACHABLE, 554},
    {"login wanted", HELLO, "530 5.7.0 Authentication required", "", "", PD_MAIL_UNREACHABLE, 530},
    {"no mailbox", HELLO, "550 5.1.1 no such user", "", "", PD_MAIL_REFUSED, 550},
    {"no mailbox, 553", HELLO, "553 5.1.3 bad address", "", "", PD_MAIL_REFUSED, 553},
    {"no mailbox, 554", HELLO, "554 5.1.10 null MX", "", "", PD_MAIL_REFUSED, 554},
    {"no mailbox, bare", HELLO, "550 no such user", "", "", PD_MAIL_REFUSED, 550},
    {"moved", HELLO, "551 5.7 is no status", "", "", PD_MAIL_REFUSED, 551},
    {"full", HELLO, "552 5.2.2 mailbox full", "", "", PD_MAIL_REFUSED, 552},
    {"busy", HELLO, "450 4.7.1 greylisted", "", "", PD_MAIL_DEFERRED, 450},
    {"DATA refused", HELLO, "250 2.1.5 ok", "554 5.7.1 Client host rejected", "",
     PD_MAIL_UNREACHABLE, 554},
    {"text refused", HELLO, "250 2.1.5 ok", "354 go on", "554 5.7.1 looks like spam",
     PD_MAIL_REFUSED, 554},
    {"accepted", HELLO, "250 2.1.5 ok", "354 go on", "250 2.0.0 taken", PD_MAIL_ACCEPTED, 250},
};

typedef struct scripted_t {
    int listener;
    const script_t *script;
    int client_flags; /* of our end of the connection, while we talk; -1: not found */
} scripted_t;

static void answer_commands(FILE *in, FILE *out, const script_t *script)
{
    char line[1000];
    int in_message = 0;
    fprintf(out, "%s\r\n", script->greeting);
    while (!fflush(out) && fgets(line, sizeof line, in)) {
        const char *reply = "250 2.0.0 ok";
        if (in_message && strcmp(line, ".\r\n")) {
            continue;
        }
        if (in_message) {
            reply = script->end;
            in_message = 0;
        }
        else if (!strncmp(line, "RCPT", 4)) {
            reply = script->recipient;
        }
        else if (!strncmp(line, "DATA", 4)) {
            reply = script->data;
            in_message = *reply == '3';
        }
        else if (!strncmp(line, "QUIT", 4)) {
            reply = "550 5.1.1 is no answer to anything";
        }
        fprintf(out, "%s\r\n", reply);
    }
}

/* The descriptor flags of the other end of a connection, which lies in this process, too. */
static int flags_of_peer(int fd)
{
    struct sockaddr_in peer, name;
    socklen_t length = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &length)) {
        return -1;
    }
    for (int other = 0; other < 1000; other++) {
        length = sizeof name;
        if (!getsockname(other, (struct sockaddr *)&name, &length) && name.sin_family == AF_INET &&
            name.sin_port == peer.sin_port) {
            return fcntl(other, F_GETFD);
        }
    }
    return -1;
}

static void *serve_script(void *baton)
{
    scripted_t *scripted = baton;
    int fd = accept(scripted->listener, NULL, NULL);
    scripted->client_flags = flags_of_peer(fd);
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    answer_commands(in, out, scripted->script);
    fclose(in);
    fclose(out);
    return NULL;
}

static pd_mail_result_t deliver_scripted(scripted_t *scripted)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t length = sizeof name;
    pthread_t thread;
    scripted->listener = socket(AF_INET, SOCK_STREAM, 0);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(scripted->listener, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(scripted->listener, 1), 0);
    ck_assert_int_eq(getsockname(scripted->listener, (struct sockaddr *)&name, &length), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_script, scripted), 0);
    const char *address = apr_psprintf(tp, "127.0.0.1:%d", ntohs(name.sin_port));
    pd_mail_result_t result = deliver(settings_for("smtp://", address), "a@example.org");
    pthread_join(thread, NULL);
    close(scripted->listener);
    return result;
}

START_TEST(refusal_of_ourselves_condemns_no_letter)
{
    scripted_t scripted = {.script = &scripts[_i]};
    pd_mail_result_t result = deliver_scripted(&scripted);
    ck_assert_msg(result.outcome == scripts[_i].outcome && result.reply_code == scripts[_i].reply,
                  "%s: outcome %d, reply %ld", scripts[_i].name, result.outcome, result.reply_code);
}
END_TEST

START_TEST(connection_is_not_inherited_by_other_programs)
{
    scripted_t scripted = {.script = &scripts[0]};
    deliver_scripted(&scripted);
    ck_assert_int_eq(scripted.client_flags, FD_CLOEXEC);
}
END_TEST

START_TEST(tls_that_is_demanded_is_never_left_out)
{
    const char *address = server("PD_TEST_SMTP");
    if (!address) {
        return;
    }
    pd_settings_t *settings = settings_for("smtp://", address);
    settings->mail_tls = PD_MAIL_TLS_REQUIRE;
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
}
END_TEST

static const char *password_file(const char *password, mode_t mode)
{
    char *name = apr_pstrdup(tp, "/tmp/pd-test-smtp-XXXXXX");
    int fd = mkstemp(name);
    ck_assert_int_eq(write(fd, password, strlen(password)), (ssize_t)strlen(password));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
    return name;
}

START_TEST(auto_demands_tls_where_there_is_a_password_or_a_ca)
{
    const char *address = server("PD_TEST_SMTP"); /* offers none */
    if (!address) {
        return;
    }
    pd_settings_t *settings = settings_for("smtp://", address);
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_ACCEPTED);
    settings->mail_user = "portal";
    settings->mail_password_file = password_file("secret\n", 0600);
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
    unlink(settings->mail_password_file);
    settings->mail_user = NULL;
    settings->mail_ca_file = "/etc/ssl/certs/ca-certificates.crt";
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
}
END_TEST

START_TEST(starttls_with_and_without_a_good_certificate)
{
    const char *address = server("PD_TEST_SMTP_TLS");
    const char *login = getenv("PD_TEST_SMTP_AUTH");
    if (!address) {
        return;
    }
    pd_settings_t *settings = settings_for("smtp://", address);
    if (login) {
        apr_size_t length = strcspn(login, ":");
        settings->mail_user = apr_pstrmemdup(tp, login, length);
        settings->mail_password_file =
            password_file(apr_pstrcat(tp, login + length + 1, "\n", NULL), 0600);
    }
    /* Unasked only where there is nothing to lose and nothing to ask by. */
    int trusting = !settings->mail_user;
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome,
                     trusting ? PD_MAIL_ACCEPTED : PD_MAIL_UNREACHABLE);
    settings->mail_ca_file = "/etc/hostname";
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
    settings->mail_ca_file = getenv("PD_TEST_SMTP_CA");
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_ACCEPTED);
    settings->mail_ca_file = NULL;
    settings->mail_tls = PD_MAIL_TLS_REQUIRE;
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
    settings->mail_ca_file = getenv("PD_TEST_SMTP_CA");
    ck_assert_ptr_nonnull(settings->mail_ca_file);
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_ACCEPTED);
    if (login) {
        unlink(settings->mail_password_file);
        settings->mail_password_file = password_file("wrong\n", 0600);
        ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
        unlink(settings->mail_password_file);
        settings->mail_user = NULL;
    }
    settings->mail_tls = PD_MAIL_TLS_OFF;
    ck_assert_int_eq(deliver(settings, "accept@example.org").outcome, PD_MAIL_UNREACHABLE);
}
END_TEST

START_TEST(password_file_that_others_read_is_not_used)
{
    pd_settings_t *settings = settings_for("smtp://", "127.0.0.1:1");
    settings->mail_user = "portal";
    settings->mail_password_file = password_file("secret\n", 0640);
    pd_mail_result_t result = deliver(settings, "a@example.org");
    ck_assert_int_eq(result.outcome, PD_MAIL_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(result.reason, "password file"));
    chmod(settings->mail_password_file, 0600);
    result = deliver(settings, "a@example.org");
    ck_assert_ptr_null(strstr(result.reason, "password file"));
    unlink(settings->mail_password_file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("smtp");
    TCase *tcase = tcase_create("smtp");
    tcase_add_checked_fixture(tcase, pd_test_setup, pd_test_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, outcome_follows_the_reply, 0,
                        (int)(sizeof dialogues / sizeof *dialogues));
    tcase_add_loop_test(tcase, hostile_address_is_refused_before_the_network, 0,
                        (int)(sizeof hostile / sizeof *hostile));
    tcase_add_test(tcase, relay_that_is_away_is_unreachable);
    tcase_add_loop_test(tcase, refusal_of_ourselves_condemns_no_letter, 0,
                        (int)(sizeof scripts / sizeof *scripts));
    tcase_add_test(tcase, connection_is_not_inherited_by_other_programs);
    tcase_add_test(tcase, tls_that_is_demanded_is_never_left_out);
    tcase_add_test(tcase, auto_demands_tls_where_there_is_a_password_or_a_ca);
    tcase_add_test(tcase, starttls_with_and_without_a_good_certificate);
    tcase_add_test(tcase, password_file_that_others_read_is_not_used);
    suite_add_tcase(suite, tcase);
    return pd_test_main(suite);
}
