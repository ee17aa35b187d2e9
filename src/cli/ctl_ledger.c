/* consents find: what the ledger has of somebody who is destroyed, or under the number of a
 * receipt.
 */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_ledger.h"
#include "portal/pd_role.h"

#include <string.h>

/* Acts of all pseudonyms that were found, one array of pd_act_t for each. */
static apr_status_t read_acts(apr_array_header_t **all, apr_int64_t *count, ctl_t *ctl,
                              const apr_array_header_t *pseudonyms)
{
    apr_status_t rv = APR_SUCCESS;
    *all = apr_array_make(ctl->p, 1, sizeof(apr_array_header_t *));
    *count = 0;
    for (int i = 0; i < pseudonyms->nelts && !rv; i++) {
        apr_array_header_t *acts;
        rv = pd_act_list_of(&acts, &ctl->portal, APR_ARRAY_IDX(pseudonyms, i, const char *), NULL,
                            ctl->p);
        if (!rv) {
            APR_ARRAY_PUSH(*all, apr_array_header_t *) = acts;
            *count += acts->nelts;
        }
    }
    return rv;
}

static json_t *as_json(const pd_act_t *act, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "number", act->id, "act",
                     act->verb, "kind", act->kind, "version", (json_int_t)act->version, "language",
                     act->language, "title", act->title, "html_sha256", act->html_sha256, "wording",
                     act->wording, "form", act->form, "at", pd_time_rfc3339(act->at, p));
}

static json_t *show_acts(ctl_t *ctl, const char *pseudonym, const apr_array_header_t *acts)
{
    json_t *list = json_array();
    ctl_say(ctl, "pseudonym %s", pseudonym);
    for (int i = 0; i < acts->nelts; i++) {
        const pd_act_t *act = &APR_ARRAY_IDX(acts, i, pd_act_t);
        json_array_append_new(list, as_json(act, ctl->p));
        ctl_say(ctl, "  %s  %s  %s %s, version %" APR_INT64_T_FMT " (%s), form %s", act->id,
                ctl_time_text(ctl, act->at), act->verb, act->kind, act->version, act->language,
                act->form);
        ctl_say(ctl, "    SHA-256 %s", act->html_sha256);
        if (*act->wording) {
            ctl_say(ctl, "    \"%s\"", act->wording);
        }
    }
    return json_pack("{s:s, s:o}", "pseudonym", pseudonym, "acts", list);
}

static int show_all(ctl_t *ctl, const apr_array_header_t *pseudonyms, const apr_array_header_t *all)
{
    json_t *people = json_array();
    json_object_set_new(ctl->answer, "people", people);
    for (int i = 0; i < all->nelts; i++) {
        json_array_append_new(people, show_acts(ctl, APR_ARRAY_IDX(pseudonyms, i, const char *),
                                                APR_ARRAY_IDX(all, i, apr_array_header_t *)));
    }
    return CTL_OK;
}

/* Whoever has an account with the address now has the acts of it there; of them nothing is shown
 * here. */
static int nothing_found(ctl_t *ctl, const char *name)
{
    return ctl_fail(ctl, CTL_FAILED,
                    strchr(name, '@')
                        ? "no destroyed account had this address at its end, or its acts are over"
                        : "no act has this number, or it is over");
}

int ctl_consents_find(ctl_t *ctl)
{
    apr_array_header_t *pseudonyms, *all;
    apr_int64_t count = 0;
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE,
                        "write what to look for: EMAIL, or the NUMBER of a receipt");
    }
    const char *name = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    apr_status_t rv = pd_ledger_find(&pseudonyms, &ctl->portal, name, ctl->p);
    if (!rv) {
        rv = read_acts(&all, &count, ctl, pseudonyms);
    }
    if (!rv) {
        rv = pd_ledger_look(&ctl->portal, PD_ROLE_BY_PROGRAM, count, ctl->p);
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the ledger can't be read", NULL);
    }
    return count ? show_all(ctl, pseudonyms, all) : nothing_found(ctl, name);
}
