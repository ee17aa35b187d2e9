/* Addresses of other sites: whatever is accepted is plain ASCII that can stand in an attribute,
 * leads to the host that is named, and is accepted again unchanged. */
#include "pd_fuzz.h"
#include "text/pd_foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *raw = fuzz_text(data, size);
    pd_foreign_t found;
    if (pd_foreign_parse(&found, raw, p)) {
        const char *host = found.url + (found.secure ? 8 : 7);
        size_t length = strlen(found.host);
        MUST(strlen(found.url) <= PD_FOREIGN_BYTES_MAX);
        MUST(strncmp(found.url, found.secure ? "https://" : "http://", found.secure ? 8 : 7) == 0);
        MUST(strncmp(host, found.host, length) == 0 &&
             (host[length] == '/' || host[length] == ':'));
        MUST(found.path[0] == '/' && strstr(host, found.path) != NULL);
        for (const char *at = found.url; *at; at++) {
            MUST(*at > ' ' && *at < 0x7f && strchr("\"<>\\^`{|}", *at) == NULL);
        }
        pd_foreign_t again;
        MUST(pd_foreign_parse(&again, found.url, p));
        MUST(strcmp(again.url, found.url) == 0 && strcmp(again.shown, found.shown) == 0);
    }
    free(raw);
    return fuzz_done(p);
}
