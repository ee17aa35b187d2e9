/* Addresses: whatever is accepted is in its one form and can stand in an SMTP command. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_email.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *raw = fuzz_text(data, size);
    pd_email_t email;
    if (pd_email_parse(&email, raw, p) == APR_SUCCESS) {
        const char *sign = strchr(email.address, '@');
        MUST(strlen(email.address) <= PD_EMAIL_BYTES_MAX);
        MUST(sign != NULL && sign > email.address && strchr(sign + 1, '.') != NULL);
        MUST(strpbrk(email.address, " <>()[]\\\",;:\r\n\t") == NULL);
        MUST(pd_utf8_valid(email.shown, strlen(email.shown)));
        for (const char *at = sign; *at; at++) {
            MUST((unsigned char)*at < 0x80 && !(*at >= 'A' && *at <= 'Z'));
        }
        pd_email_t again;
        MUST(pd_email_parse(&again, email.address, p) == APR_SUCCESS);
        MUST(strcmp(again.address, email.address) == 0);
        MUST(strcmp(again.shown, email.shown) == 0);
        MUST(pd_email_parse(&again, email.shown, p) == APR_SUCCESS);
        MUST(strcmp(again.address, email.address) == 0);
    }
    free(raw);
    return fuzz_done(p);
}
