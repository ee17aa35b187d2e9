/* purposes: the register of processings; and which purpose each command names that uses people's
 * data. */
#include "cli/ctl.h"

#include "portal/pd_field.h"
#include "portal/pd_jobs.h"
#include "portal/pd_look.h"
#include "portal/pd_outbox.h"
#include "portal/pd_purpose.h"
#include "portal/pd_role.h"

#include <apr_strings.h>
#include <string.h>

/* Taking consents back, and what that asks for, is a duty towards the person: also while blocked.
 */
static const struct {
    const char *command, *purpose;
    pd_basis_e basis;
} uses[] = {{"staff add", "4.1.2", PD_BASIS_PURPOSE},
            {"staff list", "4.1.2", PD_BASIS_PURPOSE},
            {"policy report", "4.1.3", PD_BASIS_PURPOSE},
            {"policy publish", "4.1.3", PD_BASIS_PURPOSE},
            {"drafts publish", "4.1.3", PD_BASIS_PURPOSE},
            {"drafts withdraw", "4.1.3", PD_BASIS_PURPOSE},
            {"staff remove", "4.1.4", PD_BASIS_PURPOSE},
            {"sessions list", "4.1.4", PD_BASIS_PURPOSE},
            {"sessions end", "4.1.4", PD_BASIS_PURPOSE},
            {"passwords expire", "4.1.4", PD_BASIS_PURPOSE},
            {"second-factor reset", "4.1.4", PD_BASIS_PURPOSE},
            {"notices send", "4.1.3", PD_BASIS_PURPOSE},
            {"consents withdraw", "4.1.3", PD_BASIS_LAW},
            {"consents find", "4.1.2", PD_BASIS_LAW},
            {"withdrawals list", "4.1.3", PD_BASIS_LAW},
            {"withdrawals done", "4.1.3", PD_BASIS_LAW},
            {"people find", "4.1.1", PD_BASIS_LAW},
            {"people close", "4.1.2", PD_BASIS_LAW},
            {"people destroy", "4.1.2", PD_BASIS_LAW},
            {"people block", "4.1.4", PD_BASIS_LAW},
            {"people unblock", "4.1.4", PD_BASIS_LAW},
            {"backup", "4.1.2", PD_BASIS_LAW},
            {"restore", "4.1.2", PD_BASIS_LAW},
            {"destructions save", "4.1.2", PD_BASIS_LAW},
            {"destructions repeat", "4.1.2", PD_BASIS_LAW},
            {NULL, NULL, PD_BASIS_PURPOSE}};

static pd_use_t use_of(ctl_t *ctl)
{
    pd_use_t use = {.what = apr_pstrcat(ctl->p, "command ", ctl->command->name, NULL)};
    for (int i = 0; uses[i].command; i++) {
        if (!strcmp(uses[i].command, ctl->command->name)) {
            use.purpose = uses[i].purpose;
            use.basis = uses[i].basis;
        }
    }
    return use;
}

static int noted(ctl_t *ctl, apr_status_t rv)
{
    return rv ? ctl_fail_status(ctl, rv, "the look can't be noted, so nothing is shown", NULL)
              : CTL_OK;
}

int ctl_note_look(ctl_t *ctl, const pd_person_t *person)
{
    const pd_use_t use = use_of(ctl);
    return noted(
        ctl, pd_look_note(&ctl->portal, person, PD_ROLE_BY_PROGRAM, use.what, use.purpose, ctl->p));
}

int ctl_note_list(ctl_t *ctl, const char *list)
{
    const pd_look_list_t look = {.list = list, .purpose = use_of(ctl).purpose};
    return noted(ctl, pd_look_note_list(&ctl->portal, PD_ROLE_BY_PROGRAM, &look, ctl->p));
}

int ctl_use_person(ctl_t *ctl, const char *person_id)
{
    pd_use_e outcome;
    const pd_use_t use = use_of(ctl);
    apr_status_t rv = pd_purpose_use(&outcome, &ctl->portal, &use, person_id, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "whether this person's data may be used is not known",
                               NULL);
    }
    return outcome == PD_USE_LAWFUL
               ? CTL_OK
               : ctl_fail(ctl, CTL_FAILED,
                          "this person's data may not be used for that now; the journal tells why");
}

static const char *const grounds[] = {[PD_GROUND_REGISTRATION] = "registration",
                                      [PD_GROUND_CONSENT] = "consent",
                                      [PD_GROUND_SECURITY] = "security"};
static const char *const recipients[] = {[PD_RECIPIENT_NONE] = "none",
                                         [PD_RECIPIENT_RELAY] = "mail relay",
                                         [PD_RECIPIENT_SITE] = "applications of the site",
                                         [PD_RECIPIENT_PARTNER] = "partner"};

/* A list of names, in the answer and as one line. */
typedef struct names_t {
    json_t *list;
    const char *line;
    apr_pool_t *p;
} names_t;

static void add_name(names_t *names, const char *name)
{
    json_array_append_new(names->list, json_string(name));
    names->line = apr_pstrcat(names->p, names->line, *names->line ? ", " : "", name, NULL);
}

static void show_names(ctl_t *ctl, json_t *entry, const char *what, const names_t *names)
{
    json_object_set_new(entry, what, names->list);
    if (*names->line) {
        ctl_say(ctl, "  %-10s %s", what, names->line);
    }
}

static names_t no_names(ctl_t *ctl)
{
    return (names_t){json_array(), "", ctl->p};
}

static void show_users(ctl_t *ctl, json_t *entry, const pd_purpose_t *purpose)
{
    names_t fields = no_names(ctl), letters = no_names(ctl);
    names_t jobs = no_names(ctl), commands = no_names(ctl);
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        if (pd_purpose_is_named(field->purposes, purpose->id)) {
            add_name(&fields, field->id);
        }
    }
    for (const pd_letter_kind_t *letter = pd_letter_kinds; letter->kind; letter++) {
        if (!strcmp(letter->purpose, purpose->id)) {
            add_name(&letters, letter->kind);
        }
    }
    for (const pd_job_t *job = pd_jobs; job->name; job++) {
        if (pd_purpose_is_named(job->purposes, purpose->id)) {
            add_name(&jobs, job->name);
        }
    }
    for (int i = 0; uses[i].command; i++) {
        if (!strcmp(uses[i].purpose, purpose->id)) {
            add_name(&commands, uses[i].command);
        }
    }
    show_names(ctl, entry, "fields", &fields);
    show_names(ctl, entry, "letters", &letters);
    show_names(ctl, entry, "jobs", &jobs);
    show_names(ctl, entry, "commands", &commands);
}

static json_t *show_purpose(ctl_t *ctl, const pd_purpose_t *purpose)
{
    json_t *entry = json_pack(
        "{s:s, s:s, s:s, s:s, s:s}", "purpose", purpose->id, "ground", grounds[purpose->ground],
        "consent", purpose->consent ? purpose->consent : "", "optional",
        purpose->optional ? purpose->optional : "", "recipients", recipients[purpose->recipient]);
    ctl_say(ctl, "%s", purpose->id);
    ctl_say(ctl, "  %-10s %s%s%s", "ground", grounds[purpose->ground], purpose->consent ? ": " : "",
            purpose->consent ? purpose->consent : "");
    if (purpose->optional) {
        ctl_say(ctl, "  %-10s %s", "optional", purpose->optional);
    }
    ctl_say(ctl, "  %-10s %s", "recipients", recipients[purpose->recipient]);
    show_users(ctl, entry, purpose);
    return entry;
}

static json_t *show_field(ctl_t *ctl, const pd_field_t *field)
{
    const char *term = pd_settings_term_text(field->term(ctl->settings), ctl->p);
    const char *source = field->source == PD_SOURCE_PERSON ? "given, not verified" : "made";
    const char *removal = field->destroy ? "job expire" : "by decision";
    ctl_say(ctl, "%-13s %-20s %-24s %-14s %s", field->id, source, field->purposes, term, removal);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "field", field->id, "source", source,
                     "purposes", field->purposes, "term", term, "directive",
                     field->directive ? field->directive : "", "removed", removal, "columns",
                     field->columns);
}

int ctl_purposes(ctl_t *ctl)
{
    json_t *purposes = json_array(), *fields = json_array();
    json_object_set_new(ctl->answer, "purposes", purposes);
    json_object_set_new(ctl->answer, "fields", fields);
    for (const pd_purpose_t *purpose = pd_purposes; purpose->id; purpose++) {
        json_array_append_new(purposes, show_purpose(ctl, purpose));
    }
    ctl_say(ctl, "\n%-13s %-20s %-24s %-14s %s", "field", "source", "purposes", "term", "removed");
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        json_array_append_new(fields, show_field(ctl, field));
    }
    return CTL_OK;
}
