/* Drafts: made once, decided once, a material one by two people. */
#include "staff_test.h"
#include "portal/pd_draft.h"

#define TEXT "Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. A login.\n"

static pd_refusal_t refusal;

static apr_status_t make(apr_int64_t *number, const char *author, const char *text,
                         const char *editorial, apr_time_t effective)
{
    apr_array_header_t *texts = apr_array_make(tp, 1, sizeof(pd_document_source_t));
    APR_ARRAY_PUSH(texts, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "ru"};
    pd_publication_t publication = {.kind = "policy",
                                    .texts = texts,
                                    .editorial = editorial,
                                    .effective_at = effective,
                                    .author = author,
                                    .refusal = &refusal};
    return pd_draft_make(number, &portal, &publication, tp);
}

static apr_int64_t made(const char *author, const char *text, const char *editorial)
{
    apr_int64_t number;
    ck_assert_msg(make(&number, author, text, editorial, 0) == APR_SUCCESS, "%s", refusal.why);
    return number;
}

static pd_draft_e publish_against(apr_int64_t number, apr_int64_t version, const char *person)
{
    pd_draft_e outcome;
    test_now += SECOND;
    ck_assert_int_eq(pd_draft_publish(&outcome, &refusal, &portal, number, version, person, tp),
                     APR_SUCCESS);
    return outcome;
}

/* By somebody who has just looked at it. */
static pd_draft_e publish_draft(apr_int64_t number, const char *person)
{
    return publish_against(
        number, ask("SELECT COALESCE(MAX(version), 0) FROM document WHERE kind = 'policy'"),
        person);
}

static pd_draft_e withdraw(apr_int64_t number, const char *person)
{
    pd_draft_e outcome;
    ck_assert_int_eq(pd_draft_withdraw(&outcome, &portal, number, person, tp), APR_SUCCESS);
    return outcome;
}

static pd_draft_t get(apr_int64_t number)
{
    pd_draft_t draft;
    ck_assert_int_eq(pd_draft_get(&draft, &portal, number, tp), APR_SUCCESS);
    return draft;
}

/* What the journal says of the one publication. */
static const char *published_details(void)
{
    const char *details;
    const char *row =
        apr_psprintf(tp, "host-a/%" APR_INT64_T_FMT,
                     ask("SELECT sequence FROM journal WHERE event = 'document.published'"));
    const char *sealed = ask_text("SELECT details FROM journal WHERE event = 'document.published'");
    ck_assert_int_eq(
        pd_open(&details, pd_datakey_system(portal.keys, tp), "journal.details", row, sealed, tp),
        APR_SUCCESS);
    return details;
}

START_TEST(test_two_people)
{
    apr_array_header_t *drafts;
    pd_draft_e outcome;
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor"), *boris = staff_member("boris", "editor");
    apr_int64_t number = made(anna, TEXT, "");
    ck_assert_int_eq(number, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 0);
    pd_draft_t draft = get(number);
    ck_assert_str_eq(draft.author, anna);
    ck_assert_int_eq(draft.state, PD_DRAFT_OPEN);
    ck_assert_str_eq(APR_ARRAY_IDX(draft.texts, 0, pd_document_source_t).bytes, TEXT);
    ck_assert(!pd_draft_may_publish(&draft, anna));
    ck_assert_int_eq(publish_draft(number, anna), PD_DRAFT_OWN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 0);
    ck_assert_int_eq(pd_draft_list(&drafts, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(drafts->nelts, 1);

    ck_assert_int_eq(publish_draft(number, boris), PD_DRAFT_DONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
    draft = get(number);
    ck_assert_int_eq(draft.state, PD_DRAFT_PUBLISHED);
    ck_assert_int_eq(draft.version, 1);
    ck_assert_str_eq(draft.decided_by, boris);
    ck_assert_int_eq(publish_draft(number, boris), PD_DRAFT_GONE);
    ck_assert_int_eq(withdraw(number, anna), PD_DRAFT_GONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
    ck_assert_int_eq(pd_draft_list(&drafts, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(drafts->nelts, 0);
    ck_assert_int_eq(pd_draft_publish(&outcome, &refusal, &portal, 77, 1, boris, tp), APR_ENOENT);
    ck_assert_int_eq(count_events("draft.made"), 1);
    ck_assert_int_eq(count_events("document.published"), 1);
    const char *details = published_details();
    ck_assert_ptr_nonnull(strstr(details, apr_pstrcat(tp, "\"author\":\"", anna, "\"", NULL)));
    ck_assert_ptr_nonnull(strstr(details, apr_pstrcat(tp, "\"approver\":\"", boris, "\"", NULL)));
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_editorial_by_one)
{
    apr_int64_t number;
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor");
    publish("policy", TEXT);
    ck_assert_int_eq(make(&number, anna,
                          "Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n"
                          "3.1. A place.\n",
                          "a slip", 0),
                     APR_EINVAL);
    ck_assert_int_eq(refusal.code, PD_REFUSED_MATERIAL);
    ck_assert_str_eq(refusal.detail, "3.1");
    ck_assert_int_eq(make(&number, anna, TEXT, "", 0), APR_EINVAL);
    ck_assert_int_eq(refusal.code, PD_REFUSED_SAME);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM draft"), 0);
    number =
        made(anna, "Rules\n\n2. WORDS\n\n2.1. Guests.\n\n3. DATA\n\n3.1. A login.\n", "a slip");
    ck_assert_int_eq(publish_draft(number, anna), PD_DRAFT_DONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document WHERE editorial = 'a slip'"), 1);
}
END_TEST

START_TEST(test_withdrawn)
{
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor"), *boris = staff_member("boris", "editor");
    apr_int64_t number = made(anna, TEXT, "");
    ck_assert_int_eq(withdraw(number, boris), PD_DRAFT_DONE);
    ck_assert_int_eq(get(number).state, PD_DRAFT_WITHDRAWN);
    ck_assert_int_eq(publish_draft(number, boris), PD_DRAFT_GONE);
    ck_assert_int_eq(withdraw(number, boris), PD_DRAFT_GONE);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 0);
    ck_assert_int_eq(count_events("draft.withdrawn"), 1);
    ck_assert_int_eq(made(anna, TEXT, ""), 2);
}
END_TEST

/* What was good when the draft was made may not be any more. */
START_TEST(test_overtaken)
{
    apr_int64_t number;
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor"), *boris = staff_member("boris", "editor");
    ck_assert_int_eq(make(&number, anna, TEXT, "", test_now + HOUR), APR_SUCCESS);
    test_now += 2 * HOUR;
    ck_assert_int_eq(publish_draft(number, boris), PD_DRAFT_REFUSED);
    ck_assert_int_eq(refusal.code, PD_REFUSED_PAST);
    ck_assert_int_eq(get(number).state, PD_DRAFT_OPEN);
    apr_int64_t same = made(anna, TEXT, "");
    publish("policy", TEXT);
    ck_assert_int_eq(publish_draft(same, boris), PD_DRAFT_REFUSED);
    ck_assert_int_eq(refusal.code, PD_REFUSED_SAME);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
}
END_TEST

#define CLAUSES(more) "Rules\n\n2. WORDS\n\n2.1. A guest.\n\n3. DATA\n\n3.1. A login.\n" more

/* What is approved is what was seen: a clause that came in the meantime would go out again, and
 * nobody would have looked at that. */
START_TEST(test_compared_with_another_version)
{
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor"), *boris = staff_member("boris", "editor");
    publish("policy", TEXT);
    apr_int64_t number = made(anna, CLAUSES("\n3.2. A place.\n"), "");
    publish("policy", CLAUSES("\n3.3. An age.\n"));
    ck_assert_int_eq(publish_against(number, 1, boris), PD_DRAFT_OVERTAKEN);
    ck_assert_int_eq(publish_against(number, 0, boris), PD_DRAFT_OVERTAKEN);
    ck_assert_int_eq(publish_against(number, -1, boris), PD_DRAFT_OVERTAKEN);
    ck_assert_int_eq(publish_against(number, 3, boris), PD_DRAFT_OVERTAKEN);
    ck_assert_int_eq(refusal.code, PD_REFUSED_OVERTAKEN);
    ck_assert_int_eq(get(number).state, PD_DRAFT_OPEN);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 2);
    publish("processing", TEXT);
    ck_assert_int_eq(publish_against(number, 2, boris), PD_DRAFT_DONE);
    ck_assert_int_eq(get(number).version, 3);
    number = made(anna,
                  "Rules\n\n2. WORDS\n\n2.1. Guests.\n\n3. DATA\n\n3.1. A login.\n"
                  "\n3.2. A place.\n",
                  "a slip");
    ck_assert_int_eq(publish_against(number, 2, anna), PD_DRAFT_OVERTAKEN);
    ck_assert_int_eq(publish_against(number, 3, anna), PD_DRAFT_DONE);
}
END_TEST

typedef struct approval_t {
    apr_int64_t number;
    const char *person;
    pd_draft_e outcome;
    apr_status_t status;
} approval_t;

static void *approve(void *baton)
{
    approval_t *approval = baton;
    pd_refusal_t why;
    apr_pool_t *p;
    apr_pool_create_unmanaged(&p);
    approval->status = pd_draft_publish(&approval->outcome, &why, &portal, approval->number, 0,
                                        approval->person, p);
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(test_two_approve_at_once)
{
    pthread_t threads[2];
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor");
    approval_t approvals[2] = {{.person = staff_member("boris", "editor")},
                               {.person = staff_member("clara", "administrator")}};
    apr_int64_t number = made(anna, TEXT, "");
    for (int i = 0; i < 2; i++) {
        approvals[i].number = number;
        pthread_create(&threads[i], NULL, approve, &approvals[i]);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(approvals[i].status, APR_SUCCESS);
    }
    ck_assert_int_eq(
        (approvals[0].outcome == PD_DRAFT_DONE) + (approvals[1].outcome == PD_DRAFT_DONE), 1);
    ck_assert_int_eq(
        (approvals[0].outcome == PD_DRAFT_GONE) + (approvals[1].outcome == PD_DRAFT_GONE), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM document"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_preview)
{
    apr_array_header_t *previews;
    if (!portal_open(_i))
        return;
    const char *anna = staff_member("anna", "editor");
    pd_draft_t draft = get(made(anna, TEXT, ""));
    ck_assert_int_eq(pd_draft_preview(&previews, &portal, &draft, tp), APR_SUCCESS);
    ck_assert_int_eq(previews->nelts, 1);
    const pd_preview_t *preview = &APR_ARRAY_IDX(previews, 0, pd_preview_t);
    ck_assert_str_eq(preview->title, "Rules");
    ck_assert(preview->is_new);
    ck_assert_int_eq(preview->last, 0);
    const char *sum = preview->html_sha256;
    publish("policy", TEXT);
    pd_document_t document;
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 1, "ru", tp), APR_SUCCESS);
    ck_assert_str_eq(document.html_sha256, sum); /* seen as it is published */
    draft = get(made(anna, "Rules\n\n2. WORDS\n\n2.2. A guest.\n\n3. DATA\n\n3.1. A login.\n", ""));
    ck_assert_int_eq(pd_draft_preview(&previews, &portal, &draft, tp), APR_SUCCESS);
    preview = &APR_ARRAY_IDX(previews, 0, pd_preview_t);
    ck_assert(!preview->is_new);
    ck_assert_int_eq(preview->last, 1);
    ck_assert_str_eq(preview->changed, "2.2, 2.1");
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = portal_suite("draft", &tc);
    tcase_add_loop_test(tc, test_two_people, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_editorial_by_one, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_withdrawn, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_overtaken, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_compared_with_another_version, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_two_approve_at_once, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_preview, 0, N_ENGINES);
    return pd_test_main(suite);
}
