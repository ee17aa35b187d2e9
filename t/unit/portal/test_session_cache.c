/* Sessions in memory: what is found there, what makes it stale, and what the database is told. */
#include "registration_test.h"
#include <stddef.h>
#include <sys/mman.h>
#include "base/pd_random.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_coherence.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_session.h"
#include "portal/pd_session_cache.h"

#define TABLE_BYTES PD_SESSION_TABLE_BYTES_MIN

/* Where in a slot things stand: pd_session_table.h draws it. */
#define SLOT_CHECK (8 + 8 + 8 + PD_SESSION_KEY_BYTES)
#define SLOT_TEXT  (SLOT_CHECK + 8 + offsetof(pd_session_entry_t, text))

static void *zeros(apr_size_t n_bytes)
{
    void *memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static void ring(void *coherence)
{
    pd_coherence_ring(coherence);
}

/* Rechecks never come due in a test, unless it says so: what is noticed was announced. */
static int cached_open(int i)
{
    if (!portal_open(i))
        return 0;
    portal_documents();
    pd_settings_t *settings = apr_pmemdup(tp, portal.settings, sizeof(*settings));
    settings->session_recheck = HOUR;
    portal.settings = settings;
    portal.counts = apr_pcalloc(tp, sizeof(*portal.counts));
    portal.schedule = pd_schedule_new(tp);
    ck_assert_int_eq(pd_coherence_attach(&portal.coherence, zeros(pd_coherence_bytes()), NULL, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(pd_session_table_attach(&portal.sessions, zeros(TABLE_BYTES), TABLE_BYTES, tp),
                     APR_SUCCESS);
    pd_db_on_commit(portal.db, ring, portal.coherence);
    return 1;
}

static const char *signed_in(const char *name)
{
    const pd_client_t client = {.address = NULL};
    pd_sign_in_t result;
    test_now += SECOND;
    ck_assert_int_eq(pd_session_begin(&result, &portal, &client, name, GOOD, NULL, tp),
                     APR_SUCCESS);
    ck_assert_int_eq(result.outcome, PD_SIGNED_IN);
    return result.token;
}

static pd_session_t found;

static apr_status_t find(const char *token)
{
    apr_status_t status = pd_session_cached.find(&found, &portal, token, tp);
    pd_session_cached.settle(&found, &portal, tp);
    return status;
}

static void ck_found(const char *token, int from_memory)
{
    ck_assert_int_eq(find(token), APR_SUCCESS);
    ck_assert_int_eq(found.from_memory, from_memory);
}

#define ck_from_memory(token)   ck_found(token, 1)
#define ck_from_database(token) ck_found(token, 0)

/* A change of another host: its rows, and nobody here is told. */
static void announce(const char *kind, const char *subject)
{
    tell("UPDATE invalidation_head SET number = number + 1");
    tell(apr_psprintf(
        tp, "INSERT INTO invalidation SELECT number, '%s', '%s', 0 FROM invalidation_head", kind,
        subject));
}

START_TEST(test_same_from_memory)
{
    if (!cached_open(_i))
        return;
    const char *id = confirmed_person("ivan", "a@example.org");
    tell(apr_psprintf(tp, "INSERT INTO role VALUES ('%s', 'editor', 'test', 1, 0)", id));
    const char *token = signed_in("ivan");
    ck_from_database(token);
    pd_session_t first = found;
    ck_from_memory(token);
    ck_assert_str_eq(found.id, first.id);
    ck_assert_str_eq(found.token_hash, first.token_hash);
    ck_assert_str_eq(found.person_id, id);
    ck_assert_str_eq(found.login, "ivan");
    ck_assert_str_eq(found.roles, "editor");
    ck_assert_str_eq(found.consents, "processing");
    ck_assert_int_eq(found.policy_version, 1);
    ck_assert_int_eq(found.created_at, first.created_at);
    ck_assert_int_eq(found.authenticated_at, first.authenticated_at);
    ck_assert_int_eq(found.expires_at, first.expires_at);
    ck_assert_uint_eq(pd_counted(portal.counts, PD_COUNT_SESSION_HIT), 1);
    ck_assert_uint_eq(pd_counted(portal.counts, PD_COUNT_SESSION_MISS), 1);
    ck_assert_int_eq(find("not a token"), APR_ENOENT);
    ck_assert_int_eq(find(pd_token_new(tp)), APR_ENOENT);
}
END_TEST

/* What is done here counts at once: the commit rings. */
START_TEST(test_ended_here)
{
    if (!cached_open(_i))
        return;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan"), *other = signed_in("ivan");
    ck_from_database(token);
    ck_from_memory(token);
    ck_assert_int_eq(pd_session_end(&portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(find(token), APR_ENOENT);
    ck_from_database(other);
}
END_TEST

/* What is done elsewhere counts when it was read: here when something rings. */
START_TEST(test_ended_elsewhere)
{
    static const char *const kinds[] = {"person", "everybody", "a word of a newer program"};
    if (!cached_open(_i % N_ENGINES))
        return;
    const char *kind = kinds[_i / N_ENGINES];
    const char *id = confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    tell("DELETE FROM session");
    announce(kind, *kind == 'p' ? id : "");
    ck_from_memory(token); /* not yet read */
    pd_coherence_ring(portal.coherence);
    ck_assert_int_eq(find(token), APR_ENOENT);
}
END_TEST

START_TEST(test_read_again_in_time)
{
    if (!cached_open(_i))
        return;
    const char *id = confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    tell("DELETE FROM session");
    announce("person", id);
    pd_settings_t *settings = apr_pmemdup(tp, portal.settings, sizeof(*settings));
    settings->session_recheck = 1;
    portal.settings = settings;
    ck_assert_int_eq(find(token), APR_ENOENT);
    settings->session_recheck = 0; /* asks each time */
    ck_assert_int_eq(find(token), APR_ENOENT);
}
END_TEST

/* PDPortalSessionRecheck 0 asks each time: a hand on the database counts that nobody announced. */
START_TEST(test_asked_each_time)
{
    if (!cached_open(_i))
        return;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    tell("UPDATE person SET state = 'blocked'");
    ck_from_memory(token);
    pd_settings_t *settings = apr_pmemdup(tp, portal.settings, sizeof(*settings));
    settings->session_recheck = 0;
    portal.settings = settings;
    ck_assert_int_eq(find(token), APR_ENOENT);
    tell("UPDATE person SET state = 'active'");
    ck_from_database(token);
    ck_from_database(token);
}
END_TEST

/* Any child may write the table. What doesn't fit is not found, and the database asked: the next
 * answer is whole again. */
typedef void scribble_fn(pd_session_entry_t *entry);

static void more_bytes_than_room(pd_session_entry_t *entry)
{
    entry->text_bytes = sizeof(entry->text) + 1;
}

static void far_more_bytes(pd_session_entry_t *entry)
{
    entry->text_bytes = 0xffff;
}

static void no_bytes(pd_session_entry_t *entry)
{
    entry->text_bytes = 0;
}

static void no_end(pd_session_entry_t *entry)
{
    memset(entry->text, 'x', sizeof(entry->text));
    entry->text_bytes = sizeof(entry->text);
}

static void too_few_texts(pd_session_entry_t *entry)
{
    entry->text_bytes = (apr_uint16_t)(strlen(entry->text) + 1);
}

static void another_number_of_texts(pd_session_entry_t *entry)
{
    entry->texts = 7;
}

static scribble_fn *const scribbles[] = {
    more_bytes_than_room, far_more_bytes, no_bytes, no_end, too_few_texts, another_number_of_texts};
#define N_SCRIBBLES ((int)(sizeof(scribbles) / sizeof(scribbles[0])))

START_TEST(test_scribbled)
{
    if (!cached_open(_i % N_ENGINES))
        return;
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t entry;
    pd_session_slot_t *slot;
    pd_session_use_t evicted;
    apr_time_t used_at;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    pd_token_digest(key, token);
    ck_assert(pd_session_table_get(&entry, &used_at, &slot, portal.sessions, key));
    scribbles[_i / N_ENGINES](&entry);
    /* With a check value that is right. */
    ck_assert(pd_session_table_put(&evicted, portal.sessions, key, &entry, test_now, test_now));
    ck_from_database(token);
    ck_from_memory(token);
    ck_assert_str_eq(found.login, "ivan");
}
END_TEST

/* Without one: every byte of what is kept stands under it. */
START_TEST(test_scribbled_in_place)
{
    if (!cached_open(_i))
        return;
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t entry;
    pd_session_slot_t *slot;
    apr_time_t used_at;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    pd_token_digest(key, token);
    for (apr_size_t at = SLOT_CHECK; at < SLOT_TEXT + 100; at++) {
        ck_from_database(token);
        ck_from_memory(token);
        ck_assert(pd_session_table_get(&entry, &used_at, &slot, portal.sessions, key));
        ((unsigned char *)slot)[at] ^= 0x55;
        ck_assert(!pd_session_table_get(&entry, &used_at, &slot, portal.sessions, key));
    }
}
END_TEST

/* The default size holds a hundred thousand sessions with texts of an ordinary length: but for a
 * handful whose two sets are both full, which are asked of the database. */
START_TEST(test_room)
{
    enum { SESSIONS = 100000 };
    const apr_size_t n_bytes = (apr_size_t)test_settings()->session_cache;
    pd_session_table_t *table;
    pd_session_use_t evicted;
    unsigned char(*keys)[PD_SESSION_KEY_BYTES] = apr_palloc(tp, sizeof(*keys) * SESSIONS);
    ck_assert_uint_eq(n_bytes, 64 * 1024 * 1024);
    ck_assert_int_eq(pd_session_table_attach(&table, zeros(n_bytes), n_bytes, tp), APR_SUCCESS);
    pd_random_bytes(keys, sizeof(*keys) * SESSIONS);
    pd_session_entry_t entry = {.texts = 6, .text_bytes = 240};
    int evictions = 0, hits = 0;
    for (int i = 0; i < SESSIONS; i++) {
        entry.created_at = i + 1;
        ck_assert(pd_session_table_put(&evicted, table, keys[i], &entry, 60 * SECOND, 0));
        evictions += evicted.used_at != 0;
    }
    for (int i = 0; i < SESSIONS; i++) {
        pd_session_slot_t *slot;
        apr_time_t used_at;
        hits += pd_session_table_get(&entry, &used_at, &slot, table, keys[i]) &&
                entry.created_at == i + 1;
    }
    ck_assert_int_le(evictions, 30);
    ck_assert_int_ge(hits, SESSIONS - 30);
}
END_TEST

/* Rows that were removed, and a database put back to an earlier state, make everything stale. */
START_TEST(test_gaps)
{
    if (!cached_open(_i))
        return;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    announce("documents", "");
    pd_coherence_ring(portal.coherence);
    ck_from_database(token);
    ck_from_memory(token);
    announce("documents", "");
    tell("DELETE FROM invalidation");
    pd_coherence_ring(portal.coherence);
    ck_from_database(token);
    ck_from_memory(token);
    tell("UPDATE invalidation_head SET number = 0");
    pd_coherence_ring(portal.coherence);
    ck_from_database(token);
    ck_from_memory(token);
    announce("everybody", "");
    pd_coherence_ring(portal.coherence);
    ck_from_database(token);
}
END_TEST

/* An answer of the database that a change overtook is stale as soon as it is kept. */
START_TEST(test_overtaken)
{
    if (!cached_open(_i))
        return;
    const char *id = confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t entry;
    pd_session_slot_t *slot;
    pd_session_use_t evicted;
    apr_time_t used_at;
    ck_from_database(token);
    pd_token_digest(key, token);
    ck_assert(pd_session_table_get(&entry, &used_at, &slot, portal.sessions, key));
    announce("person", id);
    pd_coherence_ring(portal.coherence);
    ck_assert_int_eq(pd_coherence_refresh(&portal, tp), APR_SUCCESS);
    /* The slow one puts what it read before the change. */
    ck_assert(pd_session_table_put(&evicted, portal.sessions, key, &entry, test_now, test_now));
    tell("DELETE FROM session");
    ck_assert_int_eq(find(token), APR_ENOENT);
}
END_TEST

/* Limits of time are looked at in memory, and decided by the database. */
START_TEST(test_limits)
{
    if (!cached_open(_i))
        return;
    const char *id = confirmed_person("ivan", "a@example.org");
    const char *idle = signed_in("ivan"), *token = signed_in("ivan");
    tell(apr_psprintf(tp,
                      "INSERT INTO role VALUES ('%s', 'editor', 'test', 1, %" APR_INT64_T_FMT ")",
                      id, test_now + 30 * MINUTE));
    ck_from_database(token);
    ck_from_database(idle);
    ck_assert_str_eq(found.roles, "editor");
    test_now += 30 * MINUTE;
    ck_from_database(token); /* the role is over */
    ck_assert_str_eq(found.roles, "");
    ck_from_memory(token);
    test_now += 40 * MINUTE;
    ck_from_memory(token);
    ck_assert_int_eq(find(idle), APR_ENOENT);
    for (int i = 0; i < 20; i++) {
        test_now += 40 * MINUTE;
        find(token);
    }
    ck_assert_int_eq(find(token), APR_ENOENT); /* the whole lifetime */
}
END_TEST

/* Uses are told in batches; a session that is used all the time stays, whoever asks. */
START_TEST(test_uses)
{
    if (!cached_open(_i))
        return;
    int done;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    apr_time_t begun = ask("SELECT used_at FROM session");
    test_now += 30 * SECOND;
    ck_from_memory(token);
    ck_assert_int_eq(pd_session_cache_note(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0); /* not yet far behind */
    test_now += 50 * MINUTE;
    ck_from_memory(token);
    ck_assert_int_eq(ask("SELECT used_at FROM session"), begun); /* reading wrote nothing */
    ck_assert_int_eq(pd_session_cache_note(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert_int_eq(ask("SELECT used_at FROM session"), test_now);
    ck_assert_int_eq(pd_session_cache_note(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 0);
    /* The database is behind, and the entry stale: the later use counts. */
    test_now += 50 * SECOND;
    ck_from_memory(token);
    pd_coherence_ring(portal.coherence);
    announce("everybody", "");
    test_now += 59 * MINUTE + 30 * SECOND;
    ck_from_database(token);
}
END_TEST

/* What is wiped because something made it stale takes its last use along: the session is not over
 * early. */
START_TEST(test_wiped_with_its_use)
{
    if (!cached_open(_i))
        return;
    int done;
    pd_session_met_t met;
    apr_size_t at = 0;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    test_now += 4 * MINUTE; /* not yet so far behind that it is noted by itself */
    ck_from_memory(token);
    apr_time_t used_at = test_now;
    announce("everybody", "");
    pd_coherence_ring(portal.coherence);
    ck_assert_int_eq(pd_session_cache_note(&done, &portal, tp), APR_SUCCESS);
    ck_assert_int_eq(done, 1);
    ck_assert(!pd_session_table_next(&met, &at, portal.sessions));
    ck_assert_int_eq(ask("SELECT used_at FROM session"), used_at);
    test_now += 59 * MINUTE + 30 * SECOND;
    ck_from_database(token);
}
END_TEST

/* Nothing of a person stays in memory when it is over. */
START_TEST(test_wiped)
{
    if (!cached_open(_i))
        return;
    int done;
    pd_session_met_t met;
    apr_size_t at = 0;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    ck_assert(pd_session_table_next(&met, &at, portal.sessions));
    ck_assert_int_eq(pd_session_end(&portal, token, tp), APR_SUCCESS);
    ck_assert_int_eq(pd_session_cache_note(&done, &portal, tp), APR_SUCCESS);
    at = 0;
    ck_assert(!pd_session_table_next(&met, &at, portal.sessions));
}
END_TEST

/* The database away: nothing is known, whatever is in memory, once something rang. */
START_TEST(test_away)
{
    if (!cached_open(_i))
        return;
    confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_from_database(token);
    tell("ALTER TABLE invalidation RENAME TO away");
    ck_from_memory(token);
    pd_coherence_ring(portal.coherence);
    ck_from_database(token); /* itself, each time */
    ck_from_database(token);
    tell("ALTER TABLE session RENAME TO gone");
    ck_assert_int_ne(find(token), APR_SUCCESS);
    ck_assert_int_ne(find(token), APR_ENOENT);
}
END_TEST

/* Texts that don't fit a slot are asked of the database each time. */
START_TEST(test_too_long)
{
    if (!cached_open(_i))
        return;
    const char *id = confirmed_person("ivan", "a@example.org");
    for (int i = 0; i < 20; i++)
        tell(apr_psprintf(
            tp, "INSERT INTO role VALUES ('%s', 'a-role-with-a-long-name-%d', 't', 1, 0)", id, i));
    const char *token = signed_in("ivan");
    ck_from_database(token);
    ck_from_database(token);
    ck_assert(pd_session_has_word(found.roles, "a-role-with-a-long-name-19"));
    ck_assert(!pd_session_has_word(found.roles, "a-role-with-a-long-name"));
}
END_TEST

static int lacking(const char *token)
{
    int lacks;
    ck_assert_int_eq(find(token), APR_SUCCESS);
    ck_assert_int_eq(pd_acknowledge_lacking(&lacks, &portal, &found, tp), APR_SUCCESS);
    return lacks;
}

static void publish_at(apr_time_t effective_at, const char *editorial)
{
    /* An editorial one may change no word: a space that does not break. */
    const char *text = *editorial ? "The\xc2\xa0policy\n\n1. PURPOSE\n\n1.1. Words.\n"
                                  : "The policy\n\n1. PURPOSE\n\n1.1. Other words.\n";
    apr_array_header_t *texts = apr_array_make(tp, 1, sizeof(pd_document_source_t));
    APR_ARRAY_PUSH(texts, pd_document_source_t) =
        (pd_document_source_t){"ru", PD_MARKUP_PLAIN, text, strlen(text), "text"};
    pd_publication_t publication = {.kind = PD_DOCUMENT_POLICY,
                                    .texts = texts,
                                    .effective_at = effective_at,
                                    .editorial = editorial};
    apr_int64_t version;
    const char *why = "";
    ck_assert_msg(pd_document_publish(&version, &why, &portal, &publication, tp) == APR_SUCCESS,
                  "%s", why);
}

START_TEST(test_policy)
{
    if (!cached_open(_i))
        return;
    pd_acknowledge_e outcome;
    const char *id = confirmed_person("ivan", "a@example.org");
    const char *token = signed_in("ivan");
    ck_assert(!lacking(token));
    publish_at(0, "a comma");
    ck_assert(!lacking(token));
    ck_assert_int_eq(pd_acknowledge_announced(&portal, &found, tp).version, 0);
    publish_at(test_now + 10 * MINUTE, "");
    ck_assert(!lacking(token));
    ck_assert_int_eq(pd_acknowledge_announced(&portal, &found, tp).version, 3);
    ck_assert_int_eq(pd_acknowledge_announced(&portal, &found, tp).effective_at,
                     test_now + 10 * MINUTE);
    test_now += 10 * MINUTE - 1;
    ck_assert(!lacking(token));
    test_now += 1;
    ck_assert(lacking(token));
    test_now -= 1; /* a clock that steps back */
    ck_assert(!lacking(token));
    test_now += 1;
    pd_document_t document;
    pd_acknowledge_form_t form = {.language = "ru", .version = 2, .wording = "I have read it"};
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 2, "ru", tp), APR_SUCCESS);
    form.shown = pd_document_shown(&document, "ru", form.wording, tp);
    ck_assert_int_eq(pd_acknowledge(&outcome, &portal, id, &form, tp), APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_ACKNOWLEDGE_CHANGED);
    ck_assert(lacking(token));
    ck_assert_int_eq(pd_acknowledge_announced(&portal, &found, tp).version, 0);
    form.version = 3;
    ck_assert_int_eq(pd_acknowledge(&outcome, &portal, id, &form, tp), APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_ACKNOWLEDGE_CHANGED); /* the text of another was shown */
    ck_assert_int_eq(pd_document_get(&document, &portal, "policy", 3, "ru", tp), APR_SUCCESS);
    form.shown = pd_document_shown(&document, "ru", form.wording, tp);
    ck_assert_int_eq(pd_acknowledge(&outcome, &portal, id, &form, tp), APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_ACKNOWLEDGED);
    /* clicked twice: one act */
    ck_assert_int_eq(pd_acknowledge(&outcome, &portal, id, &form, tp), APR_SUCCESS);
    ck_assert_int_eq(outcome, PD_ACKNOWLEDGED);
    ck_assert(!lacking(token));
    ck_assert_int_eq(ask("SELECT COUNT(*) FROM act WHERE form = 'acknowledge' AND version = 3"), 1);
    ck_assert_int_eq(journal_finding(), PD_JOURNAL_SOUND);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = portal_suite("session_cache", &tc);
    tcase_add_loop_test(tc, test_same_from_memory, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_ended_here, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_ended_elsewhere, 0, 3 * N_ENGINES);
    tcase_add_loop_test(tc, test_read_again_in_time, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_asked_each_time, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_scribbled, 0, N_SCRIBBLES * N_ENGINES);
    tcase_add_loop_test(tc, test_scribbled_in_place, 0, N_ENGINES);
    tcase_add_test(tc, test_room);
    tcase_add_loop_test(tc, test_gaps, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_overtaken, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_limits, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_uses, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_wiped_with_its_use, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_wiped, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_away, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_too_long, 0, N_ENGINES);
    tcase_add_loop_test(tc, test_policy, 0, N_ENGINES);
    return pd_test_main(suite);
}
