/* Reads one directive's value as an administrator wrote it. Every mistake becomes one sentence that
 * says what is wrong and what to write instead; the member is touched only when the value is good.
 */
#include "portal/pd_settings.h"

#include "base/pd_bytes.h"
#include "base/pd_zone.h"
#include "portal/pd_settings_int.h"
#include "text/pd_contact.h"
#include "text/pd_email.h"
#include "text/pd_network.h"
#include "text/pd_url.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define VALUE_BYTES_MAX 4096

static const struct {
    const char *word;
    apr_int64_t factor;
} units[] = {
    {"d", 86400 * (apr_int64_t)1000000},
    {"h", 3600 * (apr_int64_t)1000000},
    {"min", 60 * (apr_int64_t)1000000},
    {"s", 1000000},
    {"", 1000000},
};

const char *pd_settings_time_text(apr_int64_t time, apr_pool_t *p)
{
    for (int i = 0; i < 3; i++) {
        if (time && time % units[i].factor == 0) {
            return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", time / units[i].factor, units[i].word);
        }
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "s", time / 1000000);
}

static const struct {
    const char *word;
    apr_int64_t factor;
} sizes[] = {{"G", (apr_int64_t)1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}};

const char *pd_settings_bytes_text(apr_int64_t bytes, apr_pool_t *p)
{
    int i = 0;
    while (i < 3 && (!bytes || bytes % sizes[i].factor)) {
        i++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", bytes / sizes[i].factor, sizes[i].word);
}

/* "PDPortalPath: "x" " and the rest. */
static const char *wrong(const pd_directive_t *row, const char *value, const char *rest,
                         apr_pool_t *p)
{
    return apr_psprintf(p, "%s: \"%s\" %s", row->name, value, rest);
}

/* Leading digits; NULL when there are none or too many. `end` is what follows. */
static const char *digits(apr_int64_t *number, const char *value)
{
    apr_size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 15) {
        return NULL;
    }
    *number = apr_strtoi64(value, NULL, 10);
    return value + n;
}

static const char *set_number(apr_int64_t *member, const pd_directive_t *row, const char *value,
                              apr_pool_t *p)
{
    apr_int64_t number = 0;
    const char *end = digits(&number, value);
    if (!end || *end || number < row->min || number > row->max) {
        return wrong(row, value,
                     apr_psprintf(p,
                                  "will not do; write a whole number between %" APR_INT64_T_FMT
                                  " and %" APR_INT64_T_FMT ", for example %s",
                                  row->min, row->max, row->fallback),
                     p);
    }
    *member = number;
    return NULL;
}

static const char *bad_time(const pd_directive_t *row, const char *value, const char *what,
                            apr_pool_t *p)
{
    return wrong(row, value,
                 apr_psprintf(p,
                              "%s; write a number with s, min, h or d, for example %s; between %s "
                              "and %s",
                              what, row->fallback, pd_settings_time_text(row->min, p),
                              pd_settings_time_text(row->max, p)),
                 p);
}

static const char *set_time(apr_int64_t *member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    apr_int64_t number = 0;
    const char *end = digits(&number, value);
    for (apr_size_t i = 0; end && i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].word)) {
            continue;
        }
        if (number > row->max / units[i].factor || number * units[i].factor < row->min) {
            return bad_time(row, value, "is out of bounds", p);
        }
        *member = number * units[i].factor;
        return NULL;
    }
    return bad_time(row, value, "is no time", p);
}

const char *pd_settings_term_text(apr_int64_t term, apr_pool_t *p)
{
    if (term < 0) {
        return term == PD_TERM_UNLIMITED ? "without limit" : "not set";
    }
    if (term > 0 && term % PD_TERM_YEAR == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT " year%s", term / PD_TERM_YEAR,
                            term == PD_TERM_YEAR ? "" : "s");
    }
    return pd_settings_time_text(term, p);
}

/* The number of years in "3 years"; 0: it is not so written. */
static apr_int64_t years_of(const char *value)
{
    apr_int64_t number = 0;
    const char *end = digits(&number, value);
    return end && (!strcasecmp(end, " years") || !strcasecmp(end, " year")) ? number : 0;
}

/* A time, years, or that there is none, in words: a slip of the pen can't mean "for ever". */
static const char *set_term(apr_int64_t *member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    apr_int64_t years = years_of(value);
    if (!strcasecmp(value, "without limit")) {
        *member = PD_TERM_UNLIMITED;
        return NULL;
    }
    if (years > 0 && years <= row->max / PD_TERM_YEAR) {
        *member = years * PD_TERM_YEAR;
        return NULL;
    }
    if (years == 0 && !set_time(member, row, value, p)) {
        return NULL;
    }
    return wrong(row, value,
                 apr_psprintf(p,
                              "is no term; write a time such as 90d, \"3 years\", or \"without "
                              "limit\"; between %s and %s",
                              pd_settings_time_text(row->min, p),
                              pd_settings_time_text(row->max, p)),
                 p);
}

/* 0, or what lies between the bounds. */
static const char *set_bytes(apr_int64_t *member, const pd_directive_t *row, const char *value,
                             apr_pool_t *p)
{
    apr_int64_t number = 0;
    const char *end = digits(&number, value);
    for (apr_size_t i = 0; end && i < sizeof sizes / sizeof *sizes; i++) {
        if (!strcasecmp(end, sizes[i].word) && number <= row->max / sizes[i].factor &&
            (number == 0 || number * sizes[i].factor >= row->min)) {
            *member = number * sizes[i].factor;
            return NULL;
        }
    }
    return wrong(row, value,
                 apr_psprintf(p,
                              "will not do; write 0 for none, or a size with K, M or G, for "
                              "example %s; between %s and %s",
                              row->fallback, pd_settings_bytes_text(row->min, p),
                              pd_settings_bytes_text(row->max, p)),
                 p);
}

static const char *set_flag(apr_int64_t *member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    if (!strcasecmp(value, "on")) {
        *member = 1;
        return NULL;
    }
    if (!strcasecmp(value, "off")) {
        *member = 0;
        return NULL;
    }
    return wrong(row, value, "is neither; write On or Off", p);
}

/* The number of a word in "a|b|c", or -1. */
static int word_number(const char *words, const char *value)
{
    apr_size_t length = strlen(value);
    for (int n = 0; words; n++) {
        apr_size_t size = strcspn(words, "|");
        if (size == length && !strncasecmp(words, value, size)) {
            return n;
        }
        words = words[size] ? words + size + 1 : NULL;
    }
    return -1;
}

static const char *no_word(const pd_directive_t *row, const char *value, apr_pool_t *p)
{
    const char *list = "";
    for (const char *at = row->words; at;) {
        apr_size_t size = strcspn(at, "|");
        const char *word = apr_pstrmemdup(p, at, size);
        at = at[size] ? at + size + 1 : NULL;
        list = apr_pstrcat(p, list, *list ? (at ? ", " : " or ") : "", word, NULL);
    }
    return wrong(row, value, apr_pstrcat(p, "is not known; write ", list, NULL), p);
}

static const char *set_choice(apr_int64_t *member, const pd_directive_t *row, const char *value,
                              apr_pool_t *p)
{
    int n = word_number(row->words, value);
    if (n < 0) {
        return no_word(row, value, p);
    }
    *member = n;
    return NULL;
}

static const char *set_text(const char **member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    if (row->words) {
        if (word_number(row->words, value) < 0) {
            return no_word(row, value, p);
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

static const char *set_file(const char **member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    if (value[0] != '/') {
        return wrong(row, value, "is no absolute path; write one that begins with /", p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

#define PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

/* `min` of such a row: fewest segments; a row that needs one takes no slash at the end. */
static const char *set_url_path(const char **member, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    apr_size_t length = strlen(value);
    apr_int64_t segments = 0;
    const char *hint =
        row->min
            ? "is no path for the portal; write a path with one slash before each part and none "
              "at the end, for example /portal"
            : "is no path; write a path of this site that begins with one slash, for example /";
    if (value[0] != '/' || strspn(value, PATH_CHARACTERS) != length || strstr(value, "//")) {
        return wrong(row, value, hint, p);
    }
    for (const char *at = value; *at; at++) {
        if (*at == '/' && at[1]) {
            apr_size_t size = strcspn(at + 1, "/");
            segments++;
            if (at[1] == '.' && (size == 1 || (size == 2 && at[2] == '.'))) {
                return wrong(row, value, "has a part that is . or ..; write the path without it",
                             p);
            }
        }
    }
    if (segments < row->min || segments > row->max || (row->min && value[length - 1] == '/')) {
        return wrong(row, value, hint, p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

static const char *set_base_url(const char **member, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    int secure;
    apr_size_t length = strlen(value);
    int has_slash = length > 0 && value[length - 1] == '/'; /* as browsers show it */
    const char *base = pd_url_base(&secure, apr_pstrmemdup(p, value, length - has_slash), p);
    if (!base) {
        return wrong(row, value,
                     "is no base URL; write scheme and host, without a path, for example "
                     "https://www.example.org",
                     p);
    }
    *member = base;
    return NULL;
}

static const char *set_mailbox(const char **member, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    pd_email_t email;
    if (pd_email_parse(&email, value, p)) {
        return wrong(row, value, "is no address; write one like portal@example.org", p);
    }
    *member = email.address;
    return NULL;
}

static const char *set_contact(const char **member, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    const char *uri = pd_contact_uri(value, p);
    if (!uri) {
        return wrong(row, value,
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
    const char *end = text[host] == ':' ? digits(&port, text + host + 1) : NULL;
    return end && !*end && port >= 1 && port <= 65535;
}

static const char *set_relay(const char **member, const pd_directive_t *row, const char *value,
                             apr_pool_t *p)
{
    int good = !strncmp(value, "maildir:", 8)   ? value[8] == '/'
               : !strncmp(value, "smtp://", 7)  ? good_authority(value + 7)
               : !strncmp(value, "smtps://", 8) ? good_authority(value + 8)
                                                : 0;
    if (!good) {
        return wrong(row, value,
                     "is no relay; write smtp://host, smtp://host:port, smtps://host:port, or "
                     "maildir:/path",
                     p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

static const char *set_zone(const char **member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    const pd_zone_t *zone;
    if (pd_zone_load(&zone, value, p)) {
        return wrong(row, value,
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

static const char *set_host(const char **member, const pd_directive_t *row, const char *value,
                            apr_pool_t *p)
{
    if (!pd_settings_host_good(value)) {
        return wrong(row, value, "will not do; write letters, digits, dots and hyphens", p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

static const char *set_clauses(const char **member, const pd_directive_t *row, const char *value,
                               apr_pool_t *p)
{
    apr_size_t length = strlen(value);
    if (length == 0 || strspn(value, "0123456789. ") != length || !strpbrk(value, "0123456789") ||
        strstr(value, "..") || strstr(value, ". ") || strstr(value, " .") || value[0] == '.' ||
        value[length - 1] == '.') {
        return wrong(row, value,
                     "names no clauses; write their numbers parted by spaces, for example "
                     "\"3 4 5.2\"",
                     p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

static const char *set_networks(const char **member, const pd_directive_t *row, const char *value,
                                apr_pool_t *p)
{
    apr_array_header_t *networks;
    const char *unknown;
    if (pd_network_parse(&networks, &unknown, value, p)) {
        return wrong(row, *unknown ? unknown : value,
                     "is no address and no network; write for example \"127.0.0.1 ::1 "
                     "10.0.0.0/8\", or none",
                     p);
    }
    *member = apr_pstrdup(p, value);
    return NULL;
}

static const char *set_database(const char **members, const pd_directive_t *row, const char *driver,
                                const char *params, apr_pool_t *p)
{
    int sqlite = !strcmp(driver, "sqlite3");
    if (!sqlite && strcmp(driver, "pgsql")) {
        return wrong(row, driver, "is no driver of the portal; write sqlite3 or pgsql", p);
    }
    if (!params || !*params) {
        return apr_psprintf(p,
                            "%s: the parameters are missing; write for example %s sqlite3 "
                            "\"/var/lib/pdportal/portal.db\"",
                            row->name, row->name);
    }
    if (sqlite && params[0] != '/') {
        return wrong(row, params, "is no absolute path; write the database file's path from / on",
                     p);
    }
    members[0] = apr_pstrdup(p, driver);
    members[1] = apr_pstrdup(p, params);
    return NULL;
}

/* What holds for every value: some text, valid UTF-8, no control characters, bounded. */
static const char *unfit(const pd_directive_t *row, const char *value, apr_pool_t *p)
{
    if (!value || !*value) {
        return apr_psprintf(p, "%s: the value is missing%s%s", row->name,
                            row->fallback ? "; write for example " : "",
                            row->fallback ? row->fallback : "");
    }
    if (strlen(value) > VALUE_BYTES_MAX) {
        return apr_psprintf(p, "%s: the value is too long; write at most %d bytes", row->name,
                            VALUE_BYTES_MAX);
    }
    if (!pd_utf8_valid(value, strlen(value))) {
        return apr_psprintf(p, "%s: the value is no UTF-8; save the file in UTF-8", row->name);
    }
    for (const char *at = value; *at; at++) {
        if (apr_iscntrl(*at)) {
            return apr_psprintf(p, "%s: the value holds a control character; write it without",
                                row->name);
        }
    }
    return NULL;
}

const char *pd_directive_set(void *structure, const pd_directive_t *row, const char *value,
                             const char *second, apr_pool_t *p)
{
    void *member = (char *)structure + row->offset;
    const char *why = unfit(row, value, p);
    if (!why && second) {
        why = unfit(row, second, p);
    }
    if (why) {
        return why;
    }
    switch (row->type) {
    case PD_TYPE_TEXT:
        return set_text(member, row, value, p);
    case PD_TYPE_FILE:
        return set_file(member, row, value, p);
    case PD_TYPE_URL_PATH:
        return set_url_path(member, row, value, p);
    case PD_TYPE_BASE_URL:
        return set_base_url(member, row, value, p);
    case PD_TYPE_RELAY:
        return set_relay(member, row, value, p);
    case PD_TYPE_MAILBOX:
        return set_mailbox(member, row, value, p);
    case PD_TYPE_FLAG:
        return set_flag(member, row, value, p);
    case PD_TYPE_NUMBER:
        return set_number(member, row, value, p);
    case PD_TYPE_BYTES:
        return set_bytes(member, row, value, p);
    case PD_TYPE_TIME:
        return set_time(member, row, value, p);
    case PD_TYPE_TERM:
        return set_term(member, row, value, p);
    case PD_TYPE_CHOICE:
        return set_choice(member, row, value, p);
    case PD_TYPE_ZONE:
        return set_zone(member, row, value, p);
    case PD_TYPE_HOST:
        return set_host(member, row, value, p);
    case PD_TYPE_CLAUSES:
        return set_clauses(member, row, value, p);
    case PD_TYPE_CONTACT:
        return set_contact(member, row, value, p);
    case PD_TYPE_NETWORK:
        return set_networks(member, row, value, p);
    case PD_TYPE_DATABASE:
        return set_database(member, row, value, second, p);
    }
    return apr_psprintf(p, "%s: a row of unknown type", row->name);
}
