/* JSON made by jansson, handed over to a pool: journal details and the acts of a registration are
 * kept as such text, always sealed. */
#include "portal/pd_json_int.h"
#include <apr_strings.h>
#include "base/pd_bytes.h"

const char *pd_json_text(json_t *object, apr_pool_t *p)
{
    char *dump = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (!dump)
        return NULL;
    apr_size_t length = strlen(dump);
    char *text = apr_pmemdup(p, dump, length + 1);
    pd_wipe_with_pool(text, length, p);
    pd_wipe(dump, length);
    free(dump);
    return text;
}
