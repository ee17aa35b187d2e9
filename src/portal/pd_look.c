/* A look is a row of the journal, in a transaction of its own. */
#include "portal/pd_look.h"
#include <string.h>
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_role.h"

typedef struct look_t {
    const pd_portal_t *portal;
    const char *event;
    const pd_person_t *subject;
    const char *details;
} look_t;

static apr_status_t look_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const look_t *look = baton;
    return pd_journal_add(conn, look->portal, look->event, look->subject->id, look->details,
                          look->subject->key, p);
}

apr_status_t pd_look_note(const pd_portal_t *portal, const pd_person_t *person, const char *by,
                          const char *what, const char *purpose, apr_pool_t *p)
{
    const char *details =
        pd_json_text(json_pack("{s:s, s:s, s:s}", "by", by, "what", what, "purpose", purpose), p);
    look_t look = {portal, PD_EVENT_PERSON_LOOKED_AT, person, details};
    return pd_db_transact(portal->db, look_step, &look, p);
}

/* Members that the list doesn't have are left out. */
static const char *list_details(const char *by, const pd_look_list_t *look, apr_pool_t *p)
{
    json_t *version = look->version ? json_integer((json_int_t)look->version) : NULL;
    return pd_json_text(json_pack("{s:s, s:s, s:s*, s:o*, s:s*, s:s}", "by", by, "page", look->list,
                                  "kind", look->kind, "version", version, "which", look->which,
                                  "purpose", look->purpose),
                        p);
}

apr_status_t pd_look_note_list(const pd_portal_t *portal, const char *by,
                               const pd_look_list_t *list, apr_pool_t *p)
{
    pd_person_t looker = {.id = "", .key = NULL}; /* nobody where the program looks */
    apr_status_t status =
        strcmp(by, PD_ROLE_BY_PROGRAM) == 0 ? APR_SUCCESS : pd_person_get(&looker, portal, by, p);
    if (status != APR_SUCCESS)
        return status;
    look_t look = {portal, PD_EVENT_STAFF_LOOK, &looker, list_details(by, list, p)};
    return pd_db_transact(portal->db, look_step, &look, p);
}
