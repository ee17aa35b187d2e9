/* Roles: well-formed words, in force from when to when, told to caches and journal. */
#include "staff_test.h"
#include "portal/pd_invalidation.h"

static const struct {
    const char *role;
    int good;
} words[] = {
    {"administrator", 1},
    {"doctor-2", 1},
    {"ab", 1},
    {"a1", 1},
    {"abcdefghijklmnopqrstuvwxyz-01234", 1},
    {"abcdefghijklmnopqrstuvwxyz-012345", 0},
    {"a", 0},
    {"", 0},
    {"1a", 0},
    {"-a", 0},
    {"Doctor", 0},
    {"chief doctor", 0},
    {"a_b", 0},
    {"a\n", 0},
    {"\xd0\xb2\xd1\x80", 0},
};

START_TEST(test_wellformed)
{
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        ck_assert_msg(pd_role_wellformed(words[i].role) == words[i].good, "%s", words[i].role);
}
END_TEST

static const char *person;
static const pd_datakey_t *key;

static int open_with_person(int engine)
{
    pd_person_t found;
    if (!portal_open(engine))
        return 0;
    person = add_staff("anna", "anna@example.org", "doctor", 0).person_id;
    ck_assert_int_eq(pd_person_get(&found, &portal, person, tp), APR_SUCCESS);
    key = found.key;
    return 1;
}

static apr_status_t appoint_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_appointment_t appointment = {person, key, "chief", "somebody"};
    return pd_role_appoint(baton, conn, &portal, &appointment, p);
}

static int appoint(void)
{
    int changed = -1;
    test_now += SECOND;
    ck_assert_int_eq(pd_db_transact(portal.db, appoint_step, &changed, tp), APR_SUCCESS);
    return changed;
}

static int dismiss(const char *role)
{
    int changed;
    const pd_appointment_t appointment = {person, key, role, "somebody"};
    test_now += SECOND;
    ck_assert_int_eq(pd_role_dismiss(&changed, &portal, &appointment, tp), APR_SUCCESS);
    return changed;
}

/* Names of the roles in force, parted by spaces. */
static const char *in_force(void)
{
    apr_array_header_t *roles;
    const char *names = "";
    ck_assert_int_eq(pd_role_list(&roles, &portal, person, tp), APR_SUCCESS);
    for (int i = 0; i < roles->nelts; i++)
        names = apr_pstrcat(tp, names, i ? " " : "", APR_ARRAY_IDX(roles, i, pd_role_t).role, NULL);
    return names;
}

static apr_int64_t told(void)
{
    apr_int64_t head;
    apr_array_header_t *rows;
    ck_assert_int_eq(pd_invalidation_read(&head, &rows, &portal, 0, tp), APR_SUCCESS);
    for (int i = 0; i < rows->nelts; i++) {
        const pd_invalidation_t *row = &APR_ARRAY_IDX(rows, i, pd_invalidation_t);
        ck_assert_int_eq(row->kind, PD_INVALID_PERSON);
        ck_assert_str_eq(row->subject, person);
    }
    return head;
}

START_TEST(test_appoint_and_dismiss)
{
    if (!open_with_person(_i))
        return;
    apr_int64_t before = told();
    ck_assert_str_eq(in_force(), "doctor");
    ck_assert_int_eq(appoint(), 1);
    ck_assert_str_eq(in_force(), "chief doctor");
    ck_assert_int_eq(appoint(), 0);
    ck_assert_int_eq(dismiss("chief"), 1);
    ck_assert_str_eq(in_force(), "doctor");
    ck_assert_int_eq(dismiss("chief"), 0);
    ck_assert_int_eq(dismiss("nothing"), 0);
    ck_assert_int_eq(appoint(), 1); /* again */
    ck_assert_str_eq(in_force(), "chief doctor");
    ck_assert_int_eq(ask("SELECT since FROM role WHERE role = 'chief'"), test_now);
    ck_assert_str_eq(ask_text("SELECT appointed_by FROM role WHERE role = 'chief'"), "somebody");
    ck_assert_int_eq(told(), before + 3); /* only what changed something */
    ck_assert_int_eq(count_events(PD_EVENT_ROLE_APPOINTED), 3);
    ck_assert_int_eq(count_events(PD_EVENT_ROLE_DISMISSED), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Nobody gets back what was taken: a clock that steps back, or another host's that is behind. */
START_TEST(test_dismissed_by_any_clock)
{
    if (!portal_open(_i))
        return;
    pd_session_t session;
    person = staff_member("anna", "doctor");
    test_now += HOUR;
    const char *token = signed_in("anna");
    ck_assert_int_eq(dismiss("doctor"), 1);
    apr_time_t dismissed_at = test_now;
    test_now -= 10 * MINUTE;
    ck_assert_str_eq(in_force(), "");
    ck_assert_int_eq(dismiss("doctor"), 0);
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_str_eq(session.roles, "");
    ck_assert_int_eq(ask("SELECT ABS(until) FROM role"), dismissed_at);
}
END_TEST

/* An end that was set ahead. */
START_TEST(test_until)
{
    if (!open_with_person(_i))
        return;
    tell(apr_psprintf(tp, "UPDATE role SET until = %" APR_TIME_T_FMT, test_now + HOUR));
    ck_assert_str_eq(in_force(), "doctor");
    test_now += HOUR;
    ck_assert_str_eq(in_force(), "");
    ck_assert_int_eq(dismiss("doctor"), 0);
}
END_TEST

/* The same at the next look at the session. */
START_TEST(test_session_sees)
{
    if (!portal_open(_i))
        return;
    pd_session_t session;
    person = staff_member("anna", "doctor");
    const char *token = signed_in("anna");
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_str_eq(session.roles, "doctor");
    add_staff("anna", "anna@example.org", "chief", 0);
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_str_eq(session.roles, "chief doctor");
    ck_assert_int_eq(dismiss("doctor"), 1);
    ck_assert_int_eq(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_str_eq(session.roles, "chief");
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/role", &tcase);
    tcase_add_test(tcase, test_wellformed);
    tcase_add_loop_test(tcase, test_appoint_and_dismiss, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_dismissed_by_any_clock, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_until, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_session_sees, 0, N_ENGINES);
    return pd_test_main(suite);
}
