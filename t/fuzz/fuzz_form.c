/* Forms: whatever parses keeps every limit, and encoded again it parses to the same. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_form.h"
#include "text/pd_url.h"

static void check_value(const pd_form_t *form, const char *name, apr_pool_t *p)
{
    const char *value = pd_form_get(form, name);
    const char *trimmed = pd_form_get_trimmed(form, name, p);
    if (value == NULL) {
        MUST(trimmed[0] == '\0');
        return;
    }
    MUST(strlen(value) <= PD_FORM_VALUE_MAX && pd_utf8_valid(value, strlen(value)));
    MUST(strchr(value, '\r') == NULL && strstr(value, trimmed) != NULL);
    MUST(trimmed[0] != ' ' && (trimmed[0] == '\0' || trimmed[strlen(trimmed) - 1] != '\n'));
    const char *query = apr_pstrcat(p, name, "=", pd_url_encode(value, p), NULL);
    const pd_form_t *again;
    MUST(pd_form_parse(&again, query, strlen(query), p) == APR_SUCCESS);
    MUST(strcmp(pd_form_get(again, name), value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const pd_form_t *form;
    /* Exact size and no ending zero: the parser lives by the length. */
    char *bytes = malloc(size > 0 ? size : 1);
    MUST(bytes != NULL);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    if (pd_form_parse(&form, bytes, size, p) == APR_SUCCESS) {
        MUST(size <= PD_FORM_BYTES_MAX);
        check_value(form, "a", p);
        check_value(form, "login", p);
        MUST(pd_form_get(form, "") == NULL);
    }
    else {
        MUST(form == NULL);
    }
    free(bytes);
    return fuzz_done(p);
}
