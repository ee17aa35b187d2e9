/* Persons: found by whatever form of their login or e-mail is typed, opened with their own key. */
#include "registration_test.h"
#include "portal/pd_person.h"

static const struct {
    const char *typed;
    int known;
} names[] = {
    {"ivan", 1},
    {" Ivan ", 1},
    {"IVAN", 1},
    {"a@example.org", 1},
    {" a@EXAMPLE.ORG ", 1},
    {"A@example.org", 0},
    {"b@example.org", 0},
    {"petr", 0},
    {"iv an", 0},
    {"", 0},
    {"@", 0},
    {"\xff\xfe", 0},
    {"iv", 0},
    {"' OR 1=1", 0},
    {"waiting", 0},
    {"w@example.org", 0},
};

START_TEST(test_find)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    const char *person = confirmed_person("ivan", "a@example.org");
    begin_from(STRANGE, "waiting", "w@example.org");
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *id, *stored;
        apr_status_t status = pd_person_find(&id, &stored, &portal, names[i].typed, tp);
        ck_assert_msg(status == (names[i].known ? APR_SUCCESS : APR_ENOENT), "%s", names[i].typed);
        if (names[i].known) {
            ck_assert_str_eq(id, person);
            ck_assert_ptr_nonnull(strstr(stored, "$argon2id$"));
        }
    }
}
END_TEST

START_TEST(test_get)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_person_t person;
    const char *id = confirmed_person("Ivan", "A@Example.org");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
    ck_assert_str_eq(person.id, id);
    ck_assert_str_eq(person.login, "ivan");
    ck_assert_str_eq(person.email, "A@example.org");
    ck_assert_str_eq(person.language, "ru");
    ck_assert_int_eq(person.state, PD_PERSON_ACTIVE);
    ck_assert_int_eq(person.policy_version, 1);
    ck_assert_int_eq(person.confirmed_at, test_now);
    ck_assert_ptr_nonnull(person.key);
    ck_assert_int_eq(pd_person_get(&person, &portal, "nobody", tp), APR_ENOENT);
    tell("UPDATE person SET state = 'blocked'");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
    ck_assert_int_eq(person.state, PD_PERSON_BLOCKED);
    tell("UPDATE person SET state = 'destroyed'");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_ENOENT);
    tell("UPDATE person SET state = 'a new word'");
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_ENOENT);
}
END_TEST

/* A value moved to another row or column opens nowhere. */
START_TEST(test_moved)
{
    if (!portal_open(_i))
        return;
    portal_documents();
    pd_person_t person;
    const char *id = confirmed_person("ivan", "a@example.org");
    tell("UPDATE person SET login = email");
    ck_assert_int_ne(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/person", &tcase);
    tcase_add_loop_test(tcase, test_find, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_get, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_moved, 0, N_ENGINES);
    return pd_test_main(suite);
}
