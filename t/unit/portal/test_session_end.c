/* Ending sessions from elsewhere: one, a person's, everybody's; and what is left of them. */
#include "staff_test.h"
#include "portal/pd_invalidation.h"

static const char *anna, *boris;

static int open_with_people(int engine)
{
    if (!portal_open(engine))
        return 0;
    anna = staff_member("anna", "doctor");
    boris = staff_member("boris", "doctor");
    return 1;
}

static int end_one(const char *person, const char *id)
{
    int ended;
    ck_assert_int_eq(pd_session_end_one(&ended, &portal, person, id, tp), APR_SUCCESS);
    return ended;
}

static pd_invalidation_t newest_told(void)
{
    apr_int64_t head;
    apr_array_header_t *rows;
    ck_assert_int_eq(pd_invalidation_read(&head, &rows, &portal, 0, tp), APR_SUCCESS);
    ck_assert_int_gt(rows->nelts, 0);
    return APR_ARRAY_IDX(rows, rows->nelts - 1, pd_invalidation_t);
}

START_TEST(test_one)
{
    if (!open_with_people(_i))
        return;
    const char *first = signed_in("anna"), *second = signed_in("anna");
    const char *id = session_id(first);
    ck_assert_int_eq(end_one(boris, id), 0);
    ck_assert_int_eq(end_one(NULL, "nothing"), 0);
    ck_assert_int_eq(is_good(first), 1);
    ck_assert_int_eq(end_one(anna, id), 1);
    ck_assert_int_eq(is_good(first), 0);
    ck_assert_int_eq(is_good(second), 1);
    ck_assert_str_eq(newest_told().subject, anna);
    ck_assert_int_eq(end_one(anna, id), 0);
    ck_assert_int_eq(end_one(NULL, session_id(second)), 1);
    ck_assert_int_eq(is_good(second), 0);
    ck_assert_int_eq(count_events(PD_EVENT_SIGNED_OUT), 2);
}
END_TEST

START_TEST(test_others)
{
    if (!open_with_people(_i))
        return;
    int ended;
    const char *first = signed_in("anna"), *second = signed_in("anna"), *his = signed_in("boris");
    const char *kept = session_id(second);
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, anna, kept, tp), APR_SUCCESS);
    ck_assert_int_eq(ended, 1);
    ck_assert_int_eq(is_good(first), 0);
    ck_assert_int_eq(is_good(second), 1);
    ck_assert_int_eq(is_good(his), 1);
    ck_assert_int_eq(newest_told().kind, PD_INVALID_PERSON);
    ck_assert_str_eq(newest_told().subject, anna);
    /* Somebody else's keeps nothing. */
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, anna, session_id(his), tp), 0);
    ck_assert_int_eq(ended, 1);
    ck_assert_int_eq(is_good(second), 0);
    ck_assert_int_eq(is_good(his), 1);
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, boris, NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(is_good(his), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM session"), 0);
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, "nobody", NULL, tp), APR_ENOENT);
    ck_assert_int_eq(count_events(PD_EVENT_SESSIONS_ENDED), 3);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* One that is dead already isn't brought back by being kept. */
START_TEST(test_dead_is_not_kept)
{
    if (!open_with_people(_i))
        return;
    int ended;
    const char *token = signed_in("anna"), *id = session_id(token);
    tell("UPDATE person SET generation = generation + 1");
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, anna, id, tp), APR_SUCCESS);
    ck_assert_int_eq(is_good(token), 0);
}
END_TEST

/* A row that is written by a sign-in that began before the end is born dead. */
START_TEST(test_begun_meanwhile)
{
    if (!open_with_people(_i))
        return;
    int n;
    const char *token = signed_in("anna");
    tell("CREATE TABLE kept AS SELECT * FROM session");
    ck_assert_int_eq(pd_session_end_others(&n, &portal, anna, NULL, tp), APR_SUCCESS);
    tell("INSERT INTO session SELECT * FROM kept");
    ck_assert_int_eq(is_good(token), 0);
    tell("DELETE FROM session");
    tell("DROP TABLE kept");
    token = signed_in("anna");
    tell("CREATE TABLE kept AS SELECT * FROM session");
    ck_assert_int_eq(pd_session_end_all(&n, &portal, tp), APR_SUCCESS);
    tell("INSERT INTO session SELECT * FROM kept");
    ck_assert_int_eq(is_good(token), 0);
    tell("DROP TABLE kept");
}
END_TEST

START_TEST(test_all)
{
    if (!open_with_people(_i))
        return;
    int removed;
    const char *hers = signed_in("anna"), *his = signed_in("boris");
    for (int i = 0; i < 450; i++) /* more than two sweeps */
        tell(apr_psprintf(tp,
                          "INSERT INTO session (token, id, person_id, generation, created_at,"
                          " authenticated_at, used_at, expires_at) SELECT 't%d', 'i%d', person_id,"
                          " generation, created_at, authenticated_at, used_at, expires_at FROM"
                          " session WHERE id = '%s'",
                          i, i, session_id(his)));
    test_now -= 10 * HOUR; /* whatever the clock says */
    ck_assert_int_eq(pd_session_end_all(&removed, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 452);
    ck_assert_int_eq(newest_told().kind, PD_INVALID_EVERYBODY);
    test_now += 10 * HOUR;
    ck_assert_int_eq(is_good(hers), 0);
    ck_assert_int_eq(is_good(his), 0);
    /* And who signs in afterwards stays. */
    hers = signed_in("anna");
    ck_assert_int_eq(is_good(hers), 1);
    ck_assert_int_eq(pd_session_end_all(&removed, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(is_good(hers), 0);
    ck_assert_int_eq(count_events(PD_EVENT_SESSIONS_ENDED), 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Where the number is lost nobody is let in, and ending says that it failed. */
START_TEST(test_number_lost)
{
    if (!open_with_people(_i))
        return;
    int removed;
    pd_session_t session;
    const char *token = signed_in("anna");
    tell("DELETE FROM meta WHERE name = 'sessions.ended'");
    ck_assert_int_ne(pd_session_database.find(&session, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_ne(pd_session_end_all(&removed, &portal, tp), APR_SUCCESS);
}
END_TEST

START_TEST(test_list)
{
    if (!open_with_people(_i))
        return;
    int ended;
    apr_array_header_t *sessions;
    const char *first = session_id(signed_in("anna")), *second = session_id(signed_in("anna"));
    signed_in("boris");
    ck_assert_int_eq(pd_session_list(&sessions, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(sessions->nelts, 2);
    const pd_session_t *session = &APR_ARRAY_IDX(sessions, 0, pd_session_t);
    ck_assert_str_eq(session[0].id, second);
    ck_assert_str_eq(session[1].id, first);
    ck_assert_str_eq(session[0].person_id, anna);
    ck_assert_int_eq(session[0].expires_at, session[0].created_at + 12 * HOUR);
    tell("UPDATE person SET generation = generation + 1");
    ck_assert_int_eq(pd_session_list(&sessions, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(sessions->nelts, 0);
    signed_in("anna");
    test_now += HOUR;
    ck_assert_int_eq(pd_session_list(&sessions, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(sessions->nelts, 1); /* its last use may not be noted yet */
    test_now += 6 * MINUTE;
    ck_assert_int_eq(pd_session_list(&sessions, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(sessions->nelts, 0); /* unused too long */
    ck_assert_int_eq(pd_session_end_others(&ended, &portal, anna, NULL, tp), APR_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/session_end", &tcase);
    tcase_add_loop_test(tcase, test_one, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_others, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_dead_is_not_kept, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_begun_meanwhile, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_all, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_number_lost, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_list, 0, N_ENGINES);
    return pd_test_main(suite);
}
