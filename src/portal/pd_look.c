/* A look is a row of the journal, in a transaction of its own. */
#include "portal/pd_look.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"

typedef struct look_t {
    const pd_portal_t *portal;
    const pd_person_t *person;
    const char *by, *what, *purpose;
} look_t;

static apr_status_t look_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const look_t *look = baton;
    const char *details = pd_json_text(
        json_pack("{s:s, s:s, s:s}", "by", look->by, "what", look->what, "purpose", look->purpose),
        p);
    return pd_journal_add(conn, look->portal, PD_EVENT_PERSON_LOOKED_AT, look->person->id, details,
                          look->person->key, p);
}

apr_status_t pd_look_note(const pd_portal_t *portal, const pd_person_t *person, const char *by,
                          const char *what, const char *purpose, apr_pool_t *p)
{
    look_t look = {portal, person, by, what, purpose};
    return pd_db_transact(portal->db, look_step, &look, p);
}
