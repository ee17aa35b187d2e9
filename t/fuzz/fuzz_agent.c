/* What a browser calls itself: whatever is sent, a family that we know or none comes out, and two
 * headers of one kind can't be told apart by anything else. */
#include "pd_fuzz.h"
#include "text/pd_agent.h"

/* Words of ours: short, and without anything that would have to be escaped. */
static int is_name(const char *name)
{
    return strlen(name) <= 20 && strpbrk(name, "<>&\"'/\\%{}\r\n") == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *sent = fuzz_text(data, size);
    pd_agent_t agent, again;
    pd_agent_read(&agent, sent);
    MUST(is_name(agent.browser) && is_name(agent.system));
    pd_agent_read(&again, apr_pstrcat(p, sent, " Unheard/1.0", NULL));
    MUST(agent.browser == again.browser && agent.system == again.system);
    pd_agent_read(&again, NULL);
    MUST(*again.browser == '\0' && *again.system == '\0');
    free(sent);
    return fuzz_done(p);
}
