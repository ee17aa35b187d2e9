/* A small reader of Apache syntax for pdportalctl: one directive a line, quotes, backslash at a
 * line's end, comments. It takes the PDPortal directives of every section and knows nothing of what
 * httpd makes of the rest; a file with two portals in it is refused rather than guessed at. */
#include "portal/pd_settings_int.h"

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define FILE_BYTES_MAX ((apr_off_t)1024 * 1024)

typedef struct reader_t {
    pd_settings_t *settings;
    pd_dir_settings_t *ignored; /* per directory: checked, then forgotten */
    const char *server_root;
    apr_hash_t *seen; /* directive -> its words as first written */
    apr_pool_t *p;
} reader_t;

/* The whole file as text; NULL with `why`. */
static char *slurp(const char **why, const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    char reason[128];
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, p);
    if (!rv) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    }
    if (rv) {
        *why =
            apr_psprintf(p, "%s: can't be read: %s", path, apr_strerror(rv, reason, sizeof reason));
        return NULL;
    }
    if (info.filetype != APR_REG || info.size > FILE_BYTES_MAX) {
        *why = apr_psprintf(p, "%s: is no file of at most 1 MiB; name a configuration file", path);
        return NULL;
    }
    char *text = apr_pcalloc(p, (apr_size_t)info.size + 1);
    apr_size_t length = 0;
    rv = apr_file_read_full(file, text, (apr_size_t)info.size, &length);
    apr_file_close(file);
    if (rv && !APR_STATUS_IS_EOF(rv)) {
        *why =
            apr_psprintf(p, "%s: can't be read: %s", path, apr_strerror(rv, reason, sizeof reason));
        return NULL;
    }
    if (memchr(text, '\0', length)) {
        *why = apr_psprintf(p, "%s: holds a NUL byte; name a text file", path);
        return NULL;
    }
    return text;
}

/* Cuts the next line off; one that ends in a backslash goes on in the next. */
static char *next_line(char **rest, int *lines)
{
    char *line = *rest;
    char *to = line;
    *lines = 0;
    if (!*line) {
        return NULL;
    }
    for (char *from = line;; from++) {
        if (*from == '\\' && (from[1] == '\n' || (from[1] == '\r' && from[2] == '\n'))) {
            from += from[1] == '\r' ? 2 : 1;
            ++*lines;
        }
        else if (*from == '\n' || !*from) {
            *rest = *from ? from + 1 : from;
            ++*lines;
            *to = '\0';
            return line;
        }
        else if (*from != '\r' || from[1] != '\n') {
            *to++ = *from;
        }
    }
}

/* The next word as httpd reads one: quoted with ' or ", a backslash before a quote or a backslash
 * taken away. Cuts in place. NULL: none. `open` is set when a quote isn't closed. */
static char *next_word(char **rest, int *open)
{
    char *at = *rest;
    while (apr_isspace(*at)) {
        at++;
    }
    if (!*at) {
        return NULL;
    }
    char quote = *at == '"' || *at == '\'' ? *at++ : 0;
    char *word = at;
    char *to = at;
    while (*at && (quote ? *at != quote : !apr_isspace(*at))) {
        if (*at == '\\' && (at[1] == '\\' || (quote && at[1] == quote))) {
            at++;
        }
        *to++ = *at++;
    }
    *open = quote && !*at;
    *rest = *at ? at + 1 : at;
    *to = '\0';
    return word;
}

static const char *is_second_portal(reader_t *reader, const pd_directive_t *row, const char *words)
{
    const char *first = apr_hash_get(reader->seen, row->name, APR_HASH_KEY_STRING);
    if (!first) {
        apr_hash_set(reader->seen, row->name, APR_HASH_KEY_STRING, words);
        return NULL;
    }
    if (!strcmp(first, words)) {
        return NULL;
    }
    return apr_psprintf(reader->p,
                        "%s stands twice with different values, so this file holds two portals; "
                        "name one by --state, or give each a file of its own",
                        row->name);
}

static const char *take(reader_t *reader, const pd_directive_t *row, const char *value,
                        const char *second)
{
    apr_pool_t *p = reader->p;
    if (value && strstr(value, "${")) {
        return apr_psprintf(p,
                            "%s: pdportalctl doesn't know the variable in \"%s\"; write the value "
                            "itself",
                            row->name, value);
    }
    if (value && row->type == PD_TYPE_FILE && value[0] != '/' && reader->server_root) {
        value = apr_pstrcat(p, reader->server_root, "/", value, NULL);
    }
    if (row->scope == PD_SCOPE_DIRECTORY) {
        return pd_directive_set(reader->ignored, row, value, second, p);
    }
    const char *why = is_second_portal(
        reader, row, apr_pstrcat(p, value ? value : "", "\n", second ? second : "", NULL));
    return why ? why : pd_directive_set(reader->settings, row, value, second, p);
}

static const char *read_line(reader_t *reader, char *line)
{
    int open = 0;
    char *name = next_word(&line, &open);
    if (!name || *name == '#' || *name == '<') {
        return NULL;
    }
    if (!strcasecmp(name, "ServerRoot")) {
        reader->server_root = next_word(&line, &open);
        return NULL;
    }
    if (strncasecmp(name, "PDPortal", 8)) {
        return NULL;
    }
    const pd_directive_t *row = pd_directive_find(name);
    if (!row) {
        return apr_psprintf(reader->p,
                            "there is no directive \"%s\"; \"pdportalctl directives\" lists those "
                            "there are",
                            name);
    }
    char *value = next_word(&line, &open);
    char *second = row->type == PD_TYPE_DATABASE && !open ? next_word(&line, &open) : NULL;
    if (open) {
        return apr_psprintf(reader->p, "%s: a quote isn't closed; write it before the line's end",
                            row->name);
    }
    if (next_word(&line, &open)) {
        return apr_psprintf(
            reader->p, "%s: too many words; put a value with spaces into double quotes", row->name);
    }
    return take(reader, row, value, second);
}

const char *pd_settings_read_text(pd_settings_t *settings, const char *path, char *text,
                                  apr_pool_t *p)
{
    reader_t reader = {settings, pd_dir_settings_new(p), NULL, apr_hash_make(p), p};
    int number = 1;
    int lines;
    for (char *line; (line = next_line(&text, &lines)); number += lines) {
        const char *why = read_line(&reader, line);
        if (why) {
            return apr_psprintf(p, "%s:%d: %s", path, number, why);
        }
    }
    return NULL;
}

const char *pd_settings_read_file(pd_settings_t *settings, const char *path, apr_pool_t *p)
{
    const char *why = NULL;
    char *text = slurp(&why, path, p);
    return text ? pd_settings_read_text(settings, path, text, p) : why;
}
