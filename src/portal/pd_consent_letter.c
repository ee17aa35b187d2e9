/* The letters about consents. Whoever agreed to something has it in writing: which text, in which
 * words, when, and where to take it back. */
#include <apr_strings.h>
#include <string.h>
#include "portal/pd_consent_int.h"
#include "portal/pd_notice.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

enum { TITLE };

const pd_sql_t pd_consent_letter_sql[] = {
    [TITLE] = {"consent_title",
               "SELECT title FROM document_text WHERE kind = %s AND version = %lld"
               " AND language = %s",
               "s", "what a text is called"},
    {NULL, NULL, NULL, NULL}};

/* What one letter is made of. */
typedef struct work_t {
    pd_conn_t *conn;
    const pd_portal_t *portal;
    const pd_zone_t *zone;
    apr_pool_t *p;
} work_t;

static const char *portal_url(const work_t *work, const char *page)
{
    const pd_settings_t *settings = work->portal->settings;
    return apr_pstrcat(work->p, settings->base_url, settings->path, page, NULL);
}

static apr_status_t add_title(pd_value_t *value, const work_t *work, const pd_act_t *act)
{
    const pd_rows_t *found;
    apr_status_t status =
        pd_conn_read(&found, work->conn, &pd_consent_letter_sql[TITLE],
                     PD_ARGS(PD_T(act->kind), PD_N(act->version), PD_T(act->language)), 1, work->p);
    if (status == APR_SUCCESS)
        pd_value_set_text(value, "title", PD_ROW_COUNT(found) ? PD_ROW(found, 0)[0].text : "",
                          work->p);
    return status;
}

static apr_status_t add_act(pd_value_t *value, const work_t *work, const pd_act_t *act)
{
    apr_pool_t *p = work->p;
    const char *page = apr_psprintf(p, "/documents/%s/%" APR_INT64_T_FMT "?lang=%s", act->kind,
                                    act->version, act->language);
    for (const char *const *language = pd_languages; *language; language++)
        pd_value_set_bool(value, *language, strcmp(act->language, *language) == 0, p);
    pd_value_set_bool(value, PD_ACT_ACKNOWLEDGED, strcmp(act->verb, PD_ACT_ACKNOWLEDGED) == 0, p);
    pd_value_set_bool(value, "is_processing", strcmp(act->kind, PD_DOCUMENT_PROCESSING) == 0, p);
    pd_value_set_number(value, "version", act->version, p);
    pd_value_set_text(value, "wording", act->wording, p);
    pd_value_set_text(value, "sha256", act->html_sha256, p);
    pd_value_set_text(value, "number", act->id, p);
    pd_value_set_text(value, "form", act->form, p);
    pd_value_set_text(value, "address", act->address ? act->address : "", p);
    pd_value_set_text(value, "agent", act->agent ? act->agent : "", p);
    pd_value_set_text(value, "url", portal_url(work, page), p);
    pd_value_set_date(value, "at", work->zone, act->at, p);
    return add_title(value, work, act);
}

static apr_status_t begin(work_t *work, pd_conn_t *conn, const pd_portal_t *portal, apr_pool_t *p)
{
    *work = (work_t){.conn = conn, .portal = portal, .p = p};
    return pd_zone_load(&work->zone, portal->settings->time_zone, p);
}

static apr_status_t write_letter(const work_t *work, const pd_addressee_t *to, const char *kind,
                                 int may_lack, pd_value_t *values)
{
    int written;
    pd_letter_t letter = {.kind = kind,
                          .person_id = to->person_id,
                          .key = to->key,
                          .address = to->address,
                          .mailbox = pd_outbox_mailbox(work->portal, to->address, work->p),
                          .language = to->language,
                          .values = values,
                          .always = 1,
                          .may_lack = may_lack};
    pd_value_set_text(values, "zone", work->portal->settings->time_zone, work->p);
    pd_value_set_text(values, "consents_url", portal_url(work, "/account/consents"), work->p);
    return pd_outbox_add(&written, work->conn, work->portal, &letter, work->p);
}

apr_status_t pd_consent_letter_receipt(pd_conn_t *conn, const pd_portal_t *portal,
                                       const pd_addressee_t *to, const apr_array_header_t *acts,
                                       apr_pool_t *p)
{
    work_t work;
    pd_value_t *values = pd_value_map(p), *list = pd_value_list(p);
    apr_status_t status = begin(&work, conn, portal, p);
    for (int i = 0; i < acts->nelts && status == APR_SUCCESS; i++) {
        pd_value_t *value = pd_value_map(p);
        status = add_act(value, &work, &APR_ARRAY_IDX(acts, i, pd_act_t));
        pd_value_add(list, value);
    }
    pd_value_set(values, "acts", list);
    return status == APR_SUCCESS ? write_letter(&work, to, "consent-receipt", 0, values) : status;
}

apr_status_t pd_consent_letter_withdrawn(pd_conn_t *conn, const pd_portal_t *portal,
                                         const pd_addressee_t *to, const pd_act_t *act, int closes,
                                         apr_time_t due_at, apr_pool_t *p)
{
    work_t work;
    pd_value_t *values = pd_value_map(p);
    apr_status_t status = begin(&work, conn, portal, p);
    if (status == APR_SUCCESS)
        status = add_act(values, &work, act);
    if (status != APR_SUCCESS)
        return status;
    pd_value_set_bool(values, "closes", closes, p);
    pd_value_set_date(values, "due", work.zone, due_at, p);
    status = write_letter(&work, to, "consent-withdrawn", 1, values);
    if (status != APR_SUCCESS)
        return status;
    apr_table_t *said = apr_table_make(p, 1);
    apr_table_set(said, "title", pd_value_get(values, "title")->text);
    return pd_notice_add(conn, portal, to->person_id, "consent-withdrawn", said, p);
}
