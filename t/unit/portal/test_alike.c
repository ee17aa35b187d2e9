/* Who has an account? The database is asked and told the same, whether or not somebody has the name
 * that was typed: statement by statement, which the calls of apr_dbd tell that stand in front of
 * the library's here. Time is not measured. */
#include "registration_test.h"
#include <apr_dbd.h>
#include <dlfcn.h>
#include "portal/pd_email_change.h"
#include "portal/pd_guess.h"
#include "portal/pd_recovery.h"
#include "portal/pd_session.h"

/* More than there are statements: SQLite's are prepared once, PostgreSQL's before each use. */
#define PREPARED_MAX 1000

static struct {
    const apr_dbd_prepared_t *of;
    char what[60];
} prepared[PREPARED_MAX];
static int n_prepared; /* the newest ones take the places of the oldest */

static char seen[8000];
static int is_seeing;

/* "INSERT INTO sign_in": what is done to which table. The rows of nobody are of the same shape as
 * others, in a table of their own. */
static void summarise(char what[60], const char *text)
{
    const char *from = strncmp(text, "SELECT", 6) == 0 ? strstr(text, " FROM ") : NULL;
    const char *rest = from ? from + 6 : text;
    apr_snprintf(what, 60, "%s%.*s", from ? "SELECT " : "", (int)strcspn(rest, from ? " " : "(="),
                 rest);
    char *nobody = strstr(what, "_nobody");
    if (nobody)
        memmove(nobody, nobody + 7, strlen(nobody + 7) + 1);
}

static void note(const apr_dbd_prepared_t *statement)
{
    int i = n_prepared - 1, oldest = n_prepared > PREPARED_MAX ? n_prepared - PREPARED_MAX : 0;
    if (!is_seeing)
        return;
    while (i >= oldest && prepared[i % PREPARED_MAX].of != statement)
        i--;
    ck_assert_int_ge(i, oldest);
    size_t length = strlen(seen), room = sizeof(seen) - length;
    ck_assert_int_lt(apr_snprintf(seen + length, room, "%s\n", prepared[i % PREPARED_MAX].what),
                     (int)room - 1);
}

int apr_dbd_prepare(const apr_dbd_driver_t *driver, apr_pool_t *p, apr_dbd_t *handle,
                    const char *text, const char *label, apr_dbd_prepared_t **statement)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *, const char *, const char *,
                apr_dbd_prepared_t **);
    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_prepare");
    int error = real(driver, p, handle, text, label, statement);
    if (!error) {
        int place = n_prepared++ % PREPARED_MAX;
        prepared[place].of = *statement;
        summarise(prepared[place].what, text);
    }
    return error;
}

int apr_dbd_pbselect(const apr_dbd_driver_t *driver, apr_pool_t *p, apr_dbd_t *handle,
                     apr_dbd_results_t **results, apr_dbd_prepared_t *statement, int random,
                     const void **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *, apr_dbd_results_t **,
                apr_dbd_prepared_t *, int, const void **);
    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_pbselect");
    note(statement);
    return real(driver, p, handle, results, statement, random, args);
}

int apr_dbd_pbquery(const apr_dbd_driver_t *driver, apr_pool_t *p, apr_dbd_t *handle, int *n_rows,
                    apr_dbd_prepared_t *statement, const void **args)
{
    int (*real)(const apr_dbd_driver_t *, apr_pool_t *, apr_dbd_t *, int *, apr_dbd_prepared_t *,
                const void **);
    *(void **)&real = dlsym(RTLD_NEXT, "apr_dbd_pbquery");
    note(statement);
    return real(driver, p, handle, n_rows, statement, args);
}

/* What one act asks of the database. */
typedef void act_fn(const char *name);

static const char *asked_by(act_fn *act, const char *name)
{
    seen[0] = '\0';
    is_seeing = 1;
    act(name);
    is_seeing = 0;
    ck_assert_msg(strstr(seen, "INSERT INTO") != NULL, "nothing was seen of %s: %s", name, seen);
    return apr_pstrdup(tp, seen);
}

static void same(act_fn *act, const char *somebody, const char *nobody)
{
    const char *of_somebody = asked_by(act, somebody);
    ck_assert_str_eq(asked_by(act, nobody), of_somebody);
}

static int open_with_ivan(int i)
{
    n_prepared = 0;
    if (!portal_open(i))
        return 0;
    portal_documents();
    confirmed_person("ivan", "a@example.org");
    return 1;
}

static void refused(const char *name)
{
    const pd_client_t client = {
        .address = "192.0.2.7", .browser = STRANGE, .agent = "Firefox/126.0"};
    pd_sign_in_t result;
    test_now += SECOND;
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, name, "wrong", NULL, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(result.outcome, PD_SIGN_IN_REFUSED);
}

/* The first ones of a day, the last one that is written down, and those after it. */
START_TEST(sign_in_under_a_name)
{
    if (!open_with_ivan(_i))
        return;
    for (int n = 0; n < 22; n++)
        same(refused, "ivan", "nobody");
    same(refused, "a@example.org", "b@example.org");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM sign_in WHERE outcome <> 'signed-in'"), 20);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM sign_in_nobody"), 3 + 23);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM sign_in s JOIN sign_in_nobody n"
                         " ON LENGTH(n.origin) = LENGTH(s.origin) WHERE s.outcome = 'more'"
                         " AND n.outcome = 'more'"),
                     1);
}
END_TEST

static apr_time_t ticks = 1000 * SECOND;

static apr_time_t test_ticks(void)
{
    return ticks;
}

/* Up to the longest wait and there for a while; the letter itself, once a day, is written before.
 */
START_TEST(sign_in_on_and_on)
{
    if (!open_with_ivan(_i))
        return;
    portal.limiter = pd_limiter_over(apr_pcalloc(tp, pd_limiter_bytes()), pd_guess_rules,
                                     pd_guess_n_rules, test_ticks, tp);
    tell("INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject, body, language,"
         " message_id, state, attempts, next_at, lease, outcome, reply_code, created_at, done_at)"
         " SELECT 'told', id, 'attempts', '', '', '', '', 'en', '', 'sent', 0, 0, '', '', 0,"
         " 9000000000000000, 0 FROM person");
    for (int n = 0; n < 20; n++) {
        same(refused, "ivan", "nobody");
        ticks += 900 * SECOND;
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'attempts'"), 1);
}
END_TEST

/* Who doesn't know the password learns nothing of a block either. */
START_TEST(sign_in_of_somebody_blocked)
{
    if (!open_with_ivan(_i))
        return;
    tell("UPDATE person SET state = 'blocked'");
    for (int n = 0; n < 22; n++)
        same(refused, "ivan", "nobody");
}
END_TEST

static void registers(const char *address)
{
    static int n;
    pd_registration_form_t form = form_of(apr_psprintf(tp, "newcomer%d", ++n), address);
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
}

START_TEST(registration_of_an_address)
{
    if (open_with_ivan(_i))
        same(registers, "a@example.org", "b@example.org");
}
END_TEST

static void takes_login(const char *login)
{
    static int n;
    pd_registration_form_t form = form_of(login, apr_psprintf(tp, "new%d@example.org", ++n));
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
}

START_TEST(registration_of_a_login)
{
    if (open_with_ivan(_i))
        same(takes_login, "ivan", "nobody");
}
END_TEST

static void asks(const char *name)
{
    const pd_client_t client = {.address = "192.0.2.7", .browser = STRANGE};
    int wait;
    test_now += SECOND;
    ck_assert_int_eq(pd_recovery_ask(&wait, &portal, &client, name, tp), APR_SUCCESS);
}

START_TEST(recovery_under_a_name)
{
    if (!open_with_ivan(_i))
        return;
    same(asks, "ivan", "nobody");
    same(asks, "a@example.org", "b@example.org");
}
END_TEST

static void answer_all(void)
{
    int done, waiting = 1;
    while (waiting)
        ck_assert_int_eq(pd_recovery_answer(&done, &waiting, &portal, tp), APR_SUCCESS);
}

/* After a code for one's own name. The job's statements are no answer to who asks. */
static void asks_and_enters(const char *name)
{
    const pd_client_t client = {.address = "192.0.2.7", .browser = STRANGE};
    const char *token;
    int wait;
    pd_recovery_e outcome;
    asks(name);
    is_seeing = 0;
    answer_all();
    is_seeing = 1;
    ck_assert_int_eq(pd_recovery_submit(&outcome, &token, &wait, &portal, &client, "00000000", tp),
                     APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_RECOVERY_WRONG);
}

START_TEST(code_after_a_name)
{
    if (!open_with_ivan(_i))
        return;
    confirmed_person("olga", "o@example.org");
    asks("olga");
    answer_all();
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM recovery WHERE code <> ''"), 1);
    same(asks_and_enters, "ivan", "nobody");
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM recovery WHERE code <> ''"), 2);
}
END_TEST

static const char *changer;

static void wants_address(const char *address)
{
    const pd_client_t client = {.address = "192.0.2.7", .browser = BROWSER};
    pd_email_changed_t result;
    test_now += SECOND;
    ck_assert_int_eq(pd_email_change_ask(&result, &portal, &client, changer, address, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(result.outcome, PD_EMAIL_ASKED);
}

START_TEST(change_to_an_address)
{
    if (!open_with_ivan(_i))
        return;
    changer = confirmed_person("olga", "o@example.org");
    same(wants_address, "a@example.org", "b@example.org");
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/alike", &tcase);
    tcase_add_loop_test(tcase, sign_in_under_a_name, 0, N_ENGINES);
    tcase_add_loop_test(tcase, sign_in_on_and_on, 0, N_ENGINES);
    tcase_add_loop_test(tcase, sign_in_of_somebody_blocked, 0, N_ENGINES);
    tcase_add_loop_test(tcase, registration_of_an_address, 0, N_ENGINES);
    tcase_add_loop_test(tcase, registration_of_a_login, 0, N_ENGINES);
    tcase_add_loop_test(tcase, recovery_under_a_name, 0, N_ENGINES);
    tcase_add_loop_test(tcase, code_after_a_name, 0, N_ENGINES);
    tcase_add_loop_test(tcase, change_to_an_address, 0, N_ENGINES);
    return pd_test_main(suite);
}
