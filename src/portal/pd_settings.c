/* A portal's settings as values: made unset, merged, completed with the defaults of the table, and
 * checked as a whole. Reading one value is pd_settings_set.c, the table pd_settings_table.c. */
#include "portal/pd_settings.h"

#include "base/pd_zone.h"
#include "portal/pd_destruction.h"
#include "portal/pd_settings_int.h"
#include "text/pd_url.h"

#include <arpa/inet.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

int pd_directive_is_number(const pd_directive_t *row)
{
    return row->type == PD_TYPE_FLAG || row->type == PD_TYPE_NUMBER || row->type == PD_TYPE_BYTES ||
           row->type == PD_TYPE_TIME || row->type == PD_TYPE_TERM || row->type == PD_TYPE_CHOICE;
}

static const char **text_of(void *structure, const pd_directive_t *row)
{
    return (const char **)(void *)((char *)structure + row->offset);
}

static apr_int64_t *number_of(void *structure, const pd_directive_t *row)
{
    return (apr_int64_t *)(void *)((char *)structure + row->offset);
}

static void unset(void *structure, pd_scope_e scope)
{
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        if (row->scope == scope && pd_directive_is_number(row)) {
            *number_of(structure, row) = PD_UNSET;
        }
    }
}

/* What is unset in `structure` is taken from `outer`. */
static void inherit(void *structure, const void *outer, pd_scope_e scope)
{
    void *from = (void *)(apr_uintptr_t)outer; /* only read */
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        if (row->scope != scope) {
            continue;
        }
        if (pd_directive_is_number(row)) {
            if (*number_of(structure, row) == PD_UNSET) {
                *number_of(structure, row) = *number_of(from, row);
            }
        }
        else if (!*text_of(structure, row)) {
            int members = row->type == PD_TYPE_DATABASE ? 2 : 1;
            memcpy(text_of(structure, row), text_of(from, row),
                   (apr_size_t)members * sizeof(char *));
        }
    }
}

static void complete(void *structure, pd_scope_e scope, apr_pool_t *p)
{
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        if (row->scope != scope || !row->fallback) {
            continue;
        }
        if (pd_directive_is_number(row)) {
            if (*number_of(structure, row) == PD_UNSET) {
                pd_directive_set(structure, row, row->fallback, NULL, p);
            }
        }
        else if (!*text_of(structure, row)) {
            /* Not through pd_directive_set: whether this system has the zone is for the check. */
            *text_of(structure, row) = row->fallback;
        }
    }
}

pd_settings_t *pd_settings_new(apr_pool_t *p)
{
    pd_settings_t *settings = apr_pcalloc(p, sizeof *settings);
    unset(settings, PD_SCOPE_SERVER);
    return settings;
}

pd_dir_settings_t *pd_dir_settings_new(apr_pool_t *p)
{
    pd_dir_settings_t *settings = apr_pcalloc(p, sizeof *settings);
    unset(settings, PD_SCOPE_DIRECTORY);
    return settings;
}

pd_settings_t *pd_settings_merge(const pd_settings_t *outer, const pd_settings_t *inner,
                                 apr_pool_t *p)
{
    pd_settings_t *settings = apr_pmemdup(p, inner, sizeof *inner);
    inherit(settings, outer, PD_SCOPE_SERVER);
    return settings;
}

pd_dir_settings_t *pd_dir_settings_merge(const pd_dir_settings_t *outer,
                                         const pd_dir_settings_t *inner, apr_pool_t *p)
{
    pd_dir_settings_t *settings = apr_pmemdup(p, inner, sizeof *inner);
    inherit(settings, outer, PD_SCOPE_DIRECTORY);
    return settings;
}

/* The host part of "https://host:port", brackets included. */
static const char *base_host(const char *base_url, apr_pool_t *p)
{
    const char *host = strstr(base_url, "://");
    host = host ? host + 3 : base_url;
    apr_size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    return apr_pstrndup(p, host, length);
}

const char *pd_settings_base_host(const pd_settings_t *settings, apr_pool_t *p)
{
    return base_host(settings->base_url, p);
}

static const char *system_host_name(apr_pool_t *p)
{
    char name[PD_HOST_NAME_BYTES];
    if (gethostname(name, sizeof name)) {
        return "localhost";
    }
    name[sizeof name - 1] = '\0';
    return pd_settings_host_good(name) ? apr_pstrdup(p, name) : "localhost";
}

void pd_settings_complete(pd_settings_t *settings, apr_pool_t *p)
{
    complete(settings, PD_SCOPE_SERVER, p);
    if (!settings->host_name) {
        settings->host_name = system_host_name(p);
    }
    if (!settings->site_name && settings->base_url) {
        settings->site_name = base_host(settings->base_url, p);
    }
}

void pd_dir_settings_complete(pd_dir_settings_t *settings, apr_pool_t *p)
{
    complete(settings, PD_SCOPE_DIRECTORY, p);
}

int pd_host_is_loopback(const char *host)
{
    struct in_addr address;
    apr_size_t length = strlen(host);
    if (!strcasecmp(host, "localhost") || !strcmp(host, "[::1]") || !strcmp(host, "::1") ||
        (length > 10 && !strcasecmp(host + length - 10, ".localhost"))) {
        return 1;
    }
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static const char *missing(const pd_settings_t *settings)
{
    const struct {
        const char *value, *sentence;
    } needed[] = {
        {settings->database_driver,
         "PDPortalDatabase is missing; write for example PDPortalDatabase "
         "sqlite3 \"/var/lib/pdportal/portal.db\""},
        {settings->key_file,
         "PDPortalKeyFile is missing; write the path of the master key file that "
         "\"pdportalctl init\" made"},
        {settings->base_url,
         "PDPortalBaseURL is missing; write the site's address as visitors know "
         "it, for example https://www.example.org"},
        {settings->mail_from,
         "PDPortalMailFrom is missing; write the sender's address, for example "
         "portal@example.org"},
        {settings->mail_relay,
         "PDPortalMailRelay is missing; write for example smtp://127.0.0.1:25"},
    };
    for (apr_size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!needed[i].value) {
            return needed[i].sentence;
        }
    }
    return NULL;
}

static const char *check_origin(const pd_settings_t *settings, apr_pool_t *p)
{
    int secure = 0;
    if (!pd_url_base(&secure, settings->base_url, p)) {
        return "PDPortalBaseURL is no base URL; write for example https://www.example.org";
    }
    int loopback = pd_host_is_loopback(base_host(settings->base_url, p));
    if (!secure && !settings->insecure_cookies) {
        return apr_psprintf(
            p,
            "PDPortalBaseURL: \"%s\" is plain http, over which no cookie is issued; "
            "write https://%s, or for a trial on this machine add "
            "PDPortalInsecureCookies On",
            settings->base_url, base_host(settings->base_url, p));
    }
    if (settings->insecure_cookies && !loopback) {
        return apr_psprintf(p,
                            "PDPortalInsecureCookies: On is for a trial on this machine, and "
                            "PDPortalBaseURL is \"%s\"; write Off and an https:// base URL, or "
                            "http://127.0.0.1 with a port",
                            settings->base_url);
    }
    return NULL;
}

static const char *check_mail(const pd_settings_t *settings)
{
    if (!settings->mail_user != !settings->mail_password_file) {
        return "PDPortalMailUser and PDPortalMailPasswordFile go together; write both or neither";
    }
    if (!strncmp(settings->mail_relay, "smtps:", 6) && settings->mail_tls == PD_MAIL_TLS_OFF) {
        return "PDPortalMailTLS: off contradicts an smtps:// relay; write auto, or smtp:// in "
               "PDPortalMailRelay";
    }
    if (settings->mail_user && settings->mail_tls == PD_MAIL_TLS_OFF) {
        return "PDPortalMailTLS: off would send the password of PDPortalMailUser in clear; write "
               "auto or require";
    }
    return NULL;
}

/* The journal is the extract beside acts of destruction, and what proves the last sign-in, after
 * which an account is closed. An account whose term is without limit, or undecided, is never closed
 * for that: nothing rests on its sign-ins. */
static const char *check_terms(const pd_settings_t *settings, apr_pool_t *p)
{
    apr_int64_t term = settings->term_journal;
    if (term >= 0 && term < PD_DESTRUCTION_KEPT) {
        return apr_psprintf(p,
                            "PDPortalTermJournal: %s is too short, for acts of destruction are "
                            "kept for %s, and the journal is the extract beside them; write "
                            "\"%s\" or longer, or \"without limit\"",
                            pd_settings_term_text(term, p),
                            pd_settings_term_text(PD_DESTRUCTION_KEPT, p),
                            pd_settings_term_text(PD_DESTRUCTION_KEPT, p));
    }
    if (term >= 0 && term < settings->term_account) {
        const char *account = pd_settings_term_text(settings->term_account, p);
        return apr_psprintf(p,
                            "PDPortalTermJournal: %s is shorter than PDPortalTermAccount, %s: the "
                            "journal would no longer show when somebody was last there whose "
                            "account is closed as unused; write \"%s\" or longer, or \"without "
                            "limit\"",
                            pd_settings_term_text(term, p), account, account);
    }
    return NULL;
}

const char *pd_settings_check(const pd_settings_t *settings, apr_pool_t *p)
{
    const pd_zone_t *zone;
    const char *why = missing(settings);
    if (!why) {
        why = check_origin(settings, p);
    }
    if (!why) {
        why = check_mail(settings);
    }
    if (!why) {
        why = check_terms(settings, p);
    }
    if (why) {
        return why;
    }
    if (pd_zone_load(&zone, settings->time_zone, p)) {
        return apr_psprintf(p,
                            "PDPortalTimeZone: this system has no zone \"%s\"; install the package "
                            "tzdata, or write UTC",
                            settings->time_zone);
    }
    if (settings->session_idle > settings->session_lifetime) {
        return "PDPortalSessionIdle is longer than PDPortalSessionLifetime; write a shorter one";
    }
    return NULL;
}
