/* An export in JSON, a page of rows at a time; jansson writes each row. */
#include <apr_strings.h>
#include "base/pd_zone.h"
#include "portal/pd_export.h"
#include "portal/pd_json_int.h"

/* jansson refuses what is not UTF-8; such bytes can only be of old rows, and become "?". */
static json_t *text_value(const char *text, apr_pool_t *p)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *mended = apr_pstrdup(p, text);
    for (char *at = mended; *at != '\0'; at++) {
        if (*at & 0x80)
            *at = '?';
    }
    return json_string(mended);
}

static json_t *object_value(const char *text)
{
    json_t *object = *text != '\0' ? json_loads(text, 0, NULL) : NULL;
    return object != NULL ? object : json_null();
}

static json_t *cell_value(const pd_export_cell_t *cell, apr_pool_t *p)
{
    switch (cell->kind) {
    case PD_EXPORT_NUMBER:
        return json_integer(cell->number);
    case PD_EXPORT_FLAG:
        return json_boolean(cell->number != 0);
    case PD_EXPORT_INSTANT:
        return cell->number != 0 ? json_string(pd_time_rfc3339(cell->number, p)) : json_null();
    case PD_EXPORT_OBJECT:
        return object_value(cell->text);
    default:
        return text_value(cell->text, p);
    }
}

static const char *row_text(const pd_export_row_t *row, apr_pool_t *p)
{
    json_t *object = json_object();
    for (int i = 0; i < row->nelts; i++) {
        const pd_export_cell_t *cell = &APR_ARRAY_IDX(row, i, pd_export_cell_t);
        json_object_set_new(object, cell->name, cell_value(cell, p));
    }
    return pd_json_text(object, p);
}

void pd_export_json_begin(pd_buf_t *to, const pd_export_t *export, apr_pool_t *p)
{
    const pd_settings_t *settings = export->portal->settings;
    json_t *head = json_pack(
        "{s:s, s:i, s:o, s:s, s:s, s:s}", "format", "mod_pdportal export", "version",
        PD_EXPORT_VERSION, "site", text_value(settings->site_name, p), "url", settings->base_url,
        "person", export->person.id, "made_at", pd_time_rfc3339(export->made_at, p));
    const char *text = pd_json_text(head, p);
    /* The object stays open: the sections follow. */
    pd_buf_add(to, text != NULL ? text : "{", text != NULL ? strlen(text) - 1 : 1);
    pd_buf_puts(to, ",\n\"sections\":{");
}

apr_status_t pd_export_json_page(pd_buf_t *to, const pd_export_page_t *page, apr_pool_t *p)
{
    if (page->begins)
        pd_buf_printf(to, "%s\n\"%s\":[", page->section == pd_export_sections ? "" : ",",
                      page->section->name);
    for (int i = 0; i < page->rows->nelts; i++) {
        const char *text = row_text(APR_ARRAY_IDX(page->rows, i, const pd_export_row_t *), p);
        if (text == NULL)
            return APR_ENOMEM;
        pd_buf_puts(to, page->follows || i > 0 ? ",\n" : "\n");
        pd_buf_puts(to, text);
    }
    if (page->ends)
        pd_buf_putc(to, ']');
    return to->overflow ? PD_ESQL : APR_SUCCESS;
}

void pd_export_json_end(pd_buf_t *to)
{
    pd_buf_puts(to, "},\n\"complete\":true}\n");
}
