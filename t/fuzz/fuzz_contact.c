/* Where to write about security: what is accepted is one line of plain ASCII, a mailto: with
 * nothing behind the address or an https URL, and is accepted again unchanged. */
#include "pd_fuzz.h"
#include "text/pd_contact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *raw = fuzz_text(data, size);
    const char *uri = pd_contact_uri(raw, p);
    if (uri != NULL) {
        int is_mail = strncmp(uri, "mailto:", 7) == 0;
        MUST(is_mail || strncmp(uri, "https://", 8) == 0);
        MUST(!is_mail || (strchr(uri, '@') != NULL && strpbrk(uri, "?&#%/=") == NULL));
        for (const char *at = uri; *at; at++) {
            MUST(*at > ' ' && *at < 0x7f);
        }
        const char *again = pd_contact_uri(uri, p);
        MUST(again != NULL && strcmp(again, uri) == 0);
    }
    free(raw);
    return fuzz_done(p);
}
