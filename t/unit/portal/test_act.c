/* The ledger of acts: what registration records, and what is added later. */
#include "registration_test.h"
#include "portal/pd_act.h"
#include "portal/pd_person.h"

START_TEST(test_of_registration)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    apr_array_header_t *acts;
    apr_time_t begun = test_now + SECOND;
    const char *id = confirmed_person("ivan", "a@example.org");
    ck_assert_int_eq(pd_act_list(&acts, &portal, id, NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 2);
    for (int i = 0; i < 2; i++) {
        const pd_act_t *act = &APR_ARRAY_IDX(acts, i, pd_act_t);
        int policy = strcmp(act->kind, PD_DOCUMENT_POLICY) == 0;
        pd_document_t document;
        ck_assert_int_eq(pd_document_current(&document, &portal, act->kind, "ru", tp), APR_SUCCESS);
        ck_assert_str_eq(act->verb, policy ? "acknowledged" : "consented");
        ck_assert_str_eq(act->wording, policy ? "I have read it" : "I agree");
        ck_assert_str_eq(act->html_sha256, document.html_sha256);
        ck_assert_int_eq(act->version, 1);
        ck_assert_str_eq(act->language, "ru");
        ck_assert_str_eq(act->form, "register");
        ck_assert_int_eq(act->at, begun); /* when it was ticked, not when the mailbox was proved */
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'act'"), 2);
    ck_assert_int_eq(ask(apr_psprintf(tp, "SELECT COUNT(*) FROM act WHERE pseudonym = '%s'", id)),
                     0);
    ck_assert_int_eq(pd_act_list(&acts, &portal, "nobody", NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 0);
}
END_TEST

/* The version acknowledged is the one in force when the form was sent. */
START_TEST(test_new_version_between)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    letter_t letter = begin_from(BROWSER, "ivan", "a@example.org");
    test_now += MINUTE;
    publish(PD_DOCUMENT_POLICY, "The policy, new\n\n1. PURPOSE\n");
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
    pd_person_t person;
    ck_assert_int_eq(pd_person_get(&person, &portal, letter.person_id, tp), APR_SUCCESS);
    ck_assert_int_eq(person.policy_version, 1);
}
END_TEST

static apr_status_t withdraw(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const pd_person_t *person = baton;
    pd_act_t act = {.verb = PD_ACT_WITHDREW,
                    .kind = "processing",
                    .version = 1,
                    .language = "ru",
                    .html_sha256 = "hash",
                    .wording = "",
                    .form = "account",
                    .at = test_now};
    return pd_act_add(conn, &portal, person->id, person->key, &act, p);
}

START_TEST(test_added)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_person_t person;
    apr_array_header_t *acts;
    const char *id = confirmed_person("ivan", "a@example.org");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
    test_now += SECOND;
    ck_assert_int_eq(pd_db_transact(portal.db, withdraw, &person, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_act_list(&acts, &portal, id, NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(acts, 2, pd_act_t).verb, "withdrew");
    ck_assert_int_eq(APR_ARRAY_IDX(acts, 2, pd_act_t).sequence, 2);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* From where it was done is kept from the box's tick on, and readable with the person's key alone.
 */
START_TEST(test_receipt)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_person_t person;
    apr_array_header_t *acts;
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    form.address = "192.0.2.7";
    form.agent = "Browser/1 (\xd0\xb0\n)";
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
    letter_t letter = newest_letter();
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
    ck_assert_int_eq(pd_person_get(&person, &portal, letter.person_id, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_act_list(&acts, &portal, person.id, person.key, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 2);
    for (int i = 0; i < 2; i++) {
        const pd_act_t *act = &APR_ARRAY_IDX(acts, i, pd_act_t);
        ck_assert_str_eq(act->address, "192.0.2.7");
        ck_assert_str_eq(act->agent, "Browser/1 (??"
                                     "?)");
        ck_assert_str_eq(act->title, act->kind[1] == 'o' ? "The policy" : "The consent");
        ck_assert_int_eq(act->sequence, 1);
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE address LIKE '%%192%%'"
                         " OR agent LIKE '%%Browser%%' OR address = '' OR agent = ''"),
                     0);
    ck_assert_int_eq(pd_act_list(&acts, &portal, person.id, NULL, tp), APR_SUCCESS);
    ck_assert_str_eq(APR_ARRAY_IDX(acts, 0, pd_act_t).address, "");
}
END_TEST

/* The ledger outlives the account: person and key gone, it proves what was agreed to, and when. */
START_TEST(test_outlives)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_registration_form_t form = form_of("ivan", "a@example.org");
    form.address = "192.0.2.7";
    ck_assert_int_eq(begin_form(&form), PD_REGISTRATION_BEGUN);
    letter_t letter = newest_letter();
    ck_assert_int_eq(SUBMIT(.token = letter.token, .browser = BROWSER), PD_CONFIRMED);
    const char *id = letter.person_id;
    static const char *const tables[] = {"letter", "registration", "identifier", "credential"};
    for (int i = 0; i < 4; i++)
        tell(apr_psprintf(tp, "DELETE FROM %s WHERE person_id = '%s'", tables[i], id));
    tell(apr_psprintf(tp, "DELETE FROM person WHERE id = '%s'", id));
    pd_person_t person;
    pd_document_t document;
    apr_array_header_t *acts;
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_ENOENT);
    ck_assert_int_eq(pd_document_current(&document, &portal, "processing", "ru", tp), APR_SUCCESS);
    ck_assert_int_eq(pd_act_list(&acts, &portal, id, NULL, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 2);
    const pd_act_t *act = &APR_ARRAY_IDX(acts, 1, pd_act_t);
    act = strcmp(act->kind, "processing") == 0 ? act : act - 1;
    ck_assert_str_eq(act->verb, "consented");
    ck_assert_int_eq(act->version, 1);
    ck_assert_str_eq(act->html_sha256, document.html_sha256);
    ck_assert_str_eq(act->wording, "I agree");
    ck_assert_int_gt(act->at, 0);
    ck_assert_int_eq(
        ask(apr_psprintf(tp,
                         "SELECT COUNT(*) FROM act WHERE id LIKE '%%%%%s%%%%'"
                         " OR pseudonym LIKE '%%%%%s%%%%' OR address LIKE '%%%%192%%%%'",
                         id, id)),
        0);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/act", &tcase);
    tcase_add_loop_test(tcase, test_of_registration, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_new_version_between, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_added, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_receipt, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_outlives, 0, N_ENGINES);
    return pd_test_main(suite);
}
