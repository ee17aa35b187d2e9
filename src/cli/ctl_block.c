/* people block and people unblock. */
#include "cli/ctl.h"
#include "portal/pd_block.h"
#include "portal/pd_role.h"

#include <string.h>

#define REASON_BYTES_MAX 500

/* Why there is nothing to do for somebody in this state; CTL_OK where it is done already. */
static int explain(ctl_t *ctl, const pd_person_t *person)
{
    switch (person->state) {
    case PD_PERSON_PENDING:
        return ctl_fail(ctl, CTL_FAILED,
                        "%s has yet to confirm the registration, which ends by itself",
                        person->login);
    case PD_PERSON_CLOSING:
        return ctl_fail(ctl, CTL_FAILED,
                        "the account of %s is being closed: nothing is processed any more, and the "
                        "person alone can recall it",
                        person->login);
    case PD_PERSON_BLOCKED:
        ctl_say(ctl, "%s is blocked already.", person->login);
        return CTL_OK;
    case PD_PERSON_ACTIVE:
        ctl_say(ctl, "%s is not blocked.", person->login);
        return CTL_OK;
    case PD_PERSON_DESTROYED:
        break;
    }
    return ctl_fail(ctl, CTL_FAILED, "the data of %s are destroyed", person->id);
}

typedef apr_status_t change_fn(int *done, const pd_portal_t *portal, const char *person_id,
                               const char *reason, const char *by, apr_pool_t *p);

/* `said` is told where it was done to somebody who was in state `from`. */
static int run(ctl_t *ctl, change_fn *change, pd_person_state_e from, const char *said)
{
    pd_person_t person = {.id = NULL};
    int done;
    if (ctl->operands->nelts != 1 || !ctl->reason || !*ctl->reason ||
        strlen(ctl->reason) > REASON_BYTES_MAX) {
        return ctl_fail(ctl, CTL_USAGE, "write LOGIN --reason TEXT, at most %d bytes",
                        REASON_BYTES_MAX);
    }
    int code = ctl_find_person(ctl, &person, APR_ARRAY_IDX(ctl->operands, 0, const char *));
    if (code) {
        return code;
    }
    if (person.state != from) {
        return explain(ctl, &person);
    }
    apr_status_t rv =
        change(&done, &ctl->portal, person.id, ctl->reason, PD_ROLE_BY_PROGRAM, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was done; look again", NULL);
    }
    if (!done) {
        return ctl_fail(ctl, CTL_FAILED, "the account of %s was changed meanwhile; look again",
                        person.login);
    }
    ctl_answer_text(ctl, "person", person.id);
    ctl_say(ctl, "%s %s; a letter went.", person.login, said);
    return CTL_OK;
}

int ctl_people_block(ctl_t *ctl)
{
    return run(ctl, pd_block, PD_PERSON_ACTIVE, "is blocked and signed out everywhere");
}

int ctl_people_unblock(ctl_t *ctl)
{
    return run(ctl, pd_block_lift, PD_PERSON_BLOCKED, "is not blocked any more");
}
