/* Writes docs/directives.md from the table, so that the manual can't tell something else. */
#include "portal/pd_settings.h"

#include "base/pd_bytes.h"
#include "portal/pd_settings_int.h"

#include <apr_strings.h>
#include <string.h>

#define MANUAL_BYTES_MAX ((apr_size_t)256 * 1024)

static const char *syntax(const pd_directive_t *row, apr_pool_t *p)
{
    switch (row->type) {
    case PD_TYPE_TEXT:
    case PD_TYPE_CHOICE:
        return row->words ? row->words : "text";
    case PD_TYPE_FILE:
        return "/path";
    case PD_TYPE_URL_PATH:
        return row->min ? "/path" : "/[path]";
    case PD_TYPE_BASE_URL:
        return "https://host[:port]";
    case PD_TYPE_RELAY:
        return "smtp://host[:port]|smtps://host[:port]|maildir:/path";
    case PD_TYPE_MAILBOX:
        return "address";
    case PD_TYPE_FLAG:
        return "On|Off";
    case PD_TYPE_NUMBER:
        return apr_psprintf(p, "number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, row->min,
                            row->max);
    case PD_TYPE_BYTES:
        return apr_psprintf(p, "0, or a size from %s to %s", pd_settings_bytes_text(row->min, p),
                            pd_settings_bytes_text(row->max, p));
    case PD_TYPE_TIME:
        return apr_psprintf(p, "time from %s to %s", pd_settings_time_text(row->min, p),
                            pd_settings_time_text(row->max, p));
    case PD_TYPE_TERM:
        return apr_psprintf(p, "time from %s to %s|\"N years\"|\"without limit\"",
                            pd_settings_time_text(row->min, p), pd_settings_time_text(row->max, p));
    case PD_TYPE_ZONE:
        return "zone";
    case PD_TYPE_HOST:
        return "name";
    case PD_TYPE_CLAUSES:
        return "\"number...\"";
    case PD_TYPE_CONTACT:
        return "mailto:address|https://host/path";
    case PD_TYPE_NETWORK:
        return "\"address|network...\"|none";
    case PD_TYPE_DATABASE:
        return "sqlite3|pgsql parameters";
    }
    return "";
}

static void chapter(pd_buf_t *out, const char *title, pd_scope_e scope, apr_pool_t *p)
{
    pd_buf_printf(out, "\n## %s\n", title);
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        if (row->scope != scope) {
            continue;
        }
        pd_buf_printf(out, "\n### %s\n\n", row->name);
        pd_buf_printf(out, "- Syntax: `%s %s`\n", row->name, syntax(row, p));
        if (row->fallback) {
            pd_buf_printf(out, "- Default: `%s`\n", row->fallback);
        }
        pd_buf_printf(out, "\n%s\n", row->help);
    }
}

const char *pd_directives_manual(apr_pool_t *p)
{
    pd_buf_t out;
    pd_buf_init(&out, MANUAL_BYTES_MAX, p);
    pd_buf_puts(
        &out, "# Directives\n\n"
              "Made by `pdportalctl directives` from the table in "
              "`src/portal/pd_settings_table.c`; change it there.\n\n"
              "A time is a number with `s`, `min`, `h` or `d`; a bare number is seconds. Paths of "
              "files begin with `/`; in httpd's configuration they may also stand below "
              "`ServerRoot`. Put values with spaces into double quotes.\n");
    chapter(&out, "In the server's configuration or a virtual host", PD_SCOPE_SERVER, p);
    chapter(&out, "In a directory, a location or .htaccess (AllowOverride AuthConfig)",
            PD_SCOPE_DIRECTORY, p);
    return out.bytes;
}
