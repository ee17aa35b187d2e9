/* The acts of a registration, JSON as it was kept: read whole or refused, never half an act; and
 * texts of the form come back as they went in. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "portal/pd_act.h"
#include "portal/pd_registration_int.h"

static void check_act(const pd_act_t *act)
{
    const char *const texts[] = {act->verb,    act->kind,    act->language, act->html_sha256,
                                 act->wording, act->address, act->agent};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        MUST(texts[i] && pd_utf8_valid(texts[i], strlen(texts[i])));
    }
    MUST(strcmp(act->form, "register") == 0);
}

/* The wording is a template's; NULL with no text when it isn't UTF-8. */
static void check_written(const char *wording, apr_pool_t *p)
{
    pd_document_t policy = {.kind = "policy", .version = 3, .language = "ru", .html_sha256 = "aa"};
    pd_document_t consent = {.kind = "consent", .version = 4, .language = "en", .html_sha256 = ""};
    /* What a browser calls itself is anything, and the address is httpd's. */
    pd_registration_form_t form = {.policy_wording = wording,
                                   .consent_wording = "yes",
                                   .address = "192.0.2.7",
                                   .agent = wording};
    apr_array_header_t *acts;
    const char *text = pd_registration_acts_text(&form, &policy, &consent, 5, p);
    MUST((text != NULL) == pd_utf8_valid(wording, strlen(wording)));
    if (text) {
        MUST(pd_registration_acts_read(&acts, text, p) == APR_SUCCESS && acts->nelts == 2);
        const pd_act_t *first = &APR_ARRAY_IDX(acts, 0, pd_act_t);
        const pd_act_t *second = &APR_ARRAY_IDX(acts, 1, pd_act_t);
        MUST(strcmp(first->wording, wording) == 0 && first->version == 3 && first->at == 5);
        MUST(strcmp(first->address, "192.0.2.7") == 0 && strlen(first->agent) <= 300);
        MUST(strcmp(second->wording, "yes") == 0 && strcmp(second->verb, "consented") == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *text = fuzz_text(data, size);
    apr_array_header_t *acts;
    apr_status_t status = pd_registration_acts_read(&acts, text, p);
    MUST(status == APR_SUCCESS || status == PD_ETEXT);
    for (int i = 0; i < acts->nelts && status == APR_SUCCESS; i++) {
        check_act(&APR_ARRAY_IDX(acts, i, pd_act_t));
    }
    check_written(text, p);
    free(text);
    return fuzz_done(p);
}
