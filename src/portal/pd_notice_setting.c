/* Settings of optional notices. */
#include "portal/pd_notice_setting.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define PLACE           "unsubscribe"
#define TOKEN_BYTES_MAX 300
#define KINDS_MAX       64

enum { LIST, TURN_OFF, TURN_ON, DROP, DESTROY, DESTROY_LETTERS };

const pd_sql_t pd_notice_setting_sql[] = {
    [LIST] = {"notice_off_list", "SELECT kind FROM notice_off WHERE person_id = %s LIMIT 64", "s",
              "the kinds that a person turned off"},
    [TURN_OFF] = {"notice_turn_off",
                  "INSERT INTO notice_off (person_id, kind) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                  "", "a kind is not wanted"},
    [TURN_ON] = {"notice_turn_on", "DELETE FROM notice_off WHERE person_id = %s AND kind = %s", "",
                 "a kind is wanted again"},
    [DROP] = {"notice_drop_letters",
              "DELETE FROM letter WHERE person_id = %s AND kind = 'notice-optional'"
              " AND state = 'queued'",
              "", "letters that nobody wants any more"},
    [DESTROY] = {"notice_destroy", "DELETE FROM notice WHERE person_id = %s AND kind = %s", "",
                 "notices of a kind whose consent was taken back"},
    [DESTROY_LETTERS] = {"notice_destroy_letters",
                         "DELETE FROM letter WHERE person_id = %s AND kind = 'notice-optional'"
                         " AND state <> 'sending'",
                         "", "letters that told of them"},
    {NULL, NULL, NULL, NULL}};

static apr_uint64_t optional_kinds(void)
{
    apr_uint64_t all = 0;
    for (int i = 0; pd_notice_kinds[i].id; i++)
        all |= pd_notice_kinds[i].consent ? PD_NOTICE_BIT(i) : 0;
    return all;
}

static apr_uint64_t kinds_of(const pd_rows_t *rows)
{
    apr_uint64_t kinds = 0;
    for (int i = 0; i < PD_ROW_COUNT(rows); i++) {
        const pd_notice_kind_t *kind = pd_notice_kind_find(PD_ROW(rows, i)[0].text);
        if (kind)
            kinds |= PD_NOTICE_BIT(kind - pd_notice_kinds);
    }
    return kinds;
}

apr_status_t pd_notice_setting_get(apr_uint64_t *off, const pd_portal_t *portal,
                                   const char *person_id, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_notice_setting_sql[LIST],
                                     PD_ARGS(PD_T(person_id)), KINDS_MAX, p);
    *off = status == APR_SUCCESS ? kinds_of(rows) : 0;
    return status;
}

apr_status_t pd_notice_setting_wanted(int *wanted, pd_conn_t *conn, const char *person_id,
                                      apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_notice_setting_sql[LIST],
                                       PD_ARGS(PD_T(person_id)), KINDS_MAX, p);
    *wanted = status == APR_SUCCESS && (optional_kinds() & ~kinds_of(rows)) != 0;
    return status;
}

typedef struct put_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    apr_uint64_t off;
    const char *by; /* for the journal */
} put_t;

static apr_status_t journal(const put_t *put, pd_conn_t *conn, apr_pool_t *p)
{
    json_t *off = json_array();
    for (int i = 0; pd_notice_kinds[i].id; i++) {
        if (put->off & PD_NOTICE_BIT(i))
            json_array_append_new(off, json_string(pd_notice_kinds[i].id));
    }
    const char *details = pd_json_text(json_pack("{s:s, s:o}", "by", put->by, "off", off), p);
    return pd_journal_add(conn, put->portal, PD_EVENT_NOTICES_SET, put->person->id, details,
                          put->person->key, p);
}

static apr_status_t put_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const put_t *put = baton;
    const char *id = put->person->id;
    apr_status_t status = APR_SUCCESS;
    int changed = 0, affected;
    for (int i = 0; pd_notice_kinds[i].id && status == APR_SUCCESS; i++) {
        if (!pd_notice_kinds[i].consent)
            continue;
        int statement = put->off & PD_NOTICE_BIT(i) ? TURN_OFF : TURN_ON;
        status = pd_conn_exec(&affected, conn, &pd_notice_setting_sql[statement],
                              PD_ARGS(PD_T(id), PD_T(pd_notice_kinds[i].id)), p);
        changed += status == APR_SUCCESS ? affected : 0;
    }
    if (status == APR_SUCCESS && put->off == optional_kinds())
        status = pd_conn_exec(NULL, conn, &pd_notice_setting_sql[DROP], PD_ARGS(PD_T(id)), p);
    return status == APR_SUCCESS && changed > 0 ? journal(put, conn, p) : status;
}

apr_status_t pd_notice_setting_destroy(pd_conn_t *conn, const char *person_id, apr_pool_t *p)
{
    static const int statements[] = {DESTROY, TURN_ON};
    apr_status_t status = APR_SUCCESS;
    for (int i = 0; pd_notice_kinds[i].id; i++) {
        for (int k = 0; k < 2 && pd_notice_kinds[i].consent && status == APR_SUCCESS; k++)
            status = pd_conn_exec(NULL, conn, &pd_notice_setting_sql[statements[k]],
                                  PD_ARGS(PD_T(person_id), PD_T(pd_notice_kinds[i].id)), p);
    }
    return status == APR_SUCCESS ? pd_conn_exec(NULL, conn, &pd_notice_setting_sql[DESTROY_LETTERS],
                                                PD_ARGS(PD_T(person_id)), p)
                                 : status;
}

static apr_status_t put_as(const pd_portal_t *portal, const char *person_id, apr_uint64_t off,
                           const char *by, apr_pool_t *p)
{
    pd_person_t person;
    put_t put = {portal, &person, off & optional_kinds(), by};
    apr_status_t status = pd_person_get(&person, portal, person_id, p);
    return status == APR_SUCCESS ? pd_db_transact(portal->db, put_step, &put, p) : status;
}

apr_status_t pd_notice_setting_put(const pd_portal_t *portal, const char *person_id,
                                   apr_uint64_t off, apr_pool_t *p)
{
    return put_as(portal, person_id, off, "person", p);
}

apr_status_t pd_unsubscribe_url(const char **url, const pd_portal_t *portal, const char *person_id,
                                apr_pool_t *p)
{
    const char *token;
    apr_status_t status =
        pd_seal(&token, pd_datakey_system(portal->keys, p), PLACE, "", person_id, p);
    if (status == APR_SUCCESS)
        *url = pd_account_url(portal, apr_pstrcat(p, "unsubscribe?t=", token, NULL), p);
    return status;
}

/* NULL: of no token. */
static const char *person_of(const pd_portal_t *portal, const char *token, apr_pool_t *p)
{
    const char *person_id;
    if (!token || strlen(token) > TOKEN_BYTES_MAX)
        return NULL;
    apr_status_t status =
        pd_open(&person_id, pd_datakey_system(portal->keys, p), PLACE, "", token, p);
    return status == APR_SUCCESS ? person_id : NULL;
}

/* Somebody who is gone gets no letters. */
apr_status_t pd_unsubscribe(int *retry_after, const pd_portal_t *portal, const pd_client_t *client,
                            const char *token, apr_pool_t *p)
{
    pd_guess_t guess;
    *retry_after = pd_guess_code(&guess, portal, client, p);
    const char *person_id = *retry_after ? NULL : person_of(portal, token, p);
    if (!person_id)
        return APR_SUCCESS;
    pd_guess_right(&guess);
    apr_status_t status = put_as(portal, person_id, optional_kinds(), "link", p);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS;
    if (status == APR_SUCCESS)
        pd_log(PD_LOG_INFO, 0, "PD0830: person %s left optional letters", person_id);
    return status;
}
