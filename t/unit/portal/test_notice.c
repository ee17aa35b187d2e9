/* Notices: what is written to whom, and an inbox of ten thousand read page by page. */
#include "registration_test.h"
#include "portal/pd_inbox.h"
#include "portal/pd_mailing.h"
#include "portal/pd_notice_setting.h"

#define MANY   10000
#define A_PAGE 26

static const char *anna;

static int notice_open(int engine)
{
    if (!portal_open(engine))
        return 0;
    portal_documents();
    anna = confirmed_person("anna", "a@example.org");
    return 1;
}

/* So many notices of a kind in one transaction. */
typedef struct many_t {
    const char *kind;
    int n;
} many_t;

static apr_status_t many_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const many_t *many = baton;
    apr_table_t *values = apr_table_make(p, 1);
    apr_table_setn(values, "subject", "Words");
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; i < many->n && status == APR_SUCCESS; i++) {
        test_now += SECOND;
        status = pd_notice_add(conn, &portal, anna, many->kind, values, p);
    }
    return status;
}

static apr_status_t add(const char *kind, int n)
{
    many_t many = {kind, n};
    apr_pool_t *scratch;
    apr_pool_create(&scratch, tp);
    apr_status_t status = pd_db_transact(portal.db, many_step, &many, scratch);
    apr_pool_destroy(scratch);
    return status;
}

/* Every row of the table keeps the promises of its columns. */
START_TEST(test_kinds)
{
    int n = 0;
    for (const pd_notice_kind_t *kind = pd_notice_kinds; kind->id; kind++, n++) {
        ck_assert_msg(pd_purpose_find(kind->purpose) != NULL, "%s", kind->id);
        ck_assert_ptr_eq(pd_notice_kind_find(kind->id), kind);
        ck_assert_msg(!kind->consent || kind->letter, "%s", kind->id);
        if (kind->letter)
            ck_assert_msg(pd_letter_is_optional(kind->letter) == (kind->consent != NULL), "%s",
                          kind->id);
        ck_assert_msg(kind->from != PD_NOTICE_TO_MANY || kind->consent, "%s", kind->id);
    }
    ck_assert_int_lt(n, 64); /* bits of a setting */
}
END_TEST

START_TEST(test_add)
{
    pd_inbox_notice_t notice;
    if (!notice_open(_i))
        return;
    ck_assert_int_eq(add("no-such", 1), APR_EINVAL);
    ck_assert_int_eq(add("news", 1), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM notice"), 0);
    ck_assert_int_eq(add("message", 3), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM notice"), 3);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind = 'notice'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM notice WHERE letter = 'notice'"), 1);
    const char *id = ask_text("SELECT id FROM notice ORDER BY id LIMIT 1");
    ck_assert_int_eq(pd_inbox_get(&notice, &portal, anna, id, tp), APR_SUCCESS);
    ck_assert_str_eq(apr_table_get(notice.values, "subject"), "Words");
    ck_assert_int_eq(pd_inbox_get(&notice, &portal, "somebody", id, tp), APR_ENOENT);
    ck_assert_int_eq(pd_inbox_read(&portal, anna, "nothing", tp), APR_ENOENT);
    ck_assert_int_eq(pd_inbox_delete(&portal, anna, id, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_inbox_delete(&portal, anna, id, tp), APR_ENOENT);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* Walks the whole list; what a page takes is given back before the next. */
static int walk(int *read)
{
    char before[64] = "";
    pd_inbox_place_t place = {0, NULL};
    apr_pool_t *scratch;
    int n = 0, more = 1;
    *read = 0;
    apr_pool_create(&scratch, tp);
    while (more) {
        apr_array_header_t *page;
        apr_pool_clear(scratch);
        ck_assert_int_eq(pd_inbox_list(&page, &portal, anna, &place, A_PAGE, scratch), APR_SUCCESS);
        ck_assert_int_le(page->nelts, A_PAGE);
        more = page->nelts == A_PAGE;
        for (int i = 0; i < page->nelts; i++, n++) {
            const pd_inbox_notice_t *notice = &APR_ARRAY_IDX(page, i, pd_inbox_notice_t);
            ck_assert(notice->is_read >= place.in_read);
            if (notice->is_read == place.in_read && *before)
                ck_assert_str_lt(notice->id, before);
            place.in_read = notice->is_read;
            apr_cpystrn(before, notice->id, sizeof(before));
            *read += notice->is_read;
        }
        place.before = before;
    }
    apr_pool_destroy(scratch);
    return n;
}

START_TEST(test_ten_thousand)
{
    int read, unread;
    if (!notice_open(_i))
        return;
    for (int i = 0; i < MANY; i += 1000)
        ck_assert_int_eq(add("login-changed", 1000), APR_SUCCESS);
    ck_assert_int_eq(walk(&read), MANY);
    ck_assert_int_eq(read, 0);
    ck_assert_int_eq(pd_inbox_count(&unread, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(unread, PD_INBOX_COUNT_MAX);
    const char *middle = ask_text("SELECT id FROM notice ORDER BY id LIMIT 1 OFFSET 4999");
    ck_assert_int_eq(pd_inbox_read_all(&portal, anna, middle, tp), APR_SUCCESS);
    ck_assert_int_eq(walk(&read), MANY);
    ck_assert_int_eq(read, MANY / 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM letter WHERE kind LIKE 'notice%%'"), 0);
}
END_TEST

static const struct {
    const char *body;
    int good;
} bodies[] = {{"S\n\nWords.\n", 1},
              {"S\n\nWords", 1},
              {"S\n\n\tWords.\n\nMore.\n", 1},
              {"\xd0\x9d\n\n\xd0\xa1\n", 1},
              {"", 0},
              {"S", 0},
              {"S\n", 0},
              {"S\n\n", 0},
              {"S\n\n \n\t\n", 0},
              {"S\nWords.\n", 0},
              {"\n\nWords.\n", 0},
              {"S\r\n\r\nWords.\r\n", 0},
              {"S\n\nWo\x1brds.\n", 0},
              {"S\n\n\xc2\x9bWords.\n", 0},
              {"S\n\n\xffWords.\n", 0}};

START_TEST(test_bodies)
{
    ck_assert_msg((pd_mailing_check(bodies[_i].body) == NULL) == bodies[_i].good, "%s",
                  bodies[_i].body);
}
END_TEST

/* The token is the person's and of this portal's keys; nothing else passes. */
START_TEST(test_leaving)
{
    const pd_client_t client = {.address = "192.0.2.9"};
    const char *url, *other;
    int wait;
    if (!notice_open(_i))
        return;
    ck_assert_int_eq(pd_unsubscribe_url(&url, &portal, anna, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_unsubscribe_url(&other, &portal, anna, tp), APR_SUCCESS);
    ck_assert_str_ne(url, other);
    ck_assert_ptr_eq(strstr(url, anna), NULL);
    const char *token = strchr(url, '=') + 1;
    const char *const bad[] = {NULL,
                               "",
                               "x",
                               anna,
                               apr_pstrcat(tp, token, "A", NULL),
                               apr_pstrndup(tp, token, strlen(token) - 1),
                               apr_psprintf(tp, "%0*d", 400, 1)};
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(pd_unsubscribe(&wait, &portal, &client, bad[i], tp), APR_SUCCESS);
        ck_assert_int_eq(ask("SELECT COUNT(*) FROM notice_off"), 0);
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pd_unsubscribe(&wait, &portal, &client, token, tp), APR_SUCCESS);
        ck_assert_int_eq(ask("SELECT COUNT(*) FROM notice_off"), 2);
    }
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'notices.set'"), 1);
    tell("UPDATE person SET state = 'destroyed'");
    ck_assert_int_eq(pd_unsubscribe(&wait, &portal, &client, token, tp), APR_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/notice", &tcase);
    tcase_add_test(tcase, test_kinds);
    tcase_add_loop_test(tcase, test_add, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_ten_thousand, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_bodies, 0, sizeof(bodies) / sizeof(bodies[0]));
    tcase_add_loop_test(tcase, test_leaving, 0, N_ENGINES);
    return pd_test_main(suite);
}
