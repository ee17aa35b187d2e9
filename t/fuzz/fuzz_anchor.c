/* Head lines of the journal as an administrator kept them: what is taken names a host, a number and
 * a head, and put together it is the line again. */
#include "pd_fuzz.h"
#include "portal/pd_journal_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *line = fuzz_text(data, size);
    const char *host = NULL, *head = NULL;
    apr_int64_t sequence = -1;
    apr_status_t status = pd_journal_anchor_read(&host, &sequence, &head, line, p);
    MUST(status == APR_SUCCESS || status == APR_EINVAL);
    if (status == APR_SUCCESS) {
        MUST(host[0] && head[0] && !strchr(head, ' ') && sequence >= 0);
        const char *number = line + strlen(host) + 1;
        MUST(strncmp(line, host, strlen(host)) == 0 && apr_strtoi64(number, NULL, 10) == sequence);
        MUST(strcmp(number + strcspn(number, " ") + 1, head) == 0);
    }
    free(line);
    return fuzz_done(p);
}
