/* The ledger of acts. Rows are only ever added; they name a person by a keyed pseudonym, so that
 * the proof of what was agreed to outlives the person's data. Which of two acts came later is said
 * by a number given under a lock: clocks of two hosts differ, and one may step back. */
#include "portal/pd_act.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define ACTS_MAX        10000
#define AGENT_BYTES_MAX 300

enum { ADD, LAST, LIST };

#define ACT_COLUMNS                                                                                \
    "a.verb, a.kind, a.version, a.language, a.html_sha256, a.wording, a.form, a.at, a.id,"         \
    " a.sequence"
#define ACT_TYPES "ssissssisi"

const pd_sql_t pd_act_sql[] = {
    [ADD] = {"act_add",
             "INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256, wording,"
             " form, at, address, agent, sequence)"
             " VALUES (%s, %s, %s, %s, %lld, %s, %s, %s, %s, %lld, %s, %s,"
             " (SELECT COALESCE(MAX(x.sequence), 0) + 1 FROM act x"
             " WHERE x.pseudonym = %s AND x.kind = %s))",
             "", "add an act"},
    [LAST] = {"act_last",
              "SELECT " ACT_COLUMNS " FROM act a WHERE a.pseudonym = %s AND a.kind = %s"
              " ORDER BY a.sequence DESC LIMIT 1",
              ACT_TYPES, "how a person stands to a document"},
    /* Should there ever be more, those that count are the newest. */
    [LIST] = {"act_list",
              "SELECT " ACT_COLUMNS ", a.address, a.agent, COALESCE(t.title, '') FROM act a"
              " LEFT JOIN document_text t ON t.kind = a.kind AND t.version = a.version"
              " AND t.language = a.language"
              " WHERE a.pseudonym = %s ORDER BY a.at DESC, a.id DESC LIMIT 10000",
              ACT_TYPES "sss", "all acts of a person"},
    {NULL, NULL, NULL, NULL}};

const char *pd_act_agent(const char *sent, apr_pool_t *p)
{
    char *agent = apr_pstrndup(p, sent ? sent : "", AGENT_BYTES_MAX);
    for (char *at = agent; *at; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
    return agent;
}

apr_status_t pd_act_hold(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                         const char *kind, apr_pool_t *p)
{
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    return pd_conn_lock_name(conn, apr_pstrcat(p, "act ", pseudonym, " ", kind, NULL), p);
}

static apr_status_t seal_value(const char **sealed, const pd_datakey_t *key, const char *place,
                               const char *id, const char *plain, apr_pool_t *p)
{
    *sealed = "";
    return plain && *plain ? pd_seal(sealed, key, place, id, plain, p) : APR_SUCCESS;
}

static apr_status_t insert(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                           const pd_datakey_t *key, const pd_act_t *act, const char *id,
                           apr_pool_t *p)
{
    const char *address, *agent;
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    apr_status_t status = seal_value(&address, key, "act.address", id, act->address, p);
    if (status == APR_SUCCESS)
        status = seal_value(&agent, key, "act.agent", id, act->agent, p);
    if (status == APR_SUCCESS)
        status = pd_act_hold(conn, portal, person_id, act->kind, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_act_sql[ADD],
                        PD_ARGS(PD_T(id), PD_T(pseudonym), PD_T(act->verb), PD_T(act->kind),
                                PD_N(act->version), PD_T(act->language), PD_T(act->html_sha256),
                                PD_T(act->wording), PD_T(act->form), PD_N(act->at), PD_T(address),
                                PD_T(agent), PD_T(pseudonym), PD_T(act->kind)),
                        p);
}

apr_status_t pd_act_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                        const pd_datakey_t *key, const pd_act_t *act, apr_pool_t *p)
{
    const char *id = act->id ? act->id : pd_random_uuid7(pd_clock_now(), p);
    apr_status_t status = insert(conn, portal, person_id, key, act, id, p);
    if (status != APR_SUCCESS)
        return status;
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:I, s:s}", "act", id, "verb", act->verb, "kind", act->kind,
                  "version", (json_int_t)act->version, "html_sha256", act->html_sha256);
    if (json && act->by)
        json_object_update_new(json, json_pack("{s:s, s:s}", "by", act->by, "reason", act->reason));
    const char *details = pd_json_text(json, p);
    return pd_journal_add(conn, portal, PD_EVENT_ACT, person_id, details, key, p);
}

static void fill(pd_act_t *act, const pd_cell_t *cell)
{
    *act = (pd_act_t){.verb = cell[0].text,
                      .kind = cell[1].text,
                      .version = cell[2].number,
                      .language = cell[3].text,
                      .html_sha256 = cell[4].text,
                      .wording = cell[5].text,
                      .form = cell[6].text,
                      .at = cell[7].number,
                      .id = cell[8].text,
                      .sequence = cell[9].number,
                      .address = "",
                      .agent = "",
                      .title = ""};
}

apr_status_t pd_act_last(pd_act_t *act, pd_conn_t *conn, const pd_portal_t *portal,
                         const char *person_id, const char *kind, apr_pool_t *p)
{
    const pd_rows_t *found;
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    memset(act, 0, sizeof(*act));
    apr_status_t status =
        pd_conn_read(&found, conn, &pd_act_sql[LAST], PD_ARGS(PD_T(pseudonym), PD_T(kind)), 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) > 0)
        fill(act, PD_ROW(found, 0));
    return status;
}

static apr_status_t open_value(const char **plain, const pd_datakey_t *key, const char *place,
                               const char *id, const char *sealed, apr_pool_t *p)
{
    *plain = "";
    return key && *sealed ? pd_open(plain, key, place, id, sealed, p) : APR_SUCCESS;
}

apr_status_t pd_act_list(apr_array_header_t **acts, const pd_portal_t *portal,
                         const char *person_id, const pd_datakey_t *key, apr_pool_t *p)
{
    return pd_act_list_of(acts, portal, pd_person_pseudonym(portal, person_id, p), key, p);
}

apr_status_t pd_act_list_of(apr_array_header_t **acts, const pd_portal_t *portal,
                            const char *pseudonym, const pd_datakey_t *key, apr_pool_t *p)
{
    const pd_rows_t *found;
    *acts = apr_array_make(p, 4, sizeof(pd_act_t));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_act_sql[LIST], PD_ARGS(PD_T(pseudonym)), ACTS_MAX, p);
    for (int i = status == APR_SUCCESS ? PD_ROW_COUNT(found) : 0; i > 0 && status == APR_SUCCESS;
         i--) {
        const pd_cell_t *cell = PD_ROW(found, i - 1);
        pd_act_t *act = apr_array_push(*acts);
        fill(act, cell);
        act->title = cell[12].text;
        status = open_value(&act->address, key, "act.address", act->id, cell[10].text, p);
        if (status == APR_SUCCESS)
            status = open_value(&act->agent, key, "act.agent", act->id, cell[11].text, p);
    }
    return status;
}
