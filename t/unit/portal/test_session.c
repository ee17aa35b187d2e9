/* Sessions: who gets one, how long it lasts, what ends it. */
#include "registration_test.h"
#include "portal/pd_jobs.h"
#include "portal/pd_person.h"
#include "portal/pd_session.h"

static pd_sign_in_e sign_in(const char **token, const char *name, const char *password,
                            const char *old_token)
{
    const pd_client_t client = {.address = NULL};
    pd_sign_in_t result;
    test_now += SECOND;
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, name, password, old_token, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(result.outcome == PD_SIGNED_IN || result.outcome == PD_SIGN_IN_CLOSING ||
                         result.outcome == PD_SIGN_IN_BLOCKED,
                     result.token != NULL);
    *token = result.token;
    return result.outcome;
}

static apr_status_t find(const char *token)
{
    pd_session_t session;
    apr_status_t status = pd_session_database.find(&session, &portal, token, tp);
    pd_session_database.settle(&session, &portal, tp); /* the answer is sent */
    return status;
}

static const struct {
    const char *name, *typed, *password, *change;
    pd_sign_in_e outcome;
    const char *reason;
} sign_ins[] = {
    {"login", "ivan", GOOD, NULL, PD_SIGNED_IN, NULL},
    {"e-mail", "a@example.org", GOOD, NULL, PD_SIGNED_IN, NULL},
    {"wrong password", "ivan", "wrong", NULL, PD_SIGN_IN_REFUSED, "password"},
    {"empty password", "ivan", "", NULL, PD_SIGN_IN_REFUSED, "password"},
    {"password that is none", "ivan", GOOD "\x01", NULL, PD_SIGN_IN_REFUSED, "password"},
    {"password cut", "ivan", "correct horse battery 9 stapl", NULL, PD_SIGN_IN_REFUSED, "password"},
    {"unknown", "nobody", GOOD, NULL, PD_SIGN_IN_REFUSED, "unknown"},
    {"not confirmed", "waiting", GOOD, NULL, PD_SIGN_IN_REFUSED, "unknown"},
    {"decoy", "decoy", GOOD, NULL, PD_SIGN_IN_REFUSED, "unknown"},
    {"blocked", "ivan", GOOD, "UPDATE person SET state = 'blocked' WHERE state = 'active'",
     PD_SIGN_IN_BLOCKED, "blocked"},
    {"blocked, wrong password", "ivan", "wrong",
     "UPDATE person SET state = 'blocked' WHERE state = 'active'", PD_SIGN_IN_REFUSED, "password"},
    {"closing", "ivan", GOOD, "UPDATE person SET state = 'closing' WHERE state = 'active'",
     PD_SIGN_IN_CLOSING, "closing"},
};
#define N_SIGN_INS (sizeof(sign_ins) / sizeof(sign_ins[0]))

START_TEST(test_sign_in)
{
    unsigned i = (unsigned)_i / N_ENGINES;
    if (!portal_open(_i % N_ENGINES))
        return;
    portal_documents();
    const char *token;
    const char *id = confirmed_person("ivan", "a@example.org");
    begin_from(STRANGE, "waiting", "w@example.org");
    begin_from(STRANGE, "decoy", "a@example.org");
    if (sign_ins[i].change)
        tell(sign_ins[i].change);
    pd_sign_in_e outcome = sign_in(&token, sign_ins[i].typed, sign_ins[i].password, NULL);
    ck_assert_msg(outcome == sign_ins[i].outcome, "%s", sign_ins[i].name);
    int refused = outcome != PD_SIGNED_IN;
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), !refused);
    ck_assert_str_eq(ask_text("SELECT event FROM journal ORDER BY sequence DESC LIMIT 1"),
                     refused ? PD_EVENT_SIGN_IN_FAILED : PD_EVENT_SIGNED_IN);
    const char *subject = ask_text("SELECT subject FROM journal ORDER BY sequence DESC LIMIT 1");
    int unknown = refused && strcmp(sign_ins[i].reason, "unknown") == 0;
    ck_assert_str_eq(subject, unknown ? "" : id);
    if (refused)
        return;
    pd_session_t session;
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_str_eq(session.person_id, id);
    ck_assert_str_eq(session.login, "ivan");
    ck_assert_int_eq(session.expires_at, test_now + 12 * HOUR);
    ck_assert_str_eq(session.token_hash, pd_token_hash(token, tp));
    ck_assert_int_eq(
        ask(apr_psprintf(tp, "SELECT COUNT(*) FROM session WHERE token = '%s'", token)), 0);
}
END_TEST

START_TEST(test_rotation)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *first, *second, *none;
    confirmed_person("ivan", "a@example.org");
    sign_in(&first, "ivan", GOOD, NULL);
    sign_in(&none, "ivan", "wrong", first);
    ck_assert_int_eq(find(first), APR_SUCCESS);
    sign_in(&second, "ivan", GOOD, first);
    ck_assert_str_ne(first, second);
    ck_assert_int_eq(find(first), APR_ENOENT);
    ck_assert_int_eq(find(second), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'session.ended'"), 1);
    ck_assert_int_eq(pd_session_end(&portal, second, tp), APR_SUCCESS);
    ck_assert_int_eq(find(second), APR_ENOENT);
    ck_assert_int_eq(pd_session_end(&portal, second, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_session_end(&portal, "nonsense", tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'session.ended'"), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static const char *const strange_tokens[] = {NULL, "", "x", "'; DROP TABLE session; --",
                                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

START_TEST(test_strange_tokens)
{
    if (!portal_open(0))
        return;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(find(strange_tokens[i]), APR_ENOENT);
}
END_TEST

static const struct {
    const char *name, *change;
    int kept;
} endings[] = {
    {"blocked", "UPDATE person SET state = 'blocked'", 1},
    {"destroyed", "UPDATE person SET state = 'destroyed'", 1},
    {"generation raised", "UPDATE person SET generation = generation + 1", 0},
};

/* What happens to a person acts on the next request. */
START_TEST(test_person_changes)
{
    if (!portal_open(_i % N_ENGINES))
        return;
    portal_documents();
    const char *token;
    confirmed_person("ivan", "a@example.org");
    sign_in(&token, "ivan", GOOD, NULL);
    ck_assert_int_eq(find(token), APR_SUCCESS);
    tell(endings[_i / N_ENGINES].change);
    ck_assert_int_eq(find(token), APR_ENOENT);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), endings[_i / N_ENGINES].kept);
}
END_TEST

START_TEST(test_idle)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *token;
    confirmed_person("ivan", "a@example.org");
    sign_in(&token, "ivan", GOOD, NULL);
    apr_time_t begun = test_now;
    test_now += 299 * SECOND;
    ck_assert_int_eq(find(token), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT used_at FROM session"), begun); /* too soon to be noted */
    test_now += 2 * SECOND;
    ck_assert_int_eq(find(token), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT used_at FROM session"), test_now);
    test_now += HOUR - 1;
    ck_assert_int_eq(find(token), APR_SUCCESS);
    test_now += HOUR;
    ck_assert_int_eq(find(token), APR_ENOENT);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"),
                     1); /* a later use may be known elsewhere */
    test_now += 6 * MINUTE;
    ck_assert_int_eq(find(token), APR_ENOENT);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), 0);
}
END_TEST

START_TEST(test_lifetime)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *token;
    confirmed_person("ivan", "a@example.org");
    sign_in(&token, "ivan", GOOD, NULL);
    for (int i = 0; i < 23; i++) {
        test_now += HOUR / 2;
        ck_assert_int_eq(find(token), APR_SUCCESS);
    }
    test_now += HOUR / 2;
    ck_assert_int_eq(find(token), APR_ENOENT);
}
END_TEST

START_TEST(test_expire)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *token;
    int removed;
    confirmed_person("ivan", "a@example.org");
    for (int i = 0; i < 5; i++)
        sign_in(&token, "ivan", GOOD, NULL);
    ck_assert_int_eq(pd_session_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    test_now += 30 * MINUTE;
    ck_assert_int_eq(find(token), APR_SUCCESS);
    test_now += 31 * MINUTE; /* a use may not be noted yet */
    ck_assert_int_eq(pd_session_expire(&removed, &portal, 3, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    test_now += 5 * MINUTE;
    ck_assert_int_eq(pd_session_expire(&removed, &portal, 3, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 3);
    ck_assert_int_eq(pd_session_expire(&removed, &portal, 3, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    test_now += 12 * HOUR;
    ck_assert_int_eq(pd_session_expire(&removed, &portal, 3, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
}
END_TEST

static void run_job(const char *name)
{
    int done;
    const pd_job_t *job = pd_jobs;
    while (strcmp(job->name, name) != 0)
        job++;
    ck_assert_int_eq(job->run(&done, &portal, tp), APR_SUCCESS);
}

/* A session whose limit passed stays over, though nobody asked for it while it was. */
START_TEST(test_clock_steps_back)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *over, *good;
    confirmed_person("ivan", "a@example.org");
    sign_in(&over, "ivan", GOOD, NULL);
    for (int i = 0; i < 22; i++) {
        test_now += HOUR / 2;
        ck_assert_int_eq(find(over), APR_SUCCESS);
    }
    sign_in(&good, "ivan", GOOD, NULL);
    test_now += HOUR;
    run_job("destroy");
    test_now -= HOUR;
    ck_assert_int_eq(find(over), APR_ENOENT);
    ck_assert_int_eq(find(good), APR_SUCCESS);
}
END_TEST

START_TEST(test_rehash)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *token, *id, *before, *after;
    confirmed_person("ivan", "a@example.org");
    ck_assert_int_eq(pd_person_find(&id, &before, &portal, "ivan", tp), APR_SUCCESS);
    ((pd_settings_t *)portal.settings)->password_memory = 128;
    ck_assert_int_eq(sign_in(&token, "ivan", "wrong", NULL), PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(sign_in(&token, "ivan", GOOD, NULL), PD_SIGNED_IN);
    ck_assert_int_eq(pd_person_find(&id, &after, &portal, "ivan", tp), APR_SUCCESS);
    ck_assert_ptr_nonnull(strstr(after, "m=128,"));
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'credential.rehashed'"), 1);
    ck_assert_int_eq(sign_in(&token, "ivan", GOOD, NULL), PD_SIGNED_IN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'credential.rehashed'"), 1);
}
END_TEST

START_TEST(test_gate_full)
{
    if (!portal_open(0))
        return;
    int slot;
    const pd_client_t client = {.address = NULL};
    pd_sign_in_t result;
    ((pd_settings_t *)portal.settings)->hashing_wait = 0;
    ck_assert_int_eq(pd_gate_enter(&slot, portal.hashing, 0), APR_SUCCESS);
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, "ivan", GOOD, NULL, tp), PD_EBUSY);
    ck_assert_ptr_null(result.token);
    pd_gate_leave(portal.hashing, slot);
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, "ivan", GOOD, NULL, tp), 0);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/session", &tcase);
    tcase_add_loop_test(tcase, test_sign_in, 0, N_SIGN_INS * N_ENGINES);
    tcase_add_loop_test(tcase, test_rotation, 0, N_ENGINES);
    tcase_add_test(tcase, test_strange_tokens);
    tcase_add_loop_test(tcase, test_person_changes, 0, 3 * N_ENGINES);
    tcase_add_loop_test(tcase, test_idle, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_lifetime, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_expire, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_clock_steps_back, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_rehash, 0, N_ENGINES);
    tcase_add_test(tcase, test_gate_full);
    return pd_test_main(suite);
}
