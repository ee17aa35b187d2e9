/* Guessing protection: what is counted of whom, that known and unknown names behave alike, that an
 * owner's own browser passes, that mail is limited, and that the owner is told once. */
#include "registration_test.h"
#include "portal/pd_device.h"
#include "portal/pd_session.h"

#define OWNER     "owners-browser-owners-browser-owners-browse"
#define OTHER     "others-browser-others-browser-others-browse"
#define FREE_NAME 5
#define FREE_OWN  10

static apr_time_t ticks;
static pd_counts_t counts;

static apr_time_t test_ticks(void)
{
    return ticks;
}

/* A portal with a limiter, both texts and the person "ivan". */
static const char *guess_open(int i)
{
    if (!portal_open(i))
        return NULL;
    ticks = 1000 * SECOND;
    counts = (pd_counts_t){{0}};
    portal.counts = &counts;
    portal.limiter = pd_limiter_over(apr_pcalloc(tp, pd_limiter_bytes()), pd_guess_rules,
                                     pd_guess_n_rules, test_ticks, tp);
    portal_documents();
    return confirmed_person("ivan", "a@example.org");
}

static pd_sign_in_t sign_in_from(const char *address, const char *browser, const char *name,
                                 const char *password)
{
    const pd_client_t client = {.address = address, .browser = browser};
    pd_sign_in_t result;
    test_now += SECOND / 100;
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, name, password, NULL, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(result.outcome == PD_SIGN_IN_LIMITED, result.retry_after != 0);
    return result;
}

/* From a network of its own each time. */
static pd_sign_in_t sign_in_anywhere(const char *browser, const char *name, const char *password)
{
    static int n;
    n++;
    const char *address = apr_psprintf(tp, "10.%d.%d.1", n / 250, n % 250);
    return sign_in_from(address, browser, name, password);
}

static const struct {
    const char *address, *host, *network;
} places[] = {
    {"192.0.2.77", "4:c000024d", "4:c00002"},
    {"::ffff:192.0.2.77", "4:c000024d", "4:c00002"},
    {"2001:db8:1:2:3:4:5:6", "6:20010db8000100020003000400050006", "6:20010db800010002"},
    {"2001:db8:1:2::6", "6:20010db8000100020000000000000006", "6:20010db800010002"},
    {"fe80::1%eth0", "6:fe800000000000000000000000000001", "6:fe80000000000000"},
    {"::1", "6:00000000000000000000000000000001", "6:0000000000000000"},
    {"nonsense", "nonsense", "nonsense"},
    {"", "", ""},
    {NULL, "", ""},
};

START_TEST(test_places)
{
    const char *host, *network;
    pd_guess_place(&host, &network, places[_i].address, tp);
    ck_assert_str_eq(host, places[_i].host);
    ck_assert_str_eq(network, places[_i].network);
}
END_TEST

START_TEST(test_rules)
{
    ck_assert_int_le(pd_guess_n_rules, PD_LIMITER_RULES_MAX);
    for (int i = 0; i < pd_guess_n_rules; i++) {
        const pd_limit_rule_t *rule = &pd_guess_rules[i];
        ck_assert_int_le(rule->free, PD_LIMITER_FREE_MAX);
        ck_assert_int_ge(rule->first, SECOND / 10);
        ck_assert_int_ge(rule->decay, SECOND / 10);
        ck_assert_int_le(rule->first, rule->longest);
        ck_assert_int_le(rule->longest, 15 * MINUTE); /* nobody is shut out for long */
    }
}
END_TEST

static const char *const names[] = {"ivan", "a@example.org", "nobody", "nobody@example.org", "???",
                                    ""};

/* The same course of waits, whether or not somebody is called so, in any spelling. */
START_TEST(test_names)
{
    if (!guess_open(0))
        return;
    const char *name = names[_i];
    for (int i = 0; i <= FREE_NAME; i++)
        ck_assert_int_eq(sign_in_anywhere(OTHER, name, "wrong").outcome, PD_SIGN_IN_REFUSED);
    for (int wait = 2; wait < 1000; wait *= 2) {
        int shown = wait < 900 ? wait : 900;
        ck_assert_int_eq(sign_in_anywhere(OTHER, name, GOOD).retry_after, shown);
        ticks += shown * SECOND - SECOND / 10;
        ck_assert_int_eq(sign_in_anywhere(OTHER, name, GOOD).retry_after, 1);
        ticks += SECOND / 10;
        ck_assert_int_eq(sign_in_anywhere(OTHER, name, "wrong").outcome, PD_SIGN_IN_REFUSED);
    }
    ck_assert_int_eq(sign_in_anywhere(OTHER, name, GOOD).retry_after, 900);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_LIMITED), 19);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_SIGN_IN_REFUSED), FREE_NAME + 10);
    /* Who has the right password gets in after the wait, and begins anew. */
    ticks += 900 * SECOND;
    int right = _i < 2;
    ck_assert_int_eq(sign_in_anywhere(OTHER, name, GOOD).outcome == PD_SIGNED_IN, right);
    ck_assert_int_eq(sign_in_anywhere(NULL, name, "wrong").outcome,
                     right ? PD_SIGN_IN_REFUSED : PD_SIGN_IN_LIMITED);
}
END_TEST

/* No wait of one name tells that another belongs to the same person; spellings are one name. */
START_TEST(test_names_apart)
{
    if (!guess_open(0))
        return;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
        ck_assert_int_eq(sign_in_anywhere(OTHER, " IVAN ", "wrong").outcome, PD_SIGN_IN_REFUSED);
    }
    ck_assert_int_eq(sign_in_anywhere(OTHER, "Ivan", "wrong").outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(sign_in_anywhere(OTHER, "a@example.org", "no").outcome, PD_SIGN_IN_REFUSED);
}
END_TEST

/* While strangers keep an account closed, the owner's own browser passes, from anywhere. */
START_TEST(test_own_browser)
{
    const char *id = guess_open(_i);
    if (!id)
        return;
    ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", GOOD).outcome, PD_SIGNED_IN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM device"), 1);
    for (int i = 0; i < 300; i++)
        sign_in_from("192.0.2.1", OTHER, i % 2 ? "ivan" : "a@example.org", "wrong");
    ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", GOOD).outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OTHER, "petr", GOOD).outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OWNER, "petr", GOOD).outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OWNER, "ivan", GOOD).outcome, PD_SIGNED_IN);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OWNER, "a@example.org", GOOD).outcome, PD_SIGNED_IN);
    /* It has a limit too, and a right password lifts it. */
    for (int i = 0; i < FREE_OWN; i++)
        ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", GOOD).outcome, PD_SIGNED_IN);
    for (int i = 0; i <= FREE_OWN; i++)
        ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", GOOD).retry_after, 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM device"), 1);
    ck_assert_str_eq(ask_text("SELECT person_id FROM device"), id);
}
END_TEST

START_TEST(test_browser_expires)
{
    if (!guess_open(_i))
        return;
    int removed;
    sign_in_anywhere(OWNER, "ivan", GOOD);
    test_now += (apr_time_t)PD_DEVICE_DAYS * 24 * HOUR - MINUTE;
    ck_assert_int_eq(pd_device_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    sign_in_anywhere(OWNER, "ivan", GOOD);
    sign_in_anywhere(OTHER, "ivan", GOOD);
    test_now += (apr_time_t)PD_DEVICE_DAYS * 24 * HOUR;
    for (int i = 0; i <= FREE_NAME; i++)
        sign_in_anywhere(STRANGE, "ivan", "wrong");
    ck_assert_int_eq(sign_in_anywhere(OWNER, "ivan", GOOD).outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(pd_device_expire(&removed, &portal, 1, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(pd_device_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
}
END_TEST

static const struct {
    const char *name, *prefix;
    int ends; /* how many addresses */
    int passes;
} crowds[] = {
    {"address", "192.0.2.", 1, 31},
    {"network", "192.0.2.", 200, 101},
    {"mapped address", "::ffff:192.0.2.", 200, 101},
    {"network of IPv6", "2001:db8:1:2::", 200, 101},
};

/* Names nobody has, each once, from one place. */
START_TEST(test_crowd)
{
    if (!guess_open(0))
        return;
    int passed = 0;
    for (int i = 0; i < 200; i++) {
        const char *address = apr_psprintf(tp, "%s%d", crowds[_i].prefix, i % crowds[_i].ends);
        const char *name = apr_psprintf(tp, "name%d", i);
        passed += sign_in_from(address, OTHER, name, "x").outcome == PD_SIGN_IN_REFUSED;
    }
    ck_assert_msg(passed == crowds[_i].passes, "%s: %d", crowds[_i].name, passed);
    ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", GOOD).outcome, PD_SIGNED_IN);
}
END_TEST

#define FLOOD 200000 /* more than the table has entries */

/* Of one network, or each of its own. */
static void flood(int many, int letters)
{
    for (int n = 0; n < FLOOD; n++) {
        pd_guess_t guess;
        const pd_client_t client = {.address =
                                        apr_psprintf(tp, "2001:db8:%x:%x::%x", many ? n >> 16 : 1,
                                                     many ? n & 0xffff : 2, n),
                                    .browser = OTHER};
        if (letters)
            pd_guess_mail(&guess, &portal, &client, tp);
        else
            pd_guess_sign_in(&guess, &portal, &client, apr_itoa(tp, n), tp);
    }
}

/* A guess at a name stays counted, whatever ever new addresses ask for after it. */
START_TEST(test_flood)
{
    if (!guess_open(0))
        return;
    ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
    flood(_i & 1, _i & 2);
    ticks += 5 * SECOND;
    for (int i = 0; i < FREE_NAME; i++)
        ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
    ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", GOOD).outcome, PD_SIGN_IN_LIMITED);
}
END_TEST

/* What is right is given back: a clinic signs in behind one address all day. */
START_TEST(test_right_ones)
{
    if (!guess_open(0))
        return;
    for (int i = 0; i < 150; i++)
        ck_assert_int_eq(
            sign_in_from("192.0.2.1", apr_psprintf(tp, "browser%d", i), "ivan", GOOD).outcome,
            PD_SIGNED_IN);
}
END_TEST

START_TEST(test_gate_full)
{
    if (!guess_open(0))
        return;
    const pd_client_t client = {.address = "192.0.2.1", .browser = OTHER};
    pd_sign_in_t result;
    int slot;
    ((pd_settings_t *)portal.settings)->hashing_wait = 0;
    ck_assert_int_eq(pd_gate_enter(&slot, portal.hashing, 0), APR_SUCCESS);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(pd_session_begin(&result, &portal, &client, "ivan", GOOD, NULL, tp),
                         PD_EBUSY);
    pd_gate_leave(portal.hashing, slot);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_HASHING_BUSY), 50);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OTHER, "ivan", GOOD).outcome, PD_SIGNED_IN);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_SESSION_BEGUN), 1);
}
END_TEST

/* Climbs until the wait is a minute and more. */
static void climb(const char *name)
{
    for (int i = 0; i < 13; i++) {
        pd_sign_in_t result = sign_in_anywhere(OTHER, name, "wrong");
        ticks += result.retry_after * SECOND;
        if (result.retry_after)
            sign_in_anywhere(OTHER, name, "wrong");
    }
}

#define TOLD "SELECT COUNT(*) FROM letter WHERE kind = 'attempts'"

START_TEST(test_owner_told)
{
    const char *id = guess_open(_i);
    if (!id)
        return;
    for (int i = 0; i <= FREE_NAME; i++)
        sign_in_anywhere(OTHER, "ivan", "wrong");
    ck_assert_int_eq(ask(TOLD), 0);
    climb("ivan");
    ck_assert_int_eq(ask(TOLD), 1);
    letter_t letter = newest_letter();
    ck_assert_str_eq(letter.kind, "attempts");
    ck_assert_str_eq(letter.person_id, id);
    ck_assert_str_eq(letter.address, "a@example.org");
    ck_assert_str_eq(ask_text("SELECT event FROM journal ORDER BY sequence DESC LIMIT 1"),
                     PD_EVENT_SIGN_IN_FAILED);
    climb("a@example.org"); /* within the day: no other letter */
    climb("nobody");
    ck_assert_int_eq(ask(TOLD), 1);
    test_now += 24 * HOUR + SECOND;
    ticks += 24 * HOUR;
    climb("ivan");
    ck_assert_int_eq(ask(TOLD), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Who goes on at the longest wait, day and night: the owner is told each day. */
START_TEST(test_owner_told_daily)
{
    if (!guess_open(_i))
        return;
    climb("ivan");
    for (int quarters = 0; quarters < 2 * 24 * 4 + 4; quarters++) {
        test_now += 15 * MINUTE;
        ticks += 15 * MINUTE;
        ck_assert_int_eq(sign_in_anywhere(OTHER, "ivan", "wrong").outcome, PD_SIGN_IN_REFUSED);
    }
    ck_assert_int_eq(ask(TOLD), 3);
}
END_TEST

/* Letters that the guesser asked for before don't keep this one back, and it keeps back none. */
START_TEST(test_owner_told_beyond_limits)
{
    if (!guess_open(0))
        return;
    ((pd_settings_t *)portal.settings)->letters_per_hour = 1;
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE mailbox <> ''"), 1);
    climb("ivan");
    ck_assert_int_eq(ask(TOLD), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE mailbox <> ''"), 1);
}
END_TEST

static int registers(const char *address, int n)
{
    static int number;
    int begun = 0;
    for (int i = 0; i < n; i++) {
        number++;
        pd_registration_form_t form = form_of(apr_psprintf(tp, "login%d", number),
                                              apr_psprintf(tp, "m%d@example.org", number));
        form.address = address;
        begun += begin_form(&form) == PD_REGISTRATION_BEGUN;
    }
    return begun;
}

/* Registration and new letters share what a place may cause; mistakes cost nothing. */
START_TEST(test_mail)
{
    if (!guess_open(0))
        return;
    ((pd_settings_t *)portal.settings)->letters_per_hour = 1000;
    pd_registration_form_t bad = form_of("x", "no address");
    bad.address = "192.0.2.1";
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(begin_form(&bad), PD_REGISTRATION_MISTAKES);
    ck_assert_int_eq(registers("192.0.2.1", 18), 18);
    const pd_confirm_form_t form = {.browser = BROWSER, .address = "192.0.2.1"};
    int wait, sent = 0;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(pd_confirm_resend(&wait, &portal, &form, tp), APR_SUCCESS);
        sent += wait == 0;
    }
    ck_assert_int_eq(sent, 3);
    ck_assert_int_eq(wait, 180);
    ck_assert_int_eq(registers("192.0.2.1", 5), 0);
    ck_assert_int_eq(registers("192.0.2.2", 100), 21);
    ck_assert_int_eq(registers("192.0.2.3", 100), 19); /* what is left of the network's */
    ck_assert_int_eq(registers("198.51.100.1", 5), 5);
    ticks += 180 * SECOND;
    ck_assert_int_eq(registers("192.0.2.1", 5), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind <> 'consent-receipt'"),
                     (apr_int64_t)pd_counted(&counts, PD_COUNT_REGISTRATION_BEGUN) + sent);
}
END_TEST

static pd_confirm_outcome_e code_from(const char *address, const char *browser, const char *code)
{
    return SUBMIT(.browser = browser, .address = address, .code = code);
}

/* Codes of many registrations are counted by place; right ones, and presses of the button, are not.
 */
START_TEST(test_codes)
{
    if (!guess_open(0))
        return;
    int passed = 0;
    letter_t letter = begin_from(OWNER, "petr", "p@example.org");
    for (int i = 0; i < 40; i++) {
        const char *browser = apr_psprintf(tp, "browser%d", i);
        passed += code_from("192.0.2.1", browser, "12345678") != PD_CONFIRM_LIMITED;
    }
    ck_assert_int_eq(passed, 31);
    ck_assert_int_eq(ask("SELECT MAX(attempts) FROM registration"), 0);
    ck_assert_int_eq(code_from("192.0.2.1", OWNER, letter.code), PD_CONFIRM_LIMITED);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OTHER, "ivan", GOOD).outcome, PD_SIGN_IN_LIMITED);
    ck_assert_int_eq(SUBMIT(.browser = OWNER, .address = "192.0.2.1"), PD_CONFIRM_WRONG);
    ticks += SECOND;
    ck_assert_int_eq(code_from("192.0.2.1", OWNER, letter.code), PD_CONFIRMED);
    ck_assert_int_eq(sign_in_from("192.0.2.1", OTHER, "ivan", GOOD).outcome, PD_SIGNED_IN);
    ck_assert_int_eq(pd_counted(&counts, PD_COUNT_REGISTRATION_CONFIRMED), 2);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/guess", &tcase);
    tcase_add_loop_test(tcase, test_places, 0, sizeof(places) / sizeof(places[0]));
    tcase_add_test(tcase, test_rules);
    tcase_add_loop_test(tcase, test_names, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_test(tcase, test_names_apart);
    tcase_add_loop_test(tcase, test_own_browser, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_browser_expires, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_crowd, 0, sizeof(crowds) / sizeof(crowds[0]));
    tcase_add_loop_test(tcase, test_flood, 0, 4);
    tcase_add_test(tcase, test_right_ones);
    tcase_add_test(tcase, test_gate_full);
    tcase_add_loop_test(tcase, test_owner_told, 0, N_ENGINES);
    tcase_add_test(tcase, test_owner_told_beyond_limits);
    tcase_add_loop_test(tcase, test_owner_told_daily, 0, N_ENGINES);
    tcase_add_test(tcase, test_mail);
    tcase_add_test(tcase, test_codes);
    return pd_test_main(suite);
}
