/* Closing, recall and destruction: who may, when; what is left; the list of places against the
 * schema; destroying again in a restored database. */
#include "registration_test.h"
#include "portal/pd_closing.h"
#include "portal/pd_destruction.h"
#include "portal/pd_ledger.h"
#include "portal/pd_person.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"

#define DAY (24 * HOUR)

static const char *id;

static int open_with_person(int engine)
{
    if (!portal_open(engine))
        return 0;
    portal_documents();
    id = confirmed_person("ivan", "ivan@example.org");
    return 1;
}

static const char *state(void)
{
    return ask_text(apr_psprintf(tp, "SELECT state FROM person WHERE id = '%s'", id));
}

static apr_int64_t rows_of(const char *table)
{
    return ask(apr_psprintf(tp, "SELECT COUNT(*) FROM %s WHERE person_id = '%s'", table, id));
}

static apr_int64_t events(const char *event)
{
    return ask(apr_psprintf(
        tp, "SELECT COUNT(*) FROM journal WHERE subject = '%s' AND event = '%s'", id, event));
}

static pd_closing_e close_account(void)
{
    pd_closing_e outcome;
    test_now += SECOND;
    ck_assert_int_eq(pd_closing_begin(&outcome, &portal, id, PD_CLOSING_REQUEST, "person", tp),
                     APR_SUCCESS);
    return outcome;
}

static int recall(const char *token)
{
    int recalled;
    test_now += SECOND;
    ck_assert_int_eq(pd_closing_recall(&recalled, &portal, token, tp), APR_SUCCESS);
    return recalled;
}

static pd_destruction_e destroy(const char *reason)
{
    pd_destruction_e outcome;
    pd_destruction_t act = {.person_id = id, .reason = reason, .note = "", .responsible = "test"};
    test_now += SECOND;
    ck_assert_int_eq(pd_destruction_do(&outcome, &act, &portal, tp), APR_SUCCESS);
    return outcome;
}

static int run_due(void)
{
    int done;
    ck_assert_int_eq(pd_destruction_due(&done, &portal, 10, tp), APR_SUCCESS);
    return done;
}

static void add_role(const char *until)
{
    tell(apr_psprintf(tp,
                      "INSERT INTO role (person_id, role, appointed_by, since, until)"
                      " VALUES ('%s', 'doctor', 'test', 0, %s)",
                      id, until));
}

static const char *const owners_sql[] = {
    "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
    " WHERE m.type = 'table' AND c.name = 'person_id'",
    "SELECT table_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name = 'person_id'"};

/* A table with people's rows that nobody destroys would make every act a lie. */
START_TEST(test_places)
{
    if (!portal_open(_i))
        return;
    const pd_sql_t sql = {"test_owners", owners_sql[_i], "s", "test"};
    const pd_rows_t *rows;
    ck_assert_int_eq(pd_db_read(&rows, portal.db, &sql, PD_NO_ARGS, 200, tp), APR_SUCCESS);
    ck_assert_int_gt(PD_ROW_COUNT(rows), 15);
    for (int i = 0; i < PD_ROW_COUNT(rows); i++) {
        const char *table = PD_ROW(rows, i)[0].text;
        int found = strcmp(table, "destruction") == 0; /* the acts themselves */
        for (const pd_destruction_place_t *place = pd_destruction_places; place->table; place++)
            found = found || strcmp(place->table, table) == 0;
        ck_assert_msg(found, "table %s is missing in pd_destruction_places", table);
    }
}
END_TEST

START_TEST(test_recall)
{
    if (!open_with_person(_i))
        return;
    apr_time_t due_at;
    ck_assert_int_eq(close_account(), PD_CLOSING_BEGUN);
    const char *token = newest_letter().token;
    ck_assert_str_eq(state(), "closing");
    ck_assert_int_eq(close_account(), PD_CLOSING_ALREADY);
    ck_assert_int_eq(pd_closing_look(&due_at, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_ge(due_at, test_now + PD_CLOSING_DAYS * DAY);
    ck_assert_int_lt(due_at, test_now + PD_LINK_RECALL_LIFETIME);
    test_now = due_at - 2 * SECOND;
    ck_assert_int_eq(run_due(), 0);
    ck_assert_int_eq(recall(token), 1);
    ck_assert_str_eq(state(), "active");
    ck_assert_int_eq(rows_of("closing"), 0);
    ck_assert_int_eq(recall(token), 0);
    ck_assert_int_eq(pd_closing_look(&due_at, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(due_at, 0);
    test_now += 30 * DAY;
    ck_assert_int_eq(run_due(), 0);
    ck_assert_str_eq(state(), "active");
    ck_assert_int_eq(events("closing.begun"), 1);
    ck_assert_int_eq(events("closing.recalled"), 1);
    ck_assert_int_eq(recall("no-token"), 0);
    ck_assert_int_eq(recall(NULL), 0);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* The instant parts the two, whoever comes first; and what the list of those due said a while ago
 * is asked again. */
START_TEST(test_due)
{
    if (!open_with_person(_i))
        return;
    apr_time_t due_at;
    ck_assert_int_eq(destroy(PD_CLOSING_REQUEST), PD_DESTRUCTION_GROUNDLESS);
    ck_assert_int_eq(destroy(PD_DESTRUCTION_WITHDRAWAL), PD_DESTRUCTION_GROUNDLESS);
    ck_assert_int_eq(close_account(), PD_CLOSING_BEGUN);
    const char *token = newest_letter().token;
    ck_assert_int_eq(pd_closing_look(&due_at, &portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(destroy(PD_CLOSING_REQUEST), PD_DESTRUCTION_GROUNDLESS);
    ck_assert_str_eq(state(), "closing");
    test_now = due_at;
    ck_assert_int_eq(recall(token), 0);
    ck_assert_int_eq(run_due(), 1);
    ck_assert_str_eq(state(), "destroyed");
    ck_assert_int_eq(run_due(), 0);
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_GROUNDLESS);
    ck_assert_int_eq(recall(token), 0);
    ck_assert_int_eq(events("person.destroyed"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

START_TEST(test_appointed)
{
    if (!open_with_person(_i))
        return;
    add_role("0");
    ck_assert_int_eq(close_account(), PD_CLOSING_APPOINTED);
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_APPOINTED);
    tell("DELETE FROM role");
    ck_assert_int_eq(close_account(), PD_CLOSING_BEGUN);
    add_role("0");
    test_now += 20 * DAY;
    ck_assert_int_eq(run_due(), 0);
    ck_assert_str_eq(state(), "closing");
    tell("UPDATE role SET until = 1");
    ck_assert_int_eq(run_due(), 1);
    ck_assert_int_eq(rows_of("role"), 0);
}
END_TEST

/* All of it is gone, none of it opens any more; others are as they were. */
START_TEST(test_destroyed)
{
    if (!open_with_person(_i))
        return;
    pd_person_t person;
    const pd_datakey_t *key;
    const char *opened;
    const char *mine = id;
    confirmed_person("olga", "olga@example.org");
    id = mine;
    apr_int64_t acts = ask("SELECT COUNT(*) FROM act");
    const char *row = ask_text(apr_psprintf(
        tp,
        "SELECT host || '/' || sequence FROM journal WHERE subject = '%s' AND details <> ''"
        " ORDER BY sequence LIMIT 1",
        id));
    ck_assert_ptr_nonnull(row);
    const char *details = ask_text(
        apr_psprintf(tp, "SELECT details FROM journal WHERE host || '/' || sequence = '%s'", row));
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_open(&opened, person.key, "journal.details", row, details, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    for (const pd_destruction_place_t *place = pd_destruction_places; place->table; place++) {
        if (strcmp(place->table, "act") != 0 && strcmp(place->table, "person") != 0)
            ck_assert_msg(rows_of(place->table) == 0, "%s", place->table);
    }
    ck_assert_int_eq(pd_person_get(&person, &portal, id, tp), APR_ENOENT);
    const char *wrapped =
        ask_text(apr_psprintf(tp, "SELECT data_key FROM person WHERE id = '%s'", id));
    ck_assert_str_eq(wrapped, "");
    ck_assert_int_ne(pd_datakey_unwrap(&key, portal.keys, wrapped, id, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act"), acts);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM person WHERE state = 'active'"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM identifier"), 2);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE address <> ''"),
                     ask("SELECT COUNT(*) FROM act WHERE agent <> ''"));
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM destruction WHERE wiped_at = 0"), 1);
    ck_assert_int_eq(pd_destruction_wipe(&portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM destruction WHERE wiped_at = 0"),
                     1); /* somebody may come late */
    tell("UPDATE destruction SET destroyed_at = destroyed_at - 61000000");
    ck_assert_int_eq(pd_destruction_wipe(&portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM destruction WHERE wiped_at = 0"), 0);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static int found_by(const char *email_or_number)
{
    apr_array_header_t *pseudonyms, *acts;
    ck_assert_int_eq(pd_ledger_find(&pseudonyms, &portal, email_or_number, tp), APR_SUCCESS);
    for (int i = 0; i < pseudonyms->nelts; i++) {
        const char *pseudonym = APR_ARRAY_IDX(pseudonyms, i, const char *);
        ck_assert_int_eq(pd_act_list_of(&acts, &portal, pseudonym, NULL, tp), APR_SUCCESS);
        ck_assert_int_gt(acts->nelts, 0);
    }
    return pseudonyms->nelts;
}

/* The acts are found by the last address and by the number of a receipt, for their term and no
 * longer; no value of the database leads from the address to them. */
START_TEST(test_ledger)
{
    if (!open_with_person(_i))
        return;
    int removed;
    const char *receipt = ask_text("SELECT MIN(id) FROM act");
    const char *lookup = ask_text("SELECT lookup FROM identifier WHERE kind = 'email'");
    ck_assert_int_eq(found_by("ivan@example.org"), 0);
    ck_assert_int_eq(found_by(receipt), 1);
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    apr_time_t destroyed_at = test_now;
    ck_assert_int_eq(found_by(" ivan@EXAMPLE.org"), 1);
    ck_assert_int_eq(found_by(receipt), 1);
    ck_assert_int_eq(found_by("olga@example.org") + found_by("ivan") + found_by("@"), 0);
    ck_assert_str_ne(ask_text("SELECT email FROM former_person"), lookup);
    /* Again with the address: both are found. */
    test_now += HOUR;
    id = confirmed_person("ivan", "ivan@example.org");
    ck_assert_int_eq(found_by("ivan@example.org"), 1);
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    ck_assert_int_eq(found_by("ivan@example.org"), 2);
    ck_assert_int_eq(pd_ledger_expire(&removed, &portal, destroyed_at, test_now + HOUR, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    ck_assert_int_eq(pd_ledger_expire(&removed, &portal, destroyed_at + 1, test_now + HOUR, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(removed, 2);
    ck_assert_int_eq(found_by(receipt), 0);
    ck_assert_int_eq(found_by("ivan@example.org"), 1);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM former_person"), 1);
    ck_assert_int_eq(pd_ledger_look(&portal, PD_ROLE_BY_PROGRAM, 2, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'staff.look'"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

static apr_status_t take(void *baton, const pd_destruction_t *act, apr_pool_t *p)
{
    pd_destruction_t *kept = baton;
    (void)p;
    ck_assert_ptr_null(kept->id);
    *kept = *act;
    kept->id = apr_pstrdup(tp, act->id);
    kept->person_id = apr_pstrdup(tp, act->person_id);
    kept->operator= apr_pstrdup(tp, act->operator);
    kept->system = apr_pstrdup(tp, act->system);
    kept->reason = apr_pstrdup(tp, act->reason);
    kept->note = apr_pstrdup(tp, act->note);
    kept->responsible = apr_pstrdup(tp, act->responsible);
    kept->categories = apr_pstrdup(tp, act->categories);
    return APR_SUCCESS;
}

/* A backup was put back: the person is there again, the act is not. */
static void put_back(void)
{
    const char *wrapped;
    const pd_datakey_t *key;
    ck_assert_int_eq(pd_datakey_new(&key, &wrapped, portal.keys, id, tp), APR_SUCCESS);
    test_now += HOUR;
    tell("DELETE FROM destruction");
    tell("DELETE FROM former_person");
    tell(apr_psprintf(tp,
                      "UPDATE person SET state = 'active', data_key = '%s', login = 'sealed'"
                      " WHERE id = '%s'",
                      wrapped, id));
    tell(apr_psprintf(tp,
                      "INSERT INTO identifier (kind, lookup, person_id)"
                      " VALUES ('login', 'restored', '%s')",
                      id));
    add_role("0");
}

START_TEST(test_repeat)
{
    if (!open_with_person(_i))
        return;
    pd_destruction_t act = {.id = NULL}, again;
    int done;
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    ck_assert_int_eq(pd_destruction_each(&portal, take, &act, tp), APR_SUCCESS);
    ck_assert_str_eq(act.person_id, id);
    ck_assert_int_eq(pd_destruction_repeat(&done, &portal, &act, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0);
    put_back();
    ck_assert_int_eq(pd_destruction_repeat(&done, &portal, &act, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert_str_eq(state(), "destroyed");
    ck_assert_int_eq(rows_of("identifier") + rows_of("role"), 0);
    ck_assert_int_eq(pd_destruction_get(&again, &portal, act.id, tp), APR_SUCCESS);
    ck_assert_str_eq(again.categories, act.categories);
    ck_assert_int_eq(again.destroyed_at, act.destroyed_at);
    ck_assert_int_eq(again.wiped_at, 0);
    /* Where only the number of the person was kept. */
    put_back();
    act = (pd_destruction_t){.person_id = id, .destroyed_at = act.destroyed_at};
    ck_assert_int_eq(pd_destruction_repeat(&done, &portal, &act, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert_str_eq(state(), "destroyed");
    ck_assert_str_eq(ask_text("SELECT reason FROM destruction"), PD_DESTRUCTION_RESTORED);
    ck_assert_int_eq(events("person.destroyed"), 3);
    /* The term of the acts runs from the first destruction. */
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM former_person"), 1);
    ck_assert_int_eq(ask("SELECT ended_at FROM former_person"), act.destroyed_at);
    /* Of one before schema 18 it is learnt from the act of destruction. */
    tell("DELETE FROM former_person");
    ck_assert_int_eq(pd_ledger_remember_earlier(&portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM former_person WHERE email = ''"), 1);
    ck_assert_int_eq(ask("SELECT ended_at FROM former_person"), act.destroyed_at);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

/* What a request under way wrote after the destruction goes with the wiping. */
START_TEST(test_straggler)
{
    if (!open_with_person(_i))
        return;
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    tell(apr_psprintf(tp, "INSERT INTO device (person_id, browser, seen_at) VALUES ('%s', 'x', 1)",
                      id));
    ck_assert_int_eq(pd_destruction_wipe(&portal, tp), APR_SUCCESS);
    ck_assert_int_eq(rows_of("device"), 0);
}
END_TEST

/* More acts than stand on one page; kept for three years. */
START_TEST(test_acts)
{
    if (!open_with_person(_i))
        return;
    apr_array_header_t *acts;
    int removed;
    ck_assert_int_eq(destroy(PD_CLOSING_ORDER), PD_DESTRUCTION_DONE);
    tell("INSERT INTO destruction (id, person_id, operator, system, reason, note, asked_at,"
         " destroyed_at, responsible, categories, wiped_at) VALUES"
         " ('0', '0190-else', '', '', 'order', '', 0, 0, 'test', '{}', 1)");
    ck_assert_int_eq(pd_destruction_list(&acts, &portal, NULL, 1, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 1);
    const char *newest = APR_ARRAY_IDX(acts, 0, pd_destruction_t).id;
    ck_assert_int_eq(pd_destruction_list(&acts, &portal, newest, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(acts->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(acts, 0, pd_destruction_t).id, "0");
    ck_assert_int_eq(pd_destruction_extract(&acts, &portal, id, tp), APR_SUCCESS);
    ck_assert_str_eq(APR_ARRAY_IDX(acts, acts->nelts - 1, pd_destruction_event_t).event,
                     "person.destroyed");
    ck_assert_int_eq(pd_destruction_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
    test_now += PD_DESTRUCTION_KEPT + SECOND;
    ck_assert_int_eq(pd_destruction_expire(&removed, &portal, 10, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/destruction", &tcase);
    tcase_add_loop_test(tcase, test_places, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_recall, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_due, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_appointed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_destroyed, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_ledger, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_repeat, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_straggler, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_acts, 0, N_ENGINES);
    return pd_test_main(suite);
}
