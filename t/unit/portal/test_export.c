/* The export: the table of its sections against the table of stored fields, and that strings of any
 * kind make sound JSON. Pages of rows are followed to the end. */
#include "portal_test.h"
#include <jansson.h>
#include "base/pd_random.h"
#include "portal/pd_export.h"
#include "portal/pd_field.h"
#include "portal/pd_look.h"
#include "portal/pd_purpose.h"
#include "portal/pd_role.h"

static const char *person_id;
static const pd_datakey_t *person_key;

static void add_person(void)
{
    const char *wrapped, *login, *email;
    person_id = pd_random_uuid7(test_now, tp);
    ck_assert_int_eq(pd_datakey_new(&person_key, &wrapped, portal.keys, person_id, tp), 0);
    ck_assert_int_eq(pd_seal(&login, person_key, "person.login", person_id, "anna", tp), 0);
    ck_assert_int_eq(pd_seal(&email, person_key, "person.email", person_id, "anna@mail.test", tp),
                     0);
    tell(apr_psprintf(tp,
                      "INSERT INTO person (id, state, data_key, login, email, language, generation,"
                      " policy_version, created_at, confirmed_at)"
                      " VALUES ('%s', 'active', '%s', '%s', '%s', 'ru', 1, 0, 1, %" APR_TIME_T_FMT
                      ")",
                      person_id, wrapped, login, email, test_now));
}

static apr_status_t add_event_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    return pd_journal_add(conn, &portal, "session.begun", person_id, baton, person_key, p);
}

static void add_event(const char *details)
{
    ck_assert_int_eq(pd_db_transact(portal.db, add_event_step, (void *)details, tp), APR_SUCCESS);
}

/* The whole file, and how many pages it took. */
static json_t *whole(int *pages)
{
    pd_export_t *export;
    pd_export_page_t page = {.section = pd_export_sections};
    pd_buf_t text;
    json_error_t error;
    pd_buf_init(&text, 64 * 1024 * 1024, tp);
    ck_assert_int_eq(pd_export_begin(&export, &portal, person_id, "en", tp), APR_SUCCESS);
    pd_export_json_begin(&text, export, tp);
    for (*pages = 0; page.section != NULL; ++*pages) {
        ck_assert_int_eq(pd_export_next(&page, export, tp), APR_SUCCESS);
        if (page.section != NULL)
            ck_assert_int_eq(pd_export_json_page(&text, &page, tp), APR_SUCCESS);
    }
    pd_export_json_end(&text);
    json_t *file = json_loads(text.bytes, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(file != NULL, "%s in %s", error.text, text.bytes);
    return file;
}

static json_t *section(json_t *file, const char *name)
{
    return json_object_get(json_object_get(file, "sections"), name);
}

START_TEST(test_every_field_is_in_it)
{
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        /* Of acts of destruction nobody is left who could ask. */
        int found = strcmp(field->id, "destruction") == 0;
        for (const pd_export_section_t *each = pd_export_sections; each->name; each++)
            found |= pd_purpose_is_named(each->fields, field->id);
        ck_assert_msg(found, "no section of the export is about the field %s", field->id);
    }
    for (const pd_export_section_t *each = pd_export_sections; each->name; each++) {
        int n = 0;
        while (each->columns && each->columns[n].name)
            n++;
        ck_assert_msg(!each->sql || strlen(each->sql->columns) == (size_t)n,
                      "the columns of %s are not those of its statement", each->name);
    }
}
END_TEST

START_TEST(test_every_section_is_there)
{
    int pages;
    if (!portal_open(_i))
        return;
    add_person();
    json_t *file = whole(&pages);
    ck_assert_int_eq(json_integer_value(json_object_get(file, "version")), PD_EXPORT_VERSION);
    ck_assert(json_is_true(json_object_get(file, "complete")));
    for (const pd_export_section_t *each = pd_export_sections; each->name; each++)
        ck_assert_msg(json_is_array(section(file, each->name)), "no section %s", each->name);
    json_t *account = json_array_get(section(file, "account"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(account, "login")), "anna");
    ck_assert_str_eq(json_string_value(json_object_get(account, "email")), "anna@mail.test");
    ck_assert(json_is_null(json_object_get(account, "signed_in_at")));
    json_decref(file);
}
END_TEST

/* More than a page, all at one instant, in order and none twice. */
START_TEST(test_pages_follow)
{
    int pages, few;
    if (!portal_open(_i))
        return;
    add_person();
    json_decref(whole(&few));
    for (int i = 0; i < 250; i++)
        add_event(apr_psprintf(tp, "{\"n\":%d}", i));
    json_t *file = whole(&pages);
    json_t *journal = section(file, "journal");
    ck_assert_int_eq(json_array_size(journal), 250);
    for (int i = 0; i < 250; i++) {
        const json_t *details = json_object_get(json_array_get(journal, (size_t)i), "details");
        ck_assert_int_eq(json_integer_value(json_object_get(details, "n")), i);
    }
    ck_assert_int_eq(pages, few + 2);
    json_decref(file);
}
END_TEST

static void add_looks(int n, const pd_look_list_t *look)
{
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(pd_look_note_list(&portal, PD_ROLE_BY_PROGRAM, look, tp), APR_SUCCESS);
}

/* Pages of which no row is for this person stand between the others. */
START_TEST(test_looks_at_lists)
{
    const pd_look_list_t staff = {.list = PD_LOOK_STAFF, .purpose = "4.1.2"};
    pd_look_list_t look = {PD_LOOK_DOCUMENTS, "4.1.3", "policy", "not", 0};
    int pages;
    if (!portal_open(_i))
        return;
    add_person();
    tell("UPDATE person SET created_at = 1000");
    test_now = 999;
    add_looks(1, &look);
    test_now = 1000;
    add_looks(150, &staff);
    for (look.version = 1; look.version <= 120; look.version++)
        add_looks(1, &look);
    add_looks(250, &staff);
    json_t *file = whole(&pages);
    json_t *looks = section(file, "looks");
    ck_assert_int_eq(json_array_size(looks), 120);
    for (size_t i = 0; i < 120; i++)
        ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(looks, i), "version")),
                         i + 1);
    json_decref(file);
}
END_TEST

/* Of who can't be read nothing is told but that there was a look; the file goes on. */
START_TEST(test_look_of_broken_account)
{
    int pages;
    if (!portal_open(_i))
        return;
    add_person();
    const char *looker = person_id;
    const pd_look_list_t look = {PD_LOOK_DOCUMENTS, "4.1.3", "policy", "all", 1};
    ck_assert_int_eq(pd_look_note_list(&portal, looker, &look, tp), APR_SUCCESS);
    add_person();
    tell(apr_psprintf(tp, "UPDATE person SET data_key = 'rubbish' WHERE id = '%s'", looker));
    json_t *file = whole(&pages);
    const json_t *row = json_array_get(section(file, "looks"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "by")), "staff");
    ck_assert_str_eq(json_string_value(json_object_get(row, "login")), "");
    ck_assert_str_eq(json_string_value(json_object_get(row, "list")), "unknown");
    json_decref(file);
}
END_TEST

START_TEST(test_any_text_is_sound)
{
    static const char *const texts[] = {
        "\xe2\x80\xa8 \xe2\x80\xa9", "\xf0\x9f\x98\x80 \xef\xbf\xbe", "\\\"</script>\x01\x1f\x7f",
        "\xd0\xb6\xcc\x81", "\xff not UTF-8"};
    int pages;
    if (!portal_open(_i))
        return;
    add_person();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *id = pd_random_uuid7(test_now, tp), *sealed;
        ck_assert_int_eq(pd_seal(&sealed, person_key, "letter.recipient", id, texts[i], tp), 0);
        tell(apr_psprintf(tp,
                          "INSERT INTO letter (id, person_id, kind, mailbox, recipient, subject,"
                          " body, language, message_id, state, attempts, next_at, lease, outcome,"
                          " reply_code, created_at, done_at) VALUES ('%s', '%s', 'known', '', '%s',"
                          " '', '', 'ru', '', 'sent', 1, 0, '', 'accepted', 250, 1, 1)",
                          id, person_id, sealed));
    }
    json_t *file = whole(&pages);
    json_t *letters = section(file, "letters");
    ck_assert_int_eq(json_array_size(letters), sizeof(texts) / sizeof(texts[0]));
    int same = 0;
    for (size_t i = 0; i < json_array_size(letters); i++) {
        const char *body =
            json_string_value(json_object_get(json_array_get(letters, i), "recipient"));
        for (int j = 0; j < 4; j++)
            same += strcmp(body, texts[j]) == 0;
    }
    ck_assert_int_eq(same, 4);
    json_decref(file);
}
END_TEST

static const char *tokens[PD_EXPORT_FORMATS];

static int take(const char *session, pd_export_format_e format, const char *token)
{
    int taken;
    const pd_export_who_t who = {person_id, session};
    ck_assert_int_eq(pd_export_take(&taken, &portal, &who, format, token, tp), APR_SUCCESS);
    return taken;
}

/* Bound to the session and to the format, once, for an hour. */
START_TEST(test_links)
{
    const pd_export_who_t who = {"", "session-a"};
    if (!portal_open(_i))
        return;
    add_person();
    pd_export_who_t asks = {person_id, who.session_id};
    ck_assert_int_eq(pd_export_ask(tokens, &portal, &asks, tp), APR_SUCCESS);
    ck_assert_int_eq(take("session-b", PD_EXPORT_JSON, tokens[PD_EXPORT_JSON]), 0);
    ck_assert_int_eq(take("session-a", PD_EXPORT_HTML, tokens[PD_EXPORT_JSON]), 0);
    ck_assert_int_eq(take("session-a", PD_EXPORT_JSON, NULL), 0);
    ck_assert_int_eq(take("session-a", PD_EXPORT_JSON, tokens[PD_EXPORT_JSON]), 1);
    ck_assert_int_eq(take("session-a", PD_EXPORT_JSON, tokens[PD_EXPORT_JSON]), 0);
    test_now += PD_EXPORT_LIFETIME;
    ck_assert_int_eq(take("session-a", PD_EXPORT_HTML, tokens[PD_EXPORT_HTML]), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'export.made'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'export.asked'"), 1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/export", &tcase);
    tcase_add_test(tcase, test_every_field_is_in_it);
    tcase_add_loop_test(tcase, test_every_section_is_there, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_pages_follow, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_looks_at_lists, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_look_of_broken_account, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_any_text_is_sound, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_links, 0, N_ENGINES);
    return pd_test_main(suite);
}
