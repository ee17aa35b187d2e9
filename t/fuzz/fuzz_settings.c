/* Fuzz function of the configuration reader: whatever a file holds, it is taken or explained by one
 * line that names file and line; what was taken can be completed and checked. */
#include "pd_fuzz.h"
#include "portal/pd_settings_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    pd_settings_t *settings = pd_settings_new(p);
    /* A zero byte ends the text; the copy is of exact size for the sanitizer. */
    char *text = malloc(size + 1);
    MUST(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    const char *why = pd_settings_read_text(settings, "F", text, p);
    if (why) {
        MUST(!strncmp(why, "F:", 2) && !strchr(why, '\n'));
    }
    else {
        pd_settings_complete(settings, p);
        MUST(settings->path && settings->path[0] == '/');
        (void)pd_settings_check(settings, p);
    }
    free(text);
    return fuzz_done(p);
}
