/* Login names and free text: accepting is final, and the stored name has the same skeleton. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *raw = fuzz_text(data, size);
    pd_login_e outcome;
    pd_login_t login;
    apr_status_t rv = pd_login_parse(&outcome, &login, raw, p);
    MUST((rv == APR_SUCCESS && outcome == PD_LOGIN_OK) == (login.name != NULL));
    if (login.name != NULL) {
        pd_login_t again;
        apr_size_t n_chars = pd_utf8_count(login.name);
        MUST(n_chars >= PD_LOGIN_CHARS_MIN && n_chars <= PD_LOGIN_CHARS_MAX);
        MUST(strpbrk(login.name, "@/ \\<>\"'%\r\n") == NULL && login.skeleton[0] != '\0');
        MUST(pd_login_parse(&outcome, &again, login.name, p) == APR_SUCCESS);
        MUST(outcome == PD_LOGIN_OK && strcmp(again.name, login.name) == 0);
        MUST(strcmp(again.skeleton, login.skeleton) == 0);
    }
    const char *opaque = pd_text_opaque(raw, p);
    if (opaque != NULL) {
        const char *again = pd_text_opaque(opaque, p);
        MUST(again != NULL && strcmp(again, opaque) == 0);
    }
    free(raw);
    return fuzz_done(p);
}
