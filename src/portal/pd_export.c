/* Links of an export, and the walk through the sections. */
#include "portal/pd_export.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_export_int.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_link.h"
#include "portal/pd_origin.h"

const char *const pd_export_formats[] = {
    [PD_EXPORT_JSON] = "json", [PD_EXPORT_HTML] = "html", [PD_EXPORT_FORMATS] = NULL};

typedef struct errand_t {
    const pd_portal_t *portal;
    const pd_export_who_t *who;
    const pd_datakey_t *key;
    pd_export_format_e format;
    const char *token;   /* to be used */
    const char **tokens; /* made */
    int taken;
} errand_t;

/* A link is good in its session alone: that is part of what it is for. */
static const char *purpose_of(const pd_export_who_t *who, int format, apr_pool_t *p)
{
    return apr_pstrcat(p, PD_LINK_EXPORT " ", pd_export_formats[format], " ", who->session_id,
                       NULL);
}

static apr_status_t ask_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    errand_t *ask = baton;
    apr_status_t status = APR_SUCCESS;
    apr_time_t until = pd_clock_now() + PD_EXPORT_LIFETIME;
    for (int i = 0; status == APR_SUCCESS && i < PD_EXPORT_FORMATS; i++)
        status = pd_link_make(&ask->tokens[i], conn, ask->who->person_id,
                              purpose_of(ask->who, i, p), until, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(json_pack("{s:s}", "session", ask->who->session_id), p);
    return pd_journal_add(conn, ask->portal, PD_EVENT_EXPORT_ASKED, ask->who->person_id, details,
                          ask->key, p);
}

apr_status_t pd_export_ask(const char *tokens[PD_EXPORT_FORMATS], const pd_portal_t *portal,
                           const pd_export_who_t *who, apr_pool_t *p)
{
    pd_person_t person;
    apr_status_t status = pd_person_get(&person, portal, who->person_id, p);
    errand_t ask = {.portal = portal, .who = who, .key = person.key, .tokens = tokens};
    return status == APR_SUCCESS ? pd_db_transact(portal->db, ask_step, &ask, p) : status;
}

static apr_status_t take_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    errand_t *take = baton;
    apr_status_t status = pd_link_use(&take->taken, conn, take->token,
                                      purpose_of(take->who, (int)take->format, p), p);
    if (status != APR_SUCCESS || !take->taken)
        return status;
    const char *details =
        pd_json_text(json_pack("{s:s, s:s}", "format", pd_export_formats[take->format], "session",
                               take->who->session_id),
                     p);
    return pd_journal_add(conn, take->portal, PD_EVENT_EXPORT_MADE, take->who->person_id, details,
                          take->key, p);
}

apr_status_t pd_export_take(int *taken, const pd_portal_t *portal, const pd_export_who_t *who,
                            pd_export_format_e format, const char *token, apr_pool_t *p)
{
    pd_person_t person;
    pd_link_e link;
    const char *owner;
    *taken = 0;
    apr_status_t status =
        pd_link_look(&link, &owner, portal, token, purpose_of(who, (int)format, p), p);
    if (status != APR_SUCCESS || link != PD_LINK_GOOD)
        return status;
    status = pd_person_get(&person, portal, who->person_id, p);
    errand_t take = {
        .portal = portal, .who = who, .key = person.key, .format = format, .token = token};
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, take_step, &take, p);
    *taken = status == APR_SUCCESS && take.taken;
    return status;
}

apr_status_t pd_export_begin(pd_export_t **export, const pd_portal_t *portal, const char *person_id,
                             const char *language, apr_pool_t *p)
{
    pd_export_t *made = apr_pcalloc(p, sizeof(*made));
    made->portal = portal;
    made->language = language;
    made->made_at = pd_clock_now();
    made->section = pd_export_sections;
    *export = made;
    return pd_person_get(&made->person, portal, person_id, p);
}

static void next_section(pd_export_t *export)
{
    export->section++;
    export->after[0] = '\0';
    export->begun = 0;
    export->given = 0;
}

apr_status_t pd_export_next(pd_export_page_t *page, pd_export_t *export, apr_pool_t *p)
{
    const pd_export_section_t *section = export->section;
    *page = (pd_export_page_t){.section = NULL};
    if (section->name == NULL)
        return APR_SUCCESS;
    apr_array_header_t *rows = apr_array_make(p, section->page, sizeof(pd_export_row_t *));
    export->more = 0;
    apr_status_t status = section->read(rows, export, p);
    if (status != APR_SUCCESS)
        return status;
    *page = (pd_export_page_t){section, rows, !export->begun, !export->more, export->given};
    export->begun = 1;
    export->given |= rows->nelts > 0;
    if (!export->more)
        next_section(export);
    return APR_SUCCESS;
}

pd_export_row_t *pd_export_add_row(apr_array_header_t *rows, apr_pool_t *p)
{
    pd_export_row_t *row = apr_array_make(p, 12, sizeof(pd_export_cell_t));
    APR_ARRAY_PUSH(rows, pd_export_row_t *) = row;
    return row;
}

void pd_export_add(pd_export_row_t *row, const char *name, pd_export_kind_e kind, const char *text,
                   apr_int64_t number)
{
    APR_ARRAY_PUSH(row, pd_export_cell_t) = (pd_export_cell_t){name, kind, text, number};
}

apr_status_t pd_export_go_on(pd_export_t *export, const char *key)
{
    if (strlen(key) >= sizeof(export->after))
        return PD_ESQL;
    apr_cpystrn(export->after, key, sizeof(export->after));
    return APR_SUCCESS;
}

/* Names of places are in the language of who reads: the code says the same to programs. */
static apr_status_t add_origin(pd_export_row_t *row, const pd_export_t *export,
                               const pd_export_column_t *column, const pd_cell_t *cell,
                               const char *key, apr_pool_t *p)
{
    pd_origin_t origin;
    apr_status_t status =
        pd_origin_open(&origin, export->person.key, column->place, key, cell->text, p);
    if (status != APR_SUCCESS)
        return status;
    const pd_place_t *place = &origin.place;
    pd_export_add(row, "browser", PD_EXPORT_TEXT, origin.agent.browser, 0);
    pd_export_add(row, "system", PD_EXPORT_TEXT, origin.agent.system, 0);
    pd_export_add(row, "network", PD_EXPORT_TEXT, origin.network, 0);
    pd_export_add(row, "country_code", PD_EXPORT_TEXT, place->country, 0);
    pd_export_add(row, "country", PD_EXPORT_TEXT, pd_place_country_name(place, export->language),
                  0);
    pd_export_add(row, "region", PD_EXPORT_TEXT, pd_place_region_name(place, export->language), 0);
    return APR_SUCCESS;
}

static apr_status_t add_sealed(pd_export_row_t *row, const pd_export_t *export,
                               const pd_export_column_t *column, const pd_cell_t *cell,
                               const char *key, apr_pool_t *p)
{
    const char *plain = "";
    apr_status_t status = APR_SUCCESS;
    if (*cell->text != '\0')
        status = pd_open(&plain, export->person.key, column->place, key, cell->text, p);
    if (status == APR_SUCCESS)
        pd_export_add(row, column->name,
                      column->kind == PD_EXPORT_SEALED ? PD_EXPORT_TEXT : PD_EXPORT_OBJECT, plain,
                      0);
    return status;
}

/* One column of a row; `key` is the row's. */
static apr_status_t add_cell(pd_export_row_t *row, const pd_export_t *export,
                             const pd_export_column_t *column, const pd_cell_t *cell,
                             const char *key, apr_pool_t *p)
{
    if (column->kind == PD_EXPORT_ORIGIN)
        return add_origin(row, export, column, cell, key, p);
    if (column->kind == PD_EXPORT_SEALED || column->kind == PD_EXPORT_SEALED_OBJECT)
        return add_sealed(row, export, column, cell, key, p);
    if (column->kind != PD_EXPORT_KEY)
        pd_export_add(row, column->name, column->kind, cell->text, cell->number);
    return APR_SUCCESS;
}

apr_status_t pd_export_read_table(apr_array_header_t *rows, pd_export_t *export, apr_pool_t *p)
{
    const pd_export_section_t *section = export->section;
    const pd_rows_t *found;
    const char *who = section->by_pseudonym
                          ? pd_person_pseudonym(export->portal, export->person.id, p)
                          : export->person.id;
    apr_status_t status =
        pd_db_read(&found, export->portal->db, section->sql,
                   PD_ARGS(PD_T(who), PD_T(export->after), PD_N(section->page)), section->page, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        pd_export_row_t *row = pd_export_add_row(rows, p);
        for (int j = 0; status == APR_SUCCESS && section->columns[j].name != NULL; j++)
            status = add_cell(row, export, &section->columns[j], &cell[j], cell[0].text, p);
        if (status == APR_SUCCESS)
            status = pd_export_go_on(export, cell[0].text);
    }
    export->more = status == APR_SUCCESS && PD_ROW_COUNT(found) == section->page;
    return status;
}
