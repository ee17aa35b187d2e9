/* destructions list and destructions show. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_destruction.h"

static json_t *as_json(const pd_destruction_t *act, apr_pool_t *p)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:s}", "act", act->id, "person",
        act->person_id, "operator", act->operator, "system", act->system, "reason", act->reason,
        "note", act->note, "asked_at", pd_time_rfc3339(act->asked_at, p), "destroyed_at",
        pd_time_rfc3339(act->destroyed_at, p), "responsible", act->responsible, "destroyed",
        json_loads(act->categories, 0, NULL), "wiped", act->wiped_at != 0, "log",
        act->log_is_servers  ? "the database server's"
        : act->wiped_at != 0 ? "emptied"
                             : "to be emptied");
}

typedef struct listing_t {
    ctl_t *ctl;
    json_t *list;
} listing_t;

static apr_status_t list_one(void *baton, const pd_destruction_t *act, apr_pool_t *p)
{
    listing_t *listing = baton;
    json_array_append_new(listing->list, as_json(act, p));
    ctl_say(listing->ctl, "%s  %s  %s  %s", act->id, ctl_time_text(listing->ctl, act->destroyed_at),
            act->person_id, act->reason);
    return APR_SUCCESS;
}

int ctl_destructions_list(ctl_t *ctl)
{
    listing_t listing = {ctl, json_array()};
    json_object_set_new(ctl->answer, "destructions", listing.list);
    apr_status_t rv = pd_destruction_each(&ctl->portal, list_one, &listing, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "the acts can't be read", NULL) : CTL_OK;
}

static void show_act(ctl_t *ctl, const pd_destruction_t *act)
{
    json_object_set_new(ctl->answer, "destruction", as_json(act, ctl->p));
    ctl_say(ctl, "Act of destruction of personal data %s", act->id);
    ctl_say(ctl, "  operator     %s", *act->operator ? act->operator: "____________________");
    ctl_say(ctl, "  processor    ____________________ (if the operator has one)");
    ctl_say(ctl, "  person       %s", act->person_id);
    ctl_say(ctl, "  system       %s", act->system);
    ctl_say(ctl, "  destroyed    %s", ctl_time_text(ctl, act->destroyed_at));
    ctl_say(ctl, "  reason       %s%s%s, since %s", act->reason, *act->note ? ": " : "", act->note,
            ctl_time_text(ctl, act->asked_at));
    ctl_say(ctl, "  categories   %s (rows by table)", act->categories);
    ctl_say(ctl, "  method       key overwritten, rows removed and counted again: none left");
    const char *wiped = act->wiped_at ? ctl_time_text(ctl, act->wiped_at) : "not yet";
    if (act->log_is_servers) {
        ctl_say(ctl, "  clearing     the database was told to clear the rows away (VACUUM): %s",
                wiped);
        ctl_say(ctl, "  log          the database server's, as are its free pages: see "
                     "\"PostgreSQL after a destruction\" in operations.md");
    }
    else {
        ctl_say(ctl, "  log emptied  %s", wiped);
    }
    ctl_say(ctl, "  carriers     none but the system");
    ctl_say(ctl, "  by           %s; position, name, signature: ____________________",
            act->responsible);
}

static void show_event(ctl_t *ctl, json_t *list, const pd_destruction_event_t *event)
{
    json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s}", "host", event->host,
                                          "number", (json_int_t)event->sequence, "at",
                                          pd_time_rfc3339(event->at, ctl->p), "event", event->event,
                                          "chain", event->chain));
    ctl_say(ctl, "  %s  %s %" APR_INT64_T_FMT "  %s", ctl_time_text(ctl, event->at), event->host,
            event->sequence, event->event);
}

int ctl_destructions_show(ctl_t *ctl)
{
    pd_destruction_t act;
    apr_array_header_t *events;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "extract", list);
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write which: the NUMBER from \"destructions list\"");
    }
    const char *id = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    apr_status_t rv = pd_destruction_get(&act, &ctl->portal, id, ctl->p);
    if (rv == APR_ENOENT) {
        return ctl_fail(ctl, CTL_FAILED, "there is no act %s", id);
    }
    if (!rv) {
        rv = pd_destruction_extract(&events, &ctl->portal, act.person_id, ctl->p);
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the act can't be read", NULL);
    }
    show_act(ctl, &act);
    ctl_say(ctl, "\nExtract of the event log");
    for (int i = 0; i < events->nelts; i++) {
        show_event(ctl, list, &APR_ARRAY_IDX(events, i, pd_destruction_event_t));
    }
    return CTL_OK;
}
