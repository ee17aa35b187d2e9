/* The term of the journal: rows go from the front of each chain, what is left is proved, and every
 * way of cutting a chain without the key is found at its row. */
#include "portal_test.h"
#include <apr_atomic.h>
#include "portal/pd_journal_int.h"

#define DAY (24 * HOUR)

static apr_status_t add_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    return pd_journal_add(conn, &portal, baton, "somebody", "{\"a\":1}", NULL, p);
}

static void add_rows(int n)
{
    for (int i = 0; i < n; i++) {
        test_now += SECOND;
        ck_assert_int_eq(pd_db_transact(portal.db, add_step, (void *)"event", tp), APR_SUCCESS);
    }
}

static void of_host(const char *name)
{
    ((pd_settings_t *)(apr_uintptr_t)portal.settings)->host_name = name;
}

static pd_journal_report_t verify(const char *anchor)
{
    pd_journal_report_t report;
    ck_assert_int_eq(pd_journal_verify(&report, &portal, anchor, tp), APR_SUCCESS);
    return report;
}

static const char *head_of(int chain)
{
    return APR_ARRAY_IDX(verify(NULL).heads, chain, const char *);
}

static int cut(int limit)
{
    int removed = -1;
    ck_assert_int_eq(pd_journal_cut(&removed, &portal, test_now - DAY, limit, tp), APR_SUCCESS);
    return removed;
}

static int due(int limit)
{
    int rows = -1;
    ck_assert_int_eq(pd_journal_due(&rows, &portal, test_now - DAY, limit, tp), APR_SUCCESS);
    return rows;
}

/* Rows 1 to `old` are older than a day, then come `young` ones. */
static int open_with(int engine, int old, int young)
{
    if (!portal_open(engine))
        return 0;
    add_rows(old - 1);
    test_now += DAY;
    test_now += MINUTE;
    add_rows(young);
    return 1;
}

static const char *told(void)
{
    const char *plain;
    const char *sealed = ask_text("SELECT details FROM journal WHERE event = 'journal.cut'"
                                  " ORDER BY sequence DESC LIMIT 1");
    apr_int64_t sequence = ask(
        "SELECT sequence FROM journal WHERE event = 'journal.cut' ORDER BY sequence DESC LIMIT 1");
    ck_assert_int_eq(pd_journal_details(&plain, &portal, "host-a", sequence, sealed, NULL, tp),
                     APR_SUCCESS);
    return plain;
}

START_TEST(test_old_rows_go)
{
    if (!open_with(_i, 6, 4))
        return;
    ck_assert_int_eq(due(100), 6);
    ck_assert_int_eq(due(5), 5);
    ck_assert_int_eq(cut(100), 6);
    ck_assert_int_eq(ask("SELECT MIN(sequence) FROM journal"), 7);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal"), 5); /* and the row that tells of it */
    ck_assert_str_eq(told(), "{\"host\":\"host-a\",\"through\":6,\"rows\":6}");
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.rows, 5);
    ck_assert_int_eq(due(100), 0);
    ck_assert_int_eq(cut(100), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'journal.cut'"), 1);
    test_now += DAY;
    add_rows(1);
    ck_assert_int_eq(cut(100), 5);
    ck_assert_str_eq(told(), "{\"host\":\"host-a\",\"through\":11,\"rows\":5}");
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    ck_assert_ptr_null(strstr(test_log, "PD0940"));
}
END_TEST

/* In pages: whole behind each of them, and told of once, with the last. */
START_TEST(test_pages)
{
    if (!open_with(_i, 6, 2))
        return;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'journal.cut'"), 0);
        ck_assert_int_eq(cut(2), 2);
        ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    }
    ck_assert_int_eq(cut(2), 2);
    ck_assert_str_eq(told(), "{\"host\":\"host-a\",\"through\":6,\"rows\":6}");
    ck_assert_int_eq(cut(2), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'journal.cut'"), 1);
}
END_TEST

/* A run that ended between two pages is told of by the next one. */
START_TEST(test_interrupted)
{
    int removed;
    if (!open_with(_i, 6, 2))
        return;
    ck_assert_int_eq(cut(4), 4);
    apr_time_t longer = test_now - 2 * DAY; /* the term was raised meanwhile */
    ck_assert_int_eq(pd_journal_cut(&removed, &portal, longer, 4, tp), APR_SUCCESS);
    ck_assert_int_eq(removed, 0);
    ck_assert_str_eq(told(), "{\"host\":\"host-a\",\"through\":4,\"rows\":4}");
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
}
END_TEST

/* The order is that of the numbers, for clocks step. */
START_TEST(test_clock_stepped)
{
    if (!portal_open(_i))
        return;
    add_rows(2);
    test_now += DAY;
    add_rows(1); /* number 4, too early */
    test_now -= DAY;
    add_rows(2);
    test_now += DAY + MINUTE;
    ck_assert_int_eq(due(100), 3);
    ck_assert_int_eq(cut(100), 3);
    ck_assert_int_eq(ask("SELECT MIN(sequence) FROM journal"), 4);
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
}
END_TEST

/* A host that is gone: its chain goes whole, and goes on when it comes back. */
START_TEST(test_hosts)
{
    if (!portal_open(_i))
        return;
    of_host("host b");
    add_rows(3);
    of_host("host-a");
    test_now += DAY;
    test_now += MINUTE;
    add_rows(2);
    const char *before = head_of(0);
    ck_assert_int_eq(due(100), 4);
    ck_assert_int_eq(cut(100), 4);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE host = 'host b'"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'journal.cut'"), 2);
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.chains, 2);
    ck_assert_int_eq(verify(before).finding, PD_JOURNAL_SOUND); /* the very head that is left */
    of_host("host b");
    add_rows(2);
    ck_assert_int_eq(verify(before).finding, PD_JOURNAL_SOUND);
    tell("DELETE FROM journal WHERE host = 'host b' AND sequence = 4");
    report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_MISSING);
    ck_assert_int_eq(report.sequence, 4);
}
END_TEST

static const struct {
    const char *name;
    const char *statements[4];
    pd_journal_e finding;
    int sequence;
} tampered[] = {
    {"start removed", {"DELETE FROM journal_start"}, PD_JOURNAL_MISSING, 1},
    {"older start",
     {"UPDATE journal_start SET sequence = k.sequence, told = k.told, cut_at = k.cut_at,"
      " link = k.link, proof = k.proof FROM kept_start k"},
     PD_JOURNAL_MISSING,
     5},
    {"number changed", {"UPDATE journal_start SET sequence = 9"}, PD_JOURNAL_START, 9},
    {"what was told changed", {"UPDATE journal_start SET told = 0"}, PD_JOURNAL_START, 8},
    {"instant changed", {"UPDATE journal_start SET cut_at = cut_at + 1"}, PD_JOURNAL_START, 8},
    {"link changed", {"UPDATE journal_start SET link = 'x'"}, PD_JOURNAL_START, 8},
    {"proof emptied", {"UPDATE journal_start SET proof = ''"}, PD_JOURNAL_START, 8},
    {"cut without the key",
     {"DELETE FROM journal WHERE sequence <= 9", "UPDATE journal_start SET sequence = 9, told = 9"},
     PD_JOURNAL_START,
     9},
    {"first row behind it cut", {"DELETE FROM journal WHERE sequence = 9"}, PD_JOURNAL_MISSING, 9},
    {"row behind it cut", {"DELETE FROM journal WHERE sequence = 11"}, PD_JOURNAL_MISSING, 11},
    {"all rows cut", {"DELETE FROM journal"}, PD_JOURNAL_MISSING, 9},
    {"first row behind it changed",
     {"UPDATE journal SET event = 'x' WHERE sequence = 9"},
     PD_JOURNAL_CHANGED,
     9},
    {"a row before it",
     {"INSERT INTO journal (host, sequence, at, event, subject, details, chain)"
      " SELECT host, 3, at, event, subject, details, chain FROM journal WHERE sequence = 9"},
     PD_JOURNAL_INSERTED,
     3},
    {"head put back to before it",
     {"DELETE FROM journal", "UPDATE journal_head SET sequence = 6"},
     PD_JOURNAL_HEAD,
     6},
    {"all but the start away",
     {"DELETE FROM journal", "DELETE FROM journal_head"},
     PD_JOURNAL_HEAD,
     0},
    {"start of another host", {"UPDATE journal_start SET host = 'other'"}, PD_JOURNAL_MISSING, 1},
    {"start of no host",
     {"INSERT INTO journal_start SELECT '', sequence, told, cut_at, link, proof FROM "
      "journal_start"},
     PD_JOURNAL_INSERTED,
     8},
};
#define N_TAMPERED (sizeof(tampered) / sizeof(tampered[0]))

START_TEST(test_tampered)
{
    const char *const *s = tampered[_i / N_ENGINES].statements;
    const char *name = tampered[_i / N_ENGINES].name;
    if (!open_with(_i % N_ENGINES, 8, 3))
        return;
    ck_assert_int_eq(cut(4), 4);
    tell("CREATE TABLE kept_start AS SELECT * FROM journal_start");
    ck_assert_int_eq(cut(4), 4);
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    for (int i = 0; i < 4 && s[i]; i++)
        tell(s[i]);
    pd_journal_report_t report = verify(NULL);
    ck_assert_msg(report.finding == tampered[_i / N_ENGINES].finding, "%s: finding %d", name,
                  report.finding);
    ck_assert_msg(report.sequence == tampered[_i / N_ENGINES].sequence, "%s: at %d", name,
                  (int)report.sequence);
}
END_TEST

static const struct {
    const char *name, *statement;
    int sequence;
} unsound[] = {
    {"row changed", "UPDATE journal SET event = 'x' WHERE host = 'host-a' AND sequence = 3", 3},
    {"row away", "DELETE FROM journal WHERE host = 'host-a' AND sequence = 2", 2},
    {"made older", "UPDATE journal SET at = 0 WHERE host = 'host-a' AND sequence = 5", 5},
    {"start forged",
     "INSERT INTO journal_start (host, sequence, told, cut_at, link, proof)"
     " SELECT 'host-a', 2, 2, 0, chain, '' FROM journal_head WHERE host = 'host-a'",
     2},
};
#define N_UNSOUND (sizeof(unsound) / sizeof(unsound[0]))

/* A chain at fault stays, whatever its term, and holds up no other. */
START_TEST(test_unsound)
{
    if (!open_with(_i % N_ENGINES, 4, 3))
        return;
    of_host("host b");
    test_now -= DAY + HOUR;
    add_rows(2);
    of_host("host-a");
    test_now += DAY + HOUR;
    tell(unsound[_i / N_ENGINES].statement);
    apr_int64_t rows = ask("SELECT COUNT(*) FROM journal WHERE host = 'host-a'");
    ck_assert_int_eq(cut(100), 2);
    ck_assert_ptr_null(strstr(test_log, "PD0940")); /* told when nothing else is to do */
    ck_assert_int_eq(cut(100), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE host = 'host b'"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE host = 'host-a'"), rows + 1);
    const char *line = apr_psprintf(tp, "PD0940: journal of host host-a, row %d: not whole",
                                    unsound[_i / N_ENGINES].sequence);
    ck_assert_msg(strstr(test_log, line) && strstr(test_log, "verify-journal"), "%s: %s",
                  unsound[_i / N_ENGINES].name, test_log);
    ck_assert_int_ne(verify(NULL).finding, PD_JOURNAL_SOUND);
}
END_TEST

/* Heads kept before, at and behind the place of the cut. */
START_TEST(test_anchor)
{
    if (!open_with(_i, 5, 0))
        return;
    const char *at = head_of(0);
    add_rows(1);
    const char *behind = head_of(0);
    const char *before =
        apr_psprintf(tp, "host-a 3 %s",
                     pd_journal_link(portal.keys, "host-a", 3,
                                     ask_text("SELECT chain FROM journal WHERE sequence = 3"), tp));
    ck_assert_int_eq(verify(before).finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(cut(100), 5);
    ck_assert_int_eq(verify(at).finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(verify(behind).finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(verify("host-a 5 x").finding, PD_JOURNAL_CHANGED);
    pd_journal_report_t report = verify(before);
    ck_assert_int_eq(report.finding, PD_JOURNAL_UNCOMPARED);
    ck_assert_str_eq(report.host, "host-a");
    ck_assert_int_eq(report.sequence, 5);
    ck_assert_int_eq(report.heads->nelts, 1); /* one to keep from now on */
    tell("DELETE FROM journal WHERE sequence = 6");
    ck_assert_int_eq(verify(before).finding, PD_JOURNAL_MISSING);
}
END_TEST

#define N_ROUNDS 40

static void *write_some(void *data)
{
    apr_pool_t *p;
    int *failed = data;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < N_ROUNDS; i++)
        *failed += pd_db_transact(portal.db, add_step, (void *)"event", p) != APR_SUCCESS;
    apr_pool_destroy(p);
    return NULL;
}

#define N_OLD 80

static volatile apr_uint32_t cutters_done;

static void *cut_some(void *data)
{
    apr_pool_t *p;
    int *failed = data, removed;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < N_OLD; i++)
        *failed += pd_journal_cut(&removed, &portal, test_now - DAY, 1, p) != APR_SUCCESS;
    apr_pool_destroy(p);
    apr_atomic_inc32(&cutters_done);
    return NULL;
}

/* Two cut at once, while rows are written and the journal is read: nothing is found, and every row
 * that went is told of once. */
START_TEST(test_together)
{
    pthread_t threads[3];
    int failed[3] = {0};
    if (!open_with(_i, N_OLD, 1))
        return;
    ck_assert_int_eq(pthread_create(&threads[0], NULL, write_some, &failed[0]), 0);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, cut_some, &failed[1]), 0);
    ck_assert_int_eq(pthread_create(&threads[2], NULL, cut_some, &failed[2]), 0);
    cutters_done = 0;
    while (apr_atomic_read32(&cutters_done) < 2)
        ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(failed[i], 0);
    }
    ck_assert_int_eq(due(100), 0);
    ck_assert_int_eq(ask("SELECT MIN(sequence) FROM journal"), 81);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'journal.cut'"), 1);
    ck_assert_str_eq(told(), "{\"host\":\"host-a\",\"through\":80,\"rows\":80}");
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    ck_assert_ptr_null(strstr(test_log, "PD0940"));
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/journal_cut", &tcase);
    tcase_add_loop_test(tcase, test_old_rows_go, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_pages, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_interrupted, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_clock_stepped, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_hosts, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_tampered, 0, N_TAMPERED * N_ENGINES);
    tcase_add_loop_test(tcase, test_unsound, 0, N_UNSOUND * N_ENGINES);
    tcase_add_loop_test(tcase, test_anchor, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_together, 0, N_ENGINES);
    return pd_test_main(suite);
}
