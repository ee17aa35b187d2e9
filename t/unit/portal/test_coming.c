/* Notice of a coming version: letters in batches, once, whatever stops them; the page for the rest;
 * acknowledging beforehand. */
#include "staff_test.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_coming.h"

#define DAY (24 * HOUR)

static void announce(const char *words, apr_time_t effective, const char *editorial)
{
    const char *text = apr_psprintf(tp, "The%spolicy\n\n1. PURPOSE\n\n1.1. %s\n",
                                    *editorial ? "\xc2\xa0" : " ", words);
    apr_array_header_t *texts = apr_array_make(tp, 1, sizeof(pd_document_source_t));
    APR_ARRAY_PUSH(texts, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "text"};
    pd_publication_t publication = {
        .kind = "policy", .texts = texts, .effective_at = effective, .editorial = editorial};
    apr_int64_t version;
    const char *why = "";
    ck_assert_msg(pd_document_publish(&version, &why, &portal, &publication, tp) == APR_SUCCESS,
                  "%s", why);
}

/* Runs the job to its end in batches; gives the letters written. */
static int write_all(int limit)
{
    int letters = 0, done, seen;
    do {
        ck_assert_int_eq(pd_coming_write(&done, &seen, &portal, limit, tp), APR_SUCCESS);
        letters += done;
    } while (seen);
    return letters;
}

static apr_int64_t letters_of(const char *person)
{
    return ask(apr_psprintf(tp,
                            "SELECT COUNT(*) FROM letter WHERE kind = 'policy-coming'"
                            " AND person_id = '%s'",
                            person));
}

static int is_due(const char *person)
{
    int due;
    ck_assert_int_eq(pd_coming_tell(&due, &portal, person, tp), APR_SUCCESS);
    return due;
}

START_TEST(test_letters)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *old = staff_member("old", "reader");
    signed_in("old");
    test_now += 366 * DAY;
    const char *people[5];
    for (int i = 0; i < 5; i++) {
        people[i] = staff_member(apr_psprintf(tp, "person%d", i), "reader");
        signed_in(apr_psprintf(tp, "person%d", i));
    }
    tell(apr_psprintf(tp, "UPDATE person SET state = 'blocked' WHERE id = '%s'", people[4]));
    announce("Other words.", test_now + 30 * DAY, "");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'policy-coming'"), 0);

    /* a batch, then a crash of the next, then the rest */
    int done, seen;
    ck_assert_int_eq(pd_coming_write(&done, &seen, &portal, 2, tp), APR_SUCCESS);
    ck_assert_int_eq(seen, 1);
    tell("ALTER TABLE letter RENAME TO letter_away");
    ck_assert_int_ne(pd_coming_write(&done, &seen, &portal, 2, tp), APR_SUCCESS);
    tell("ALTER TABLE letter_away RENAME TO letter");
    pd_db_forget_connections(portal.db);
    write_all(2);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(letters_of(people[i]), 1);
    ck_assert_int_eq(letters_of(people[4]), 0);
    ck_assert_int_eq(letters_of(old), 0);
    ck_assert_int_eq(write_all(2), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'policy-coming'"), 4);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM announcement WHERE done_at = 0"), 0);

    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.link, "https://www.example.org/portal/policy/2");
    ck_assert_str_eq(letter.code, "https://www.example.org/portal/policy/2/diff");

    /* who got a letter sees no page; who got none sees it once */
    ck_assert(!is_due(people[0]));
    ck_assert(is_due(old));
    ck_assert(!is_due(old));
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM told WHERE way = 'page'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Letters that somebody waits for don't stand behind thousands of others. */
START_TEST(test_outbox_is_busy)
{
    int done, seen;
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *person = staff_member("person", "reader");
    signed_in("person");
    for (int i = 0; i < 200; i++)
        tell(apr_psprintf(tp,
                          "INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject,"
                          " body, language, message_id, state, attempts, next_at, lease, outcome,"
                          " reply_code, created_at, done_at) VALUES ('x%d', '%s', 'known', '', '',"
                          " '', '', 'ru', '', 'queued', 0, 1, '', '', 0, 1, 0)",
                          i, person));
    announce("Other words.", test_now + DAY, "");
    ck_assert_int_eq(pd_coming_write(&done, &seen, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(done + seen, 0);
    tell("UPDATE letter SET state = 'sent'");
    ck_assert_int_eq(write_all(10), 1);
}
END_TEST

START_TEST(test_not_announced)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *person = staff_member("person", "reader");
    signed_in("person");
    announce("Words.", test_now + HOUR, "a space");
    ck_assert_int_eq(write_all(10), 0);
    ck_assert(!is_due(person));
    announce("Other words.", test_now + HOUR, "");
    test_now += 2 * HOUR; /* in force before the job came to it */
    ck_assert_int_eq(write_all(10), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM announcement WHERE done_at = 0"), 0);
    ck_assert(!is_due(person));
    publish("processing", "Another consent\n\n1. WHAT\n");
    announce("At once.", 0, "");
    ck_assert_int_eq(write_all(10), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM announcement"), 1);
}
END_TEST

static pd_acknowledge_e acknowledge(const char *person, apr_int64_t version, int announced)
{
    pd_acknowledge_e outcome;
    pd_document_t document;
    pd_acknowledge_form_t form = {
        .language = "ru", .version = version, .wording = "I have read it", .announced = announced};
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", version, "ru", tp), APR_SUCCESS);
    form.shown = pd_document_shown(&document, "ru", form.wording, tp);
    ck_assert_int_eq(pd_acknowledge(&outcome, &portal, person, &form, tp), APR_SUCCESS);
    return outcome;
}

START_TEST(test_acknowledged_beforehand)
{
    pd_coming_t coming;
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *person = staff_member("person", "reader");
    announce("Other words.", test_now + HOUR, "");
    ck_assert_int_eq(pd_coming_next(&coming, &portal, person, tp), APR_SUCCESS);
    ck_assert_int_eq(coming.version, 2);
    /* not instead of the one in force, and no other version */
    ck_assert_int_eq(acknowledge(person, 2, 1), PD_ACKNOWLEDGE_CHANGED);
    ck_assert_int_eq(acknowledge(person, 1, 0), PD_ACKNOWLEDGED);
    ck_assert_int_eq(acknowledge(person, 1, 1), PD_ACKNOWLEDGE_CHANGED);
    ck_assert_int_eq(acknowledge(person, 2, 0), PD_ACKNOWLEDGE_CHANGED);
    ck_assert_int_eq(acknowledge(person, 2, 1), PD_ACKNOWLEDGED);
    ck_assert_int_eq(ask("SELECT policy_version FROM person"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE form = 'coming' AND version = 2"), 1);
    ck_assert_int_eq(pd_coming_next(&coming, &portal, person, tp), APR_ENOENT);
    ck_assert(!is_due(person));
}
END_TEST

START_TEST(test_broken_person_holds_nobody_up)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *broken = staff_member("broken", "reader"), *whole = staff_member("whole", "reader");
    signed_in("whole");
    tell(apr_psprintf(
        tp, "UPDATE person SET email = 'rubbish', signed_in_at = 9000000000000000 WHERE id = '%s'",
        broken));
    announce("Other words.", test_now + DAY, "");
    ck_assert_int_eq(write_all(10), 1);
    ck_assert_int_eq(letters_of(whole), 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = portal_suite("coming", &tc);
    tcase_add_loop_test(tc, test_letters, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_outbox_is_busy, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_not_announced, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_acknowledged_beforehand, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_broken_person_holds_nobody_up, 0, N_ENGINES);
    return pd_test_main(suite);
}
