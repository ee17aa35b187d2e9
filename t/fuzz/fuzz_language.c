/* Accept-Language: the answer is one of the offered languages, always. */
#include "pd_fuzz.h"
#include "text/pd_language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const offered[] = {"ru", "en", "pt-BR", NULL};
    apr_pool_t *p = fuzz_pool();
    char *header = fuzz_text(data, size);
    const char *chosen = pd_language_choose(header, offered);
    MUST(chosen != NULL && pd_language_offered(chosen, offered));
    MUST(chosen == pd_language_choose(header, offered));
    free(header);
    return fuzz_done(p);
}
