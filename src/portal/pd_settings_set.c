/* Reads one directive's value as an administrator wrote it. Every mistake becomes one sentence that
 * says what is wrong and what to write instead; the member is touched only when the value is good.
 */
#include "portal/pd_settings.h"

#include "base/pd_bytes.h"
#include "portal/pd_settings_int.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define VALUE_BYTES_MAX 4096

const char *pd_setting_wrong(const pd_directive_t *row, const char *value, const char *rest,
                             apr_pool_t *p)
{
    return apr_psprintf(p, "%s: \"%s\" %s", row->name, value, rest);
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

/* By pd_type_e; a database has two values. */
static pd_setting_fn *const setters[] = {
    [PD_TYPE_TEXT] = pd_setting_text,         [PD_TYPE_FILE] = pd_setting_file,
    [PD_TYPE_URL_PATH] = pd_setting_url_path, [PD_TYPE_BASE_URL] = pd_setting_base_url,
    [PD_TYPE_RELAY] = pd_setting_relay,       [PD_TYPE_MAILBOX] = pd_setting_mailbox,
    [PD_TYPE_FLAG] = pd_setting_flag,         [PD_TYPE_NUMBER] = pd_setting_number,
    [PD_TYPE_BYTES] = pd_setting_bytes,       [PD_TYPE_TIME] = pd_setting_time,
    [PD_TYPE_TERM] = pd_setting_term,         [PD_TYPE_CHOICE] = pd_setting_choice,
    [PD_TYPE_ZONE] = pd_setting_zone,         [PD_TYPE_HOST] = pd_setting_host,
    [PD_TYPE_CLAUSES] = pd_setting_clauses,   [PD_TYPE_CONTACT] = pd_setting_contact,
    [PD_TYPE_NETWORK] = pd_setting_networks};

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
    if (row->type == PD_TYPE_DATABASE) {
        return pd_setting_database(member, row, value, second, p);
    }
    return setters[row->type] ? setters[row->type](member, row, value, p)
                              : apr_psprintf(p, "%s: a row of unknown type", row->name);
}
