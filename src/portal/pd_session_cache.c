/* The session source of the web server: shared memory first, then the database. What is found there
 * counts only as far as pd_coherence vouches for it, and the tick to keep with an entry is taken
 * before the database is asked, so that a change in between makes the entry stale at once. */
#include "portal/pd_session_cache.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "base/pd_stop.h"
#include "crypt/pd_token.h"
#include "portal/pd_coherence.h"
#include "portal/pd_session_int.h"

#define BATCH      200
#define TEXTS      6
#define EVERY_MOST apr_time_from_sec(10)

/* The texts of an entry, in their order. The first one names the row, for pd_session_use_t. */
static const char **text_member(pd_session_t *session, int i)
{
    const char **const members[TEXTS] = {&session->token_hash, &session->id,    &session->person_id,
                                         &session->login,      &session->roles, &session->consents};
    return members[i];
}

/* Points into the entry; 0: it holds something else than six texts. */
static int read_entry(pd_session_t *session, const pd_session_entry_t *entry)
{
    const char *at = entry->text, *end = entry->text + entry->text_bytes;
    *session = (pd_session_t){.created_at = entry->created_at,
                              .authenticated_at = entry->authenticated_at,
                              .mfa_at = entry->mfa_at,
                              .expires_at = entry->expires_at,
                              .facts_until = entry->facts_until,
                              .policy_version = entry->policy_version};
    if (entry->texts != TEXTS || entry->text_bytes > sizeof(entry->text) || at == end ||
        end[-1] != '\0')
        return 0;
    for (int i = 0; i < TEXTS; i++) {
        if (at >= end)
            return 0;
        *text_member(session, i) = at;
        at += strlen(at) + 1;
    }
    return 1;
}

/* 0: the texts are too long for a slot. */
static int write_entry(pd_session_entry_t *entry, const pd_session_t *session, apr_int64_t tick)
{
    apr_size_t used = 0;
    *entry = (pd_session_entry_t){.tick = tick,
                                  .created_at = session->created_at,
                                  .authenticated_at = session->authenticated_at,
                                  .mfa_at = session->mfa_at,
                                  .expires_at = session->expires_at,
                                  .facts_until = session->facts_until,
                                  .policy_version = session->policy_version,
                                  .bucket = pd_coherence_bucket(session->person_id),
                                  .texts = TEXTS};
    for (int i = 0; i < TEXTS; i++) {
        const char *text = *text_member((pd_session_t *)session, i);
        apr_size_t length = strlen(text) + 1;
        if (length > sizeof(entry->text) - used)
            return 0;
        memcpy(entry->text + used, text, length);
        used += length;
    }
    entry->text_bytes = (apr_uint16_t)used;
    return 1;
}

static int is_current(const pd_session_entry_t *entry, const pd_portal_t *portal)
{
    return pd_coherence_person_good(portal->coherence, entry->bucket, entry->tick);
}

static int is_over(const pd_session_entry_t *entry, apr_time_t used_at, const pd_portal_t *portal,
                   apr_time_t now)
{
    return now >= entry->expires_at || now - used_at >= portal->settings->session_idle;
}

static int is_good(const pd_session_entry_t *entry, apr_time_t used_at, const pd_portal_t *portal,
                   apr_time_t now)
{
    return !is_over(entry, used_at, portal, now) && is_current(entry, portal) &&
           (entry->facts_until == 0 || now < entry->facts_until);
}

/* Keeps what the database said. Where it can't be kept, its use is noted as without a table. */
static void keep(pd_session_t *session, const pd_portal_t *portal, const unsigned char *key,
                 apr_int64_t tick)
{
    pd_session_entry_t entry;
    pd_session_use_t evicted;
    if (!write_entry(&entry, session, tick) ||
        !pd_session_table_put(&evicted, portal->sessions, key, &entry, pd_clock_now(),
                              session->used_at))
        return;
    session->due = PD_SESSION_KEPT;
    if (evicted.used_at != 0) {
        pd_count(portal->counts, PD_COUNT_SESSION_EVICTED);
        session->evicted = evicted;
    }
}

static apr_status_t find_in_database(pd_session_t *session, const pd_portal_t *portal,
                                     const char *token, const unsigned char *key,
                                     apr_time_t used_at, int may_keep, apr_pool_t *p)
{
    apr_int64_t tick = may_keep ? pd_coherence_tick(portal->coherence) : 0;
    apr_status_t status = pd_session_find_row(session, portal, pd_token_hash(token, p), used_at, p);
    pd_count(portal->counts, PD_COUNT_SESSION_MISS);
    if (status == APR_SUCCESS && may_keep)
        keep(session, portal, key, tick);
    return status;
}

static apr_status_t find(pd_session_t *session, const pd_portal_t *portal, const char *token,
                         apr_pool_t *p)
{
    unsigned char key[PD_SESSION_KEY_BYTES];
    pd_session_entry_t *entry;
    pd_session_slot_t *slot;
    apr_time_t used_at = 0, now = pd_clock_now();
    if (!portal->sessions || portal->settings->session_recheck == 0)
        return pd_session_database.find(session, portal, token, p);
    pd_token_digest(key, token);
    int fresh = pd_coherence_refresh(portal, p) == APR_SUCCESS;
    entry = apr_palloc(p, sizeof(*entry));
    if (!pd_session_table_get(entry, &used_at, &slot, portal->sessions, key))
        used_at = 0;
    else if (fresh && is_good(entry, used_at, portal, now) && read_entry(session, entry)) {
        session->used_at = used_at;
        session->from_memory = 1;
        pd_session_table_touch(slot, now);
        pd_count(portal->counts, PD_COUNT_SESSION_HIT);
        return APR_SUCCESS;
    }
    return find_in_database(session, portal, token, key, used_at, fresh, p);
}

static void settle(const pd_session_t *session, const pd_portal_t *portal, apr_pool_t *p)
{
    if (session->evicted.used_at != 0)
        (void)pd_session_note(portal, &session->evicted, 1, 1, p);
    if (session->due != PD_SESSION_KEPT)
        pd_session_database.settle(session, portal, p);
}

const pd_session_source_t pd_session_cached = {find, settle};

/* Stale or over: nothing of a person stays in memory without need. */
static int is_needless(const pd_session_met_t *met, const pd_portal_t *portal, int fresh)
{
    return fresh && (!is_current(&met->entry, portal) ||
                     is_over(&met->entry, met->used_at, portal, pd_clock_now()));
}

/* What is wiped takes its last use along, as what is evicted does: its session may go on, and would
 * end early by so much. */
static int is_behind(const pd_session_met_t *met, const pd_portal_t *portal, int needless)
{
    return met->used_at - met->noted_at >=
           (needless ? PD_SESSION_TOUCH_EVERY : pd_session_note_every(portal->settings));
}

/* One batch of the walk: uses to note. What is needless and has none is wiped. */
static int collect(pd_session_met_t *met, pd_session_use_t *uses, apr_size_t *at,
                   const pd_portal_t *portal, int fresh)
{
    int n = 0;
    while (n < BATCH && pd_session_table_next(&met[n], at, portal->sessions)) {
        const pd_session_met_t *one = &met[n];
        int needless = is_needless(one, portal, fresh);
        if (is_behind(one, portal, needless)) {
            apr_cpystrn(uses[n].token_hash, one->entry.text, sizeof(uses[n].token_hash));
            uses[n++].used_at = one->used_at;
        }
        else if (needless)
            pd_session_table_clear(portal->sessions, one);
    }
    return n;
}

/* The database knows of this use now. */
static void noted(const pd_session_met_t *met, const pd_portal_t *portal, int fresh)
{
    pd_session_table_noted(met);
    if (is_needless(met, portal, fresh))
        pd_session_table_clear(portal->sessions, met);
}

apr_interval_time_t pd_session_cache_every(const pd_settings_t *settings)
{
    apr_interval_time_t part = settings->session_idle / 6;
    return part < EVERY_MOST ? part : EVERY_MOST;
}

apr_status_t pd_session_cache_note(int *done, const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t at = 0;
    *done = 0;
    if (!portal->sessions)
        return APR_SUCCESS;
    pd_session_met_t *met = apr_palloc(p, BATCH * sizeof(*met));
    pd_session_use_t *uses = apr_palloc(p, BATCH * sizeof(*uses));
    int n, fresh = pd_coherence_refresh(portal, p) == APR_SUCCESS;
    while (status == APR_SUCCESS && !pd_stop_asked() &&
           (n = collect(met, uses, &at, portal, fresh)) > 0) {
        apr_pool_t *scratch;
        apr_pool_create(&scratch, p);
        status = pd_session_note(portal, uses, n, 0, scratch);
        apr_pool_destroy(scratch);
        for (int i = 0; status == APR_SUCCESS && i < n; i++)
            noted(&met[i], portal, fresh);
        *done += status == APR_SUCCESS ? n : 0;
    }
    return status;
}
