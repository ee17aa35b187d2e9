/* Staff: added, appointed, found by nobody before a password is set, and setting it. */
#include "registration_test.h"
#include "staff_test.h"
#include "portal/pd_person.h"

static const struct {
    const char *login, *email, *role;
    pd_staff_e outcome;
    const char *mistake;
} orders[] = {
    {"boris", "boris@example.org", "doctor", PD_STAFF_DONE, NULL},
    {"ivan", "a@example.org", "doctor", PD_STAFF_DONE, NULL},
    {"IVAN", " a@EXAMPLE.org ", "doctor", PD_STAFF_DONE, NULL},
    {"ivan", "boris@example.org", "doctor", PD_STAFF_LOGIN_TAKEN, NULL},
    {"boris", "a@example.org", "doctor", PD_STAFF_EMAIL_TAKEN, NULL},
    {"ivan", "p@example.org", "doctor", PD_STAFF_LOGIN_TAKEN, NULL},
    {"waiting", "w@example.org", "doctor", PD_STAFF_DONE, NULL},
    {"", "b@example.org", "doctor", PD_STAFF_MISTAKE, "login_missing"},
    {"bo", "b@example.org", "doctor", PD_STAFF_MISTAKE, "login_short"},
    {"boris", "nothing", "doctor", PD_STAFF_MISTAKE, "email_bad"},
    {"boris", "b@example.org", "Doctor", PD_STAFF_MISTAKE, "role_bad"},
};
#define N_ORDERS (sizeof(orders) / sizeof(orders[0]))

START_TEST(test_add)
{
    unsigned i = (unsigned)_i / N_ENGINES;
    if (!portal_open(_i % N_ENGINES))
        return;
    portal_documents();
    const char *ivan = confirmed_person("ivan", "a@example.org");
    confirmed_person("petr", "p@example.org");
    begin_from(STRANGE, "waiting", "w@example.org");
    apr_int64_t people = ask("SELECT COUNT(*) FROM person");
    pd_staff_result_t result = add_staff(orders[i].login, orders[i].email, orders[i].role, 0);
    ck_assert_int_eq(result.outcome, orders[i].outcome);
    if (orders[i].mistake)
        ck_assert_str_eq(result.mistake, orders[i].mistake);
    int done = result.outcome == PD_STAFF_DONE,
        existing = done && strcmp(result.person_id, ivan) == 0;
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM role"), done);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person"), people + (done && !existing));
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM link"), done && !existing);
    ck_assert_int_eq(result.link != NULL, done && !existing);
    ck_assert_int_eq(result.added, done && !existing);
    ck_assert_int_eq(count_events(PD_EVENT_PERSON_ADDED), done && !existing);
    ck_assert_int_eq(count_events(PD_EVENT_LINK_MADE), done && !existing);
    ck_assert_int_eq(count_events(PD_EVENT_ROLE_APPOINTED), done);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_person)
{
    if (!portal_open(_i))
        return;
    pd_person_t person;
    const char *id;
    pd_staff_result_t result = add_staff("Anna", "Anna@Example.org", "doctor", 0);
    ck_assert_int_eq(pd_person_get(&person, &portal, result.person_id, tp), APR_SUCCESS);
    ck_assert_str_eq(person.login, "anna");
    ck_assert_str_eq(person.email, "Anna@example.org");
    ck_assert_str_eq(person.language, "en");
    ck_assert_int_eq(person.state, PD_PERSON_ACTIVE);
    ck_assert_int_eq(person.policy_version, 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM credential"), 0);
    ck_assert_int_eq(pd_person_named(&id, &portal, "anna", tp), APR_SUCCESS);
    ck_assert_str_eq(id, result.person_id);
    ck_assert_int_eq(pd_person_named(&id, &portal, "Anna@example.org", tp), APR_SUCCESS);
    ck_assert_int_eq(pd_person_named(&id, &portal, "nobody", tp), APR_ENOENT);
    ck_assert_ptr_null(id);
}
END_TEST

/* Without a password a person is nobody: signing in says no more, and costs no less. */
START_TEST(test_without_password)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *token, *id, *stored;
    add_staff("anna", "anna@example.org", "doctor", 0);
    ck_assert_int_eq(pd_person_find(&id, &stored, &portal, "anna", tp), APR_ENOENT);
    ck_assert_int_eq(try_sign_in(&token, "anna", ""), PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(try_sign_in(&token, "anna", STAFF_PASSWORD), PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(
        ask("SELECT COUNT(*) FROM journal WHERE event = 'session.refused' AND subject <> ''"), 0);
    /* The names are taken all the same. */
    letter_t letter = begin_from(BROWSER, "other", "anna@example.org");
    ck_assert_str_eq(letter.kind, "known");
    letter = begin_from(STRANGE, "anna", "b@example.org");
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = STRANGE), PD_CONFIRM_LOGIN_TAKEN);
}
END_TEST

START_TEST(test_link_wanted)
{
    if (!portal_open(_i))
        return;
    pd_staff_result_t first = add_staff("anna", "anna@example.org", "doctor", 0);
    pd_staff_result_t second = add_staff("anna", "anna@example.org", "doctor", 0);
    ck_assert_ptr_nonnull(second.link); /* no password yet */
    ck_assert_int_eq(second.appointed, 0);
    ck_assert_int_eq(second.link_until, test_now + 24 * HOUR);
    const char *mistake;
    ck_assert_int_eq(set_password(&mistake, token_of(first.link), STAFF_PASSWORD),
                     PD_PASSWORD_LINK_GONE);
    ck_assert_int_eq(set_password(&mistake, token_of(second.link), STAFF_PASSWORD),
                     PD_PASSWORD_SET);
    ck_assert_ptr_null(add_staff("anna", "anna@example.org", "chief", 0).link);
    ck_assert_ptr_nonnull(add_staff("anna", "anna@example.org", "chief", 1).link);
    tell("UPDATE person SET state = 'blocked'");
    ck_assert_int_eq(add_staff("anna", "anna@example.org", "nurse", 1).outcome, PD_STAFF_BARRED);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM role"), 2);
}
END_TEST

START_TEST(test_list)
{
    if (!portal_open(_i))
        return;
    apr_array_header_t *all;
    add_staff("anna", "anna@example.org", "doctor", 0);
    add_staff("anna", "anna@example.org", "chief", 0);
    add_staff("boris", "boris@example.org", "nurse", 0);
    tell("UPDATE role SET until = 1 WHERE role = 'doctor'");
    ck_assert_int_eq(pd_staff_list(&all, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(all->nelts, 2);
    const pd_staff_t *staff = &APR_ARRAY_IDX(all, 0, pd_staff_t);
    ck_assert_str_eq(staff[0].login, "anna");
    ck_assert_str_eq(staff[0].role, "chief");
    ck_assert_str_eq(staff[0].appointed_by, PD_ROLE_BY_PROGRAM);
    ck_assert_str_eq(staff[1].login, "boris");
    ck_assert_int_eq(staff[1].since, test_now);
}
END_TEST

static const struct {
    const char *typed, *mistake;
} passwords[] = {
    {"", "password_missing"},
    {"qzv7Wkp2xbT", "password_short"}, /* 11 */
    {"correct\x01horse battery", "password_characters"},
    {"passwordpassword", "password_common"},
    {"anna.ivanova123", "password_personal"},
    {"qzv7Wkp2xbTm", NULL}, /* 12 */
};

START_TEST(test_rules)
{
    if (!portal_open(0))
        return;
    const char *mistake;
    pd_password_view_t view;
    const char *token =
        token_of(add_staff("anna.ivanova", "anna.ivanova@example.org", "doctor", 0).link);
    ck_assert_int_eq(pd_password_look(&view, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(view.link, PD_LINK_GOOD);
    ck_assert_int_eq(view.min_chars, PD_STAFF_PASSWORD_MIN);
    ck_assert_str_eq(view.login, "anna.ivanova");
    for (unsigned i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
        pd_password_set_e outcome = set_password(&mistake, token, passwords[i].typed);
        ck_assert_int_eq(outcome, passwords[i].mistake ? PD_PASSWORD_MISTAKE : PD_PASSWORD_SET);
        if (passwords[i].mistake)
            ck_assert_str_eq(mistake, passwords[i].mistake);
    }
    ck_assert_int_eq(pd_password_look(&view, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(view.link, PD_LINK_USED);
    ck_assert_ptr_null(view.login);
}
END_TEST

/* Who has no role any more is asked for no more than any visitor. */
START_TEST(test_rules_without_role)
{
    if (!portal_open(0))
        return;
    const char *mistake;
    const char *token = token_of(add_staff("anna", "anna@example.org", "doctor", 0).link);
    ck_assert_int_eq(set_password(&mistake, token, "qzv7Wkp2"), PD_PASSWORD_MISTAKE);
    tell("UPDATE role SET until = 1");
    ck_assert_int_eq(set_password(&mistake, token, "qzv7Wkp"), PD_PASSWORD_MISTAKE);
    ck_assert_int_eq(set_password(&mistake, token, "qzv7Wkp2"), PD_PASSWORD_SET);
}
END_TEST

START_TEST(test_set)
{
    if (!portal_open(_i))
        return;
    const char *mistake, *none;
    const char *id = staff_member("anna", "doctor");
    const char *token = signed_in("anna");
    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.kind, "password");
    ck_assert_str_eq(letter.person_id, id);
    ck_assert_str_eq(letter.address, "anna@example.org");
    ((pd_settings_t *)portal.settings)->letters_per_hour = 1; /* which it has had */
    const char *link = token_of(add_staff("anna", "anna@example.org", "doctor", 1).link);
    ck_assert_int_eq(is_good(token), 1);
    apr_int64_t told = ask("SELECT number FROM invalidation_head");
    ck_assert_int_eq(set_password(&mistake, link, "another lantern 8 harbours"), PD_PASSWORD_SET);
    ck_assert_int_eq(ask("SELECT number FROM invalidation_head"), told + 1);
    ck_assert_int_eq(is_good(token), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM credential"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'password'"), 2);
    ck_assert_int_eq(try_sign_in(&none, "anna", STAFF_PASSWORD), PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(try_sign_in(&none, "anna", "another lantern 8 harbours"), PD_SIGNED_IN);
    ck_assert_int_eq(set_password(&mistake, link, STAFF_PASSWORD), PD_PASSWORD_LINK_GONE);
    ck_assert_int_eq(count_events(PD_EVENT_PASSWORD_SET), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Nothing of it is done where a part fails. */
START_TEST(test_all_or_nothing)
{
    if (!portal_open(_i))
        return;
    pd_password_set_e outcome;
    const pd_client_t nobody = {.address = "192.0.2.1"};
    int retry_after;
    const char *mistake;
    const char *token = token_of(add_staff("anna", "anna@example.org", "doctor", 0).link);
    tell("ALTER TABLE letter RENAME TO away");
    ck_assert_int_ne(pd_password_set(&outcome, &mistake, &retry_after, &portal, &nobody, token,
                                     STAFF_PASSWORD, tp),
                     0);
    tell("ALTER TABLE away RENAME TO letter");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM credential"), 0);
    ck_assert_int_eq(ask("SELECT used_at FROM link"), 0);
    ck_assert_int_eq(set_password(&mistake, token, STAFF_PASSWORD), PD_PASSWORD_SET);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/staff", &tcase);
    tcase_add_loop_test(tcase, test_add, 0, N_ORDERS * N_ENGINES);
    tcase_add_loop_test(tcase, test_person, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_without_password, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_link_wanted, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_list, 0, N_ENGINES);
    tcase_add_test(tcase, test_rules);
    tcase_add_test(tcase, test_rules_without_role);
    tcase_add_loop_test(tcase, test_set, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_all_or_nothing, 0, N_ENGINES);
    return pd_test_main(suite);
}
