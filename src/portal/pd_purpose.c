/* The eight purposes, and the one decision about a use of somebody's data. It is made of what
 * stands in the database at that instant, never of what a session remembers: a consent that was
 * taken back ends the use at once. */
#include "portal/pd_purpose.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_log.h"
#include "portal/pd_act.h"
#include "portal/pd_document.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_person_int.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"
#include "portal/pd_tables_int.h"

enum { WHO, LAST };

const pd_sql_t pd_purpose_sql[] = {
    [WHO] = {"purpose_who", "SELECT state, data_key FROM person WHERE id = %s", "ss",
             "whose data are to be used"},
    /* Of a consent and a withdrawal at one instant the withdrawal counts. */
    [LAST] = {"purpose_last",
              "SELECT verb FROM act WHERE pseudonym = %s AND kind = %s"
              " ORDER BY sequence DESC LIMIT 1",
              "s", "how a consent stands"},
    {NULL, NULL, NULL, NULL}};

const pd_purpose_t pd_purposes[] = {
    {"4.1.1", PD_GROUND_REGISTRATION, NULL, NULL, 1, PD_RECIPIENT_NONE},
    {"4.1.2", PD_GROUND_REGISTRATION, NULL, NULL, 0, PD_RECIPIENT_SITE},
    {"4.1.3", PD_GROUND_REGISTRATION, NULL, "notices", 0, PD_RECIPIENT_RELAY},
    {"4.1.4", PD_GROUND_SECURITY, NULL, NULL, 1, PD_RECIPIENT_RELAY},
    {"4.1.5", PD_GROUND_REGISTRATION, NULL, NULL, 1, PD_RECIPIENT_RELAY},
    {"4.1.6", PD_GROUND_CONSENT, "communication", NULL, 0, PD_RECIPIENT_NONE},
    {"4.1.7", PD_GROUND_REGISTRATION, NULL, NULL, 0, PD_RECIPIENT_NONE},
    {"4.1.8", PD_GROUND_CONSENT, "partner-", NULL, 0, PD_RECIPIENT_PARTNER},
    {.id = NULL}};

const pd_purpose_t *pd_purpose_find(const char *id)
{
    for (const pd_purpose_t *purpose = pd_purposes; id && purpose->id; purpose++) {
        if (strcmp(purpose->id, id) == 0)
            return purpose;
    }
    return NULL;
}

int pd_purpose_is_named(const char *ids, const char *id)
{
    return pd_session_has_word(ids, id);
}

int pd_purpose_all_known(const char *ids)
{
    apr_size_t known = 0;
    for (const pd_purpose_t *purpose = pd_purposes; ids && purpose->id; purpose++) {
        if (pd_purpose_is_named(ids, purpose->id))
            known += strlen(purpose->id) + 1;
    }
    return known > 0 && known == strlen(ids) + 1;
}

/* The kind of consent a use stands on; NULL: none. `fits` 0: the use names one that doesn't belong
 * to its purpose, or not which of several. */
static const char *consent_of(int *fits, const pd_purpose_t *purpose, const pd_use_t *use)
{
    const char *wanted = purpose->consent;
    apr_size_t length = wanted ? strlen(wanted) : 0;
    *fits = 1;
    if (length > 0 && wanted[length - 1] == '-') {
        *fits = use->consent && strncmp(use->consent, wanted, length) == 0 && use->consent[length];
        return use->consent;
    }
    if (use->consent) {
        wanted = wanted ? wanted : purpose->optional;
        *fits = wanted && strcmp(use->consent, wanted) == 0;
        return use->consent;
    }
    return wanted;
}

/* Reads inside the transaction where there is one. */
static apr_status_t read_rows(const pd_rows_t **rows, pd_conn_t *conn, const pd_portal_t *portal,
                              int statement, const pd_arg_t *args, int n, apr_pool_t *p)
{
    const pd_sql_t *sql = &pd_purpose_sql[statement];
    return conn ? pd_conn_read(rows, conn, sql, args, n, 1, p)
                : pd_db_read(rows, portal->db, sql, args, n, 1, p);
}

/* What a decision is made of. */
typedef struct standing_t {
    int found;
    pd_person_state_e state;
    const char *wrapped_key;
} standing_t;

static apr_status_t look_up(standing_t *standing, pd_conn_t *conn, const pd_portal_t *portal,
                            const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *standing = (standing_t){.state = PD_PERSON_DESTROYED};
    apr_status_t status = read_rows(&rows, conn, portal, WHO, PD_ARGS(PD_T(person_id)), p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(rows) == 0)
        return status;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    standing->state = pd_person_state_parse(cell[0].text);
    standing->found = standing->state != PD_PERSON_DESTROYED;
    standing->wrapped_key = cell[1].text;
    return APR_SUCCESS;
}

/* The last word about a kind of consent: "consented", "withdrew", or "" for none. */
static apr_status_t last_verb(const char **verb, pd_conn_t *conn, const pd_portal_t *portal,
                              const char *person_id, const char *kind, apr_pool_t *p)
{
    const pd_rows_t *rows;
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    apr_status_t status =
        read_rows(&rows, conn, portal, LAST, PD_ARGS(PD_T(pseudonym), PD_T(kind)), p);
    *verb = status == APR_SUCCESS && PD_ROW_COUNT(rows) > 0 ? PD_ROW(rows, 0)[0].text : "";
    return status;
}

static apr_status_t judge_consent(pd_use_e *outcome, pd_conn_t *conn, const pd_portal_t *portal,
                                  const char *person_id, const char *kind, apr_pool_t *p)
{
    const char *verb;
    apr_status_t status = last_verb(&verb, conn, portal, person_id, kind, p);
    *outcome = strcmp(verb, "consented") == 0 ? PD_USE_LAWFUL : PD_USE_UNCONSENTED;
    return status;
}

int pd_purpose_has_ground(int consented, int appointed)
{
    return consented || appointed;
}

/* Asked only of those whose consent doesn't stand: few. */
static apr_status_t holds_role(int *held, pd_conn_t *conn, const pd_portal_t *portal,
                               const char *person_id, apr_pool_t *p)
{
    return conn ? pd_role_held(held, conn, person_id, p)
                : pd_role_held_now(held, portal, person_id, p);
}

/* What nothing but the registration carries. Somebody who has yet to confirm has nothing in the
 * ledger, and is not looked for there: a registration must take no longer for a new address than
 * for a known one, whose letter is for safety. */
static apr_status_t judge_registration(pd_use_e *outcome, const standing_t *standing,
                                       pd_conn_t *conn, const pd_portal_t *portal,
                                       const char *person_id, apr_pool_t *p)
{
    const char *verb;
    int held = 0;
    *outcome = PD_USE_LAWFUL;
    if (standing->state == PD_PERSON_PENDING)
        return APR_SUCCESS;
    apr_status_t status = last_verb(&verb, conn, portal, person_id, PD_DOCUMENT_PROCESSING, p);
    int consented = strcmp(verb, PD_ACT_CONSENTED) == 0;
    if (status == APR_SUCCESS && !consented)
        status = holds_role(&held, conn, portal, person_id, p);
    if (!pd_purpose_has_ground(consented, held))
        *outcome = *verb ? PD_USE_WITHDRAWN : PD_USE_UNGROUNDED;
    return status;
}

static apr_status_t judge(pd_use_e *outcome, const standing_t *standing, pd_conn_t *conn,
                          const pd_portal_t *portal, const pd_use_t *use, const char *person_id,
                          apr_pool_t *p)
{
    const pd_purpose_t *purpose = pd_purpose_find(use->purpose);
    int fits = 0;
    const char *consent = purpose ? consent_of(&fits, purpose, use) : NULL;
    apr_status_t status = APR_SUCCESS;
    *outcome = !fits              ? PD_USE_UNKNOWN
               : !standing->found ? PD_USE_NOBODY
               : standing->state == PD_PERSON_PENDING && !purpose->before_confirmation
                   ? PD_USE_UNCONFIRMED
                   : PD_USE_LAWFUL;
    if (*outcome == PD_USE_LAWFUL && consent)
        status = judge_consent(outcome, conn, portal, person_id, consent, p);
    if (status != APR_SUCCESS || *outcome != PD_USE_LAWFUL || use->basis == PD_BASIS_LAW ||
        purpose->ground == PD_GROUND_SECURITY)
        return status;
    if (standing->state == PD_PERSON_BLOCKED || standing->state == PD_PERSON_CLOSING) {
        *outcome = PD_USE_BLOCKED;
        return APR_SUCCESS;
    }
    return judge_registration(outcome, standing, conn, portal, person_id, p);
}

static const char *const reasons[] = {
    [PD_USE_UNKNOWN] = "unknown purpose", [PD_USE_NOBODY] = "nobody",
    [PD_USE_UNCONFIRMED] = "unconfirmed", [PD_USE_UNCONSENTED] = "no consent",
    [PD_USE_BLOCKED] = "blocked",         [PD_USE_WITHDRAWN] = "processing withdrawn",
    [PD_USE_UNGROUNDED] = "no ground"};

typedef struct refusal_t {
    const pd_portal_t *portal;
    const pd_use_t *use;
    const char *person_id, *why;
    const pd_datakey_t *key; /* NULL: nobody's, or none that can be used any more */
} refusal_t;

static apr_status_t write_refusal(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const refusal_t *refusal = baton;
    const pd_use_t *use = refusal->use;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s, s:s, s:s}", "use", use->what, "purpose",
                               use->purpose ? use->purpose : "", "consent",
                               use->consent ? use->consent : "", "why", refusal->why),
                     p);
    return pd_journal_add(conn, refusal->portal, PD_EVENT_PURPOSE_REFUSED, refusal->person_id,
                          details, refusal->key, p);
}

static apr_status_t refuse(pd_use_e outcome, const standing_t *standing, pd_conn_t *conn,
                           const pd_portal_t *portal, const pd_use_t *use, const char *person_id,
                           apr_pool_t *p)
{
    refusal_t refusal = {portal, use, person_id, reasons[outcome], NULL};
    if (standing->found && pd_datakey_unwrap(&refusal.key, portal->keys, standing->wrapped_key,
                                             person_id, p) != APR_SUCCESS)
        refusal.key = NULL; /* sealed by the system's, then */
    pd_log(outcome == PD_USE_UNKNOWN ? PD_LOG_ERR : PD_LOG_WARNING, 0,
           "PD0720: %s was refused for the purpose %s: %s", use->what,
           use->purpose ? use->purpose : "(none)", refusal.why);
    pd_count(portal->counts, PD_COUNT_USE_REFUSED);
    return conn ? write_refusal(conn, &refusal, p)
                : pd_db_transact(portal->db, write_refusal, &refusal, p);
}

apr_status_t pd_purpose_ask(pd_use_e *outcome, const pd_portal_t *portal, const pd_use_t *use,
                            const char *person_id, apr_pool_t *p)
{
    standing_t standing;
    *outcome = PD_USE_NOBODY;
    apr_status_t status = look_up(&standing, NULL, portal, person_id, p);
    return status == APR_SUCCESS ? judge(outcome, &standing, NULL, portal, use, person_id, p)
                                 : status;
}

apr_status_t pd_purpose_use_within(pd_use_e *outcome, pd_conn_t *conn, const pd_portal_t *portal,
                                   const pd_use_t *use, const char *person_id, apr_pool_t *p)
{
    standing_t standing;
    *outcome = PD_USE_NOBODY;
    apr_status_t status = look_up(&standing, conn, portal, person_id, p);
    if (status == APR_SUCCESS)
        status = judge(outcome, &standing, conn, portal, use, person_id, p);
    if (status == APR_SUCCESS && *outcome != PD_USE_LAWFUL)
        status = refuse(*outcome, &standing, conn, portal, use, person_id, p);
    return status;
}

apr_status_t pd_purpose_use(pd_use_e *outcome, const pd_portal_t *portal, const pd_use_t *use,
                            const char *person_id, apr_pool_t *p)
{
    return pd_purpose_use_within(outcome, NULL, portal, use, person_id, p);
}
