/* Stored passwords. The input: 4 bytes that choose what is changed, then lines: a stored text as a
 * database may hold it, and a password. Texts that would be honestly hashed at a high cost are
 * passed over: their parsing is that of the cheap ones. */
#include <stdio.h>
#include "pd_fuzz_keys.h"
#include "base/pd_status.h"
#include "crypt/pd_password.h"

static const pd_password_cost_t cheap = {8, 1};

static int is_costly(const char *stored)
{
    unsigned long memory = 0, passes = 0;
    const char *at = strstr(stored, "$m=");
    return at && sscanf(at, "$m=%lu,t=%lu", &memory, &passes) == 2 && (memory > 64 || passes > 4);
}

static pd_password_e verify(const char *stored, const char *password, apr_pool_t *p)
{
    pd_password_e outcome = PD_PASSWORD_RIGHT;
    apr_status_t status = pd_password_verify(&outcome, fuzz_keys, &cheap, stored, password, p);
    MUST(status == APR_SUCCESS || (status == PD_ESEAL && outcome == PD_PASSWORD_WRONG));
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_keys_ready();
    apr_pool_t *p = fuzz_pool();
    uint32_t change = (uint32_t)fuzz_number(&data, &size, 4);
    char *found = fuzz_line(&data, &size);
    char *password = fuzz_line(&data, &size);
    const char *stored;
    if (!is_costly(found) && verify(found, password, p) != PD_PASSWORD_WRONG) {
        MUST(verify(found, apr_pstrcat(p, password, "x", NULL), p) == PD_PASSWORD_WRONG);
    }
    MUST(verify(NULL, password, p) == PD_PASSWORD_WRONG);
    apr_status_t status = pd_password_hash(&stored, fuzz_keys, &cheap, password, p);
    MUST(status == (strlen(password) > PD_PASSWORD_BYTES_MAX ? PD_ELIMIT : APR_SUCCESS));
    if (stored) {
        const char *changed = fuzz_changed(stored, change, p);
        MUST(verify(stored, password, p) == PD_PASSWORD_RIGHT);
        MUST(is_costly(changed) || verify(changed, password, p) == PD_PASSWORD_WRONG);
        MUST(verify(apr_pstrmemdup(p, stored, change % strlen(stored)), password, p) ==
             PD_PASSWORD_WRONG);
        MUST(verify(apr_pstrcat(p, stored, "A", NULL), password, p) == PD_PASSWORD_WRONG);
    }
    free(found);
    free(password);
    return fuzz_done(p);
}
