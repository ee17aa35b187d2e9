/* The ledger of acts. Rows are only ever added; they name a person by a keyed pseudonym, so that
 * the proof of what was agreed to outlives the person's data. */
#include "portal/pd_act.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define ACTS_MAX 10000

enum { ADD, LIST };

const pd_sql_t pd_act_sql[] = {
    [ADD] = {"act_add",
             "INSERT INTO act (id, pseudonym, verb, kind, version, language, html_sha256, wording,"
             " form, at) VALUES (%s, %s, %s, %s, %lld, %s, %s, %s, %s, %lld)",
             "", "add an act"},
    [LIST] = {"act_list",
              "SELECT verb, kind, version, language, html_sha256, wording, form, at FROM act"
              " WHERE pseudonym = %s ORDER BY at, id LIMIT 10000",
              "ssissssi", "all acts of a person"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_act_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                        const pd_datakey_t *key, const pd_act_t *act, apr_pool_t *p)
{
    const char *id = pd_random_uuid7(pd_clock_now(), p);
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_act_sql[ADD],
                     PD_ARGS(PD_T(id), PD_T(pseudonym), PD_T(act->verb), PD_T(act->kind),
                             PD_N(act->version), PD_T(act->language), PD_T(act->html_sha256),
                             PD_T(act->wording), PD_T(act->form), PD_N(act->at)),
                     p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(
        json_pack("{s:s, s:s, s:s, s:I, s:s}", "act", id, "verb", act->verb, "kind", act->kind,
                  "version", (json_int_t)act->version, "html_sha256", act->html_sha256),
        p);
    return pd_journal_add(conn, portal, PD_EVENT_ACT, person_id, details, key, p);
}

apr_status_t pd_act_list(apr_array_header_t **acts, const pd_portal_t *portal,
                         const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *found;
    const char *pseudonym = pd_person_pseudonym(portal, person_id, p);
    *acts = apr_array_make(p, 4, sizeof(pd_act_t));
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_act_sql[LIST], PD_ARGS(PD_T(pseudonym)), ACTS_MAX, p);
    if (status != APR_SUCCESS)
        return status;
    for (int i = 0; i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        APR_ARRAY_PUSH(*acts, pd_act_t) =
            (pd_act_t){cell[0].text, cell[1].text, cell[2].number, cell[3].text,
                       cell[4].text, cell[5].text, cell[6].text,   cell[7].number};
    }
    return APR_SUCCESS;
}
