/* The outbox: what is written, how outcomes move a letter, and that no two senders hold one letter.
 */
#include "portal_test.h"

#include "base/pd_status.h"
#include "portal/pd_jobs.h"
#include "portal/pd_person.h"

static const pd_datakey_t *person_key;
static const char *person_id;

static void add_person(void)
{
    const char *wrapped;
    person_id = "0190-person";
    ck_assert_int_eq(pd_datakey_new(&person_key, &wrapped, portal.keys, person_id, tp), 0);
    tell(
        apr_psprintf(tp,
                     "INSERT INTO person (id, state, data_key, login, email, language, generation, "
                     "policy_version, created_at, confirmed_at) VALUES ('%s', 'active', '%s', '', "
                     "'', 'ru', 1, 0, 0, 0)",
                     person_id, wrapped));
    tell(apr_psprintf(tp,
                      "INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256,"
                      " wording, form, at, sequence) VALUES ('a', '%s', 'consented', 'processing',"
                      " 1, 'ru', '', '', '', 1, 1)",
                      pd_person_pseudonym(&portal, person_id, tp)));
}

static int always;

static apr_status_t add_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    pd_value_t *values = pd_value_map(p);
    pd_letter_t letter = {
        "confirm", person_id, person_key, "reader@example.org", "mailbox-hash", "ru",
        values,    always,    0};
    pd_value_set_text(values, "link", "https://www.example.org/portal/confirm?t=x", p);
    pd_value_set_text(values, "code", "12345678", p);
    pd_value_set_number(values, "hours", 24, p);
    return pd_outbox_add(baton, conn, &portal, &letter, p);
}

static int add_letter(void)
{
    int written = -1;
    ck_assert_int_eq(pd_db_transact(portal.db, add_step, &written, tp), APR_SUCCESS);
    return written;
}

static int open_with_letter(int engine)
{
    if (!portal_open(engine)) {
        return 0;
    }
    add_person();
    ck_assert_int_eq(add_letter(), 1);
    return 1;
}

/* A transport that says what the test wants, and remembers. */
static pd_mail_result_t answer;
static int calls;
static const char *seen_recipient, *seen_message, *seen_id;
static void (*meanwhile)(void);

static void fake(pd_mail_result_t *result, const pd_settings_t *settings, const char *recipient,
                 const char *message_id, const char *message, apr_size_t length, apr_pool_t *p)
{
    (void)settings, (void)p;
    calls++;
    seen_recipient = apr_pstrdup(tp, recipient);
    seen_id = apr_pstrdup(tp, message_id);
    seen_message = apr_pstrmemdup(tp, message, length);
    *result = answer;
    if (meanwhile) {
        void (*once)(void) = meanwhile;
        meanwhile = NULL;
        once();
    }
}

static int deliver(pd_mail_e outcome, long reply)
{
    int tried, seen;
    answer = (pd_mail_result_t){outcome, reply, "words"};
    calls = 0;
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 20, tp), APR_SUCCESS);
    ck_assert_int_eq(tried, calls);
    return tried;
}

#define STATE()   ask_text("SELECT state FROM letter")
#define OUTCOME() ask_text("SELECT outcome FROM letter")

START_TEST(letter_is_sealed_in_the_queue)
{
    if (!open_with_letter(_i)) {
        return;
    }
    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.address, "reader@example.org");
    ck_assert_str_eq(letter.code, "12345678");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE substr(recipient, 1, 2) = '1.' AND "
                         "substr(subject, 1, 2) = '1.' AND substr(body, 1, 2) = '1.'"),
                     1);
    const char *id = ask_text("SELECT id FROM letter");
    ck_assert_str_eq(ask_text("SELECT message_id FROM letter"),
                     apr_pstrcat(tp, id, "@www.example.org", NULL));
    ck_assert_str_eq(STATE(), "queued");
}
END_TEST

START_TEST(mailbox_gets_so_many_letters_an_hour)
{
    if (!portal_open(_i)) {
        return;
    }
    add_person();
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(add_letter(), 1);
        test_now += MINUTE;
    }
    ck_assert_int_eq(add_letter(), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 5);
    test_now += 55 * MINUTE;
    ck_assert_int_eq(add_letter(), 1);
    ck_assert_int_eq(add_letter(), 0);
    always = 1;
    ck_assert_int_eq(add_letter(), 1);
    always = 0;
}
END_TEST

/* The last place of the hour isn't given twice: while one takes it, another waits for him. */
static apr_status_t add_two_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    pd_db_t *own = portal.db;
    int written[2] = {-1, -1};
    apr_status_t status = add_step(conn, &written[0], p);
    portal.db = baton;
    ck_assert_int_eq(pd_db_transact(portal.db, add_step, &written[1], tp), PD_EBUSY);
    portal.db = own;
    ck_assert_int_eq(written[0], 1);
    return status;
}

START_TEST(mailbox_is_counted_by_one_at_a_time)
{
    pd_db_options_t options;
    if (!portal_open(_i)) {
        return;
    }
    add_person();
    db_test_options(&options, _i);
    options.wait = SECOND / 5;
    pd_db_t *impatient = db_test_open(&options, tp);
    ((pd_settings_t *)portal.settings)->letters_per_hour = 1;
    ck_assert_int_eq(pd_db_transact(portal.db, add_two_step, impatient, tp), APR_SUCCESS);
    ck_assert_int_eq(add_letter(), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 1);
}
END_TEST

START_TEST(accepted_letter_keeps_no_words)
{
    if (!open_with_letter(_i)) {
        return;
    }
    test_now += SECOND;
    ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 1);
    ck_assert_str_eq(seen_recipient, "reader@example.org");
    ck_assert_str_eq(seen_id, ask_text("SELECT message_id FROM letter"));
    ck_assert_ptr_nonnull(strstr(seen_message, "Subject: Confirm\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_message, "12345678"));
    ck_assert_ptr_nonnull(strstr(seen_message, apr_pstrcat(tp, "<", seen_id, ">", NULL)));
    ck_assert_str_eq(STATE(), "sent");
    ck_assert_str_eq(OUTCOME(), "accepted");
    ck_assert_int_eq(ask("SELECT done_at FROM letter"), test_now);
    ck_assert_int_eq(
        ask("SELECT COUNT(*) FROM letter WHERE recipient = '' AND subject = '' AND body "
            "= '' AND lease = ''"),
        1);
    test_now += 24 * HOUR;
    ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 0);
}
END_TEST

START_TEST(refused_letter_has_failed)
{
    if (!open_with_letter(_i)) {
        return;
    }
    ck_assert_int_eq(deliver(PD_MAIL_REFUSED, 550), 1);
    ck_assert_str_eq(STATE(), "failed");
    ck_assert_int_eq(ask("SELECT reply_code FROM letter"), 550);
    ck_assert_str_eq(ask_text("SELECT body FROM letter"), "");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'letter.failed' AND subject = "
                         "'0190-person'"),
                     1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
    ck_assert_ptr_null(strstr(test_log, "reader"));
}
END_TEST

static const struct {
    pd_mail_e outcome;
    const char *word;
} passing[] = {{PD_MAIL_DEFERRED, "deferred"},
               {PD_MAIL_UNREACHABLE, "unreachable"},
               {PD_MAIL_UNKNOWN, "unknown"}};

START_TEST(other_outcomes_wait_longer_each_time)
{
    if (!open_with_letter(_i)) {
        return;
    }
    const char *id = NULL;
    for (int n = 1; n <= 9; n++) {
        apr_time_t base = MINUTE << (n - 1);
        base = base > HOUR ? HOUR : base;
        ck_assert_int_eq(deliver(passing[n % 3].outcome, 0), 1);
        ck_assert_str_eq(STATE(), "queued");
        ck_assert_str_eq(OUTCOME(), passing[n % 3].word);
        ck_assert_int_eq(ask("SELECT attempts FROM letter"), n);
        apr_time_t pause = ask("SELECT next_at FROM letter") - test_now;
        ck_assert_msg(pause >= base / 5 * 4 && pause <= base / 5 * 6, "%d: %ld s", n,
                      (long)(pause / SECOND));
        ck_assert_msg(!id || !strcmp(id, seen_id), "the Message-ID changed");
        id = seen_id;
        test_now += pause - 1;
        ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 0);
        test_now += 1;
    }
}
END_TEST

START_TEST(letter_fails_when_its_time_is_over)
{
    if (!open_with_letter(_i)) {
        return;
    }
    apr_time_t over = test_now + portal.settings->letter_lifetime;
    test_now = over - MINUTE / 2;
    ck_assert_int_eq(deliver(PD_MAIL_DEFERRED, 451), 1);
    ck_assert_str_eq(STATE(), "queued");
    ck_assert_int_eq(ask("SELECT next_at FROM letter"), over);
    test_now = over;
    ck_assert_int_eq(deliver(PD_MAIL_DEFERRED, 451), 1);
    ck_assert_str_eq(STATE(), "failed");
    ck_assert_str_eq(OUTCOME(), "deferred");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'letter.failed'"), 1);
}
END_TEST

START_TEST(letter_that_cannot_be_opened_does_not_hold_the_queue)
{
    if (!open_with_letter(_i)) {
        return;
    }
    tell("UPDATE letter SET body = '1.1.AAAA'");
    test_now += SECOND;
    ck_assert_int_eq(add_letter(), 1);
    int tried, seen;
    answer = (pd_mail_result_t){PD_MAIL_ACCEPTED, 250, ""};
    calls = 0;
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 20, tp), APR_SUCCESS);
    ck_assert_int_eq(tried, 2);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE state = 'failed'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE state = 'sent'"), 1);
}
END_TEST

static int second_tried, second_seen;

static void second_sender(void)
{
    ck_assert_int_eq(pd_outbox_deliver(&second_tried, &second_seen, &portal, fake, 20, tp),
                     APR_SUCCESS);
}

START_TEST(letter_has_one_sender)
{
    if (!open_with_letter(_i)) {
        return;
    }
    second_tried = -1;
    meanwhile = second_sender;
    ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 1);
    ck_assert_int_eq(second_tried, 0);
    ck_assert_int_eq(ask("SELECT attempts FROM letter"), 1);
}
END_TEST

START_TEST(letter_taken_meanwhile_is_left_alone)
{
    if (!open_with_letter(_i)) {
        return;
    }
    test_now += SECOND;
    ck_assert_int_eq(add_letter(), 1);
    meanwhile = second_sender; /* takes the second letter while the first is on its way */
    answer = (pd_mail_result_t){PD_MAIL_DEFERRED, 451, ""};
    int tried, seen;
    calls = 0;
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 20, tp), APR_SUCCESS);
    ck_assert_int_eq(second_tried, 1);
    ck_assert_int_eq(tried, 1);
    ck_assert_int_eq(seen, 2);
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(ask("SELECT MAX(attempts) FROM letter"), 1);
}
END_TEST

/* The clock is asked between finding and claiming a letter: there the other one comes first. */
static int clock_left;

static apr_time_t clock_with_rival(void)
{
    if (--clock_left == 0) {
        pd_clock_set(test_clock);
        int tried, seen;
        ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 1, tp), APR_SUCCESS);
        ck_assert_int_eq(tried, 1);
    }
    return test_now;
}

START_TEST(job_goes_on_behind_a_lost_claim)
{
    int done = -1;
    if (!open_with_letter(_i)) {
        return;
    }
    test_now += SECOND;
    ck_assert_int_eq(add_letter(), 1);
    ((pd_settings_t *)portal.settings)->mail_relay = "smtp://127.0.0.1:1";
    answer = (pd_mail_result_t){PD_MAIL_ACCEPTED, 250, ""};
    clock_left = 3; /* the job's end, what is due, the claim */
    pd_clock_set(clock_with_rival);
    const pd_job_t *job = pd_jobs;
    while (strcmp(job->name, "mail") != 0) {
        job++;
    }
    ck_assert_int_eq(job->run(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_le(clock_left, 0);
    ck_assert_int_eq(done, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE state = 'sent' AND attempts = 1"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE outcome = 'unreachable'"), 1);
}
END_TEST

/* The first sender's time ran out, the second one had the letter accepted. */
static void late(void)
{
    pd_mail_result_t first = answer;
    test_now += HOUR;
    answer = (pd_mail_result_t){PD_MAIL_ACCEPTED, 250, ""};
    second_sender();
    answer = first;
}

START_TEST(sender_without_lease_records_nothing)
{
    int tried, seen;
    if (!open_with_letter(_i)) {
        return;
    }
    meanwhile = late;
    answer = (pd_mail_result_t){PD_MAIL_REFUSED, 550, ""};
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 20, tp), APR_SUCCESS);
    ck_assert_int_eq(second_tried, 1);
    ck_assert_str_eq(STATE(), "sent");
    ck_assert_int_eq(ask("SELECT reply_code FROM letter"), 250);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'letter.failed'"), 0);
}
END_TEST

START_TEST(dead_senders_letter_is_tried_again)
{
    if (!open_with_letter(_i)) {
        return;
    }
    tell(apr_psprintf(tp, "UPDATE letter SET state = 'sending', lease = 'dead', next_at = %ld",
                      (long)(test_now + MINUTE)));
    ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 0);
    test_now += MINUTE;
    ck_assert_int_eq(deliver(PD_MAIL_ACCEPTED, 250), 1);
    ck_assert_str_eq(STATE(), "sent");
}
END_TEST

START_TEST(letter_that_kills_its_senders_fails)
{
    int tried, seen;
    if (!open_with_letter(_i)) {
        return;
    }
    tell("UPDATE letter SET state = 'sending', lease = 'dead'");
    test_now += portal.settings->letter_lifetime + 1;
    calls = 0;
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, fake, 20, tp), APR_SUCCESS);
    ck_assert_int_eq(calls, 0);
    ck_assert_str_eq(STATE(), "failed");
}
END_TEST

START_TEST(state_is_told_and_old_letters_go)
{
    pd_outbox_state_t state;
    int removed;
    if (!open_with_letter(_i)) {
        return;
    }
    apr_time_t first = test_now;
    deliver(PD_MAIL_REFUSED, 550);
    test_now += SECOND;
    add_letter();
    test_now += SECOND;
    add_letter();
    ck_assert_int_eq(pd_outbox_look(&state, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(state.queued, 2);
    ck_assert_int_eq(state.failed, 1);
    ck_assert_int_eq(state.oldest, first + SECOND);
    test_now = first + 2 * HOUR;
    ck_assert_int_eq(pd_outbox_expire(&removed, &portal, 2 * HOUR, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    test_now += 1;
    ck_assert_int_eq(pd_outbox_expire(&removed, &portal, 2 * HOUR, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE state = 'queued'"), 2);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("outbox", &tcase);
    tcase_add_loop_test(tcase, letter_is_sealed_in_the_queue, 0, N_ENGINES);
    tcase_add_loop_test(tcase, mailbox_gets_so_many_letters_an_hour, 0, N_ENGINES);
    tcase_add_loop_test(tcase, mailbox_is_counted_by_one_at_a_time, 0, N_ENGINES);
    tcase_add_loop_test(tcase, accepted_letter_keeps_no_words, 0, N_ENGINES);
    tcase_add_loop_test(tcase, refused_letter_has_failed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, other_outcomes_wait_longer_each_time, 0, N_ENGINES);
    tcase_add_loop_test(tcase, letter_fails_when_its_time_is_over, 0, N_ENGINES);
    tcase_add_loop_test(tcase, letter_that_cannot_be_opened_does_not_hold_the_queue, 0, N_ENGINES);
    tcase_add_loop_test(tcase, letter_has_one_sender, 0, N_ENGINES);
    tcase_add_loop_test(tcase, letter_taken_meanwhile_is_left_alone, 0, N_ENGINES);
    tcase_add_loop_test(tcase, job_goes_on_behind_a_lost_claim, 0, N_ENGINES);
    tcase_add_loop_test(tcase, sender_without_lease_records_nothing, 0, N_ENGINES);
    tcase_add_loop_test(tcase, dead_senders_letter_is_tried_again, 0, N_ENGINES);
    tcase_add_loop_test(tcase, letter_that_kills_its_senders_fails, 0, N_ENGINES);
    tcase_add_loop_test(tcase, state_is_told_and_old_letters_go, 0, N_ENGINES);
    return pd_test_main(suite);
}
