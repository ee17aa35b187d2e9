/* The key file's parser: any bytes are parsed, or refused with a reason; what is accepted keeps the
 * promises that the keyring builds on. */
#include "pd_fuzz.h"
#include "crypt/pd_keyring_int.h"
#include "base/pd_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pd_masters_t masters;
    const char *why;
    apr_pool_t *p = fuzz_pool();
    apr_status_t status = pd_keyring_parse(&masters, &why, "file", (const char *)data, size, p);
    if (status) {
        MUST(status == PD_EKEY && why);
        return fuzz_done(p);
    }
    MUST(masters.n_masters >= 1 && masters.n_masters <= PD_KEYRING_VERSIONS_MAX);
    MUST(masters.masters[0].version == 1);
    for (int i = 1; i < masters.n_masters; i++) {
        MUST(masters.masters[i].version > masters.masters[i - 1].version);
    }
    return fuzz_done(p);
}
