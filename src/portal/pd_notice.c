/* Writing notices, and the letters that tell of them. */
#include "portal/pd_notice.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "portal/pd_account_letter.h"
#include "portal/pd_act.h"
#include "portal/pd_json_int.h"
#include "portal/pd_notice_int.h"
#include "portal/pd_notice_setting.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

enum { ADD, KEY, OFF, TOLD };

const pd_sql_t pd_notice_sql[] = {
    [ADD] = {"notice_add",
             "INSERT INTO notice (id, person_id, kind, content, letter, created_at, read_at)"
             " VALUES (%s, %s, %s, %s, %s, %lld, 0)",
             "", "a notice"},
    [KEY] = {"notice_key", "SELECT data_key FROM person WHERE id = %s", "s",
             "what a notice is sealed with"},
    [OFF] = {"notice_is_off", "SELECT COUNT(*) FROM notice_off WHERE person_id = %s AND kind = %s",
             "i", "whether a person turned a kind off"},
    [TOLD] = {"notice_told",
              "SELECT COUNT(*) FROM notice n WHERE n.person_id = %s AND n.read_at = 0"
              " AND n.letter = %s AND n.created_at > %lld"
              " AND COALESCE((SELECT l.state FROM letter l WHERE l.person_id = n.person_id"
              " AND l.kind = n.letter ORDER BY l.created_at DESC LIMIT 1), 'sent') <> 'failed'",
              "i", "whether a letter told of something that is still unread, or is on its way"},
    {NULL, NULL, NULL, NULL}};

/* Those of one event, but for the yearly review, have the name of the letter that goes beside. */
#define EVENT(id)                                                                                  \
    {                                                                                              \
        id, "4.1.4", NULL, PD_BASIS_PURPOSE, PD_NOTICE_OF_EVENT, NULL                              \
    }
#define OPTIONAL(id)                                                                               \
    {                                                                                              \
        id, "4.1.3", PD_NOTICE_CONSENT, PD_BASIS_PURPOSE, PD_NOTICE_TO_MANY, "notice-optional"     \
    }

const pd_notice_kind_t pd_notice_kinds[] = {
    EVENT("new-place"),
    EVENT("password"),
    EVENT("password-changed"),
    EVENT("password-expired"),
    EVENT("login-changed"),
    EVENT("email-changed"),
    EVENT("email-restored"),
    EVENT("second-factor"),
    {"consent-withdrawn", "4.1.3", NULL, PD_BASIS_LAW, PD_NOTICE_OF_EVENT, NULL},
    {"review", "4.1.5", NULL, PD_BASIS_PURPOSE, PD_NOTICE_OF_EVENT, "notice"},
    {"message", "4.1.3", NULL, PD_BASIS_PURPOSE, PD_NOTICE_TO_ONE, "notice"},
    OPTIONAL("news"),
    OPTIONAL("survey"),
    {.id = NULL}};

const pd_notice_kind_t *pd_notice_kind_find(const char *id)
{
    for (const pd_notice_kind_t *kind = pd_notice_kinds; kind->id; kind++) {
        if (strcmp(kind->id, id) == 0)
            return kind;
    }
    return NULL;
}

/* Looked at before the register of purposes is asked: what somebody never agreed to is no refused
 * use. */
apr_status_t pd_notice_wanted(int *wanted, pd_conn_t *conn, const pd_portal_t *portal,
                              const char *person_id, const pd_notice_kind_t *kind, apr_pool_t *p)
{
    const pd_rows_t *rows;
    pd_act_t act;
    *wanted = 1;
    if (!kind->consent)
        return APR_SUCCESS;
    apr_status_t status = pd_act_last(&act, conn, portal, person_id, kind->consent, p);
    *wanted = status == APR_SUCCESS && act.sequence > 0 && strcmp(act.verb, PD_ACT_CONSENTED) == 0;
    if (!*wanted)
        return status;
    status = pd_conn_read(&rows, conn, &pd_notice_sql[OFF],
                          PD_ARGS(PD_T(person_id), PD_T(kind->id)), 1, p);
    *wanted = status == APR_SUCCESS && PD_ROW(rows, 0)[0].number == 0;
    return status;
}

static apr_status_t is_lawful(int *lawful, pd_conn_t *conn, const pd_portal_t *portal,
                              const char *person_id, const pd_notice_kind_t *kind, apr_pool_t *p)
{
    pd_use_t use = {.what = apr_pstrcat(p, "notice ", kind->id, NULL),
                    .purpose = kind->purpose,
                    .consent = kind->consent,
                    .basis = kind->basis};
    pd_use_e outcome;
    apr_status_t status = pd_purpose_use_within(&outcome, conn, portal, &use, person_id, p);
    *lawful = status == APR_SUCCESS && outcome == PD_USE_LAWFUL;
    return status;
}

/* What one notice is made of. */
typedef struct work_t {
    pd_conn_t *conn;
    const pd_portal_t *portal;
    const char *person_id;
    const pd_notice_kind_t *kind;
    const pd_datakey_t *key;
    const char *letter; /* that told of it, or "" */
    apr_pool_t *p;
} work_t;

static apr_status_t open_key(work_t *work)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, work->conn, &pd_notice_sql[KEY],
                                       PD_ARGS(PD_T(work->person_id)), 1, work->p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    return pd_datakey_unwrap(&work->key, work->portal->keys, PD_ROW(rows, 0)[0].text,
                             work->person_id, work->p);
}

static apr_status_t write_letter(work_t *work)
{
    int written;
    const char *url;
    pd_letter_t letter = {.kind = work->kind->letter,
                          .person_id = work->person_id,
                          .key = work->key,
                          .values = pd_value_map(work->p),
                          .always = 1,
                          .may_lack = 1};
    apr_status_t status = pd_outbox_address(&letter, work->conn, work->portal, work->p);
    if (status == APR_SUCCESS && work->kind->consent) {
        status = pd_unsubscribe_url(&url, work->portal, work->person_id, work->p);
        if (status == APR_SUCCESS)
            pd_value_set_text(letter.values, "unsubscribe_url", url, work->p);
    }
    if (status != APR_SUCCESS)
        return status;
    pd_value_set_text(letter.values, "inbox_url",
                      pd_account_url(work->portal, "account/inbox", work->p), work->p);
    status = pd_outbox_add(&written, work->conn, work->portal, &letter, work->p);
    if (status == APR_SUCCESS && written)
        work->letter = letter.kind;
    return status;
}

/* Of two at once the second waits, or each would write a letter; before the mailbox is locked,
 * never after (pd_outbox_add). Optional and obligatory kinds have letters of their own: what nobody
 * has to receive must not hold back what everybody has to. A letter that failed told nobody
 * anything. */
static apr_status_t tell(work_t *work)
{
    const pd_rows_t *rows;
    const char *name = apr_pstrcat(work->p, "notices ", work->person_id, NULL);
    apr_status_t status = pd_conn_lock_name(work->conn, name, work->p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&rows, work->conn, &pd_notice_sql[TOLD],
                              PD_ARGS(PD_T(work->person_id), PD_T(work->kind->letter),
                                      PD_N(pd_clock_now() - PD_NOTICE_BURST)),
                              1, work->p);
    if (status != APR_SUCCESS || PD_ROW(rows, 0)[0].number > 0)
        return status;
    return write_letter(work);
}

static int add_text(void *object, const char *name, const char *text)
{
    return json_object_set_new(object, name, json_string(text)) == 0;
}

static apr_status_t insert(const work_t *work, const apr_table_t *values)
{
    apr_pool_t *p = work->p;
    const char *sealed;
    apr_time_t now = pd_clock_now();
    const char *id = pd_random_uuid7(now, p);
    json_t *object = json_object();
    int whole = !values || apr_table_do(add_text, object, values, NULL);
    const char *text = pd_json_text(object, p);
    if (!whole || !text)
        return PD_ETEXT;
    apr_status_t status = pd_seal(&sealed, work->key, PD_NOTICE_PLACE, id, text, p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, work->conn, &pd_notice_sql[ADD],
                        PD_ARGS(PD_T(id), PD_T(work->person_id), PD_T(work->kind->id), PD_T(sealed),
                                PD_T(work->letter), PD_N(now)),
                        p);
}

apr_status_t pd_notice_offer(int *taken, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *person_id, const char *id, const apr_table_t *values,
                             apr_pool_t *p)
{
    const pd_notice_kind_t *kind = pd_notice_kind_find(id);
    work_t work = {conn, portal, person_id, kind, NULL, "", p};
    *taken = 0;
    if (!kind)
        return APR_EINVAL;
    apr_status_t status = pd_notice_wanted(taken, conn, portal, person_id, kind, p);
    if (status == APR_SUCCESS && *taken)
        status = is_lawful(taken, conn, portal, person_id, kind, p);
    if (status != APR_SUCCESS || !*taken)
        return status;
    status = open_key(&work);
    if (status == APR_SUCCESS && kind->letter)
        status = tell(&work);
    return status == APR_SUCCESS ? insert(&work, values) : status;
}

apr_status_t pd_notice_add(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                           const char *kind, const apr_table_t *values, apr_pool_t *p)
{
    int taken;
    return pd_notice_offer(&taken, conn, portal, person_id, kind, values, p);
}
