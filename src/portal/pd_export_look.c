/* Looks at lists of people in an export: each that was noted since the account was begun, unless
 * the list can't have held the person. What stood on a list isn't kept, so the file says of these
 * that they may have included the person, and no more.
 *
 * That an act is not in the ledger is no proof that the person was not among those who had done it:
 * acts go with their term. So no list of a document is left out, of whatever kind and whichever
 * people. Left out are: the staff, for who never had a task; withdrawals, for who has none (they
 * stay as long as the act that they are of); searches in the ledger that found nothing. */
#include <apr_strings.h>
#include <string.h>
#include "base/pd_status.h"
#include "portal/pd_export.h"
#include "portal/pd_export_int.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_look.h"
#include "portal/pd_tables_int.h"

enum { NEWEST, LOOKS, STANDS };

const pd_sql_t pd_export_look_sql[] = {
    [NEWEST] = {"export_newest_look",
                "SELECT at FROM journal WHERE event = 'staff.look' AND at >= %lld"
                " ORDER BY at DESC LIMIT 1",
                "i", "up to where there are looks now"},
    [LOOKS] = {"export_looks",
               "SELECT host, sequence, at, subject, details FROM journal"
               " WHERE event = 'staff.look' AND at >= %lld AND at <= %lld AND (at > %lld OR"
               " host > %s OR (host = %s AND sequence > %lld))"
               " ORDER BY at, host, sequence LIMIT %lld",
               "siiss", "looks at lists of people, oldest first"},
    [STANDS] = {"export_stands",
                "SELECT (SELECT COUNT(*) FROM role r WHERE r.person_id = p.id),"
                " (SELECT COUNT(*) FROM withdrawal w WHERE w.person_id = p.id)"
                " FROM person p WHERE p.id = %s",
                "ii", "whether the person can be on the lists that few are on"},
    {NULL, NULL, NULL, NULL}};

typedef struct stands_t {
    int among_staff, among_withdrawals;
} stands_t;

/* A look, read. */
typedef struct look_t {
    const char *by, *login;
    json_t *details; /* NULL: they can't be read any more */
} look_t;

static const char *member(const look_t *look, const char *name)
{
    const char *text = json_string_value(json_object_get(look->details, name));
    return text != NULL ? text : "";
}

static apr_int64_t number(const look_t *look, const char *name)
{
    return json_integer_value(json_object_get(look->details, name));
}

/* Who looked: the program, whose details are the system's, or somebody who may be no more. */
static apr_status_t read_looker(look_t *look, const pd_datakey_t **key, const pd_export_t *export,
                                const char *id, apr_pool_t *p)
{
    pd_person_t looker;
    *key = NULL;
    if (*id == '\0')
        return APR_SUCCESS;
    apr_status_t status = pd_person_get(&looker, export->portal, id, p);
    if (status == APR_ENOENT) {
        look->by = "gone";
        return APR_SUCCESS;
    }
    if (status == APR_SUCCESS) {
        look->login = looker.login;
        *key = looker.key;
    }
    else if (status != PD_ESEAL)
        return status;
    if (strcmp(id, export->person.id) == 0) {
        look->by = "person";
        return APR_SUCCESS;
    }
    return pd_export_read_roles(&look->by, export, id, p);
}

/* `key` NULL where the row is somebody's: the key is gone, and with it the details. */
static apr_status_t open_details(look_t *look, const pd_export_t *export, const pd_cell_t *cell,
                                 const pd_datakey_t *key, apr_pool_t *p)
{
    const char *text;
    if (*cell[3].text != '\0' && key == NULL)
        return APR_SUCCESS;
    apr_status_t status = pd_journal_details(&text, export->portal, cell[0].text, cell[1].number,
                                             cell[4].text, key, p);
    if (status != APR_SUCCESS)
        return status == PD_ESEAL ? APR_SUCCESS : status;
    look->details = json_loads(text, 0, NULL);
    if (*cell[3].text == '\0')
        look->by = apr_pstrdup(p, member(look, "by"));
    return APR_SUCCESS;
}

static int may_hold(const look_t *look, const stands_t *stands)
{
    const char *list = member(look, "page");
    if (strcmp(list, PD_LOOK_STAFF) == 0)
        return stands->among_staff;
    if (strcmp(list, PD_LOOK_WITHDRAWALS) == 0)
        return stands->among_withdrawals;
    return strcmp(list, PD_LOOK_CONSENTS) != 0 || number(look, "acts") > 0;
}

static void add_text(pd_export_row_t *row, const char *name, pd_export_kind_e kind,
                     const char *text, apr_pool_t *p)
{
    pd_export_add(row, name, kind, apr_pstrdup(p, text), 0);
}

static void add_row(apr_array_header_t *rows, const look_t *look, const pd_cell_t *at,
                    apr_pool_t *p)
{
    const apr_int64_t version = number(look, "version");
    pd_export_row_t *row = pd_export_add_row(rows, p);
    pd_export_add(row, "at", PD_EXPORT_INSTANT, at->text, at->number);
    pd_export_add(row, "by", PD_EXPORT_WORD, look->by, 0);
    pd_export_add(row, "login", PD_EXPORT_TEXT, look->login, 0);
    add_text(row, "list", PD_EXPORT_WORD, look->details ? member(look, "page") : "unknown", p);
    add_text(row, "kind", PD_EXPORT_WORD, member(look, "kind"), p);
    pd_export_add(row, "version", PD_EXPORT_NUMBER,
                  version ? apr_psprintf(p, "%" APR_INT64_T_FMT, version) : "", version);
    add_text(row, "which", PD_EXPORT_WORD, member(look, "which"), p);
    add_text(row, "purpose", PD_EXPORT_WORD, member(look, "purpose"), p);
}

static apr_status_t add_look(apr_array_header_t *rows, const pd_export_t *export,
                             const stands_t *stands, const pd_cell_t *cell, apr_pool_t *p)
{
    look_t look = {"", "", NULL};
    const pd_datakey_t *key;
    apr_status_t status = read_looker(&look, &key, export, cell[3].text, p);
    if (status == APR_SUCCESS)
        status = open_details(&look, export, cell, key, p);
    if (status == APR_SUCCESS && may_hold(&look, stands))
        add_row(rows, &look, &cell[2], p);
    json_decref(look.details);
    return status;
}

static apr_status_t read_stands(stands_t *stands, const pd_export_t *export, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, export->portal->db, &pd_export_look_sql[STANDS],
                                     PD_ARGS(PD_T(export->person.id)), 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(found) == 0)
        status = APR_ENOENT;
    if (status == APR_SUCCESS)
        *stands = (stands_t){PD_ROW(found, 0)[0].number > 0, PD_ROW(found, 0)[1].number > 0};
    return status;
}

/* What is noted while the file goes out is not in it, as of the journal. */
static apr_status_t read_newest(pd_export_t *export, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, export->portal->db, &pd_export_look_sql[NEWEST],
                                     PD_ARGS(PD_N(export->person.created_at)), 1, p);
    if (status == APR_SUCCESS)
        export->newest = PD_ROW_COUNT(found) > 0 ? PD_ROW(found, 0)[0].number : 0;
    return status;
}

static apr_status_t read_page(const pd_rows_t **found, const pd_export_t *export, apr_pool_t *p)
{
    const int page = export->section->page;
    const pd_export_place_t after = pd_export_read_place(export);
    const apr_time_t from = export->begun ? after.at : export->person.created_at;
    return pd_db_read(found, export->portal->db, &pd_export_look_sql[LOOKS],
                      PD_ARGS(PD_N(from), PD_N(export->newest), PD_N(after.at), PD_T(after.host),
                              PD_T(after.host), PD_N(after.sequence), PD_N(page)),
                      page, p);
}

apr_status_t pd_export_read_looks(apr_array_header_t *rows, pd_export_t *export, apr_pool_t *p)
{
    const pd_rows_t *found = NULL;
    stands_t stands = {0, 0};
    apr_status_t status = export->begun ? APR_SUCCESS : read_newest(export, p);
    if (status == APR_SUCCESS)
        status = read_stands(&stands, export, p);
    if (status == APR_SUCCESS)
        status = read_page(&found, export, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++)
        status = add_look(rows, export, &stands, PD_ROW(found, i), p);
    export->more = status == APR_SUCCESS && PD_ROW_COUNT(found) == export->section->page;
    if (export->more)
        status = pd_export_keep_place(export, PD_ROW(found, export->section->page - 1), p);
    return status;
}
