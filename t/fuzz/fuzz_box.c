/* Pages with boxes: whatever stands before and behind, a ticked box is found as long as no tag
 * around it is left open. */
#include "pd_fuzz.h"
#include "text/pd_box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char ticked[] = "<input type=checkbox checked name=box>";
    static const char bare[] = "<input type=checkbox name=box>";
    apr_pool_t *p = fuzz_pool();
    char *page = fuzz_text(data, size);
    int filled = pd_box_is_filled(page, "box");
    MUST(pd_box_is_filled(apr_pstrcat(p, bare, page, NULL), "box") == filled);
    MUST(pd_box_is_filled(apr_pstrcat(p, ticked, page, NULL), "box"));
    if (strchr(page, '<') == NULL) {
        MUST(!filled && pd_box_is_filled(apr_pstrcat(p, page, ticked, NULL), "box"));
    }
    free(page);
    return fuzz_done(p);
}
