/* Consents: what stands, what is outgrown, giving and taking back, what follows and by when. */
#include "registration_test.h"
#include <pthread.h>
#include "portal/pd_consent.h"
#include "portal/pd_role.h"
#include "portal/pd_session_int.h"

#define RESEARCH "research"

static pd_person_t person;

static void publish_research(const char *words, const char *editorial)
{
    apr_array_header_t *texts = apr_array_make(tp, 1, sizeof(pd_document_source_t));
    /* In a consent, editorial is what changes no word. */
    const char *text =
        apr_pstrcat(tp, "On research\n\n1. WHAT\n\n1.1. ", words,
                    editorial[0] ? " \xe2\x80\x9cSo\xe2\x80\x9d.\n" : " \"So\".\n", NULL);
    APR_ARRAY_PUSH(texts, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "text"};
    pd_publication_t publication = {.kind = RESEARCH, .texts = texts, .editorial = editorial};
    apr_int64_t version;
    const char *why = "";
    test_now += SECOND;
    ck_assert_msg(pd_document_publish(&version, &why, &portal, &publication, tp) == APR_SUCCESS,
                  "%s", why);
}

/* A member of a site that asks for two consents. */
static int consent_open(int engine)
{
    if (!portal_open(engine))
        return 0;
    portal_documents();
    publish_research("Words.", "");
    const char *id = confirmed_person("ivan", "a@example.org");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
    return 1;
}

static pd_consent_t state_of(const char *kind)
{
    pd_consent_t consent;
    ck_assert_int_eq(pd_consent_get(&consent, &portal, &person, kind, "ru", tp), APR_SUCCESS);
    return consent;
}

static pd_consent_form_t form_about(const char *kind)
{
    pd_document_t document;
    ck_assert_int_eq(pd_document_current(&document, &portal, kind, "ru", tp), APR_SUCCESS);
    return (pd_consent_form_t){.kind = kind,
                               .language = "ru",
                               .shown = pd_document_shown(&document, "ru", "Yes", tp),
                               .wording = "Yes",
                               .address = "192.0.2.7",
                               .agent = "Browser/1"};
}

static pd_consent_e give(const pd_consent_form_t *form)
{
    pd_consent_e outcome;
    test_now += SECOND;
    ck_assert_int_eq(pd_consent_give(&outcome, &portal, person.id, form, tp), APR_SUCCESS);
    return outcome;
}

static pd_consent_e give_now(const char *kind)
{
    pd_consent_form_t form = form_about(kind);
    return give(&form);
}

static pd_consent_e withdraw(const char *kind)
{
    pd_consent_e outcome;
    pd_consent_form_t form = form_about(kind);
    form.wording = "No";
    test_now += SECOND;
    ck_assert_int_eq(pd_consent_withdraw(&outcome, &portal, person.id, &form, tp), APR_SUCCESS);
    return outcome;
}

/* What the next request finds. */
static const char *consents_of_session(void)
{
    pd_session_t session = {.person_id = person.id};
    ck_assert_int_eq(pd_session_add_facts(&session, &portal, test_now, tp), APR_SUCCESS);
    return session.consents;
}

START_TEST(test_list)
{
    if (!consent_open(_i))
        return;
    apr_array_header_t *acts, *consents;
    ck_assert_int_eq(pd_act_list(&acts, &portal, person.id, person.key, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_consent_list(&consents, &portal, person.id, acts, "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(consents->nelts, 2);
    const pd_consent_t *own = &APR_ARRAY_IDX(consents, 0, pd_consent_t);
    const pd_consent_t *other = &APR_ARRAY_IDX(consents, 1, pd_consent_t);
    ck_assert_str_eq(own->kind, PD_DOCUMENT_PROCESSING);
    ck_assert_str_eq(own->title, "The consent");
    ck_assert(pd_consent_stands(own));
    ck_assert_str_eq(other->kind, RESEARCH);
    ck_assert_str_eq(other->title, "On research");
    ck_assert_ptr_null(other->given);
    ck_assert(!pd_consent_stands(other));
    ck_assert_str_eq(consents_of_session(), "processing");
}
END_TEST

START_TEST(test_give)
{
    if (!consent_open(_i))
        return;
    apr_int64_t heard = ask("SELECT number FROM invalidation_head");
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    ck_assert_str_eq(consents_of_session(), "processing research");
    ck_assert_int_eq(ask("SELECT number FROM invalidation_head"), heard + 1);
    pd_consent_t consent = state_of(RESEARCH);
    ck_assert(pd_consent_stands(&consent));
    ck_assert_str_eq(consent.given->wording, "Yes");
    ck_assert_str_eq(consent.given->form, "consent");
    ck_assert_str_eq(consent.given->address, "192.0.2.7");
    ck_assert_str_eq(consent.given->agent, "Browser/1");
    ck_assert_int_eq(consent.given->at, test_now);
    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.kind, "consent-receipt");
    ck_assert_str_eq(letter.address, "a@example.org");
    ck_assert_str_eq(letter.link, consent.given->id);
    ck_assert_str_eq(letter.code, "On research, 1");

    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_ALREADY);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE kind = 'research'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'consent-receipt'"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'act'"), 3);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Nobody agrees to what he was not shown. */
START_TEST(test_changed)
{
    if (!consent_open(_i))
        return;
    pd_consent_e outcome;
    pd_consent_form_t form = form_about(RESEARCH), other = form;
    other.shown = NULL;
    ck_assert_int_eq(give(&other), PD_CONSENT_CHANGED);
    other = form;
    other.language = "en";
    ck_assert_int_eq(give(&other), PD_CONSENT_CHANGED);
    publish_research("Other words.", "");
    ck_assert_int_eq(give(&form), PD_CONSENT_CHANGED);
    other.kind = PD_DOCUMENT_POLICY;
    ck_assert_int_eq(pd_consent_give(&outcome, &portal, person.id, &other, tp), APR_ENOENT);
    other.kind = "poem";
    ck_assert_int_eq(pd_consent_give(&outcome, &portal, person.id, &other, tp), APR_ENOENT);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act"), 2);
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(state_of(RESEARCH).given->version, 2);
}
END_TEST

/* A consent stays with its own text. */
START_TEST(test_outgrown)
{
    if (!consent_open(_i))
        return;
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    const char *agreed = state_of(RESEARCH).given->html_sha256;
    publish_research("Words.", "a slip");
    pd_consent_t consent = state_of(RESEARCH);
    ck_assert(!pd_consent_outgrown(&consent));
    publish_research("Words about more.", "");
    publish_research("Words about more.", "a mark");
    consent = state_of(RESEARCH);
    ck_assert_int_eq(consent.version, 4);
    ck_assert_int_eq(consent.material, 3);
    ck_assert(pd_consent_stands(&consent));
    ck_assert(pd_consent_outgrown(&consent));
    ck_assert_int_eq(consent.given->version, 1);
    ck_assert_str_eq(consent.given->html_sha256, agreed);
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    consent = state_of(RESEARCH);
    ck_assert(!pd_consent_outgrown(&consent));
    ck_assert_int_eq(consent.given->version, 4);
    ck_assert_str_eq(consents_of_session(), "processing research");
    /* Taking back takes back what stands, of whichever version. */
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(state_of(RESEARCH).withdrawn->version, 4);
    ck_assert_str_eq(consents_of_session(), "processing");
}
END_TEST

START_TEST(test_withdraw)
{
    if (!consent_open(_i))
        return;
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_ALREADY); /* never given */
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    const char *agreed = state_of(RESEARCH).given->html_sha256;
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    ck_assert_str_eq(consents_of_session(), "processing");
    pd_consent_t consent = state_of(RESEARCH);
    ck_assert(!pd_consent_stands(&consent));
    ck_assert_str_eq(consent.withdrawn->wording, "No");
    ck_assert_str_eq(consent.withdrawn->html_sha256, agreed);
    /* The 15th of January in Moscow, and thirty days. */
    ck_assert_str_eq(pd_time_rfc3339(consent.due_at, tp), "2027-02-14T20:59:59Z");
    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.kind, "consent-withdrawn");
    ck_assert_str_eq(letter.link, consent.withdrawn->id);
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_ALREADY);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM withdrawal"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'consent-withdrawn'"), 1);

    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(state_of(RESEARCH).due_at, 0);
    ck_assert_str_eq(ask_text("SELECT outcome FROM withdrawal"), "given-again");
    ck_assert_str_eq(consents_of_session(), "processing research");
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Which came later does not depend on clocks: the same instant, and an earlier one. */
START_TEST(test_stepping_clock)
{
    static const apr_interval_time_t steps[] = {0, -HOUR, -1};
    if (!consent_open(_i))
        return;
    test_now += 24 * HOUR; /* the texts are in force long since */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
        test_now += steps[i] - SECOND;
        ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
        ck_assert_str_eq(consents_of_session(), "processing");
        pd_consent_t consent = state_of(RESEARCH);
        ck_assert(!pd_consent_stands(&consent));
        test_now += steps[i] - SECOND;
        ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
        ck_assert_str_eq(consents_of_session(), "processing research");
        consent = state_of(RESEARCH);
        ck_assert(pd_consent_stands(&consent));
        ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    }
}
END_TEST

/* Each time costs a letter; taking back is never refused. */
START_TEST(test_often)
{
    if (!consent_open(_i))
        return;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
        ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    }
    apr_int64_t letters = ask("SELECT COUNT(*) FROM letter");
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_LIMITED);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter"), letters);
    ck_assert_str_eq(consents_of_session(), "processing");
    ck_assert_int_eq(withdraw(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    ck_assert_int_eq(give_now(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    test_now += PD_CONSENT_LIMIT_SECS * SECOND;
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
}
END_TEST

/* None of them keeps away a letter that warns of strangers. */
START_TEST(test_letters_take_no_place)
{
    if (!consent_open(_i))
        return;
    apr_int64_t counted = ask("SELECT COUNT(*) FROM letter WHERE mailbox <> ''");
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE mailbox <> ''"), counted);
}
END_TEST

static apr_status_t appoint_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_appointment_t *appointment = baton;
    int changed;
    return pd_role_appoint(&changed, conn, &portal, appointment, p);
}

static const char *task_of_processing(void)
{
    return ask_text("SELECT task FROM withdrawal WHERE kind = 'processing'");
}

/* Whoever works for the site keeps the account as long as the work lasts. */
START_TEST(test_appointed)
{
    if (!consent_open(_i))
        return;
    int changed;
    pd_appointment_t editor = {person.id, person.key, "editor", PD_ROLE_BY_PROGRAM};
    pd_appointment_t other = {person.id, person.key, "archivist", PD_ROLE_BY_PROGRAM};
    ck_assert_int_eq(pd_db_transact(portal.db, appoint_step, &editor, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_db_transact(portal.db, appoint_step, &other, tp), APR_SUCCESS);
    ck_assert_int_eq(withdraw(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    ck_assert_str_eq(task_of_processing(), PD_WITHDRAWAL_DESTROY);
    apr_time_t due = state_of(PD_DOCUMENT_PROCESSING).due_at;

    test_now += 24 * HOUR;
    ck_assert_int_eq(pd_role_dismiss(&changed, &portal, &other, tp), APR_SUCCESS);
    ck_assert_str_eq(task_of_processing(), PD_WITHDRAWAL_DESTROY);
    ck_assert_int_eq(pd_role_dismiss(&changed, &portal, &editor, tp), APR_SUCCESS);
    ck_assert_str_eq(task_of_processing(), PD_WITHDRAWAL_CLOSE);
    ck_assert_int_eq(state_of(PD_DOCUMENT_PROCESSING).due_at, due + 24 * HOUR);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Whose consent stands keeps the account when the work ends. */
START_TEST(test_appointed_with_consent)
{
    if (!consent_open(_i))
        return;
    int changed;
    pd_appointment_t editor = {person.id, person.key, "editor", PD_ROLE_BY_PROGRAM};
    ck_assert_int_eq(pd_db_transact(portal.db, appoint_step, &editor, tp), APR_SUCCESS);
    ck_assert_int_eq(withdraw(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    ck_assert_int_eq(give_now(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    ck_assert_int_eq(pd_role_dismiss(&changed, &portal, &editor, tp), APR_SUCCESS);
    ck_assert_int_eq(changed, 1);
    ck_assert_str_eq(ask_text("SELECT outcome FROM withdrawal"), "given-again");
}
END_TEST

/* The account was closed meanwhile, its key is gone: that is noted all the same. */
START_TEST(test_done_without_key)
{
    if (!consent_open(_i))
        return;
    int done;
    apr_array_header_t *open;
    ck_assert_int_eq(give_now(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(withdraw(RESEARCH), PD_CONSENT_DONE);
    ck_assert_int_eq(pd_withdrawal_list(&open, &portal, NULL, tp), APR_SUCCESS);
    tell("UPDATE person SET state = 'destroyed', data_key = ''");
    const char *act = APR_ARRAY_IDX(open, 0, pd_withdrawal_t).act;
    ck_assert_int_eq(pd_withdrawal_done(&done, &portal, act, "test", tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM withdrawal WHERE done_at = 0"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'withdrawal.done'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static pd_withdrawal_state_t look_at_clocks(void)
{
    pd_withdrawal_state_t state;
    ck_assert_int_eq(pd_withdrawal_look(&state, &portal, tp), APR_SUCCESS);
    return state;
}

START_TEST(test_terms)
{
    if (!consent_open(_i))
        return;
    int done;
    apr_array_header_t *open;
    ck_assert_int_eq(look_at_clocks().open, 0);
    ck_assert_int_eq(look_at_clocks().next_at, 0);
    ck_assert_int_eq(withdraw(PD_DOCUMENT_PROCESSING), PD_CONSENT_DONE);
    ck_assert_int_eq(pd_withdrawal_list(&open, &portal, NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(open->nelts, 1);
    const pd_withdrawal_t *first = &APR_ARRAY_IDX(open, 0, pd_withdrawal_t);
    ck_assert_str_eq(first->task, PD_WITHDRAWAL_CLOSE);
    ck_assert_str_eq(first->person_id, person.id);
    test_now = first->due_at - PD_WITHDRAWAL_SOON;
    ck_assert_int_eq(look_at_clocks().soon, 0);
    test_now += 1;
    ck_assert_int_eq(look_at_clocks().soon, 1);
    test_now = first->due_at;
    ck_assert_int_eq(look_at_clocks().overdue, 0);
    test_now += 1;
    pd_withdrawal_state_t state = look_at_clocks();
    ck_assert_int_eq(state.overdue, 1);
    ck_assert_int_eq(state.soon, 0);
    ck_assert_int_eq(state.open, 1);
    ck_assert_int_eq(state.next_at, first->due_at);

    ck_assert_int_eq(pd_withdrawal_done(&done, &portal, "nobody's", "test", tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0);
    ck_assert_int_eq(pd_withdrawal_done(&done, &portal, first->act, "test", tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0); /* that is the portal's own to do */
    ck_assert_int_eq(look_at_clocks().open, 1);
    tell("UPDATE withdrawal SET task = 'destroy'");
    ck_assert_int_eq(pd_withdrawal_done(&done, &portal, first->act, "test", tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert_int_eq(pd_withdrawal_done(&done, &portal, first->act, "test", tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0);
    ck_assert_int_eq(look_at_clocks().open, 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'withdrawal.done'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static const struct {
    const char *roles, *consents;
    int has;
} grounds[] = {
    {"", "processing", 1},
    {"", "mailing processing research", 1},
    {"doctor", "", 1}, /* appointed, never asked */
    {"", "", 0},
    {"", "research", 0},
    {"", "processing-of-more", 0},
};

START_TEST(test_ground)
{
    pd_session_t session = {.roles = grounds[_i].roles, .consents = grounds[_i].consents};
    ck_assert_int_eq(pd_consent_has_ground(&session), grounds[_i].has);
}
END_TEST

#define HANDS 16

typedef struct hand_t {
    pd_consent_form_t form;
    apr_status_t status;
    pd_consent_e outcome;
} hand_t;

static void *hand(void *baton)
{
    hand_t *self = baton;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    self->status = pd_consent_give(&self->outcome, &portal, person.id, &self->form, p);
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(test_many_hands)
{
    if (!consent_open(_i))
        return;
    pthread_t threads[HANDS];
    hand_t hands[HANDS];
    int done = 0;
    for (int i = 0; i < HANDS; i++) {
        hands[i].form = form_about(RESEARCH);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hand, &hands[i]), 0);
    }
    for (int i = 0; i < HANDS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(hands[i].status, APR_SUCCESS);
        done += hands[i].outcome == PD_CONSENT_DONE;
    }
    ck_assert_int_eq(done, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE kind = 'research'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'consent-receipt'"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/consent", &tcase);
    tcase_add_loop_test(tcase, test_list, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_give, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_changed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_outgrown, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_withdraw, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_stepping_clock, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_often, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_letters_take_no_place, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_appointed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_appointed_with_consent, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_done_without_key, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_terms, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_ground, 0, sizeof(grounds) / sizeof(grounds[0]));
    tcase_add_loop_test(tcase, test_many_hands, 0, N_ENGINES);
    return pd_test_main(suite);
}
