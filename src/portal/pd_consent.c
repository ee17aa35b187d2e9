/* Consents: how a person stands to each, giving one and taking it back. The text in force is read
 * before the transaction, and looked at again within it: nobody agrees to a text that another has
 * replaced meanwhile. The act is held from the first look on, so that two hands at once make one
 * act and one letter. */
#include "portal/pd_consent.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "crypt/pd_hash.h"
#include "portal/pd_consent_int.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_notice_setting.h"
#include "portal/pd_purpose.h"
#include "portal/pd_role.h"
#include "portal/pd_tables_int.h"

#define KINDS_MAX 1000

/* Nobody changes his mind more often; each time costs a letter. Taking back is never refused. */
#define GIVEN_PER_HOUR 10
#define HOUR           apr_time_from_sec(PD_CONSENT_LIMIT_SECS)

enum { TEXTS, IN_FORCE, RECENT };

const pd_sql_t pd_consent_sql[] = {
    /* versions take force in the order of their numbers: pd_document_publish */
    [TEXTS] = {"consent_texts",
               "SELECT d.kind, d.version, t.title, COALESCE((SELECT MAX(m.version) FROM document m"
               " WHERE m.kind = d.kind AND m.effective_at <= %lld AND m.editorial = ''), 0)"
               " FROM document d JOIN document_text t ON t.kind = d.kind AND t.version = d.version"
               " WHERE d.kind > '' AND d.kind <> 'policy' AND d.version ="
               " (SELECT MAX(x.version) FROM document x"
               " WHERE x.kind = d.kind AND x.effective_at <= %lld)"
               " AND t.language = (SELECT y.language FROM document_text y"
               " WHERE y.kind = d.kind AND y.version = d.version"
               " ORDER BY CASE WHEN y.language = %s THEN 0 ELSE 1 END, y.language LIMIT 1)"
               " ORDER BY CASE WHEN d.kind = 'processing' THEN 0 ELSE 1 END, d.kind LIMIT 1000",
               "sisi", "the consents that can be given now"},
    [IN_FORCE] = {"consent_in_force",
                  "SELECT COALESCE(MAX(version), 0) FROM document"
                  " WHERE kind = %s AND effective_at <= %lld",
                  "i", "whether the text shown is still the one in force"},
    [RECENT] = {"consent_recent",
                "SELECT COUNT(*) FROM act WHERE pseudonym = %s AND kind = %s"
                " AND verb = 'consented' AND at > %lld",
                "i", "how often a person gave a consent lately"},
    {NULL, NULL, NULL, NULL}};

int pd_consent_stands(const pd_consent_t *consent)
{
    return consent->given && !consent->withdrawn;
}

int pd_consent_outgrown(const pd_consent_t *consent)
{
    return pd_consent_stands(consent) && consent->material > consent->given->version;
}

int pd_consent_has_ground(const pd_session_t *session)
{
    int consented = pd_session_has_word(session->consents, PD_DOCUMENT_PROCESSING);
    return pd_purpose_has_ground(consented, *session->roles != '\0');
}

/* The one of a kind; a new one at the end where there is none. */
static pd_consent_t *of_kind(apr_array_header_t *consents, const char *kind, const char *title)
{
    for (int i = 0; i < consents->nelts; i++) {
        pd_consent_t *consent = &APR_ARRAY_IDX(consents, i, pd_consent_t);
        if (strcmp(consent->kind, kind) == 0)
            return consent;
    }
    pd_consent_t *consent = apr_array_push(consents);
    *consent = (pd_consent_t){.kind = kind, .title = title};
    return consent;
}

static void take_act(apr_array_header_t *consents, const pd_act_t *act)
{
    if (strcmp(act->verb, PD_ACT_ACKNOWLEDGED) == 0)
        return;
    pd_consent_t *consent = of_kind(consents, act->kind, act->title);
    const pd_act_t **last =
        strcmp(act->verb, PD_ACT_CONSENTED) == 0 ? &consent->given : &consent->withdrawn;
    if (!*last || (*last)->sequence < act->sequence)
        *last = act;
}

/* Acts come by their instants, which say nothing of their order. */
static void take_acts(apr_array_header_t *consents, const apr_array_header_t *acts)
{
    for (int i = 0; i < acts->nelts; i++)
        take_act(consents, &APR_ARRAY_IDX(acts, i, pd_act_t));
    for (int i = 0; i < consents->nelts; i++) {
        pd_consent_t *consent = &APR_ARRAY_IDX(consents, i, pd_consent_t);
        if (consent->given && consent->withdrawn &&
            consent->withdrawn->sequence < consent->given->sequence)
            consent->withdrawn = NULL;
    }
}

apr_status_t pd_consent_list(apr_array_header_t **consents, const pd_portal_t *portal,
                             const char *person_id, const apr_array_header_t *acts,
                             const char *language, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_array_header_t *open;
    apr_time_t now = pd_clock_now();
    *consents = apr_array_make(p, 4, sizeof(pd_consent_t));
    apr_status_t status = pd_db_read(&found, portal->db, &pd_consent_sql[TEXTS],
                                     PD_ARGS(PD_N(now), PD_N(now), PD_T(language)), KINDS_MAX, p);
    if (status == APR_SUCCESS)
        status = pd_withdrawal_list(&open, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    for (int i = 0; i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        pd_consent_t *consent = of_kind(*consents, cell[0].text, cell[2].text);
        consent->version = cell[1].number;
        consent->material = cell[3].number;
    }
    take_acts(*consents, acts);
    for (int i = 0; i < open->nelts; i++) {
        const pd_withdrawal_t *withdrawal = &APR_ARRAY_IDX(open, i, pd_withdrawal_t);
        of_kind(*consents, withdrawal->kind, "")->due_at = withdrawal->due_at;
    }
    return APR_SUCCESS;
}

apr_status_t pd_consent_get(pd_consent_t *consent, const pd_portal_t *portal,
                            const pd_person_t *person, const char *kind, const char *language,
                            apr_pool_t *p)
{
    apr_array_header_t *acts, *consents;
    apr_status_t status = pd_act_list(&acts, portal, person->id, person->key, p);
    if (status == APR_SUCCESS)
        status = pd_consent_list(&consents, portal, person->id, acts, language, p);
    for (int i = 0; status == APR_SUCCESS && i < consents->nelts; i++) {
        *consent = APR_ARRAY_IDX(consents, i, pd_consent_t);
        if (strcmp(consent->kind, kind) == 0)
            return APR_SUCCESS;
    }
    return status == APR_SUCCESS ? APR_ENOENT : status;
}

typedef struct work_t {
    const pd_portal_t *portal;
    pd_addressee_t person;
    pd_act_t act;
    apr_time_t due_at; /* of a withdrawal */
    pd_consent_e outcome;
} work_t;

static apr_status_t prepare(work_t *work, const pd_portal_t *portal, const char *person_id,
                            const pd_consent_form_t *form, apr_pool_t *p)
{
    pd_person_t person;
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    if (status != APR_SUCCESS)
        return status;
    work->portal = portal;
    work->person = (pd_addressee_t){person.id, person.key, person.email, person.language};
    work->act.at = pd_clock_now();
    work->act.id = pd_random_uuid7(work->act.at, p);
    work->act.kind = form->kind;
    work->act.wording = form->wording;
    work->act.address = form->address;
    work->act.agent = pd_act_agent(form->agent, p);
    work->act.by = form->by;
    work->act.reason = form->reason;
    return APR_SUCCESS;
}

/* The last rows of both. */
static apr_status_t finish(const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    apr_status_t status = pd_invalidation_add(conn, PD_INVALID_PERSON, work->person.person_id, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_act_add(conn, work->portal, work->person.person_id, work->person.key, &work->act, p);
}

static apr_status_t hold(pd_act_t *last, const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    const char *id = work->person.person_id;
    apr_status_t status = pd_act_hold(conn, work->portal, id, work->act.kind, p);
    return status == APR_SUCCESS ? pd_act_last(last, conn, work->portal, id, work->act.kind, p)
                                 : status;
}

static int is_last(const pd_act_t *last, const char *verb)
{
    return last->sequence > 0 && strcmp(last->verb, verb) == 0;
}

/* May it be given, seen with what stands in the ledger? PD_CONSENT_DONE: it may. */
static apr_status_t judge(work_t *work, const pd_act_t *last, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *in_force, *recent;
    const char *pseudonym = pd_person_pseudonym(work->portal, work->person.person_id, p);
    apr_status_t status = pd_conn_read(&in_force, conn, &pd_consent_sql[IN_FORCE],
                                       PD_ARGS(PD_T(work->act.kind), PD_N(pd_clock_now())), 1, p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(
            &recent, conn, &pd_consent_sql[RECENT],
            PD_ARGS(PD_T(pseudonym), PD_T(work->act.kind), PD_N(work->act.at - HOUR)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW(in_force, 0)[0].number != work->act.version)
        work->outcome = PD_CONSENT_CHANGED;
    else if (is_last(last, PD_ACT_CONSENTED) && last->version == work->act.version)
        work->outcome = PD_CONSENT_ALREADY;
    else if (PD_ROW(recent, 0)[0].number >= GIVEN_PER_HOUR)
        work->outcome = PD_CONSENT_LIMITED;
    else
        work->outcome = PD_CONSENT_DONE;
    return APR_SUCCESS;
}

static apr_status_t give_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    pd_act_t last;
    apr_status_t status = hold(&last, work, conn, p);
    if (status == APR_SUCCESS)
        status = judge(work, &last, conn, p);
    if (status != APR_SUCCESS || work->outcome != PD_CONSENT_DONE)
        return status;
    apr_array_header_t *acts = apr_array_make(p, 1, sizeof(pd_act_t));
    APR_ARRAY_PUSH(acts, pd_act_t) = work->act;
    status = pd_withdrawal_void(conn, work->person.person_id, work->act.kind, work->act.at, p);
    if (status == APR_SUCCESS)
        status = pd_consent_letter_receipt(conn, work->portal, &work->person, acts, p);
    return status == APR_SUCCESS ? finish(work, conn, p) : status;
}

apr_status_t pd_consent_give(pd_consent_e *outcome, const pd_portal_t *portal,
                             const char *person_id, const pd_consent_form_t *form, apr_pool_t *p)
{
    pd_document_t document;
    *outcome = PD_CONSENT_CHANGED;
    if (strcmp(form->kind, PD_DOCUMENT_POLICY) == 0)
        return APR_ENOENT;
    apr_status_t status = pd_document_current(&document, portal, form->kind, form->language, p);
    if (status != APR_SUCCESS || !form->shown ||
        strcmp(form->shown, pd_document_shown(&document, form->language, form->wording, p)) != 0)
        return status;
    work_t work = {.act = {.verb = PD_ACT_CONSENTED,
                           .version = document.version,
                           .language = document.language,
                           .html_sha256 = document.html_sha256,
                           .form = "consent"}};
    status = prepare(&work, portal, person_id, form, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, give_step, &work, p);
    *outcome = work.outcome;
    if (status == APR_SUCCESS && work.outcome == PD_CONSENT_DONE)
        pd_log(PD_LOG_INFO, 0, "PD0711: person %s: consent %s given", person_id, form->kind);
    return status;
}

/* The account stands on the consent to processing, unless its person works for the site. */
static apr_status_t stands_on(int *closes, const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    int held;
    apr_status_t status = pd_role_held(&held, conn, work->person.person_id, p);
    *closes = !held && strcmp(work->act.kind, PD_DOCUMENT_PROCESSING) == 0;
    return status;
}

/* What the portal itself kept for the consent alone; what applications keep is theirs to destroy.
 */
static apr_status_t destroy_kept(const work_t *work, pd_conn_t *conn, apr_pool_t *p)
{
    return strcmp(work->act.kind, PD_NOTICE_CONSENT) == 0
               ? pd_notice_setting_destroy(conn, work->person.person_id, p)
               : APR_SUCCESS;
}

static apr_status_t withdraw_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    work_t *work = baton;
    pd_act_t last;
    int closes;
    apr_status_t status = hold(&last, work, conn, p);
    work->outcome = PD_CONSENT_ALREADY;
    if (status != APR_SUCCESS || !is_last(&last, PD_ACT_CONSENTED))
        return status;
    work->outcome = PD_CONSENT_DONE;
    work->act.version = last.version;
    work->act.language = last.language;
    work->act.html_sha256 = last.html_sha256;
    status = stands_on(&closes, work, conn, p);
    if (status == APR_SUCCESS)
        status =
            pd_withdrawal_add(conn, work->person.person_id, &work->act, closes, work->due_at, p);
    if (status == APR_SUCCESS)
        status = destroy_kept(work, conn, p);
    if (status == APR_SUCCESS)
        status = pd_consent_letter_withdrawn(conn, work->portal, &work->person, &work->act, closes,
                                             work->due_at, p);
    return status == APR_SUCCESS ? finish(work, conn, p) : status;
}

apr_status_t pd_consent_withdraw(pd_consent_e *outcome, const pd_portal_t *portal,
                                 const char *person_id, const pd_consent_form_t *form,
                                 apr_pool_t *p)
{
    work_t work = {
        .act = {.verb = PD_ACT_WITHDREW, .form = form->by ? "withdraw-for" : "withdraw"}};
    *outcome = PD_CONSENT_ALREADY;
    apr_status_t status = prepare(&work, portal, person_id, form, p);
    if (status == APR_SUCCESS)
        status = pd_withdrawal_due(&work.due_at, portal, work.act.at, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, withdraw_step, &work, p);
    *outcome = work.outcome;
    if (status == APR_SUCCESS && work.outcome == PD_CONSENT_DONE)
        pd_log(PD_LOG_INFO, 0, "PD0712: person %s: consent %s withdrawn", person_id, form->kind);
    return status;
}
