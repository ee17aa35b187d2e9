/* What the processes of a site share: the gate before hashing, and blocks of memory. */
#include "srv/pd_site_int.h"
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <string.h>
#include <unistd.h>
#include "crypt/pd_hash.h"
#include "portal/pd_coherence.h"
#include "portal/pd_guess.h"
#include "portal/pd_session_table.h"
#include "portal/pd_state.h"
#include "srv/pd_segment.h"

APLOG_USE_MODULE(pdportal);

/* One gate for the whole host, whatever generation a process belongs to: a file in httpd's runtime
 * folder, opened by the parent and inherited. Where that folder can't be written, one gate per
 * generation. */
apr_status_t pd_site_make_gate(pd_site_t *site, apr_pool_t *p)
{
    int queue = (int)site->settings->hashing_queue;
    long slots = (long)site->settings->hashing_slots;
    if (slots == 0) {
        slots = sysconf(_SC_NPROCESSORS_ONLN);
    }
    slots = slots < 1 ? 1 : slots > PD_GATE_SLOTS_MAX ? PD_GATE_SLOTS_MAX : slots;
    const char *path =
        ap_runtime_dir_relative(p, apr_psprintf(p, "pdportal-hashing-%ld-%d", slots, queue));
    if (path != NULL && pd_gate_open(&site->hashing, path, (int)slots, queue, p) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, ap_server_conf,
                 "PD0502: no hashing gate in httpd's runtime folder (DefaultRuntimeDir): using one "
                 "that restarts don't share");
    return pd_gate_create(&site->hashing, (int)slots, queue, p);
}

/* A name for the shared memory of this portal: the same in the next generation, if it still has the
 * same database and key. */
static const char *segment_name(const pd_site_t *site, const char *what, apr_pool_t *p)
{
    const char *text =
        apr_pstrcat(p, site->settings->database_driver, " ", site->settings->database_params, " ",
                    site->settings->path, " ", pd_keyring_fingerprint(site->keys, p), NULL);
    return apr_pstrcat(p, what, "-", pd_hash_sha256(text, strlen(text), p), NULL);
}

/* What the processes of all generations share. A block whose shape is part of its name is told when
 * another shape takes its place, if it asks for that. */
apr_status_t pd_site_make_segments(pd_site_t *site, apr_pool_t *p)
{
    void *counts = NULL, *state = NULL;
    const struct {
        void **memory;
        const char *name;
        apr_size_t n_bytes; /* 0: none is wanted */
        int retires;
    } segments[] = {
        {&site->coherence, "coherence" PD_COHERENCE_SHAPE, pd_coherence_bytes(), 1},
        /* With its size, which two servers of one portal may set apart, and with the shape of the
         * block whose ticks its entries carry. */
        {&site->sessions,
         apr_psprintf(p, "sessions" PD_SESSION_TABLE_SHAPE PD_COHERENCE_SHAPE "-%" APR_INT64_T_FMT,
                      site->settings->session_cache),
         (apr_size_t)site->settings->session_cache, 0},
        {&site->guesses, "guesses" PD_LIMITER_SHAPE, pd_limiter_bytes(), 0},
        {&counts, "counts", sizeof(pd_counts_t), 0},
        {&state, "state", sizeof(pd_state_shared_t), 0},
    };
    for (apr_size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        apr_status_t rv =
            segments[i].n_bytes == 0
                ? APR_SUCCESS
                : pd_segment_get(segments[i].memory, segment_name(site, segments[i].name, p),
                                 segments[i].n_bytes, segments[i].retires);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    site->counts = counts;
    site->state = state;
    return APR_SUCCESS;
}
