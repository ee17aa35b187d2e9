/* Forms with files: whatever parses keeps the rules, and a file's bytes lie within the body. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_multipart.h"

static void check_field(const pd_form_t *form, const char *name, const char *bytes, size_t size)
{
    apr_size_t length;
    const char *value = pd_form_get(form, name);
    const char *file = pd_form_file(&length, form, name);
    MUST(value == NULL || (pd_utf8_valid(value, strlen(value)) && strchr(value, '\r') == NULL));
    MUST(file == NULL || (file >= bytes && length > 0 && file + length <= bytes + size));
}

/* The first line is the header, the rest the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const pd_form_t *form;
    char *type = fuzz_line(&data, &size);
    /* Exact size and no ending zero: the parser lives by the length. */
    char *bytes = malloc(size > 0 ? size : 1);
    MUST(bytes != NULL);
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    if (pd_multipart_parse(&form, type, bytes, size, p) == APR_SUCCESS) {
        check_field(form, "a", bytes, size);
        check_field(form, "file_ru", bytes, size);
        MUST(pd_form_get(form, "") == NULL);
    }
    else {
        MUST(form == NULL);
    }
    free(bytes);
    free(type);
    return fuzz_done(p);
}
