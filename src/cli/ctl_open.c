/* The way to an open portal: settings, keys, rights, database. The key file is read with the
 * caller's rights; then root becomes the state's owner (ctl_owner.c). */
#include "cli/ctl.h"

#include "base/pd_log.h"
#include "base/pd_status.h"
#include "base/pd_zone.h"
#include "portal/pd_coherence.h"
#include "portal/pd_outbox.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#define CONNECTIONS 2

const char *ctl_state_path(ctl_t *ctl)
{
    char *path = NULL;
    return apr_filepath_merge(&path, NULL, ctl->state, 0, ctl->p) ? ctl->state : path;
}

/* A state folder without a configuration of its own is a trial portal on this machine. */
static const char *trial_settings(ctl_t *ctl, const char *dir)
{
    apr_pool_t *p = ctl->p;
    const struct {
        const char *name, *value, *second;
    } values[] = {{"PDPortalDatabase", "sqlite3", apr_pstrcat(p, dir, "/portal.db", NULL)},
                  {"PDPortalKeyFile", apr_pstrcat(p, dir, "/master.key", NULL), NULL},
                  {"PDPortalMailRelay", apr_pstrcat(p, "maildir:", dir, "/mail", NULL), NULL},
                  {"PDPortalBaseURL", "http://127.0.0.1:8080", NULL},
                  {"PDPortalMailFrom", "portal@example.org", NULL},
                  {"PDPortalInsecureCookies", "On", NULL}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *why = pd_directive_set(ctl->settings, pd_directive_find(values[i].name),
                                           values[i].value, values[i].second, p);
        if (why) {
            return why;
        }
    }
    return NULL;
}

const char *ctl_read_settings(ctl_t *ctl)
{
    apr_finfo_t info;
    const char *why;
    ctl->settings = pd_settings_new(ctl->p);
    if (ctl->config) {
        why = pd_settings_read_file(ctl->settings, ctl->config, ctl->p);
    }
    else {
        const char *dir = ctl_state_path(ctl);
        const char *file = apr_pstrcat(ctl->p, dir, "/pdportal.conf", NULL);
        why = apr_stat(&info, file, APR_FINFO_TYPE, ctl->p)
                  ? trial_settings(ctl, dir)
                  : pd_settings_read_file(ctl->settings, file, ctl->p);
    }
    if (why) {
        return why;
    }
    pd_settings_complete(ctl->settings, ctl->p);
    ctl->portal.settings = ctl->settings;
    why = pd_settings_check(ctl->settings, ctl->p);
    return why ? apr_pstrcat(ctl->p, ctl->config ? ctl->config : ctl->state, ": ", why, NULL)
               : NULL;
}

const char *ctl_read_keys(ctl_t *ctl)
{
    const char *why = ctl_become_key_owner(ctl);
    if (why) {
        return why;
    }
    apr_status_t rv = pd_keyring_load(&ctl->keys, ctl->settings->key_file, &why, ctl->p);
    if (rv) {
        return why ? why : "the key file can't be read";
    }
    rv = pd_keyring_lock(ctl->keys);
    if (rv) {
        pd_log(PD_LOG_WARNING, rv, "PD0470: the keys can't be locked in memory");
    }
    ctl->portal.keys = ctl->keys;
    return NULL;
}

/* Where httpd runs on this host it has made a bell; elsewhere there is nobody to tell. */
static void ring(void *baton)
{
    ctl_t *ctl = baton;
    pd_bell_t *bell;
    if (ctl->keys && pd_bell_open(&bell, pd_coherence_bell_path(ctl->settings, ctl->keys, ctl->p),
                                  0, ctl->p) == APR_SUCCESS)
        pd_bell_ring(bell);
}

const char *ctl_open_database(ctl_t *ctl, int check_schema)
{
    const char *why = NULL;
    pd_db_options_t options = {.driver = ctl->settings->database_driver,
                               .params = ctl->settings->database_params,
                               .connections_max = CONNECTIONS,
                               .wait = ctl->settings->database_wait,
                               .check_schema = check_schema};
    apr_status_t rv = pd_db_open(&ctl->db, &why, &options, ctl->p);
    if (rv) {
        return why ? why : "the database driver can't be loaded";
    }
    ctl->portal.db = ctl->db;
    pd_db_on_commit(ctl->db, ring, ctl);
    return NULL;
}

static const char *open_portal(ctl_t *ctl)
{
    const char *why = ctl_read_keys(ctl);
    if (!why) {
        why = ctl_drop_rights(ctl);
    }
    if (!why) {
        why = ctl_open_database(ctl, 1);
    }
    if (!why && pd_portal_check_key(&why, &ctl->portal, ctl->p) == APR_SUCCESS) {
        why = NULL;
    }
    return why;
}

/* With the rights of the state's owner: httpd's children read them too. */
static const char *read_letters(ctl_t *ctl)
{
    static const char *const none[] = {NULL};
    const pd_contract_t *const contracts[] = {pd_letter_contracts, NULL};
    const pd_templates_source_t source = {ctl->settings->share, ctl->settings->templates,
                                          pd_languages, none, contracts};
    const char *why = "the templates of letters can't be read: look at PDPortalShare";
    return pd_templates_load(&ctl->portal.templates, &why, &source, ctl->p) ? why : NULL;
}

int ctl_prepare(ctl_t *ctl)
{
    const char *why = NULL;
    if (ctl->command->needs >= CTL_NEEDS_SETTINGS && !ctl->settings) {
        why = ctl_read_settings(ctl);
    }
    if (!why && ctl->command->needs >= CTL_NEEDS_PORTAL) {
        why = open_portal(ctl);
    }
    if (!why && ctl->command->needs >= CTL_NEEDS_LETTERS) {
        why = read_letters(ctl);
    }
    return why ? ctl_fail(ctl, CTL_FAILED, "%s", why) : CTL_OK;
}

const char *ctl_time_text(ctl_t *ctl, apr_time_t instant)
{
    const pd_zone_t *zone;
    pd_local_time_t local;
    if (pd_zone_load(&zone, ctl->settings->time_zone, ctl->p)) {
        return pd_time_rfc3339(instant, ctl->p);
    }
    pd_zone_local(&local, zone, instant);
    return apr_psprintf(ctl->p, "%04d-%02d-%02d %02d:%02d", local.year, local.month, local.day,
                        local.hour, local.minute);
}
