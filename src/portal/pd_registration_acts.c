/* What was ticked at registration, as JSON kept sealed in the waiting row: which text in which
 * language, the wording of the box, the instant, from where. It becomes acts, and a letter with
 * their receipts, when the mailbox is proved. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "portal/pd_consent_int.h"
#include "portal/pd_json_int.h"

static json_t *act_of(const char *verb, const pd_document_t *document, const char *wording,
                      const pd_registration_form_t *form, apr_time_t now, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s}", "verb", verb, "kind",
                     document->kind, "version", (json_int_t)document->version, "language",
                     document->language, "html_sha256", document->html_sha256, "wording",
                     wording ? wording : "", "at", (json_int_t)now, "address",
                     form->address ? form->address : "", "agent", pd_act_agent(form->agent, p));
}

const char *pd_registration_acts_text(const pd_registration_form_t *form,
                                      const pd_document_t *policy, const pd_document_t *processing,
                                      apr_time_t now, apr_pool_t *p)
{
    json_t *acts = json_array();
    /* json_array_append_new takes a NULL act as its failure. */
    if (json_array_append_new(
            acts, act_of(PD_ACT_ACKNOWLEDGED, policy, form->policy_wording, form, now, p)) ||
        json_array_append_new(
            acts, act_of(PD_ACT_CONSENTED, processing, form->consent_wording, form, now, p))) {
        json_decref(acts);
        return NULL;
    }
    return pd_json_text(acts, p);
}

static apr_status_t read_act(pd_act_t *act, json_t *object, apr_pool_t *p)
{
    const char *verb, *kind, *language, *html_sha256, *wording;
    const char *address = "", *agent = ""; /* rows of before have neither */
    json_int_t version, at;
    if (json_unpack(object, "{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s?s, s?s}", "verb", &verb, "kind",
                    &kind, "version", &version, "language", &language, "html_sha256", &html_sha256,
                    "wording", &wording, "at", &at, "address", &address, "agent", &agent))
        return PD_ETEXT;
    *act = (pd_act_t){.verb = apr_pstrdup(p, verb),
                      .kind = apr_pstrdup(p, kind),
                      .version = version,
                      .language = apr_pstrdup(p, language),
                      .html_sha256 = apr_pstrdup(p, html_sha256),
                      .wording = apr_pstrdup(p, wording),
                      .form = "register",
                      .at = at,
                      .id = pd_random_uuid7(pd_clock_now(), p),
                      .address = apr_pstrdup(p, address),
                      .agent = apr_pstrdup(p, agent)};
    return APR_SUCCESS;
}

apr_status_t pd_registration_acts_read(apr_array_header_t **acts, const char *text, apr_pool_t *p)
{
    json_t *list = json_loads(text, 0, NULL);
    apr_status_t status = json_is_array(list) ? APR_SUCCESS : PD_ETEXT;
    *acts = apr_array_make(p, 2, sizeof(pd_act_t));
    for (size_t i = 0; i < json_array_size(list) && status == APR_SUCCESS; i++)
        status = read_act(apr_array_push(*acts), json_array_get(list, i), p);
    json_decref(list);
    return status;
}

apr_status_t pd_registration_acts_add(apr_int64_t *policy_version, pd_conn_t *conn,
                                      const pd_portal_t *portal, const pd_addressee_t *person,
                                      const char *text, apr_pool_t *p)
{
    apr_array_header_t *acts;
    apr_status_t status = pd_registration_acts_read(&acts, text, p);
    *policy_version = 0;
    if (status == APR_SUCCESS)
        status = pd_consent_letter_receipt(conn, portal, person, acts, p);
    for (int i = 0; i < acts->nelts && status == APR_SUCCESS; i++) {
        const pd_act_t *act = &APR_ARRAY_IDX(acts, i, pd_act_t);
        status = pd_act_add(conn, portal, person->person_id, person->key, act, p);
        if (status == APR_SUCCESS && strcmp(act->kind, PD_DOCUMENT_POLICY) == 0)
            *policy_version = act->version;
    }
    return status;
}
