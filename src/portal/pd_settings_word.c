/* Values that are texts: files, addresses, hosts, zones. */
#include "portal/pd_settings.h"

#include "base/pd_zone.h"
#include "portal/pd_settings_int.h"
#include "text/pd_contact.h"
#include "text/pd_email.h"
#include "text/pd_network.h"
#include "text/pd_url.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

const char *pd_setting_text(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    const char **member = place;
    if (row->words) {
        if (pd_setting_word_number(row->words, value) < 0) {
            return pd_setting_no_word(row, value, p);
        }
        char *word = apr_pstrdup(p, value);
        for (char *at = word; *at; at++) {
            *at = (char)apr_tolower(*at);
        }
        *member = word;
        return NULL;
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_file(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    const char **member = place;
    if (value[0] != '/') {
        return pd_setting_wrong(row, value, "is no absolute path; write one that begins with /", p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

#define PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

/* `min` of such a row: fewest segments; a row that needs one takes no slash at the end. */
const char *pd_setting_url_path(void *place, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    const char **member = place;
    apr_size_t length = strlen(value);
    apr_int64_t segments = 0;
    const char *hint =
        row->min
            ? "is no path for the portal; write a path with one slash before each part and none "
              "at the end, for example /portal"
            : "is no path; write a path of this site that begins with one slash, for example /";
    if (value[0] != '/' || strspn(value, PATH_CHARACTERS) != length || strstr(value, "//")) {
        return pd_setting_wrong(row, value, hint, p);
    }
    for (const char *at = value; *at; at++) {
        if (*at == '/' && at[1]) {
            apr_size_t size = strcspn(at + 1, "/");
            segments++;
            if (at[1] == '.' && (size == 1 || (size == 2 && at[2] == '.'))) {
                return pd_setting_wrong(row, value,
                                        "has a part that is . or ..; write the path without it", p);
            }
        }
    }
    if (segments < row->min || segments > row->max || (row->min && value[length - 1] == '/')) {
        return pd_setting_wrong(row, value, hint, p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_base_url(void *place, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    const char **member = place;
    int secure;
    apr_size_t length = strlen(value);
    int has_slash = length > 0 && value[length - 1] == '/'; /* as browsers show it */
    const char *base = pd_url_base(&secure, apr_pstrmemdup(p, value, length - has_slash), p);
    if (!base) {
        return pd_setting_wrong(
            row, value,
            "is no base URL; write scheme and host, without a path, for example "
            "https://www.example.org",
            p);
    }
    *member = base;
    return NULL;
}

const char *pd_setting_mailbox(void *place, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    const char **member = place;
    pd_email_t email;
    if (pd_email_parse(&email, value, p)) {
        return pd_setting_wrong(row, value, "is no address; write one like portal@example.org", p);
    }
    *member = email.address;
    return NULL;
}

const char *pd_setting_contact(void *place, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    const char **member = place;
    const char *uri = pd_contact_uri(value, p);
    if (!uri) {
        return pd_setting_wrong(
            row, value,
            "is no contact; write mailto: with an address, or an https URL, for example "
            "mailto:security@example.org",
            p);
    }
    *member = uri;
    return NULL;
}

/* A host name, an IPv4 address, or an IPv6 address in brackets, and perhaps a port. */
static int good_authority(const char *text)
{
    apr_size_t host;
    if (*text == '[') {
        host = strspn(text + 1, "0123456789abcdefABCDEF:.");
        if (!host || text[1 + host] != ']') {
            return 0;
        }
        host += 2;
    }
    else {
        host = strcspn(text, ":");
        for (apr_size_t i = 0; i < host; i++) {
            if (!apr_isalnum(text[i]) && (i == 0 || (text[i] != '-' && text[i] != '.'))) {
                return 0;
            }
        }
    }
    if (!host || !text[host]) {
        return host > 0;
    }
    apr_int64_t port = 0;
    const char *end = text[host] == ':' ? pd_setting_digits(&port, text + host + 1) : NULL;
    return end && !*end && port >= 1 && port <= 65535;
}

const char *pd_setting_relay(void *place, const pd_directive_t *row, const char *value,
                             apr_pool_t *p)
{
    const char **member = place;
    int good = !strncmp(value, "maildir:", 8)   ? value[8] == '/'
               : !strncmp(value, "smtp://", 7)  ? good_authority(value + 7)
               : !strncmp(value, "smtps://", 8) ? good_authority(value + 8)
                                                : 0;
    if (!good) {
        return pd_setting_wrong(
            row, value,
            "is no relay; write smtp://host, smtp://host:port, smtps://host:port, or "
            "maildir:/path",
            p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_zone(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    const char **member = place;
    const pd_zone_t *zone;
    if (pd_zone_load(&zone, value, p)) {
        return pd_setting_wrong(
            row, value,
            "is no time zone of this system (package tzdata); write a name such as "
            "Europe/Moscow or UTC",
            p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

int pd_settings_host_good(const char *name)
{
    apr_size_t length = strlen(name);
    return length > 0 && length < PD_HOST_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               length;
}

const char *pd_setting_host(void *place, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    const char **member = place;
    if (!pd_settings_host_good(value)) {
        return pd_setting_wrong(row, value, "will not do; write letters, digits, dots and hyphens",
                                p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_clauses(void *place, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    const char **member = place;
    apr_size_t length = strlen(value);
    if (length == 0 || strspn(value, "0123456789. ") != length || !strpbrk(value, "0123456789") ||
        strstr(value, "..") || strstr(value, ". ") || strstr(value, " .") || value[0] == '.' ||
        value[length - 1] == '.') {
        return pd_setting_wrong(
            row, value,
            "names no clauses; write their numbers parted by spaces, for example "
            "\"3 4 5.2\"",
            p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_networks(void *place, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    const char **member = place;
    apr_array_header_t *networks;
    const char *unknown;
    if (pd_network_parse(&networks, &unknown, value, p)) {
        return pd_setting_wrong(row, *unknown ? unknown : value,
                                "is no address and no network; write for example \"127.0.0.1 ::1 "
                                "10.0.0.0/8\", or none",
                                p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

const char *pd_setting_database(const char **members, const pd_directive_t *row, const char *driver,
                                const char *params, apr_pool_t *p)
{
    int sqlite = !strcmp(driver, "sqlite3");
    if (!sqlite && strcmp(driver, "pgsql")) {
        return pd_setting_wrong(row, driver, "is no driver of the portal; write sqlite3 or pgsql",
                                p);
    }
    if (!params || !*params) {
        return apr_psprintf(p,
                            "%s: the parameters are missing; write for example %s sqlite3 "
                            "\"/var/lib/pdportal/portal.db\"",
                            row->name, row->name);
    }
    if (sqlite && params[0] != '/') {
        return pd_setting_wrong(row, params,
                                "is no absolute path; write the database file's path from / on", p);
    }
    members[0] = apr_pstrdup(p, driver);
    members[1] = apr_pstrdup(p, params);
    return NULL;
}
