/* Registration and confirmation: what a form may hold, what is enough to confirm, and that nothing
 * tells a known mailbox from an unknown one. */
#include "registration_test.h"
#include "portal/pd_act.h"
#include "portal/pd_person.h"

static const struct {
    const char *name, *login, *password, *email;
    int policy, consent;
    const char *mistakes; /* "field:code " each, in order */
} forms[] = {
    {"all missing", "", "", " ", 0, 0,
     "login:login_missing email:email_missing password:password_missing policy:policy_missing "
     "consent_processing:consent_missing "},
    {"short login", "ab", GOOD, "a@example.org", 1, 1, "login:login_short "},
    {"long login", "abcdefghijklmnopqrstuvwxyzabcdefghij", GOOD, "a@example.org", 1, 1,
     "login:login_long "},
    {"login with at", "a@example.org", GOOD, "a@example.org", 1, 1, "login:login_characters "},
    {"mixed login",
     "\xd0\xb0"
     "dmin",
     GOOD, "a@example.org", 1, 1, "login:login_mixed "},
    {"bad e-mail", "ivan", GOOD, "a.example.org", 1, 1, "email:email_bad "},
    {"e-mail that needs SMTPUTF8", "ivan", GOOD, "\xd0\xb0@example.org", 1, 1, "email:email_bad "},
    {"short password", "ivan", "x9#kQ2!", "a@example.org", 1, 1, "password:password_short "},
    {"8 Cyrillic letters are 8", "ivan",
     "\xd1\x8a\xd1\x84\xd1\x8d\xd1\x89\xd0\xb6\xd1\x8f\xd1\x8e\xd1\x91", "a@example.org", 1, 1, ""},
    {"common password", "ivan", "password", "a@example.org", 1, 1, "password:password_common "},
    {"weak password", "ivan", "abcabcabc", "a@example.org", 1, 1, "password:password_weak "},
    {"password from the login", "ivanpetrovich", "Ivanpetrovich", "a@example.org", 1, 1,
     "password:password_personal "},
    {"password from the e-mail", "ivan", "kuznetsova77", "kuznetsova77@example.org", 1, 1,
     "password:password_personal "},
    {"control character", "ivan", "correct\x01horse battery", "a@example.org", 1, 1,
     "password:password_characters "},
    {"policy alone", "ivan", GOOD, "a@example.org", 0, 1, "policy:policy_missing "},
    {"consent alone", "ivan", GOOD, "a@example.org", 1, 0, "consent_processing:consent_missing "},
    {"right", " Ivan ", GOOD, " A@Example.org ", 1, 1, ""},
};

START_TEST(test_form)
{
    if (!portal_open(0))
        return;
    portal_documents();
    pd_registration_form_t form = form_of(forms[_i].login, forms[_i].email);
    form.password = forms[_i].password;
    form.policy = forms[_i].policy;
    form.consent = forms[_i].consent;
    pd_registration_e outcome;
    apr_array_header_t *mistakes;
    int wait;
    ck_assert_int_eq(pd_registration_begin(&outcome, &mistakes, &wait, &portal, &form, tp),
                     APR_SUCCESS);
    const char *found = "";
    for (int i = 0; i < mistakes->nelts; i++) {
        const pd_mistake_t *mistake = &APR_ARRAY_IDX(mistakes, i, pd_mistake_t);
        found = apr_pstrcat(tp, found, mistake->field, ":", mistake->code, " ", NULL);
    }
    ck_assert_msg(strcmp(found, forms[_i].mistakes) == 0, "%s: %s", forms[_i].name, found);
    ck_assert_int_eq(outcome, *found ? PD_REGISTRATION_MISTAKES : PD_REGISTRATION_BEGUN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person"), *found ? 0 : 1);
}
END_TEST

START_TEST(test_long_password)
{
    if (!portal_open(0))
        return;
    portal_documents();
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    char *password = apr_palloc(tp, 1026);
    memset(password, 'x', 1025);
    password[1025] = '\0';
    form.password = password;
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_MISTAKES);
}
END_TEST

START_TEST(test_closed)
{
    if (!portal_open(_i))
        return;
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_CLOSED);
    publish(PD_DOCUMENT_POLICY, "The policy\n\n1. WORDS\n");
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_CLOSED);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM registration"), 0);
}
END_TEST

/* Nobody agrees to a text that took force while he typed. */
START_TEST(test_texts_replaced)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    form.policy_version = 2;
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_CHANGED);
    form = form_of("ivan", "a@example.org");
    form.consent_version = 0;
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_CHANGED);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM registration"), 0);
    form.consent_version = 1;
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
}
END_TEST

/* A full gate: nothing is written. */
START_TEST(test_gate_full)
{
    if (!portal_open(0))
        return;
    portal_documents();
    int slot;
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    pd_registration_e outcome;
    apr_array_header_t *mistakes;
    int wait;
    ((pd_settings_t *)portal.settings)->hashing_wait = 0;
    ck_assert_int_eq(pd_gate_create(&portal.hashing, 1, 1, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_gate_enter(&slot, portal.hashing, 0), APR_SUCCESS);
    ck_assert_int_eq(pd_registration_begin(&outcome, &mistakes, &wait, &portal, &form, tp),
                     PD_EBUSY);
    pd_gate_leave(portal.hashing, slot);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person"), 0);
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
}
END_TEST

START_TEST(test_begun)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "Ivan", "Ivan@Example.org");
    ck_assert_str_eq(letter.kind, "confirm");
    ck_assert_str_eq(letter.address, "Ivan@example.org");
    static const char page[] = "https://www.example.org/portal/confirm?t=";
    ck_assert_int_eq(strncmp(letter.link, page, sizeof(page) - 1), 0);
    ck_assert_int_eq(pd_token_wellformed(letter.token), 1);
    ck_assert_int_eq(strlen(letter.code), PD_CODE_DIGITS);
    ck_assert_int_eq(ask("SELECT decoy FROM registration"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 0);
    ck_assert_str_eq(ask_text("SELECT state FROM person"), "pending");
    ck_assert_str_eq(ask_text("SELECT subject FROM journal ORDER BY sequence DESC LIMIT 1"),
                     letter.person_id);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_states)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    ck_assert_int_eq(look(NULL, NULL), PD_CONFIRM_NONE);
    ck_assert_int_eq(look("nonsense", BROWSER), PD_CONFIRM_NONE);
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    ck_assert_int_eq(look(NULL, BROWSER), PD_CONFIRM_WAITING);
    ck_assert_int_eq(look(NULL, STRANGE), PD_CONFIRM_NONE);
    ck_assert_int_eq(look(letter.token, BROWSER), PD_CONFIRM_READY);
    ck_assert_int_eq(look(letter.token, STRANGE), PD_CONFIRM_NEEDS_PROOF);
    ck_assert_int_eq(look(letter.token, NULL), PD_CONFIRM_NEEDS_PROOF);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person WHERE state = 'active'"), 0);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
    ck_assert_int_eq(look(letter.token, STRANGE), PD_CONFIRM_DONE);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRM_ALREADY);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), 0);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

enum { NOTHING, RIGHT, WRONG };
static const struct {
    const char *name;
    int token, own_browser, code, password;
    pd_confirm_outcome_e outcome;
} proofs[] = {
    {"link, own browser", 1, 1, NOTHING, NOTHING, PD_CONFIRMED},
    {"link alone", 1, 0, NOTHING, NOTHING, PD_CONFIRM_WRONG},
    {"link and code", 1, 0, RIGHT, NOTHING, PD_CONFIRMED},
    {"link and password", 1, 0, NOTHING, RIGHT, PD_CONFIRMED},
    {"link and wrong code", 1, 0, WRONG, NOTHING, PD_CONFIRM_WRONG},
    {"link and wrong password", 1, 0, NOTHING, WRONG, PD_CONFIRM_WRONG},
    {"link, wrong code, right password", 1, 0, WRONG, RIGHT, PD_CONFIRMED},
    {"own browser alone", 0, 1, NOTHING, NOTHING, PD_CONFIRM_WRONG},
    {"own browser and code", 0, 1, RIGHT, NOTHING, PD_CONFIRMED},
    {"own browser and wrong code", 0, 1, WRONG, NOTHING, PD_CONFIRM_WRONG},
    {"own browser and password: the mailbox isn't proved", 0, 1, NOTHING, RIGHT, PD_CONFIRM_WRONG},
    {"strange browser and code", 0, 0, RIGHT, NOTHING, PD_CONFIRM_GONE},
    {"strange browser and password", 0, 0, NOTHING, RIGHT, PD_CONFIRM_GONE},
    {"nothing", 0, 0, NOTHING, NOTHING, PD_CONFIRM_GONE},
};
#define N_PROOFS (sizeof(proofs) / sizeof(proofs[0]))

START_TEST(test_proof)
{
    unsigned i = (unsigned)_i / N_ENGINES;
    if (!portal_open(_i % N_ENGINES))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    const char *wrong = strcmp(letter.code, "12345678") ? "12345678" : "12345679";
    const char *spaced =
        apr_pstrcat(tp, apr_pstrmemdup(tp, letter.code, 4), " - ", letter.code + 4, NULL);
    const char *codes[] = {"", spaced, wrong};
    const char *passwords[] = {NULL, GOOD, "another one"};
    pd_confirm_outcome_e outcome =
        SUBMIT(.token = proofs[i].token ? letter.token : NULL,
               .browser = proofs[i].own_browser ? BROWSER : STRANGE, .code = codes[proofs[i].code],
               .password = passwords[proofs[i].password]);
    ck_assert_msg(outcome == proofs[i].outcome, "%s: %d", proofs[i].name, outcome);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person WHERE state = 'active'"),
                     outcome == PD_CONFIRMED);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), outcome == PD_CONFIRMED ? 2 : 0);
}
END_TEST

START_TEST(test_exhausted)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(SUBMIT(.browser = BROWSER, .code = "nonsense"), PD_CONFIRM_WRONG);
    ck_assert_int_eq(SUBMIT(.browser = BROWSER, .code = letter.code), PD_CONFIRM_EXHAUSTED);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = STRANGE, .password = GOOD),
                     PD_CONFIRM_EXHAUSTED);
    ck_assert_int_eq(ask("SELECT attempts FROM registration"), 10);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
}
END_TEST

/* A known mailbox: same answers, same rows, and nothing of it can become an account. */
START_TEST(test_known)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *owner = confirmed_person("ivan", "a@example.org");
    letter_t letter = begin_from(STRANGE, "petr", "a@EXAMPLE.org");
    ck_assert_str_eq(letter.kind, "known");
    ck_assert_str_eq(letter.person_id, owner);
    ck_assert_str_eq(letter.link, "https://www.example.org/portal/login");
    ck_assert_int_eq(look(NULL, STRANGE), PD_CONFIRM_WAITING);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .code = "12345678"), PD_CONFIRM_WRONG);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .password = GOOD), PD_CONFIRM_WRONG);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM registration WHERE decoy = 1"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM credential"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'registration.known-mailbox'"),
                     1);
    test_now += SECOND;
    ck_assert_int_eq(resend(STRANGE), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'known'"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'confirm'"), 1);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(SUBMIT(.browser = STRANGE, .code = "12345678"), PD_CONFIRM_WRONG);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .code = "12345678"), PD_CONFIRM_EXHAUSTED);
}
END_TEST

START_TEST(test_login_taken)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    confirmed_person("ivan", "a@example.org");
    letter_t letter = begin_from(BROWSER, "IVAN", "b@example.org");
    ck_assert_str_eq(letter.kind, "confirm");
    /* Proved in a strange browser: that one goes on, the other no more. */
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = STRANGE, .code = letter.code),
                     PD_CONFIRM_LOGIN_TAKEN);
    ck_assert_int_eq(look(letter.token, STRANGE), PD_CONFIRM_NEEDS_LOGIN);
    ck_assert_int_eq(look(NULL, STRANGE), PD_CONFIRM_NEEDS_LOGIN);
    ck_assert_int_eq(look(letter.token, BROWSER), PD_CONFIRM_NEEDS_PROOF);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE), PD_CONFIRM_LOGIN_TAKEN);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .login = "x"), PD_CONFIRM_LOGIN_BAD);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .login = "Ivan"), PD_CONFIRM_LOGIN_TAKEN);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER, .login = "petr"),
                     PD_CONFIRM_WRONG);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 2);
    ck_assert_int_eq(SUBMIT(.browser = STRANGE, .login = "Petr"), PD_CONFIRMED);
    pd_person_t person;
    ck_assert_int_eq(pd_person_get(&person, &portal, letter.person_id, tp), APR_SUCCESS);
    ck_assert_str_eq(person.login, "petr");
    ck_assert_int_eq(person.state, PD_PERSON_ACTIVE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 4);
}
END_TEST

/* Two wait with one mailbox: the first that proves it wins, the other is void. */
START_TEST(test_rivals)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t first = begin_from(STRANGE, "attacker", "a@example.org");
    letter_t second = begin_from(BROWSER, "ivan", "a@example.org");
    letter_t other = begin_from("third browser", "petr", "b@example.org");
    ck_assert_int_eq(SUBMIT(.token = second.token, .browser = BROWSER), PD_CONFIRMED);
    ck_assert_int_eq(SUBMIT(.token = first.token, .browser = STRANGE), PD_CONFIRM_GONE);
    ck_assert_int_eq(look(first.token, STRANGE), PD_CONFIRM_NONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM credential"), 2);
    ck_assert_int_eq(SUBMIT(.token = other.token, .browser = "third browser"), PD_CONFIRMED);
}
END_TEST

/* The mailbox was taken between the letter and the button: nothing of the login stays claimed. */
START_TEST(test_mailbox_lost)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(STRANGE, "petr", "a@example.org");
    tell("UPDATE registration SET email_lookup = email_lookup || 'x'");
    confirmed_person("ivan", "a@example.org");
    tell("UPDATE registration SET email_lookup ="
         " (SELECT lookup FROM identifier WHERE kind = 'email') WHERE confirmed_at = 0");
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = STRANGE), PD_CONFIRM_GONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person WHERE state = 'active'"), 1);
}
END_TEST

START_TEST(test_resend)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t first = begin_from(BROWSER, "ivan", "a@example.org");
    test_now += SECOND;
    ck_assert_int_eq(resend(BROWSER), APR_SUCCESS);
    letter_t second = newest_letter();
    ck_assert_str_ne(first.token, second.token);
    ck_assert_int_eq(look(first.token, STRANGE), PD_CONFIRM_NONE);
    ck_assert_int_eq(look(first.token, BROWSER), PD_CONFIRM_WAITING);
    ck_assert_int_eq(look(second.token, BROWSER), PD_CONFIRM_READY);
    for (int i = 0; i < 5; i++) {
        test_now += SECOND;
        ck_assert_int_eq(resend(BROWSER), APR_SUCCESS);
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 5);
    letter_t last = newest_letter(); /* none was written since: it must still be good */
    ck_assert_int_eq(SUBMIT(.browser = BROWSER, .code = last.code), PD_CONFIRMED);
    ck_assert_int_eq(resend(BROWSER), APR_SUCCESS);
    ck_assert_int_eq(resend("unknown"), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'confirm'"), 5);
}
END_TEST

#define N_THREADS 6

static struct racer_t {
    pthread_t thread;
    pd_confirm_form_t form;
    apr_status_t status;
    pd_confirm_outcome_e outcome;
} racers[N_THREADS];

static void *race(void *data)
{
    struct racer_t *racer = data;
    const char *return_to, *mistake;
    int wait;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    racer->status =
        pd_confirm_submit(&racer->outcome, &return_to, &mistake, &wait, &portal, &racer->form, p);
    apr_pool_destroy(p);
    return NULL;
}

static int run_race(pd_confirm_outcome_e counted)
{
    int count = 0;
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(racers[i].thread, NULL);
        ck_assert_int_eq(racers[i].status, APR_SUCCESS);
        count += racers[i].outcome == counted;
    }
    return count;
}

/* The same button pressed many times at once. */
START_TEST(test_race_same)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    for (int i = 0; i < N_THREADS; i++)
        racers[i].form = (pd_confirm_form_t){.token = letter.token, .browser = BROWSER};
    ck_assert_int_eq(run_race(PD_CONFIRMED), 1);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert(racers[i].outcome == PD_CONFIRMED || racers[i].outcome == PD_CONFIRM_ALREADY);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Different people want one login; then different browsers one mailbox. */
START_TEST(test_race_login)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    for (int i = 0; i < N_THREADS; i++) {
        const char *email = apr_psprintf(tp, "p%d@example.org", i);
        letter_t letter = begin_from(BROWSER, "ivan", email);
        racers[i].form = (pd_confirm_form_t){.token = letter.token, .browser = BROWSER};
    }
    ck_assert_int_eq(run_race(PD_CONFIRMED), 1);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert(racers[i].outcome == PD_CONFIRMED || racers[i].outcome == PD_CONFIRM_LOGIN_TAKEN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_race_mailbox)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    ((pd_settings_t *)portal.settings)->letters_per_hour = 100;
    for (int i = 0; i < N_THREADS; i++) {
        const char *browser = apr_psprintf(tp, "browser%d", i);
        letter_t letter = begin_from(browser, apr_psprintf(tp, "login%d", i), "a@example.org");
        racers[i].form = (pd_confirm_form_t){.token = letter.token, .browser = browser};
    }
    ck_assert_int_eq(run_race(PD_CONFIRMED), 1);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert(racers[i].outcome == PD_CONFIRMED || racers[i].outcome == PD_CONFIRM_GONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Tries at once are all counted. */
START_TEST(test_race_tries)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    begin_from(BROWSER, "ivan", "a@example.org");
    tell("UPDATE registration SET attempts = 7");
    for (int i = 0; i < N_THREADS; i++)
        racers[i].form = (pd_confirm_form_t){.browser = BROWSER, .code = "no"};
    ck_assert_int_eq(run_race(PD_CONFIRM_WRONG), 3);
    ck_assert_int_eq(ask("SELECT attempts FROM registration"), 10);
}
END_TEST

START_TEST(test_expiry)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    int removed;
    const char *kept = confirmed_person("maria", "m@example.org");
    begin_from(STRANGE, "petr", "m@example.org"); /* a decoy */
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    test_now += 23 * HOUR;
    ck_assert_int_eq(look(letter.token, BROWSER), PD_CONFIRM_READY);
    ck_assert_int_eq(pd_registration_expire(&removed, &portal, 100, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    test_now += HOUR;
    ck_assert_int_eq(look(letter.token, BROWSER), PD_CONFIRM_NONE);
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRM_GONE);
    ck_assert_int_eq(pd_registration_expire(&removed, &portal, 2, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 2);
    ck_assert_int_eq(pd_registration_expire(&removed, &portal, 100, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM registration"), 0);
    ck_assert_str_eq(ask_text("SELECT id FROM person"), kept);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'registration.expired'"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Removed while somebody confirms it or asks for a letter: the removal isn't committed yet when the
 * other one comes. On SQLite he waits at the gate, on PostgreSQL at the row. */
static void *ask_for_letter(void *data)
{
    const pd_confirm_form_t form = {.browser = BROWSER};
    apr_status_t *status = data;
    int wait;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    *status = pd_confirm_resend(&wait, &portal, &form, p);
    apr_pool_destroy(p);
    return NULL;
}

static apr_status_t removal_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    static const pd_sql_t waiters = {
        "test_waiters", "SELECT COUNT(*) FROM pg_locks WHERE NOT granted", "i", "test"};
    static const char *const texts[] = {"DELETE FROM registration", "DELETE FROM letter",
                                        "DELETE FROM credential", "DELETE FROM person"};
    const pd_rows_t *rows;
    apr_status_t status = APR_SUCCESS;
    pthread_t *letter_asker = baton;
    for (int i = 0; i < 4 && status == APR_SUCCESS; i++)
        status = pd_conn_run(conn, "test", texts[i]);
    ck_assert_int_eq(pthread_create(&racers[0].thread, NULL, race, &racers[0]), 0);
    ck_assert_int_eq(pthread_create(letter_asker, NULL, ask_for_letter, &racers[1].status), 0);
    apr_int64_t count = pd_db_engine(portal.db) == PD_ENGINE_PGSQL ? 0 : 2;
    while (status == APR_SUCCESS && count < 2) {
        status = pd_conn_read(&rows, conn, &waiters, PD_NO_ARGS, 1, p);
        count = status == APR_SUCCESS ? PD_ROW(rows, 0)[0].number : 0;
    }
    return status;
}

START_TEST(test_removed_meanwhile)
{
    pthread_t letter_asker;
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    racers[0].form = (pd_confirm_form_t){.token = letter.token, .browser = BROWSER};
    ck_assert_int_eq(pd_db_transact(portal.db, removal_step, &letter_asker, tp), APR_SUCCESS);
    pthread_join(racers[0].thread, NULL);
    pthread_join(letter_asker, NULL);
    ck_assert_int_eq(racers[0].status, APR_SUCCESS);
    ck_assert_int_eq(racers[0].outcome, PD_CONFIRM_GONE);
    ck_assert_int_eq(racers[1].status, APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 0);
    ck_assert_str_eq(strstr(test_log, "PD031") ? test_log : "", "");
}
END_TEST

/* What a person typed is in no column that can be read without a key. */
START_TEST(test_unreadable)
{
    if (!portal_open(0))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivanov", "kuznetsova@example.org");
    const char *const names[] = {"t.db", "t.db-wal"};
    const char *const secrets[] = {"ivanov",     "kuznetsova", "battery",
                                   letter.token, letter.code,  BROWSER};
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(apr_pstrcat(tp, test_folder, "/", names[i], NULL), "rb");
        char *bytes = apr_palloc(tp, 4 * 1024 * 1024);
        size_t n = file ? fread(bytes, 1, 4 * 1024 * 1024, file) : 0;
        for (int k = 0; k < 6; k++)
            ck_assert_msg(!memmem(bytes, n, secrets[k], strlen(secrets[k])), "%s", secrets[k]);
        if (file)
            fclose(file);
    }
    ck_assert_ptr_null(strstr(test_log, "ivanov"));
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/registration", &tcase);
    tcase_add_loop_test(tcase, test_form, 0, sizeof(forms) / sizeof(forms[0]));
    tcase_add_test(tcase, test_long_password);
    tcase_add_loop_test(tcase, test_texts_replaced, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_closed, 0, N_ENGINES);
    tcase_add_test(tcase, test_gate_full);
    tcase_add_loop_test(tcase, test_begun, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_states, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_proof, 0, N_PROOFS * N_ENGINES);
    tcase_add_loop_test(tcase, test_exhausted, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_known, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_login_taken, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_rivals, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_mailbox_lost, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_resend, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_race_same, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_race_login, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_race_mailbox, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_race_tries, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_expiry, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_removed_meanwhile, 0, N_ENGINES);
    tcase_add_test(tcase, test_unreadable);
    return pd_test_main(suite);
}
