/* The yearly look at one's own data: a backlog is spread over runs, who waits longest first. */
#include "registration_test.h"
#include "portal/pd_review.h"

#define YEARS_AGO (test_now - 3 * PD_REVIEW_EVERY)

/* Their keys don't open: nobody is written to, but each has had the turn. */
START_TEST(test_share)
{
    int done;
    if (!portal_open(_i))
        return;
    for (int i = 0; i < 2 * PD_REVIEW_SHARE + 1; i++)
        tell(apr_psprintf(
            tp,
            "INSERT INTO person (id, state, data_key, login, email, language,"
            " generation, policy_version, created_at, confirmed_at, reviewed_at)"
            " VALUES ('p%03d', 'active', '', '', '', 'ru', 1, 1, 1, 1, %" APR_TIME_T_FMT ")",
            i, YEARS_AGO + i));
    const char *turns = apr_psprintf(
        tp, "SELECT COUNT(*) FROM person WHERE reviewed_at = %" APR_TIME_T_FMT, test_now);
    ck_assert_int_eq(pd_review_remind(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask(turns), PD_REVIEW_SHARE);
    ck_assert_str_eq(ask_text("SELECT id FROM person ORDER BY reviewed_at LIMIT 1"), "p050");
    ck_assert_int_eq(pd_review_remind(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_review_remind(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask(turns), 2 * PD_REVIEW_SHARE + 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = portal_suite("review", &tc);
    tcase_add_loop_test(tc, test_share, 0, N_ENGINES);
    return pd_test_main(suite);
}
