/* Fills a portal with people as registration would have left them: each with a data key of its own,
 * sealed login, e-mail and password, both identifiers, one consent. The password's Argon2id hash is
 * made once and sealed for each. Then begins sessions, spread evenly over the people, and writes
 * their cookies. A portal that has enough people already only gets new sessions.
 *
 *   people CONFIG PEOPLE SESSIONS COOKIE-NAME COOKIE-FILE */
#include "bench.h"
#include <stddef.h>
#include <apr_atomic.h>
#include <apr_thread_proc.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "crypt/pd_hash.h"
#include "crypt/pd_password.h"
#include "crypt/pd_token.h"
#include "portal/pd_person.h"
#include "portal/pd_session_int.h"
#include "text/pd_login.h"

#define THREADS       2
#define ROWS          50            /* of one statement */
#define BATCH         (1000 * ROWS) /* people of one transaction */
#define SESSION_BATCH (100 * ROWS)
#define PEOPLE_MAX    10000000
#define SESSIONS_MAX  1000000

/* As registration seals them. */
typedef struct one_t {
    const char *id, *wrapped, *login, *email, *secret, *login_lookup, *email_lookup, *pseudonym;
} one_t;

/* Statements of many rows: `into` is followed by ROWS times `row`. In the order of `key`, so that a
 * page of a random key's tree is fetched and written once in a batch, not once for each row. */
enum { PERSON, CREDENTIAL, LOGIN, EMAIL, ACT, SESSION, N_INSERTS };
static const struct {
    const char *label, *into, *row;
    size_t key; /* of one_t */
} inserts[N_INSERTS] = {
    [PERSON] = {"bench_person",
                "INSERT INTO person (id, data_key, login, email, policy_version, created_at,"
                " confirmed_at, state, language, generation) VALUES ",
                "(%s, %s, %s, %s, %lld, %lld, %lld, 'active', 'ru', 1)", offsetof(one_t, id)},
    [CREDENTIAL] = {"bench_credential",
                    "INSERT INTO credential (person_id, secret, changed_at, kind) VALUES ",
                    "(%s, %s, %lld, 'password')", offsetof(one_t, id)},
    [LOGIN] = {"bench_login", "INSERT INTO identifier (lookup, person_id, kind) VALUES ",
               "(%s, %s, 'login')", offsetof(one_t, login_lookup)},
    [EMAIL] = {"bench_email", "INSERT INTO identifier (lookup, person_id, kind) VALUES ",
               "(%s, %s, 'email')", offsetof(one_t, email_lookup)},
    [ACT] = {"bench_act",
             "INSERT INTO act (id, pseudonym, at, verb, kind, version, language, html_sha256,"
             " wording, form) VALUES ",
             "(%s, %s, %lld, 'consented', 'processing', 1, 'ru', '', '', 'register')",
             offsetof(one_t, pseudonym)},
    [SESSION] = {"bench_session",
                 "INSERT INTO session (token, id, person_id, created_at, authenticated_at, used_at,"
                 " expires_at, generation, mfa_at) VALUES ",
                 "(%s, %s, %s, %lld, %lld, %lld, %lld, 1, " PD_MFA_NEEDLESS ")", 0},
};
static pd_sql_t many[N_INSERTS];

enum { COUNT, VERSION, FORGET };
static const pd_sql_t statements[] = {
    [COUNT] = {"bench_count", "SELECT COUNT(*) FROM person", "i", "is it filled already?"},
    [VERSION] = {"bench_version",
                 "SELECT COALESCE(MAX(version), 0) FROM document WHERE kind = 'policy'", "i",
                 "what they have acknowledged"},
    [FORGET] = {"bench_forget", "DELETE FROM session", "", "those of the last run"},
};

typedef struct fill_t {
    const pd_portal_t *portal;
    const char *hash; /* of the password */
    apr_int64_t policy_version;
    apr_time_t now;
    int people;
    apr_uint32_t next;      /* first of the next batch */
    apr_uint32_t done, had; /* now, and at the beginning */
} fill_t;

typedef struct batch_t {
    const fill_t *fill;
    int count; /* a multiple of ROWS */
    one_t all[BATCH];
} batch_t;

static void prepare_inserts(apr_pool_t *p)
{
    for (int i = 0; i < N_INSERTS; i++) {
        apr_array_header_t *rows = apr_array_make(p, ROWS, sizeof(const char *));
        for (int n = 0; n < ROWS; n++) {
            APR_ARRAY_PUSH(rows, const char *) =
                apr_pstrcat(p, n ? ", " : "", inserts[i].row, NULL);
        }
        many[i] = (pd_sql_t){inserts[i].label,
                             apr_pstrcat(p, inserts[i].into, apr_array_pstrcat(p, rows, 0), NULL),
                             "", "many rows at once"};
    }
}

static apr_int64_t ask(const pd_portal_t *portal, const pd_sql_t *sql, apr_pool_t *p)
{
    const pd_rows_t *rows;
    if (pd_db_read(&rows, portal->db, sql, PD_NO_ARGS, 1, p)) {
        bench_fail("%s: the database can't be read", sql->label);
    }
    return PD_ROW(rows, 0)[0].number;
}

static apr_status_t seal_one(one_t *one, const fill_t *fill, int number, apr_pool_t *p)
{
    const pd_keyring_t *keys = fill->portal->keys;
    const pd_datakey_t *key;
    pd_login_t login;
    pd_login_e outcome;
    const char *email = apr_pstrcat(p, bench_login(number, p), "@mail.test", NULL);
    apr_status_t status = pd_login_parse(&outcome, &login, bench_login(number, p), p);
    one->id = pd_random_uuid7(pd_clock_now(), p);
    if (!status) {
        status = pd_datakey_new(&key, &one->wrapped, keys, one->id, p);
    }
    if (!status) {
        status = pd_seal(&one->login, key, "person.login", one->id, login.name, p);
    }
    if (!status) {
        status = pd_seal(&one->email, key, "person.email", one->id, email, p);
    }
    if (!status) {
        status = pd_seal(&one->secret, key, "credential.secret", one->id, fill->hash, p);
    }
    one->login_lookup = pd_hash_lookup(keys, "login", login.skeleton, p);
    one->email_lookup = pd_hash_lookup(keys, "email", email, p);
    one->pseudonym = pd_person_pseudonym(fill->portal, one->id, p);
    return status;
}

/* One row's values in the order of its statement. */
static int values_of(pd_arg_t *to, int table, const one_t *one, const fill_t *fill, apr_pool_t *p)
{
    const pd_arg_t person[] = {PD_T(one->id),    PD_T(one->wrapped),         PD_T(one->login),
                               PD_T(one->email), PD_N(fill->policy_version), PD_N(fill->now),
                               PD_N(fill->now)};
    const pd_arg_t credential[] = {PD_T(one->id), PD_T(one->secret), PD_N(fill->now)};
    const pd_arg_t login[] = {PD_T(one->login_lookup), PD_T(one->id)};
    const pd_arg_t email[] = {PD_T(one->email_lookup), PD_T(one->id)};
    const pd_arg_t act[] = {PD_T(pd_random_uuid7(fill->now, p)), PD_T(one->pseudonym),
                            PD_N(fill->now)};
    const struct {
        const pd_arg_t *args;
        size_t bytes;
    } rows[] = {[PERSON] = {person, sizeof person},
                [CREDENTIAL] = {credential, sizeof credential},
                [LOGIN] = {login, sizeof login},
                [EMAIL] = {email, sizeof email},
                [ACT] = {act, sizeof act}};
    memcpy(to, rows[table].args, rows[table].bytes);
    return (int)(rows[table].bytes / sizeof *to);
}

static int by_key(const void *a, const void *b, void *key)
{
    size_t offset = *(const size_t *)key;
    return strcmp(*(const char *const *)((const char *)a + offset),
                  *(const char *const *)((const char *)b + offset));
}

static apr_status_t insert_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    batch_t *batch = baton;
    pd_arg_t args[ROWS * 8];
    apr_status_t status = APR_SUCCESS;
    for (int table = PERSON; table <= ACT; table++) {
        size_t key = inserts[table].key;
        qsort_r(batch->all, (size_t)batch->count, sizeof *batch->all, by_key, &key);
        for (int from = 0; !status && from < batch->count; from += ROWS) {
            int n = 0;
            for (int i = 0; i < ROWS; i++) {
                n += values_of(args + n, table, &batch->all[from + i], batch->fill, p);
            }
            status = pd_conn_exec(NULL, conn, &many[table], args, n, p);
        }
    }
    return status;
}

/* Seals a batch while the other thread writes one. */
static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    fill_t *fill = data;
    batch_t *batch = calloc(1, sizeof *batch);
    apr_pool_t *p;
    apr_uint32_t from;
    apr_pool_create(&p, NULL);
    batch->fill = fill;
    while ((from = apr_atomic_add32(&fill->next, BATCH)) < (apr_uint32_t)fill->people) {
        apr_status_t status = APR_SUCCESS;
        int left = fill->people - (int)from;
        batch->count = left < BATCH ? left : BATCH;
        for (int i = 0; !status && i < batch->count; i++) {
            status = seal_one(&batch->all[i], fill, (int)from + i, p);
        }
        if (!status) {
            status = pd_db_transact(fill->portal->db, insert_step, batch, p);
        }
        if (status) {
            bench_fail("people %u and on can't be added (%d)", from, status);
        }
        apr_atomic_add32(&fill->done, (apr_uint32_t)batch->count);
        apr_pool_clear(p);
    }
    free(batch);
    apr_pool_destroy(p);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void say_progress(const fill_t *fill, apr_time_t begin)
{
    double seconds = (double)(pd_clock_ticks() - begin) / APR_USEC_PER_SEC;
    fprintf(stderr, "%u of %d people, %.0f a second\n", fill->done, fill->people,
            seconds > 0 ? (fill->done - fill->had) / seconds : 0);
}

static void add_people(fill_t *fill, apr_pool_t *p)
{
    apr_thread_t *threads[THREADS];
    apr_time_t begin = pd_clock_ticks(), said = begin;
    fill->had = fill->done;
    for (int i = 0; i < THREADS; i++) {
        if (apr_thread_create(&threads[i], NULL, work, fill, p)) {
            bench_fail("no thread");
        }
    }
    while (apr_atomic_read32(&fill->done) < (apr_uint32_t)fill->people) {
        apr_sleep(apr_time_from_msec(20));
        if (pd_clock_ticks() - said > apr_time_from_sec(10)) {
            said = pd_clock_ticks();
            say_progress(fill, begin);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t status;
        apr_thread_join(&status, threads[i]);
    }
    say_progress(fill, begin);
}

typedef struct sessions_t {
    const fill_t *fill;
    int from, count, every; /* of this batch, which person is the next one's */
    const char **tokens;
} sessions_t;

/* ROWS sessions, beginning with number `first` of the batch. */
static apr_status_t insert_sessions(pd_conn_t *conn, const sessions_t *sessions, int first,
                                    apr_pool_t *p)
{
    const pd_portal_t *portal = sessions->fill->portal;
    apr_time_t now = pd_clock_now(), end = now + portal->settings->session_lifetime;
    pd_arg_t args[ROWS * 7];
    for (int i = 0; i < ROWS; i++) {
        const char *person, *stored;
        int number = (sessions->from + first + i) * sessions->every;
        apr_status_t status = pd_person_find(&person, &stored, portal, bench_login(number, p), p);
        if (status) {
            return status;
        }
        const pd_arg_t row[] = {PD_T(pd_token_hash(sessions->tokens[first + i], p)),
                                PD_T(pd_random_uuid7(now, p)),
                                PD_T(person),
                                PD_N(now),
                                PD_N(now),
                                PD_N(now),
                                PD_N(end)};
        memcpy(args + i * 7, row, sizeof row);
    }
    return pd_conn_exec(NULL, conn, &many[SESSION], args, ROWS * 7, p);
}

static apr_status_t session_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const sessions_t *sessions = baton;
    apr_status_t status = APR_SUCCESS;
    for (int first = 0; !status && first < sessions->count; first += ROWS) {
        status = insert_sessions(conn, sessions, first, p);
    }
    return status;
}

static apr_status_t forget_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    (void)baton;
    return pd_conn_exec(NULL, conn, &statements[FORGET], PD_NO_ARGS, p);
}

static void add_sessions(const fill_t *fill, int count, const char *name, const char *path)
{
    static const char *tokens[SESSION_BATCH];
    sessions_t sessions = {fill, 0, 0, fill->people / count, tokens};
    FILE *file = fopen(path, "w");
    apr_pool_t *p;
    apr_pool_create(&p, NULL);
    if (!file || pd_db_transact(fill->portal->db, forget_step, NULL, p)) {
        bench_fail("%s can't be written, or the old sessions can't be removed", path);
    }
    for (; sessions.from < count; sessions.from += SESSION_BATCH) {
        int left = count - sessions.from;
        sessions.count = left < SESSION_BATCH ? left : SESSION_BATCH;
        for (int i = 0; i < sessions.count; i++) {
            tokens[i] = pd_token_new(p);
            fprintf(file, "%s=%s\n", name, tokens[i]);
        }
        if (pd_db_transact(fill->portal->db, session_step, &sessions, p)) {
            bench_fail("sessions can't be added");
        }
        apr_pool_clear(p);
    }
    if (fclose(file)) {
        bench_fail("%s can't be written", path);
    }
    apr_pool_destroy(p);
}

int main(int argc, char **argv)
{
    apr_pool_t *p;
    pd_portal_t portal;
    if (argc != 6) {
        fprintf(stderr, "people CONFIG PEOPLE SESSIONS COOKIE-NAME COOKIE-FILE\n");
        return 64;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    fill_t fill = {.portal = &portal, .people = bench_number(argv[2], PEOPLE_MAX)};
    int sessions = bench_number(argv[3], SESSIONS_MAX);
    if (fill.people % ROWS || sessions % ROWS || sessions > fill.people) {
        bench_fail("people and sessions in multiples of %d, and no more sessions than people",
                   ROWS);
    }
    bench_open(&portal, argv[1], p);
    prepare_inserts(p);
    pd_password_cost_t cost = {(apr_uint32_t)portal.settings->password_memory,
                               (apr_uint32_t)portal.settings->password_passes};
    if (pd_password_hash(&fill.hash, portal.keys, &cost, BENCH_PASSWORD, p)) {
        bench_fail("the password can't be hashed");
    }
    fill.now = pd_clock_now();
    fill.policy_version = ask(&portal, &statements[VERSION], p);
    fill.next = fill.done = (apr_uint32_t)ask(&portal, &statements[COUNT], p);
    if (fill.done < (apr_uint32_t)fill.people) {
        add_people(&fill, p);
    }
    if (sessions > 0) {
        add_sessions(&fill, sessions, argv[4], argv[5]);
    }
    apr_terminate();
    return 0;
}
