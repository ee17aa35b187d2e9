/* people find, people close and people destroy. */
#include "cli/ctl.h"

#include "portal/pd_destruction.h"
#include "portal/pd_role.h"

#include <string.h>

#define NOTE_BYTES_MAX 500

static const char *const states[] = {[PD_PERSON_PENDING] = "pending",
                                     [PD_PERSON_ACTIVE] = "active",
                                     [PD_PERSON_BLOCKED] = "blocked",
                                     [PD_PERSON_CLOSING] = "closing",
                                     [PD_PERSON_DESTROYED] = "destroyed"};

static int find(ctl_t *ctl, pd_person_t *person)
{
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write whom: LOGIN or EMAIL");
    }
    return ctl_find_person(ctl, person, APR_ARRAY_IDX(ctl->operands, 0, const char *));
}

int ctl_people_find(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    int code = find(ctl, &person);
    code = code ? code : ctl_note_look(ctl, &person);
    if (code) {
        return code;
    }
    ctl_answer_text(ctl, "person", person.id);
    ctl_answer_text(ctl, "login", person.login);
    ctl_answer_text(ctl, "state", states[person.state]);
    ctl_say(ctl, "%s  %s  %s", person.id, states[person.state], person.login);
    return CTL_OK;
}

static int holds_role(ctl_t *ctl, const pd_person_t *person)
{
    return ctl_fail(ctl, CTL_FAILED, "%s holds a role; \"staff remove\" ends it first",
                    person->login);
}

static int is_reason(const char *reason)
{
    return reason && (!strcmp(reason, PD_CLOSING_REQUEST) || !strcmp(reason, PD_CLOSING_ORDER));
}

int ctl_people_close(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    pd_closing_e outcome;
    if (!is_reason(ctl->reason)) {
        return ctl_fail(ctl, CTL_USAGE, "say why: --reason request or --reason order");
    }
    int code = find(ctl, &person);
    if (code) {
        return code;
    }
    if (person.state == PD_PERSON_PENDING) {
        return ctl_fail(ctl, CTL_FAILED,
                        "%s has yet to confirm the registration, which ends by itself",
                        person.login);
    }
    apr_status_t rv = pd_closing_begin(&outcome, &ctl->portal, person.id, ctl->reason,
                                       PD_ROLE_BY_PROGRAM, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was done; look again", NULL);
    }
    if (outcome == PD_CLOSING_APPOINTED) {
        return holds_role(ctl, &person);
    }
    ctl_answer_text(ctl, "person", person.id);
    ctl_say(ctl,
            outcome == PD_CLOSING_BEGUN ? "%s is being closed; a letter with the way back went."
                                        : "%s is being closed already.",
            person.login);
    return CTL_OK;
}

/* The first time tells whom it would hit: nothing brings the data back. */
static int ask_again(ctl_t *ctl, const pd_person_t *person)
{
    ctl_answer_text(ctl, "confirm", person->id);
    ctl_say(ctl,
            "This would destroy all data of %s for ever. Copies made before still hold them; "
            "\"restore\" destroys them again.",
            person->login);
    return ctl_fail(ctl, CTL_FAILED, "nothing was destroyed; to do it, add --confirm %s",
                    person->id);
}

static int tell_destroyed(ctl_t *ctl, const pd_destruction_t *act)
{
    ctl_answer_text(ctl, "act", act->id);
    ctl_say(ctl, "Destroyed. The act: pdportalctl destructions show %s", act->id);
    apr_status_t rv = pd_destruction_wipe(&ctl->portal, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "older pages are left to the job \"destroy\"", NULL)
              : CTL_OK;
}

static int destroy(ctl_t *ctl, const pd_person_t *person)
{
    pd_destruction_e outcome;
    pd_destruction_t act = {.person_id = person->id,
                            .reason = PD_CLOSING_ORDER,
                            .note = ctl->reason,
                            .responsible = PD_ROLE_BY_PROGRAM};
    apr_status_t rv = pd_destruction_do(&outcome, &act, &ctl->portal, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was done; look again", NULL);
    }
    switch (outcome) {
    case PD_DESTRUCTION_APPOINTED:
        return holds_role(ctl, person);
    case PD_DESTRUCTION_GROUNDLESS:
        return ctl_fail(ctl, CTL_FAILED, "the data of %s are destroyed already", person->id);
    case PD_DESTRUCTION_DONE:
        break;
    }
    return tell_destroyed(ctl, &act);
}

int ctl_people_destroy(ctl_t *ctl)
{
    pd_person_t person = {.id = ""};
    if (!ctl->reason || !*ctl->reason || strlen(ctl->reason) > NOTE_BYTES_MAX) {
        return ctl_fail(ctl, CTL_USAGE, "say why: --reason TEXT, at most %d bytes", NOTE_BYTES_MAX);
    }
    int code = find(ctl, &person);
    if (code) {
        return code;
    }
    return ctl->confirm && !strcmp(ctl->confirm, person.id) ? destroy(ctl, &person)
                                                            : ask_again(ctl, &person);
}
