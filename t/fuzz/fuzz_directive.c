/* Directives: every row of the table with any value. Line 1 is the value, line 2 the second word of
 * a database. A refusal leaves the member alone and is one printable sentence that names the
 * directive; what is taken keeps the bounds of its type. */
#include <strings.h>
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "portal/pd_settings_int.h"

typedef union room_t {
    pd_settings_t settings;
    pd_dir_settings_t dir;
} room_t;

static void check_refusal(const pd_directive_t *row, const char *why)
{
    MUST(strncmp(why, row->name, strlen(row->name)) == 0);
    MUST(pd_utf8_valid(why, strlen(why)));
    for (; *why; why++) {
        MUST((unsigned char)*why >= ' ' && *why != 0x7f);
    }
}

/* Its own look at what may stand in an smtp:// address or in a path. */
static void check_text(const pd_directive_t *row, const char *text)
{
    MUST(text && text[0] && pd_utf8_valid(text, strlen(text)) && !strpbrk(text, "\r\n\t\x7f"));
    switch (row->type) {
    case PD_TYPE_FILE:
        MUST(text[0] == '/');
        break;
    case PD_TYPE_URL_PATH:
        MUST(text[0] == '/' && !strstr(text, "//") && !strstr(text, "/../"));
        MUST(!strpbrk(text, " \"'<>%?#\\;&"));
        MUST(row->min == 0 || text[strlen(text) - 1] != '/');
        break;
    case PD_TYPE_BASE_URL:
        MUST(!strncmp(text, "http://", 7) || !strncmp(text, "https://", 8));
        break;
    case PD_TYPE_MAILBOX:
        MUST(strchr(text, '@') && !strpbrk(text, " <>\","));
        break;
    case PD_TYPE_CONTACT:
        MUST((!strncmp(text, "mailto:", 7) && strchr(text, '@')) || !strncmp(text, "https://", 8));
        break;
    case PD_TYPE_RELAY:
        MUST(!strncmp(text, "maildir:/", 9) ||
             (!strncmp(text, "smtp", 4) && !strpbrk(strstr(text, "://") + 3, "/@?# \"%")));
        break;
    case PD_TYPE_ZONE:
        MUST(text[0] != '/' && !strchr(text, '.') && !strchr(text, ' '));
        break;
    default:
        break;
    }
}

static int is_within(const pd_directive_t *row, apr_int64_t number)
{
    switch (row->type) {
    case PD_TYPE_FLAG:
        return number == 0 || number == 1;
    case PD_TYPE_CHOICE:
        return number >= 0 && number <= 2;
    case PD_TYPE_BYTES:
        return number == 0 || (number >= row->min && number <= row->max);
    case PD_TYPE_TERM:
        return number == PD_TERM_UNLIMITED || (number >= row->min && number <= row->max);
    default:
        return number >= row->min && number <= row->max;
    }
}

static void check_row(const pd_directive_t *row, const char *value, const char *second,
                      apr_pool_t *p)
{
    room_t before, after;
    memset(&before, 0x5a, sizeof before);
    after = before;
    const char *why = pd_directive_set(&after, row, value, second, p);
    if (why) {
        check_refusal(row, why);
        MUST(memcmp(&before, &after, sizeof after) == 0);
        return;
    }
    void *member = (char *)&after + row->offset;
    if (pd_directive_is_number(row)) {
        MUST(is_within(row, *(apr_int64_t *)member));
        return;
    }
    const char *text = *(const char **)member;
    check_text(row, text);
    if (row->type == PD_TYPE_DATABASE) {
        check_text(row, ((const char **)member)[1]);
    }
    /* What was taken is taken again unchanged. */
    MUST(!pd_directive_set(&before, row, text, second, p));
    MUST(strcmp(*(const char **)(void *)((char *)&before + row->offset), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *value = fuzz_line(&data, &size);
    char *second = size > 0 ? fuzz_line(&data, &size) : NULL;
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        MUST(pd_directive_find(row->name) == row);
        check_row(row, value, row->type == PD_TYPE_DATABASE ? second : NULL, p);
    }
    const pd_directive_t *found = pd_directive_find(value);
    MUST(!found || strcasecmp(found->name, value) == 0);
    (void)pd_host_is_loopback(value);
    free(value);
    free(second);
    return fuzz_done(p);
}
