/* Fuzz function of the .mo reader: a file that is taken must answer every question from within its
 * own bytes. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "tmpl/pd_catalogue.h"

static void check_text(const char *text)
{
    MUST(!text || pd_utf8_valid(text, strlen(text)));
}

static void ask(const pd_catalogue_t *catalogue, const char *id)
{
    check_text(pd_catalogue_text(catalogue, id));
    for (int form = -1; form <= PD_PLURAL_FORMS_MAX; form++)
        check_text(pd_catalogue_plural(catalogue, id, form));
}

static void check(const pd_catalogue_t *catalogue)
{
    static const char *const ids[] = {"", "Sign in", "hour", "a"};
    static const apr_int64_t numbers[] = {0, 1, 2, 11, 21, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        ask(catalogue, ids[i]);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int form = pd_catalogue_form(catalogue, numbers[i]);
        MUST(form >= 0 && form < pd_catalogue_forms(catalogue));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const pd_catalogue_t *catalogue = NULL;
    const char *why = NULL;
    if (pd_catalogue_parse(&catalogue, &why, (const char *)data, size, p) == APR_SUCCESS)
        check(catalogue);
    else
        MUST(!catalogue && why);
    return fuzz_done(p);
}
