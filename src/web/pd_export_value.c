/* Makes the values: as many names as a template may ask for are set to something, for an absent one
 * would be looked up in the page around. */
#include "web/pd_export_value.h"
#include <apr_strings.h>
#include <jansson.h>
#include "web/pd_contracts.h"

/* Of "session.begun" it is "w_session_begun": names have no dots of their own. */
static const char *flag_of(const char *word, apr_pool_t *p)
{
    char *flag = apr_pstrcat(p, "w_", word, NULL);
    for (char *at = flag; *at != '\0'; at++) {
        if (*at == '-' || *at == '.' || *at == ' ') {
            *at = '_';
        }
    }
    return flag;
}

/* Has a template words for it? */
static int is_known(const char *flag)
{
    for (const pd_contract_t *page = pd_page_contracts; page->file != NULL; page++) {
        for (int i = 0; strcmp(page->file, PD_EXPORT_FILE) == 0 && page->names[i] != NULL; i++) {
            if (strcmp(page->names[i], flag) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static const char *member_text(const json_t *value, apr_pool_t *p)
{
    const char *text = json_string_value(value);
    if (text != NULL) {
        return apr_pstrdup(p, text);
    }
    char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = dump != NULL ? apr_pstrdup(p, dump) : "";
    free(dump);
    return copy;
}

static const pd_value_t *object_value(const char *text, apr_pool_t *p)
{
    const char *name;
    json_t *value;
    pd_value_t *list = pd_value_list(p);
    json_t *object = json_loads(text, 0, NULL);
    json_object_foreach(object, name, value)
    {
        pd_value_t *member = pd_value_map(p);
        pd_value_set_text(member, "name", apr_pstrdup(p, name), p);
        pd_value_set_text(member, "value", member_text(value, p), p);
        pd_value_add(list, member);
    }
    json_decref(object);
    return list;
}

static void set_word(pd_value_t *value, const char *flag, apr_pool_t *p)
{
    pd_value_set_bool(value, flag, 1, p);
    pd_value_set_bool(value, "is_known", is_known(flag), p);
}

static void set_content(pd_value_t *value, const pd_page_t *page, const pd_export_cell_t *cell,
                        apr_pool_t *p)
{
    switch (cell->kind) {
    case PD_EXPORT_INSTANT:
        pd_value_set_date(value, "instant", page->site->zone, cell->number, p);
        return;
    case PD_EXPORT_OBJECT:
        pd_value_set(value, "object", object_value(cell->text, p));
        return;
    case PD_EXPORT_WORD:
        pd_value_set_text(value, "word", cell->text, p);
        set_word(value, flag_of(cell->text, p), p);
        return;
    default:
        pd_value_set_text(value, strchr(cell->text, '\n') != NULL ? "long_text" : "text",
                          cell->text, p);
    }
}

/* Of a text its source is shown: what was made of it has anchors, which must not stand twice in a
 * page, and is in the file for programs. */
static int is_nothing(const pd_export_cell_t *cell)
{
    if (cell->kind == PD_EXPORT_MARKUP) {
        return 1;
    }
    return cell->kind == PD_EXPORT_INSTANT ? cell->number == 0 : *cell->text == '\0';
}

static const pd_value_t *cell_value(const pd_page_t *page, const pd_export_cell_t *cell,
                                    apr_pool_t *p)
{
    static const char *const contents[] = {"instant", "object", "word", "long_text", "text", NULL};
    pd_value_t *value = pd_value_map(p);
    pd_value_set_bool(value, apr_pstrcat(p, "l_", cell->name, NULL), 1, p);
    set_content(value, page, cell, p);
    for (int i = 0; contents[i] != NULL; i++) {
        if (pd_value_get(value, contents[i]) == NULL) {
            pd_value_set_text(value, contents[i], "", p);
        }
    }
    return value;
}

static const pd_value_t *row_value(const pd_page_t *page, const pd_export_row_t *row, apr_pool_t *p)
{
    pd_value_t *value = pd_value_map(p), *cells = pd_value_list(p);
    for (int i = 0; i < row->nelts; i++) {
        const pd_export_cell_t *cell = &APR_ARRAY_IDX(row, i, pd_export_cell_t);
        if (!is_nothing(cell)) {
            pd_value_add(cells, cell_value(page, cell, p));
        }
    }
    pd_value_set(value, "cells", cells);
    return value;
}

pd_value_t *pd_export_value(const pd_page_t *page, const pd_export_page_t *part, apr_pool_t *p)
{
    pd_value_t *value = pd_value_map(p), *rows = pd_value_list(p);
    for (int i = 0; i < part->rows->nelts; i++) {
        pd_value_add(rows,
                     row_value(page, APR_ARRAY_IDX(part->rows, i, const pd_export_row_t *), p));
    }
    pd_value_set_bool(value, apr_pstrcat(p, "s_", part->section->name, NULL), 1, p);
    pd_value_set_bool(value, "begins", part->begins, p);
    pd_value_set_bool(value, "ends", part->ends, p);
    pd_value_set_bool(value, "is_empty", !part->follows && part->ends && part->rows->nelts == 0, p);
    pd_value_set(value, "rows", rows);
    return value;
}
