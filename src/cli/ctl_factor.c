/* second-factor reset. */
#include "cli/ctl.h"
#include "portal/pd_factor.h"

int ctl_factor_reset(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    int had;
    if (ctl->operands->nelts != 1 || !ctl->reason || !*ctl->reason) {
        return ctl_fail(ctl, CTL_USAGE, "write LOGIN --reason TEXT");
    }
    int code = ctl_find_person(ctl, &person, APR_ARRAY_IDX(ctl->operands, 0, const char *));
    if (code) {
        return code;
    }
    apr_status_t rv = pd_factor_reset(&had, &ctl->portal, person.id, ctl->reason, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the second factor was not reset", NULL);
    }
    if (!had) {
        return ctl_fail(ctl, CTL_FAILED, "%s has no second factor", person.login);
    }
    ctl_answer_text(ctl, "login", person.login);
    ctl_say(ctl, "%s signs in without a second factor; all sessions have ended.", person.login);
    return CTL_OK;
}
