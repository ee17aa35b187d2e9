/* The register of purposes, and the decision about each use: by state of the person, by consent, by
 * what carries it; refused uses are counted and in the journal. */
#include "portal_test.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "portal/pd_field.h"
#include "portal/pd_person.h"
#include "portal/pd_purpose.h"

static pd_counts_t counts;
static const char *person_id;
static const pd_datakey_t *person_key;

static void add_person(const char *id, const char *state)
{
    const char *wrapped;
    person_id = id;
    ck_assert_int_eq(pd_datakey_new(&person_key, &wrapped, portal.keys, id, tp), 0);
    tell(apr_psprintf(tp,
                      "INSERT INTO person (id, state, data_key, login, email, language, generation,"
                      " policy_version, created_at, confirmed_at)"
                      " VALUES ('%s', '%s', '%s', '', '', 'ru', 1, 0, 0, %" APR_TIME_T_FMT ")",
                      id, state, wrapped, test_now));
}

static void set_state(const char *state)
{
    tell(apr_psprintf(tp, "UPDATE person SET state = '%s' WHERE id = '%s'", state, person_id));
}

static void add_act(const char *verb, const char *kind, apr_time_t at)
{
    static int sequence;
    tell(apr_psprintf(tp,
                      "INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256,"
                      " wording, form, at, sequence) VALUES ('%s', '%s', '%s', '%s', 1, 'ru', '',"
                      " '', '', %" APR_TIME_T_FMT ", %d)",
                      pd_random_uuid7(test_now, tp), pd_person_pseudonym(&portal, person_id, tp),
                      verb, kind, at, ++sequence));
}

static pd_use_e use_of(const char *purpose, const char *consent, pd_basis_e basis)
{
    pd_use_t use = {"page test", purpose, consent, basis};
    pd_use_e outcome;
    ck_assert_int_eq(pd_purpose_use(&outcome, &portal, &use, person_id, tp), APR_SUCCESS);
    return outcome;
}

static int open_with(int engine, const char *state)
{
    if (!portal_open(engine))
        return 0;
    memset(&counts, 0, sizeof(counts));
    portal.counts = &counts;
    add_person("0190-person", state);
    return 1;
}

START_TEST(test_register)
{
    static const char *const ids[] = {"4.1.1", "4.1.2", "4.1.3", "4.1.4",
                                      "4.1.5", "4.1.6", "4.1.7", "4.1.8"};
    for (int i = 0; i < 8; i++) {
        ck_assert_str_eq(pd_purposes[i].id, ids[i]);
        ck_assert_ptr_eq(pd_purpose_find(ids[i]), &pd_purposes[i]);
    }
    ck_assert_ptr_null(pd_purposes[8].id);
    ck_assert_ptr_null(pd_purpose_find("4.1.9"));
    ck_assert_ptr_null(pd_purpose_find(""));
    ck_assert_ptr_null(pd_purpose_find(NULL));
    ck_assert_int_eq(pd_purpose_all_known("4.1.1 4.1.8"), 1);
    static const char *const wrong[] = {
        NULL, "", " ", "4.1", "4.1.9", "4.1.1 ", "4.1.1  4.1.2", "4.1.1 4.1.9", "4.1.10"};
    for (apr_size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(!pd_purpose_all_known(wrong[i]), "\"%s\"", wrong[i] ? wrong[i] : "NULL");
    ck_assert_ptr_null(pd_field_unnamed());
}
END_TEST

/* By state: a letter per purpose (what nothing but the purpose carries), and 4.1.2 by law. */
START_TEST(test_states)
{
    static const struct {
        const char *state;
        pd_use_e identify, open, tell, guard, confirm, by_law;
    } cases[] = {
        {"pending", PD_USE_LAWFUL, PD_USE_UNCONFIRMED, PD_USE_UNCONFIRMED, PD_USE_LAWFUL,
         PD_USE_LAWFUL, PD_USE_UNCONFIRMED},
        {"active", PD_USE_LAWFUL, PD_USE_LAWFUL, PD_USE_LAWFUL, PD_USE_LAWFUL, PD_USE_LAWFUL,
         PD_USE_LAWFUL},
        {"blocked", PD_USE_BLOCKED, PD_USE_BLOCKED, PD_USE_BLOCKED, PD_USE_LAWFUL, PD_USE_BLOCKED,
         PD_USE_LAWFUL},
        {"closing", PD_USE_BLOCKED, PD_USE_BLOCKED, PD_USE_BLOCKED, PD_USE_LAWFUL, PD_USE_BLOCKED,
         PD_USE_LAWFUL},
        {"destroyed", PD_USE_NOBODY, PD_USE_NOBODY, PD_USE_NOBODY, PD_USE_NOBODY, PD_USE_NOBODY,
         PD_USE_NOBODY},
    };
    if (!open_with(_i, "active"))
        return;
    add_act("consented", "processing", 1);
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_state(cases[i].state);
        ck_assert_int_eq(use_of("4.1.1", NULL, PD_BASIS_PURPOSE), cases[i].identify);
        ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), cases[i].open);
        ck_assert_int_eq(use_of("4.1.3", NULL, PD_BASIS_PURPOSE), cases[i].tell);
        ck_assert_int_eq(use_of("4.1.4", NULL, PD_BASIS_PURPOSE), cases[i].guard);
        ck_assert_int_eq(use_of("4.1.5", NULL, PD_BASIS_PURPOSE), cases[i].confirm);
        ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_LAW), cases[i].by_law);
    }
    person_id = "0190-nobody";
    ck_assert_int_eq(use_of("4.1.4", NULL, PD_BASIS_LAW), PD_USE_NOBODY);
}
END_TEST

START_TEST(test_consents)
{
    if (!open_with(_i, "active"))
        return;
    /* Neither by law nor by a consent of another kind. */
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_LAW), PD_USE_UNCONSENTED);
    add_act("consented", "processing", 10);
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_PURPOSE), PD_USE_UNCONSENTED);
    add_act("consented", "communication", 20);
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    add_act("withdrew", "communication", 20);
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_PURPOSE), PD_USE_UNCONSENTED);
    add_act("consented", "communication", 30);
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    /* A partner is one, and named. */
    ck_assert_int_eq(use_of("4.1.8", NULL, PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    ck_assert_int_eq(use_of("4.1.8", "partner-", PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    ck_assert_int_eq(use_of("4.1.8", "processing", PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    add_act("consented", "partner-lab", 40);
    ck_assert_int_eq(use_of("4.1.8", "partner-lab", PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    ck_assert_int_eq(use_of("4.1.8", "partner-shop", PD_BASIS_PURPOSE), PD_USE_UNCONSENTED);
    /* Notices that nobody has to have. */
    ck_assert_int_eq(use_of("4.1.3", "notices", PD_BASIS_PURPOSE), PD_USE_UNCONSENTED);
    ck_assert_int_eq(use_of("4.1.3", "communication", PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    ck_assert_int_eq(use_of("4.1.2", "notices", PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    add_act("consented", "notices", 50);
    ck_assert_int_eq(use_of("4.1.3", "notices", PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    /* What the registration carries ends with the consent to processing; rights and safety don't.
     */
    add_act("withdrew", "processing", 60);
    ck_assert_int_eq(use_of("4.1.3", NULL, PD_BASIS_PURPOSE), PD_USE_WITHDRAWN);
    ck_assert_int_eq(use_of("4.1.3", "notices", PD_BASIS_PURPOSE), PD_USE_WITHDRAWN);
    ck_assert_int_eq(use_of("4.1.3", NULL, PD_BASIS_LAW), PD_USE_LAWFUL);
    ck_assert_int_eq(use_of("4.1.4", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    add_act("consented", "processing", 70);
    ck_assert_int_eq(use_of("4.1.3", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
}
END_TEST

/* An account that the administration made stands on the appointment alone, and so does one whose
 * consent was taken back: as at the gate. */
START_TEST(test_ground)
{
    if (!open_with(_i, "active"))
        return;
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), PD_USE_UNGROUNDED);
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_LAW), PD_USE_LAWFUL);
    tell(apr_psprintf(tp,
                      "INSERT INTO role (person_id, role, appointed_by, since, until)"
                      " VALUES ('%s', 'doctor', 'test', 0, 0)",
                      person_id));
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    add_act("consented", "processing", 10);
    add_act("withdrew", "processing", 20);
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    tell("UPDATE role SET until = 1");
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), PD_USE_WITHDRAWN);
}
END_TEST

START_TEST(test_refusal_is_recorded)
{
    if (!open_with(_i, "active"))
        return;
    add_act("consented", "processing", 1);
    ck_assert_int_eq(use_of("4.1.2", NULL, PD_BASIS_PURPOSE), PD_USE_LAWFUL);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'purpose.refused'"), 0);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_USE_REFUSED), 0);
    ck_assert_int_eq(use_of("4.1.6", NULL, PD_BASIS_PURPOSE), PD_USE_UNCONSENTED);
    ck_assert_int_eq(use_of("9.9.9", NULL, PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    ck_assert_int_eq(use_of(NULL, NULL, PD_BASIS_PURPOSE), PD_USE_UNKNOWN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'purpose.refused'"
                         " AND subject = '0190-person'"),
                     3);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_USE_REFUSED), 3);
    /* Sealed for the person. */
    const char *opened;
    const char *details = ask_text("SELECT details FROM journal WHERE event = 'purpose.refused'"
                                   " ORDER BY sequence LIMIT 1");
    const char *row = ask_text("SELECT host || '/' || sequence FROM journal"
                               " WHERE event = 'purpose.refused' ORDER BY sequence LIMIT 1");
    ck_assert_ptr_null(strstr(details, "4.1.6"));
    ck_assert_int_eq(pd_open(&opened, person_key, "journal.details", row, details, tp), 0);
    ck_assert_str_eq(opened,
                     "{\"use\":\"page test\",\"purpose\":\"4.1.6\",\"consent\":\"\",\"why\":"
                     "\"no consent\"}");
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static const char *letter_kind;

static apr_status_t write_letter(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    pd_letter_t letter = {.kind = letter_kind,
                          .person_id = person_id,
                          .key = person_key,
                          .address = "reader@example.org",
                          .mailbox = "mailbox-hash",
                          .language = "ru",
                          .values = pd_value_map(p)};
    return pd_outbox_add(baton, conn, &portal, &letter, p);
}

static int written(const char *kind)
{
    int n = -1;
    letter_kind = kind;
    ck_assert_int_eq(pd_db_transact(portal.db, write_letter, &n, tp), APR_SUCCESS);
    return n;
}

/* A letter is refused, not an error: what caused it goes on. */
START_TEST(test_letters)
{
    if (!open_with(_i, "active"))
        return;
    add_act("consented", "processing", 1);
    ck_assert_int_eq(written("confirm"), 1);
    ck_assert_int_eq(written("nothing-of-the-sort"), 0);
    set_state("blocked");
    ck_assert_int_eq(written("confirm"), 0);
    ck_assert_int_eq(written("attempts"), 1); /* safety */
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'purpose.refused'"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static int carried;

static void carry(pd_mail_result_t *result, const pd_settings_t *settings, const char *recipient,
                  const char *message_id, const char *message, apr_size_t length, apr_pool_t *p)
{
    (void)settings, (void)recipient, (void)message_id, (void)message, (void)length, (void)p;
    carried++;
    *result = (pd_mail_result_t){PD_MAIL_ACCEPTED, 250, NULL};
}

/* What stands no more when its turn comes is not sent. */
START_TEST(test_letters_waiting)
{
    if (!open_with(_i, "active"))
        return;
    int tried, seen;
    add_act("consented", "processing", 1);
    carried = 0;
    ck_assert_int_eq(written("confirm"), 1);
    ck_assert_int_eq(written("attempts"), 1);
    set_state("blocked");
    ck_assert_int_eq(pd_outbox_deliver(&tried, &seen, &portal, carry, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(tried, 2);
    ck_assert_int_eq(carried, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'confirm' AND state = 'failed'"
                         " AND recipient = '' AND body = ''"),
                     1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'attempts' AND state = 'sent'"),
                     1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'purpose.refused'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static const pd_field_t *field_named(const char *id)
{
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        if (strcmp(field->id, id) == 0)
            return field;
    }
    ck_abort_msg("no field %s", id);
    return NULL;
}

static int due_of(const char *id)
{
    int due = -1;
    ck_assert_int_eq(pd_field_due(&due, &portal, field_named(id), 0, tp), APR_SUCCESS);
    return due;
}

#define DAY (24 * HOUR)

START_TEST(test_terms)
{
    if (!open_with(_i, "active"))
        return;
    pd_settings_t *settings = (pd_settings_t *)(void *)(apr_uintptr_t)portal.settings;
    add_act("acknowledged", "policy", test_now);
    add_act("consented", "research", test_now);
    test_now += SECOND;
    add_act("withdrew", "research", test_now);
    test_now += 40 * DAY;
    /* Nobody has decided, or decided that there is no limit: nothing is due. */
    ck_assert_int_eq(due_of("login") + due_of("acts") + due_of("journal"), 0);
    settings->term_account = settings->term_acts = settings->term_journal = PD_TERM_UNLIMITED;
    ck_assert_int_eq(due_of("login") + due_of("acts") + due_of("journal"), 0);
    settings->term_account = settings->term_acts = settings->term_journal = 41 * DAY;
    ck_assert_int_eq(due_of("login") + due_of("acts") + due_of("journal"), 0);
    settings->term_account = settings->term_acts = settings->term_journal = 39 * DAY;
    ck_assert_int_eq(due_of("login"), 1);
    ck_assert_int_eq(due_of("acts"), 1);    /* the last act of each kind stays */
    ck_assert_int_eq(due_of("journal"), 1); /* the bond with the key file */
    /* Who signs in stays; a blocked person is counted, one who has left is not. */
    tell(apr_psprintf(tp, "UPDATE person SET signed_in_at = %" APR_TIME_T_FMT, test_now));
    ck_assert_int_eq(due_of("login"), 0);
    test_now += 40 * DAY;
    ck_assert_int_eq(due_of("login"), 1);
    set_state("blocked");
    ck_assert_int_eq(due_of("login"), 1);
    set_state("destroyed");
    ck_assert_int_eq(due_of("login"), 0);
    ck_assert_int_eq(due_of("email"), 0);   /* warned of once, with the login */
    ck_assert_int_eq(due_of("letters"), 0); /* the job removes them */
}
END_TEST

static int acts_removed(void)
{
    int removed = -1;
    ck_assert_int_eq(field_named("acts")->destroy(&removed, &portal, 10, tp), APR_SUCCESS);
    return removed;
}

/* What proves nothing any more goes when the term of what ended it is over; what stands stays, and
 * so does the last word of somebody who is there, and a withdrawal of which something is left to
 * do. */
START_TEST(test_acts_term)
{
    if (!open_with(_i, "active"))
        return;
    pd_settings_t *settings = (pd_settings_t *)(void *)(apr_uintptr_t)portal.settings;
    add_act("acknowledged", "policy", test_now);
    add_act("consented", "research", test_now);
    add_act("consented", "notices", test_now);
    test_now += 20 * DAY;
    add_act("acknowledged", "policy", test_now);
    add_act("withdrew", "research", test_now);
    const char *withdrew = ask_text("SELECT id FROM act WHERE verb = 'withdrew'");
    tell(apr_psprintf(tp,
                      "INSERT INTO withdrawal (act, person_id, kind, task, started_at, due_at,"
                      " done_at, outcome) VALUES ('%s', '%s', 'research', 'destroy', 1, 2, 0, '')",
                      withdrew, person_id));
    test_now += 20 * DAY;
    settings->term_acts = PD_TERM_UNLIMITED;
    ck_assert_int_eq(acts_removed(), 0);
    settings->term_acts = 30 * DAY; /* of the first, but not of what ended them */
    ck_assert_int_eq(acts_removed(), 0);
    settings->term_acts = 10 * DAY;
    ck_assert_int_eq(due_of("acts"), 2);
    ck_assert_int_eq(acts_removed(), 2);
    tell("UPDATE withdrawal SET done_at = 3");
    ck_assert_int_eq(acts_removed(), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE kind IN ('notices', 'policy')"), 2);
    tell("UPDATE withdrawal SET done_at = 0");
    tell("INSERT INTO former_person (pseudonym, email, ended_at)"
         " SELECT DISTINCT pseudonym, '', CAST(1 AS BIGINT) FROM act");
    ck_assert_int_eq(acts_removed(),
                     2); /* of somebody who is no more: all but what is to be done */
    tell("UPDATE withdrawal SET done_at = 3");
    ck_assert_int_eq(acts_removed(), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM withdrawal"), 0);
    ck_assert_int_eq(due_of("acts"), 0);
}
END_TEST

/* The term of letters is obeyed, and none is removed where it has no limit. */
START_TEST(test_letters_term)
{
    if (!open_with(_i, "active"))
        return;
    pd_settings_t *settings = (pd_settings_t *)(void *)(apr_uintptr_t)portal.settings;
    const pd_field_t *letters = field_named("letters");
    int removed = -1;
    add_act("consented", "processing", 1);
    ck_assert_int_eq(written("confirm"), 1);
    tell(
        apr_psprintf(tp, "UPDATE letter SET state = 'sent', done_at = %" APR_TIME_T_FMT, test_now));
    test_now += 3 * DAY;
    settings->term_letters = PD_TERM_UNLIMITED;
    ck_assert_int_eq(letters->destroy(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    settings->term_letters = 4 * DAY;
    ck_assert_int_eq(letters->destroy(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    settings->term_letters = 2 * DAY;
    ck_assert_int_eq(letters->destroy(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 0);
}
END_TEST

static void keep_quiet(void *baton, pd_log_level_e level, apr_status_t status, const char *message)
{
    (void)baton, (void)level, (void)status, (void)message;
}

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/purpose", &tcase);
    pd_log_set_sink(keep_quiet, NULL); /* refusals are what is tested */
    tcase_add_test(tcase, test_register);
    tcase_add_loop_test(tcase, test_states, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_consents, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_ground, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_refusal_is_recorded, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_letters, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_letters_waiting, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_terms, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_acts_term, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_letters_term, 0, N_ENGINES);
    return pd_test_main(suite);
}
