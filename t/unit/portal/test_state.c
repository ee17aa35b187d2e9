/* How a portal looks from outside: what is read, what is kept while the database is away, and the
 * list that all outputs are made from. */
#include "registration_test.h"
#include "portal/pd_metric.h"
#include "portal/pd_session.h"

static pd_counts_t counts;
static pd_state_shared_t shared;
static pd_state_t state;

static int open_with_state(int engine)
{
    memset(&counts, 0, sizeof(counts));
    memset(&shared, 0, sizeof(shared));
    if (!portal_open(engine))
        return 0;
    portal.counts = &counts;
    portal.state = &shared;
    return 1;
}

static const pd_metric_t *metric(const char *key)
{
    for (const pd_metric_t *row = pd_metrics; row->name; row++) {
        if (strcmp(row->key, key) == 0)
            return row;
    }
    ck_abort_msg("no metric %s", key);
    return NULL;
}

static const char *number(const char *key)
{
    const char *text = pd_metric_number(metric(key), &state, tp);
    return text ? text : "unknown";
}

static apr_status_t read_and_take(void)
{
    apr_status_t status = pd_state_read(&portal, tp);
    pd_state_take(&state, &counts, &shared);
    return status;
}

START_TEST(test_nothing_read)
{
    if (!open_with_state(0))
        return;
    pd_buf_t out;
    pd_state_take(&state, &counts, &shared);
    ck_assert_str_eq(number("DatabaseUp"), "0");
    ck_assert_str_eq(number("SessionsHit"), "0");
    ck_assert_str_eq(number("Sessions"), "unknown");
    ck_assert_str_eq(number("People"), "unknown");
    ck_assert_str_eq(number("FiguresAgeSeconds"), "unknown");
    pd_buf_init(&out, 65536, tp);
    pd_metric_expose(&out, &state, tp);
    ck_assert_ptr_nonnull(strstr(out.bytes, "# TYPE pdportal_sessions gauge\n"));
    ck_assert_ptr_null(strstr(out.bytes, "\npdportal_sessions "));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\npdportal_database_up 0\n"));
    portal.state = NULL;
    ck_assert_int_eq(pd_state_read(&portal, tp), APR_SUCCESS);
}
END_TEST

START_TEST(test_figures)
{
    if (!open_with_state(_i))
        return;
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("PolicyVersion"), "0");
    ck_assert_str_eq(number("LetterOldestSeconds"), "0.000");
    portal_documents();
    tell(apr_psprintf(tp,
                      "INSERT INTO document (kind, version, published_at, effective_at, editorial)"
                      " VALUES ('policy', 2, 1, %" APR_INT64_T_FMT ", '')",
                      (apr_int64_t)(test_now + HOUR)));
    confirmed_person("ivan", "a@example.org");
    begin_from(STRANGE, "waiting", "w@example.org");
    tell("UPDATE letter SET state = 'sent'");
    begin_from(STRANGE, "failed", "f@example.org");
    tell("UPDATE letter SET state = 'failed' WHERE state = 'queued'");
    begin_from(STRANGE, "third", "t@example.org");
    pd_sign_in_t result;
    const pd_client_t client = {.address = "192.0.2.1"};
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, "ivan", GOOD, NULL, tp), 0);
    test_now += 90 * SECOND;
    shared.people_due = 0; /* whatever the count before took */
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    static const struct {
        const char *key, *number;
    } wanted[] = {{"Sessions", "1"},
                  {"People", "1"},
                  {"LettersWaiting", "1"},
                  {"LettersGivenUp", "1"},
                  {"LetterOldestSeconds", "90.000"},
                  {"DatabaseUp", "1"},
                  {"PolicyVersion", "1"}};
    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        ck_assert_msg(strcmp(number(wanted[i].key), wanted[i].number) == 0, "%s: %s", wanted[i].key,
                      number(wanted[i].key));
    ck_assert_str_eq(pd_metric_words(metric("DatabaseUp"), &state, tp), "yes");
    ck_assert_str_eq(pd_metric_words(metric("PolicyNext"), &state, tp), "2027-01-15T09:00:00Z");
    ck_assert_str_eq(number("PolicyNext"), "1800003600.000");
    test_now += HOUR + 360 * SECOND; /* a last use may not be noted yet */
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("Sessions"), "0");
    ck_assert_str_eq(number("PolicyVersion"), "2");
    ck_assert_str_eq(pd_metric_words(metric("PolicyNext"), &state, tp), "none");
}
END_TEST

/* The nearest deadline of the open withdrawals, also when it has passed. */
START_TEST(test_withdrawals)
{
    if (!open_with_state(_i))
        return;
    portal_documents();
    const char *id = confirmed_person("ivan", "ivan@example.org");
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("WithdrawalNext"), "0.000");
    ck_assert_str_eq(number("WithdrawalsOverdue"), "0");
    for (int i = 1; i <= 3; i++)
        tell(apr_psprintf(tp,
                          "INSERT INTO withdrawal (act, person_id, kind, task, started_at, due_at,"
                          " done_at, outcome) VALUES ('%d', '%s', 'research', 'destroy', 0,"
                          " %" APR_TIME_T_FMT ", %d, '')",
                          i, id, test_now + i * HOUR, i == 1));
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("WithdrawalNext"), apr_psprintf(tp, "%" APR_TIME_T_FMT ".000",
                                                            apr_time_sec(test_now + 2 * HOUR)));
    ck_assert_str_eq(number("WithdrawalsOverdue"), "0");
    apr_time_t next = test_now + 2 * HOUR;
    test_now += 2 * HOUR + SECOND;
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("WithdrawalNext"),
                     apr_psprintf(tp, "%" APR_TIME_T_FMT ".000", apr_time_sec(next)));
    ck_assert_str_eq(number("WithdrawalsOverdue"), "1");
}
END_TEST

/* More than one slice, and equal instants at the edge of one. */
START_TEST(test_slices)
{
    if (!open_with_state(_i))
        return;
    tell("INSERT INTO person (id, state, data_key, login, email, language, generation,"
         " policy_version, created_at, confirmed_at)"
         " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4001)"
         " SELECT '0' || (100000 + i), CASE WHEN i % 2 = 0 THEN 'pending' ELSE 'active' END, '',"
         " '', '', 'ru', 1, 1, 1, 1 FROM n");
    tell(apr_psprintf(tp,
                      "INSERT INTO session (token, id, person_id, generation, created_at,"
                      " authenticated_at, used_at, expires_at)"
                      " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                      " WHERE i < 20007)"
                      " SELECT 't' || i, 'i' || i, '0100001', 1, 1, 1, %" APR_INT64_T_FMT
                      " - i / 7, 1 FROM n",
                      (apr_int64_t)test_now));
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("People"), "2001");
    ck_assert_str_eq(number("Sessions"), "20007");
    /* A count that is not due yet is left alone; the rest is read. */
    tell("UPDATE person SET state = 'active'", "DELETE FROM session WHERE token = 't1'");
    shared.people_due = pd_clock_ticks() + HOUR;
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("People"), "2001");
    ck_assert_str_eq(number("Sessions"), "20006");
    shared.people_due = 0;
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("People"), "4001");
}
END_TEST

START_TEST(test_away)
{
    if (!open_with_state(_i))
        return;
    portal_documents();
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    apr_time_t read_ticks = shared.read_ticks;
    tell("ALTER TABLE session RENAME TO session_away");
    ck_assert_int_ne(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("DatabaseUp"), "0");
    ck_assert_str_eq(number("PolicyVersion"), "1");
    ck_assert_int_eq(shared.read_ticks, read_ticks);
    tell("ALTER TABLE session_away RENAME TO session");
    ck_assert_int_eq(read_and_take(), APR_SUCCESS);
    ck_assert_str_eq(number("DatabaseUp"), "1");
    pd_state_away(&shared);
    pd_state_take(&state, &counts, &shared);
    ck_assert_str_eq(number("DatabaseUp"), "0");
    shared.read_ticks -= HOUR;
    pd_state_take(&state, &counts, &shared);
    ck_assert_int_ge(state.age, HOUR);
}
END_TEST

START_TEST(test_every_count_has_one_row)
{
    memset(&state, 0, sizeof(state));
    for (int i = 0; i < PD_COUNT_MAX; i++)
        state.count[i] = 1000 + (apr_uint64_t)i;
    for (int i = 0; i < PD_COUNT_MAX; i++) {
        int found = 0;
        for (const pd_metric_t *row = pd_metrics; row->name; row++) {
            const char *text = pd_metric_number(row, &state, tp);
            found += text != NULL && row->type == PD_METRIC_COUNTER &&
                     strcmp(text, apr_itoa(tp, 1000 + i)) == 0;
        }
        ck_assert_msg(found == 1, "pd_count_e %d has %d rows in pd_metrics", i, found);
    }
}
END_TEST

START_TEST(test_table)
{
    for (const pd_metric_t *row = pd_metrics; row->name; row++) {
        apr_size_t length = strlen(row->name);
        int total = length > 6 && strcmp(row->name + length - 6, "_total") == 0;
        ck_assert_msg(strncmp(row->name, "pdportal_", 9) == 0, "%s", row->name);
        ck_assert_msg(total == (row->type == PD_METRIC_COUNTER), "%s", row->name);
        ck_assert_msg(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_") == length, "%s", row->name);
        ck_assert_msg(!strpbrk(row->help, "\\\n|"), "%s", row->name);
        ck_assert_msg((strstr(row->name, "_seconds") != NULL) ==
                          (row->unit == PD_UNIT_SECONDS || row->unit == PD_UNIT_INSTANT),
                      "%s", row->name);
        for (const pd_metric_t *other = pd_metrics; other < row; other++)
            ck_assert_msg(strcmp(other->name, row->name) && strcmp(other->key, row->key), "%s",
                          row->name);
    }
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/state", &tcase);
    tcase_add_test(tcase, test_nothing_read);
    tcase_add_loop_test(tcase, test_figures, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_withdrawals, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_slices, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_away, 0, N_ENGINES);
    tcase_add_test(tcase, test_every_count_has_one_row);
    tcase_add_test(tcase, test_table);
    return pd_test_main(suite);
}
