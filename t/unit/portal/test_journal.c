/* The journal: numbers without gaps, and every way of tampering found at its row. */
#include "portal_test.h"

typedef struct add_t {
    const char *event;
    int fail;
} add_t;

static apr_status_t add_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const add_t *add = baton;
    apr_status_t status =
        pd_journal_add(conn, &portal, add->event, "somebody", "{\"a\":1}", NULL, p);
    return status == APR_SUCCESS && add->fail ? APR_EGENERAL : status;
}

static void add_rows(int n)
{
    for (int i = 0; i < n; i++) {
        add_t add = {apr_psprintf(tp, "event.%d", i), 0};
        test_now += SECOND;
        ck_assert_int_eq(pd_db_transact(portal.db, add_step, &add, tp), APR_SUCCESS);
    }
}

static pd_journal_report_t verify(const char *anchor)
{
    pd_journal_report_t report;
    ck_assert_int_eq(pd_journal_verify(&report, &portal, anchor, tp), APR_SUCCESS);
    return report;
}

START_TEST(test_sound)
{
    if (!portal_open(_i))
        return;
    add_rows(9);
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.rows, 10); /* and the key's binding */
    ck_assert_int_eq(report.chains, 1);
    ck_assert_int_eq(report.heads->nelts, 1);
    add_t add = {"undone", 1};
    ck_assert_int_eq(pd_db_transact(portal.db, add_step, &add, tp), APR_EGENERAL);
    add_rows(1);
    ck_assert_int_eq(verify(NULL).rows, 11);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE event = 'undone'"), 0);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal WHERE details LIKE '%%a%%:%%1%%'"), 0);
}
END_TEST

/* More rows than a page. */
START_TEST(test_pages)
{
    if (!portal_open(_i))
        return;
    for (int i = 0; i < 11; i++)
        add_rows(100);
    ck_assert_int_eq(verify(NULL).rows, 1101);
    tell("UPDATE journal SET at = at + 1 WHERE sequence = 1050");
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_CHANGED);
    ck_assert_int_eq(report.sequence, 1050);
}
END_TEST

#define COPY(from, to, columns)                                                                    \
    "INSERT INTO journal (host, sequence, at, event, subject, details, chain)"                     \
    " SELECT host, " to ", at, " columns " FROM journal WHERE sequence = " from
#define SHIFT_UP(from)                                                                             \
    "UPDATE journal SET sequence = -sequence - 1 WHERE sequence >= " from,                         \
        "UPDATE journal SET sequence = -sequence WHERE sequence < 0"
#define SHIFT_DOWN(from)                                                                           \
    "UPDATE journal SET sequence = -sequence + 1 WHERE sequence >= " from,                         \
        "UPDATE journal SET sequence = -sequence WHERE sequence < 0"
#define SWAP(a, b)                                                                                 \
    "UPDATE journal SET sequence = -1 WHERE sequence = " a,                                        \
        "UPDATE journal SET sequence = " a " WHERE sequence = " b,                                 \
        "UPDATE journal SET sequence = " b " WHERE sequence = -1"

static const struct {
    const char *name;
    const char *statements[6];
    pd_journal_e finding;
    int sequence;
} tampered[] = {
    {"event changed", {"UPDATE journal SET event = 'x' WHERE sequence = 5"}, PD_JOURNAL_CHANGED, 5},
    {"subject changed",
     {"UPDATE journal SET subject = 'x' WHERE sequence = 1"},
     PD_JOURNAL_CHANGED,
     1},
    {"instant changed",
     {"UPDATE journal SET at = at - 1 WHERE sequence = 10"},
     PD_JOURNAL_CHANGED,
     10},
    {"details emptied",
     {"UPDATE journal SET details = '' WHERE sequence = 6"},
     PD_JOURNAL_CHANGED,
     6},
    {"chain value changed",
     {"UPDATE journal SET chain = 'x' WHERE sequence = 6"},
     PD_JOURNAL_CHANGED,
     6},
    {"first cut", {"DELETE FROM journal WHERE sequence = 1"}, PD_JOURNAL_MISSING, 1},
    {"middle cut", {"DELETE FROM journal WHERE sequence = 4"}, PD_JOURNAL_MISSING, 4},
    {"middle cut and closed",
     {"DELETE FROM journal WHERE sequence = 4", SHIFT_DOWN("5")},
     PD_JOURNAL_MISSING,
     4},
    {"end cut", {"DELETE FROM journal WHERE sequence > 8"}, PD_JOURNAL_MISSING, 9},
    {"all cut", {"DELETE FROM journal"}, PD_JOURNAL_MISSING, 1},
    {"end cut with the head",
     {"DELETE FROM journal WHERE sequence > 8", "UPDATE journal_head SET sequence = 8"},
     PD_JOURNAL_HEAD,
     8},
    {"end cut, the head with a row's value",
     {"DELETE FROM journal WHERE sequence > 8", "UPDATE journal_head SET sequence = 8, chain ="
                                                " (SELECT chain FROM journal WHERE sequence = 8)"},
     PD_JOURNAL_HEAD,
     8},
    {"inserted",
     {SHIFT_UP("4"), COPY("3", "4", "event, subject, details, chain")},
     PD_JOURNAL_INSERTED,
     4},
    {"inserted, head raised",
     {SHIFT_UP("4"), COPY("3", "4", "event, subject, details, 'x'"),
      "UPDATE journal_head SET sequence = sequence + 1"},
     PD_JOURNAL_INSERTED,
     4},
    {"added at the end",
     {COPY("10", "11", "event, subject, details, 'x'")},
     PD_JOURNAL_INSERTED,
     11},
    {"number zero", {COPY("5", "0", "event, subject, details, 'x'")}, PD_JOURNAL_INSERTED, 0},
    {"neighbours exchanged", {SWAP("4", "5")}, PD_JOURNAL_REORDERED, 4},
    {"far rows exchanged", {SWAP("3", "8")}, PD_JOURNAL_REORDERED, 3},
    {"last rows exchanged", {SWAP("9", "10")}, PD_JOURNAL_REORDERED, 9},
    {"first and last exchanged", {SWAP("1", "10")}, PD_JOURNAL_REORDERED, 1},
    {"head forged", {"UPDATE journal_head SET chain = 'x'"}, PD_JOURNAL_HEAD, 10},
    {"head away", {"DELETE FROM journal_head"}, PD_JOURNAL_HEAD, 0},
    {"row of no host",
     {"INSERT INTO journal (host, sequence, at, event, subject, details, chain)"
      " SELECT '', 7, at, event, subject, details, chain FROM journal WHERE sequence = 5"},
     PD_JOURNAL_INSERTED,
     7},
    {"head of no host",
     {"INSERT INTO journal_head (host, sequence, chain) VALUES ('', 3, 'x')"},
     PD_JOURNAL_INSERTED,
     3},
};
#define N_TAMPERED (sizeof(tampered) / sizeof(tampered[0]))

START_TEST(test_tampered)
{
    if (!portal_open(_i % N_ENGINES))
        return;
    const char *const *s = tampered[_i / N_ENGINES].statements;
    add_rows(9);
    for (int i = 0; i < 6 && s[i]; i++)
        tell(s[i]);
    pd_journal_report_t report = verify(NULL);
    const char *name = tampered[_i / N_ENGINES].name;
    ck_assert_msg(report.finding == tampered[_i / N_ENGINES].finding, "%s: finding %d", name,
                  report.finding);
    ck_assert_msg(report.sequence == tampered[_i / N_ENGINES].sequence, "%s: at %d", name,
                  (int)report.sequence);
    ck_assert_str_eq(report.host, strstr(name, "no host") ? "" : "host-a");
}
END_TEST

/* A forged head doesn't become a true one by the next row. */
START_TEST(test_no_laundering)
{
    if (!portal_open(_i))
        return;
    add_rows(9);
    tell("DELETE FROM journal WHERE sequence > 8",
         "UPDATE journal_head SET sequence = 8, chain ="
         " (SELECT chain FROM journal WHERE sequence = 8)");
    add_rows(3);
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_ne(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.sequence, 9);
}
END_TEST

START_TEST(test_hosts)
{
    if (!portal_open(_i))
        return;
    pd_settings_t *settings = (pd_settings_t *)portal.settings;
    add_rows(2);
    settings->host_name = "host b";
    add_rows(2);
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.chains, 2);
    ck_assert_int_eq(report.rows, 5);
    tell("UPDATE journal SET event = 'x' WHERE host = 'host b' AND sequence = 2");
    report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_CHANGED);
    ck_assert_str_eq(report.host, "host b");
    ck_assert_int_eq(report.sequence, 2);
}
END_TEST

/* A head line kept elsewhere shows a journal that was put back as a whole. */
START_TEST(test_anchor)
{
    if (!portal_open(_i))
        return;
    add_rows(4);
    tell("CREATE TABLE kept AS SELECT * FROM journal",
         "CREATE TABLE kept_head AS SELECT * FROM journal_head");
    add_rows(2);
    const char *anchor = APR_ARRAY_IDX(verify(NULL).heads, 0, const char *);
    ck_assert_int_eq(verify(anchor).finding, PD_JOURNAL_SOUND);
    add_rows(2);
    ck_assert_int_eq(verify(anchor).finding, PD_JOURNAL_SOUND);
    tell("DELETE FROM journal", "INSERT INTO journal SELECT * FROM kept",
         "DELETE FROM journal_head", "INSERT INTO journal_head SELECT * FROM kept_head");
    ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(verify(anchor).finding, PD_JOURNAL_MISSING);
    add_rows(5);
    pd_journal_report_t report = verify(anchor);
    ck_assert_int_eq(report.finding, PD_JOURNAL_CHANGED);
    ck_assert_int_eq(report.sequence, 7);
    tell("DELETE FROM journal", "DELETE FROM journal_head");
    ck_assert_int_eq(verify(anchor).finding, PD_JOURNAL_MISSING);
    static const char *const bad[] = {"nonsense", " 5 head",      "host  head",
                                      "host 5 ",  "host +5 head", "host 99999999999999999999 head"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(pd_journal_verify(&report, &portal, bad[i], tp), APR_EINVAL);
}
END_TEST

#define N_WRITERS 4
#define N_EACH    25

static void *write_some(void *data)
{
    apr_pool_t *p;
    int *failed = data;
    apr_pool_create(&p, NULL);
    for (int i = 0; i < N_EACH; i++) {
        add_t add = {"written", 0};
        *failed += pd_db_transact(portal.db, add_step, &add, p) != APR_SUCCESS;
    }
    apr_pool_destroy(p);
    return NULL;
}

/* Several write at once, while the journal is read: numbers stay whole, and nothing is found. */
START_TEST(test_writers)
{
    pthread_t threads[N_WRITERS];
    int failed[N_WRITERS] = {0};
    if (!portal_open(_i))
        return;
    for (int i = 0; i < N_WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_some, &failed[i]), 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(verify(NULL).finding, PD_JOURNAL_SOUND);
    for (int i = 0; i < N_WRITERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(failed[i], 0);
    }
    pd_journal_report_t report = verify(NULL);
    ck_assert_int_eq(report.finding, PD_JOURNAL_SOUND);
    ck_assert_int_eq(report.rows, N_WRITERS * N_EACH + 1);
}
END_TEST

START_TEST(test_key_bond)
{
    const char *why = NULL;
    pd_keyring_t *other;
    if (!portal_open(_i))
        return;
    ck_assert_int_eq(pd_portal_check_key(&why, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_portal_bind_key(&why, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal"), 1);
    const char *path = apr_pstrcat(tp, test_folder, "/other.key", NULL);
    ck_assert_int_eq(pd_keyring_create(path, &why, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_keyring_load(&other, path, &why, tp), APR_SUCCESS);
    unlink(path);
    portal.keys = other;
    ck_assert_int_eq(pd_portal_check_key(&why, &portal, tp), PD_EKEY);
    ck_assert_int_eq(pd_portal_bind_key(&why, &portal, tp), PD_EKEY);
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM journal"), 1);
}
END_TEST

int main(void)
{
    TCase *tcase;
    Suite *suite = portal_suite("portal/journal", &tcase);
    tcase_add_loop_test(tcase, test_sound, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_pages, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_tampered, 0, N_TAMPERED * N_ENGINES);
    tcase_add_loop_test(tcase, test_no_laundering, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_hosts, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_anchor, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_writers, 0, N_ENGINES);
    tcase_add_loop_test(tcase, test_key_bond, 0, N_ENGINES);
    return pd_test_main(suite);
}
