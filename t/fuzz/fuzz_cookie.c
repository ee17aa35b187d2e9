/* Cookie headers: what is stripped is found no more, what is left was there before. */
#include "pd_fuzz.h"
#include "text/pd_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"__Host-pd", "__Host-pdf", NULL};
    apr_pool_t *p = fuzz_pool();
    char *header = fuzz_text(data, size);
    const char *value = pd_cookie_find(header, "__Host-pd", p);
    if (value != NULL) {
        MUST(strpbrk(value, "; ,\\\t\r\n") == NULL && strstr(header, value) != NULL);
    }
    const char *left = pd_cookie_strip(header, names, p);
    if (left != NULL) {
        MUST(strlen(left) <= strlen(header));
        MUST(pd_cookie_find(left, "__Host-pd", p) == NULL);
        MUST(pd_cookie_find(left, "__Host-pdf", p) == NULL);
        const char *again = pd_cookie_strip(left, names, p);
        MUST(again != NULL && strcmp(again, left) == 0);
        const char *other = pd_cookie_find(header, "a", p);
        const char *kept = pd_cookie_find(left, "a", p);
        MUST((other == NULL) == (kept == NULL) && (other == NULL || strcmp(other, kept) == 0));
    }
    free(header);
    return fuzz_done(p);
}
