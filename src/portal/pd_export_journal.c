/* The journal in an export: what was done with the data, when, and by whom. Of the staff the person
 * learns the role, not the name; who did a thing himself, or a program, is called so. */
#include <apr_strings.h>
#include <string.h>
#include "portal/pd_export.h"
#include "portal/pd_export_int.h"
#include "portal/pd_json_int.h"
#include "portal/pd_tables_int.h"

#define ROLES_MAX 20
#define ID_CHARS  36 /* of a person: all others that a "by" may hold are words */

enum { NEWEST, EVENTS, ROLES };

const pd_sql_t pd_export_journal_sql[] = {
    [NEWEST] = {"export_newest_event",
                "SELECT at FROM journal WHERE subject = %s ORDER BY at DESC LIMIT 1", "i",
                "up to where there are events now"},
    /* Rows of one instant follow by host and number. A letter that failed shows among the letters;
     * here it could tell whether an address asked for is somebody's. */
    [EVENTS] = {"export_events",
                "SELECT host, sequence, at, event, details FROM journal WHERE subject = %s"
                " AND event <> 'letter.failed' AND at >= %lld AND at <= %lld AND (at > %lld OR "
                "host > %s OR (host = %s"
                " AND sequence > %lld)) ORDER BY at, host, sequence LIMIT %lld",
                "siiss", "events of a person, oldest first"},
    [ROLES] = {"export_actor_roles",
               "SELECT role FROM role WHERE person_id = %s ORDER BY role LIMIT 20", "s",
               "as what somebody acts"},
    {NULL, NULL, NULL, NULL}};

pd_export_place_t pd_export_read_place(const pd_export_t *export)
{
    pd_export_place_t place = {0, 0, ""};
    char *rest;
    if (*export->after != '\0') {
        place.at = apr_strtoi64(export->after, &rest, 10);
        place.sequence = apr_strtoi64(rest + 1, &rest, 10);
        place.host = rest + 1;
    }
    return place;
}

apr_status_t pd_export_keep_place(pd_export_t *export, const pd_cell_t *cell, apr_pool_t *p)
{
    return pd_export_go_on(
        export, apr_pstrcat(p, cell[2].text, " ", cell[1].text, " ", cell[0].text, NULL));
}

apr_status_t pd_export_read_roles(const char **roles, const pd_export_t *export, const char *id,
                                  apr_pool_t *p)
{
    const pd_rows_t *found;
    *roles = "staff";
    apr_status_t status = pd_db_read(&found, export->portal->db, &pd_export_journal_sql[ROLES],
                                     PD_ARGS(PD_T(id)), ROLES_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        *roles = i == 0 ? PD_ROW(found, i)[0].text
                        : apr_pstrcat(p, *roles, ", ", PD_ROW(found, i)[0].text, NULL);
    return status;
}

static apr_status_t read_actor(const char **by, const pd_export_t *export, json_t *details,
                               apr_pool_t *p)
{
    const char *actor = json_string_value(json_object_get(details, "by"));
    *by = "";
    if (actor == NULL)
        return APR_SUCCESS;
    if (strcmp(actor, export->person.id) == 0) {
        *by = "person";
        return APR_SUCCESS;
    }
    if (strlen(actor) == ID_CHARS)
        return pd_export_read_roles(by, export, actor, p);
    *by = apr_pstrdup(p, actor);
    return APR_SUCCESS;
}

/* What concerns the system, too, is sealed with its key; of a key that is gone nothing is left. */
static json_t *open_details(const pd_export_t *export, const pd_cell_t *cell, apr_pool_t *p)
{
    const char *row = apr_pstrcat(p, cell[0].text, "/", cell[1].text, NULL);
    const pd_datakey_t *keys[] = {export->person.key, pd_datakey_system(export->portal->keys, p)};
    const char *text;
    for (int i = 0; *cell[4].text != '\0' && i < 2; i++) {
        if (pd_open(&text, keys[i], "journal.details", row, cell[4].text, p) == APR_SUCCESS)
            return json_loads(text, 0, NULL);
    }
    return NULL;
}

static apr_status_t add_event(apr_array_header_t *rows, const pd_export_t *export,
                              const pd_cell_t *cell, apr_pool_t *p)
{
    const char *by;
    pd_export_row_t *row = pd_export_add_row(rows, p);
    json_t *details = open_details(export, cell, p);
    apr_status_t status = read_actor(&by, export, details, p);
    json_object_del(details, "by");
    const char *text = details != NULL && json_object_size(details) > 0
                           ? pd_json_text(json_incref(details), p)
                           : "";
    json_decref(details);
    pd_export_add(row, "at", PD_EXPORT_INSTANT, cell[2].text, cell[2].number);
    pd_export_add(row, "event", PD_EXPORT_WORD, cell[3].text, 0);
    pd_export_add(row, "by", PD_EXPORT_WORD, by, 0);
    pd_export_add(row, "details", PD_EXPORT_OBJECT, text != NULL ? text : "", 0);
    return status;
}

/* What is written while the file goes out is not in it, or it might never end. Not by the clock:
 * one that was put back would hide what was written before. */
static apr_status_t read_newest(pd_export_t *export, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, export->portal->db, &pd_export_journal_sql[NEWEST],
                                     PD_ARGS(PD_T(export->person.id)), 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) > 0)
        export->newest = PD_ROW(found, 0)[0].number;
    return status;
}

apr_status_t pd_export_read_journal(apr_array_header_t *rows, pd_export_t *export, apr_pool_t *p)
{
    const pd_rows_t *found = NULL;
    const int page = export->section->page;
    const pd_export_place_t after = pd_export_read_place(export);
    apr_status_t status = export->begun ? APR_SUCCESS : read_newest(export, p);
    if (status == APR_SUCCESS)
        status = pd_db_read(&found, export->portal->db, &pd_export_journal_sql[EVENTS],
                            PD_ARGS(PD_T(export->person.id), PD_N(after.at), PD_N(export->newest),
                                    PD_N(after.at), PD_T(after.host), PD_T(after.host),
                                    PD_N(after.sequence), PD_N(page)),
                            page, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        status = add_event(rows, export, PD_ROW(found, i), p);
    export->more = status == APR_SUCCESS && PD_ROW_COUNT(found) == page;
    if (export->more)
        status = pd_export_keep_place(export, PD_ROW(found, page - 1), p);
    return status;
}
