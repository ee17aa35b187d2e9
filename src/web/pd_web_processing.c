/* The register of processings (F29): each purpose with its ground, the data used for it, who gets
 * them, how long they are kept, and what uses them. Made of the tables that are obeyed, so that it
 * can't tell something else. */
#include <apr_strings.h>
#include "portal/pd_jobs.h"
#include "portal/pd_outbox.h"
#include "web/pd_field_value.h"
#include "web/pd_handlers.h"
#include "web/pd_route.h"

static void add_name(pd_value_t *list, const char *name, pd_page_t *page)
{
    pd_value_t *item = pd_value_map(page->p);
    pd_value_set_text(item, "name", name, page->p);
    pd_value_add(list, item);
}

static pd_value_t *fields_of(pd_page_t *page, const pd_purpose_t *purpose)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_field_t *field = pd_fields; field->id != NULL; field++) {
        if (pd_purpose_is_named(field->purposes, purpose->id)) {
            pd_value_add(list, pd_field_value(page, field));
        }
    }
    return list;
}

static pd_value_t *pages_of(pd_page_t *page, const pd_purpose_t *purpose)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_route_t *route = pd_routes; route->path != NULL; route++) {
        if (strcmp(route->purpose, purpose->id) == 0) {
            add_name(
                list,
                apr_pstrcat(page->p, route->method, " ", pd_page_path(page, route->path), NULL),
                page);
        }
    }
    return list;
}

static pd_value_t *letters_of(pd_page_t *page, const pd_purpose_t *purpose)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_letter_kind_t *letter = pd_letter_kinds; letter->kind != NULL; letter++) {
        if (strcmp(letter->purpose, purpose->id) == 0) {
            add_name(list, letter->kind, page);
        }
    }
    return list;
}

static pd_value_t *jobs_of(pd_page_t *page, const pd_purpose_t *purpose)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_job_t *job = pd_jobs; job->name != NULL; job++) {
        if (pd_purpose_is_named(job->purposes, purpose->id)) {
            add_name(list, job->name, page);
        }
    }
    return list;
}

static pd_value_t *entry(pd_page_t *page, const pd_purpose_t *purpose)
{
    static const char *const recipients[] = {[PD_RECIPIENT_NONE] = "to_none",
                                             [PD_RECIPIENT_RELAY] = "to_relay",
                                             [PD_RECIPIENT_SITE] = "to_site",
                                             [PD_RECIPIENT_PARTNER] = "to_partner"};
    pd_value_t *value = pd_purpose_value(page, purpose);
    const struct {
        const char *list, *any;
        pd_value_t *items;
    } lists[] = {{"fields", "has_fields", fields_of(page, purpose)},
                 {"pages", "has_pages", pages_of(page, purpose)},
                 {"letters", "has_letters", letters_of(page, purpose)},
                 {"jobs", "has_jobs", jobs_of(page, purpose)}};
    for (apr_size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        pd_value_set(value, lists[i].list, lists[i].items);
        pd_value_set_bool(value, lists[i].any, lists[i].items->items->nelts > 0, page->p);
    }
    pd_value_set_text(value, "consent", purpose->consent ? purpose->consent : "", page->p);
    pd_value_set_text(value, "optional", purpose->optional ? purpose->optional : "", page->p);
    pd_value_set_bool(value, recipients[purpose->recipient], 1, page->p);
    return value;
}

int pd_web_processing(pd_page_t *page)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_purpose_t *purpose = pd_purposes; purpose->id != NULL; purpose++) {
        pd_value_add(list, entry(page, purpose));
    }
    pd_value_set(page->values, "processings", list);
    pd_page_text(page, "base_url", page->site->settings->base_url);
    return pd_page_show(page, "processing.html", HTTP_OK);
}
