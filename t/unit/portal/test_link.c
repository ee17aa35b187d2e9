/* One-time links: for one purpose, one person, one use, a while. */
#include "staff_test.h"
#include "portal/pd_link.h"

static const char *person;

static int open_with_person(int engine)
{
    if (!portal_open(engine))
        return 0;
    person = add_staff("anna", "anna@example.org", "doctor", 0).person_id;
    tell("DELETE FROM link");
    return 1;
}

typedef struct make_t {
    const char *purpose, *token;
} make_t;

static apr_status_t make_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    make_t *make = baton;
    return pd_link_make(&make->token, conn, person, make->purpose, test_now + HOUR, p);
}

static const char *make_link(const char *purpose)
{
    make_t make = {purpose, NULL};
    ck_assert_int_eq(pd_db_transact(portal.db, make_step, &make, tp), APR_SUCCESS);
    return make.token;
}

typedef struct use_t {
    const char *token, *purpose;
    int used;
} use_t;

static apr_status_t use_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    use_t *use = baton;
    return pd_link_use(&use->used, conn, use->token, use->purpose, p);
}

static int use_link(const char *token, const char *purpose)
{
    use_t use = {token, purpose, 0};
    ck_assert_int_eq(pd_db_transact(portal.db, use_step, &use, tp), APR_SUCCESS);
    return use.used;
}

static pd_link_e look_at(const char *token, const char *purpose)
{
    pd_link_e state;
    const char *id;
    ck_assert_int_eq(pd_link_look(&state, &id, &portal, token, purpose, tp), APR_SUCCESS);
    ck_assert_int_eq(id != NULL, state != PD_LINK_NONE);
    if (id)
        ck_assert_str_eq(id, person);
    return state;
}

START_TEST(test_once)
{
    if (!open_with_person(_i))
        return;
    const char *token = make_link("password");
    ck_assert_int_eq(ask(apr_psprintf(tp, "SELECT COUNT(*) FROM link WHERE token = '%s'", token)),
                     0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(look_at(token, "password"), PD_LINK_GOOD);
    ck_assert_int_eq(use_link(token, "password"), 1);
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_USED);
    ck_assert_int_eq(use_link(token, "password"), 0);
}
END_TEST

START_TEST(test_purpose)
{
    if (!open_with_person(_i))
        return;
    const char *token = make_link("password"), *other = make_link("other");
    ck_assert_int_eq(look_at(token, "other"), PD_LINK_NONE);
    ck_assert_int_eq(use_link(token, "other"), 0);
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_GOOD); /* another purpose voids nothing */
    ck_assert_int_eq(use_link(other, "other"), 1);
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_GOOD);
}
END_TEST

START_TEST(test_newer)
{
    if (!open_with_person(_i))
        return;
    const char *first = make_link("password");
    ck_assert_int_eq(use_link(first, "password"), 1);
    const char *second = make_link("password"), *third = make_link("password");
    ck_assert_int_eq(look_at(first, "password"), PD_LINK_USED);
    ck_assert_int_eq(look_at(second, "password"), PD_LINK_NONE);
    ck_assert_int_eq(use_link(second, "password"), 0);
    ck_assert_int_eq(use_link(third, "password"), 1);
}
END_TEST

START_TEST(test_late)
{
    if (!open_with_person(_i))
        return;
    int removed;
    const char *token = make_link("password");
    test_now += HOUR - 1;
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_GOOD);
    ck_assert_int_eq(pd_link_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    test_now += 1;
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_NONE);
    ck_assert_int_eq(use_link(token, "password"), 0);
    ck_assert_int_eq(pd_link_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM link"), 0);
}
END_TEST

static const char *const states[] = {"pending", "blocked", "closing", "destroyed"};

START_TEST(test_state)
{
    if (!open_with_person(_i % N_ENGINES))
        return;
    const char *token = make_link("password");
    tell(apr_psprintf(tp, "UPDATE person SET state = '%s'", states[_i / N_ENGINES]));
    ck_assert_int_eq(look_at(token, "password"), PD_LINK_NONE);
    ck_assert_int_eq(use_link(token, "password"), 0);
}
END_TEST

START_TEST(test_strange)
{
    if (!open_with_person(0))
        return;
    ck_assert_int_eq(look_at(NULL, "password"), PD_LINK_NONE);
    ck_assert_int_eq(look_at("", "password"), PD_LINK_NONE);
    ck_assert_int_eq(look_at("' OR 1=1", "password"), PD_LINK_NONE);
    ck_assert_int_eq(look_at("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "password"),
                     PD_LINK_NONE);
}
END_TEST

#define HANDS 32

static void *hand(void *baton)
{
    use_t *use = baton;
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    if (pd_db_transact(portal.db, use_step, use, p) != APR_SUCCESS)
        use->used = -1;
    apr_pool_destroy(p);
    return NULL;
}

START_TEST(test_many_hands)
{
    if (!open_with_person(_i))
        return;
    pthread_t threads[HANDS];
    use_t uses[HANDS];
    const char *token = make_link("password");
    int won = 0;
    for (int i = 0; i < HANDS; i++) {
        uses[i] = (use_t){token, "password", 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hand, &uses[i]), 0);
    }
    for (int i = 0; i < HANDS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_ge(uses[i].used, 0);
        won += uses[i].used;
    }
    ck_assert_int_eq(won, 1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/link", &tcase);
    tcase_add_loop_test(tcase, test_once, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_purpose, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_newer, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_late, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_state, 0, 4 * N_ENGINES);
    tcase_add_test(tcase, test_strange);
    tcase_add_loop_test(tcase, test_many_hands, 0, N_ENGINES);
    return pd_test_main(suite);
}
