/* Reports: each person once, whatever the pages; nobody by name without a look in the journal. */
#include "registration_test.h"
#include "portal/pd_act.h"
#include "portal/pd_person.h"
#include "portal/pd_report.h"

static apr_status_t add_act(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_act_t act = {.verb = "withdrew",
                          .kind = "processing",
                          .version = 1,
                          .language = "ru",
                          .html_sha256 = "hash",
                          .wording = "",
                          .form = "account",
                          .at = test_now};
    pd_person_t *person = baton;
    return pd_act_add(conn, &portal, person->id, person->key, &act, p);
}

static apr_array_header_t *all_of(const char *kind, apr_int64_t version, pd_report_e which)
{
    pd_report_t report = {kind, version, which, ""};
    apr_array_header_t *all = apr_array_make(tp, 4, sizeof(pd_report_person_t));
    while (report.after) {
        apr_array_header_t *people;
        ck_assert_int_eq(pd_report_page(&people, &report, &portal, tp), APR_SUCCESS);
        ck_assert_int_le(people->nelts, PD_REPORT_PAGE);
        apr_array_cat(all, people);
    }
    return all;
}

START_TEST(test_acts)
{
    pd_report_counts_t counts;
    pd_person_t person;
    pd_buf_t csv;
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *ivan = confirmed_person("ivan", "a@example.org");
    const char *olga = confirmed_person("olga", "b@example.org");
    test_now += MINUTE;
    ck_assert_int_eq(pd_person_get(&person, &portal, ivan, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_db_transact(portal.db, add_act, &person, tp), APR_SUCCESS);

    apr_array_header_t *people = all_of("processing", 1, PD_REPORT_ALL);
    ck_assert_int_eq(people->nelts, 2);
    const pd_report_person_t *first = &APR_ARRAY_IDX(people, 0, pd_report_person_t);
    ck_assert_str_eq(first->login, "ivan");
    ck_assert_str_eq(first->verb, "withdrew");
    ck_assert_int_eq(first->at, test_now);
    ck_assert_str_eq(APR_ARRAY_IDX(people, 1, pd_report_person_t).verb, "consented");
    ck_assert_int_eq(all_of("policy", 1, PD_REPORT_ACTED)->nelts, 2);
    ck_assert_int_eq(all_of("policy", 1, PD_REPORT_NOT)->nelts, 0);
    ck_assert_int_eq(all_of("policy", 2, PD_REPORT_NOT)->nelts, 1); /* ivan may not be told */
    ck_assert_int_eq(all_of("policy", 2, PD_REPORT_ACTED)->nelts, 0);

    ck_assert_int_eq(pd_report_counts(&counts, &portal, "processing", 1, tp), APR_SUCCESS);
    ck_assert_int_eq(counts.consented, 2);
    ck_assert_int_eq(counts.withdrew, 1);
    ck_assert_int_eq(counts.acknowledged, 0);

    /* a blocked person has agreed, but need not do anything */
    tell(apr_psprintf(tp, "UPDATE person SET state = 'blocked' WHERE id = '%s'", olga));
    ck_assert_int_eq(all_of("policy", 1, PD_REPORT_ACTED)->nelts, 2);
    ck_assert_int_eq(all_of("policy", 2, PD_REPORT_NOT)->nelts, 0);
    tell("UPDATE person SET state = 'active'");

    pd_buf_init(&csv, 10000, tp);
    pd_report_csv(&csv, all_of("policy", 2, PD_REPORT_ALL), 1, tp);
    ck_assert_str_eq(csv.bytes, "\xef\xbb\xbf\"login\",\"act\",\"at\",\"language\",\"form\"\r\n"
                                "\"olga\",\"none\",\"\",\"\",\"\"\r\n");
}
END_TEST

START_TEST(test_broken_login)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *ivan = confirmed_person("ivan", "a@example.org");
    confirmed_person("olga", "b@example.org");
    tell(apr_psprintf(tp, "UPDATE person SET login = 'rubbish' WHERE id = '%s'", ivan));
    apr_array_header_t *people = all_of("policy", 1, PD_REPORT_ALL);
    ck_assert_int_eq(people->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(people, 0, pd_report_person_t).login, ivan);
    ck_assert_str_eq(APR_ARRAY_IDX(people, 1, pd_report_person_t).login, "olga");
}
END_TEST

/* More than one page. */
START_TEST(test_pages)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    confirmed_person("ivan", "a@example.org");
    for (int i = 0; i < 2 * PD_REPORT_PAGE + 5; i++)
        tell(apr_psprintf(
            tp,
            "INSERT INTO person (id, state, data_key, login, email, language, generation,"
            " policy_version, created_at, confirmed_at) VALUES ('%03d', '%s', '', '', '', 'ru', 0,"
            " 0, 0, 0)",
            i, i % 2 ? "closing" : "destroyed"));
    apr_array_header_t *people = all_of("policy", 1, PD_REPORT_ALL);
    ck_assert_int_eq(people->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(people, 0, pd_report_person_t).login, "ivan");
}
END_TEST

START_TEST(test_look)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *ivan = confirmed_person("ivan", "a@example.org");
    const pd_report_t report = {"policy", 1, PD_REPORT_ALL, ""};
    ck_assert_int_eq(pd_report_look(&portal, ivan, &report, "4.1.1", tp), APR_SUCCESS);
    ck_assert_int_eq(ask(apr_psprintf(tp,
                                      "SELECT COUNT(*) FROM journal WHERE event = 'staff.look'"
                                      " AND subject = '%s' AND details <> ''",
                                      ivan)),
                     1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = portal_suite("report", &tc);
    tcase_add_loop_test(tc, test_acts, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_broken_login, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_pages, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_look, 0, N_ENGINES);
    return pd_test_main(suite);
}
