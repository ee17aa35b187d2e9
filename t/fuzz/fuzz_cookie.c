/* Cookie headers: what is stripped is found no more, what is left was there before. */
#include "pd_fuzz.h"
#include "text/pd_cookie.h"

/* The value of one cookie. */
static const char *find(const char *header, const char *name, apr_pool_t *p)
{
    const char *const names[] = {name, NULL};
    const char *value;
    (void)pd_cookie_take(&value, header, names, p);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"__Host-pd", "__Host-pdf", NULL};
    apr_pool_t *p = fuzz_pool();
    char *header = fuzz_text(data, size);
    const char *value = find(header, "__Host-pd", p);
    if (value != NULL) {
        MUST(strpbrk(value, ";,") == NULL && strstr(header, value) != NULL);
    }
    const char *values[2];
    const char *left = pd_cookie_take(values, header, names, p);
    if (left != NULL) {
        MUST(strlen(left) <= strlen(header));
        MUST(find(left, "__Host-pd", p) == NULL);
        MUST(find(left, "__Host-pdf", p) == NULL);
        const char *again = pd_cookie_take(values, left, names, p);
        MUST(again != NULL && strcmp(again, left) == 0);
        const char *other = find(header, "a", p);
        const char *kept = find(left, "a", p);
        MUST((other == NULL) == (kept == NULL) && (other == NULL || strcmp(other, kept) == 0));
    }
    free(header);
    return fuzz_done(p);
}
