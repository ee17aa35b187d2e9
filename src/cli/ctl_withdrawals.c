/* withdrawals list and withdrawals done. A person who is gone has no login any more. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_role.h"
#include "portal/pd_withdrawal.h"

static json_t *as_json(const pd_withdrawal_t *withdrawal, const char *login, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number", withdrawal->act, "consent",
                     withdrawal->kind, "task", withdrawal->task, "person", withdrawal->person_id,
                     "login", login, "withdrawn_at", pd_time_rfc3339(withdrawal->started_at, p),
                     "due_at", pd_time_rfc3339(withdrawal->due_at, p));
}

static apr_status_t tell(ctl_t *ctl, json_t *list, const pd_withdrawal_t *withdrawal)
{
    pd_person_t person;
    apr_status_t rv = pd_person_get(&person, &ctl->portal, withdrawal->person_id, ctl->p);
    if (rv && rv != APR_ENOENT) {
        return rv;
    }
    const char *login = rv ? "" : person.login;
    json_array_append_new(list, as_json(withdrawal, login, ctl->p));
    ctl_say(ctl, "%s  by %s  %s  %s  %s", withdrawal->act, ctl_time_text(ctl, withdrawal->due_at),
            withdrawal->task, withdrawal->kind, login);
    return APR_SUCCESS;
}

int ctl_withdrawals_list(ctl_t *ctl)
{
    apr_array_header_t *withdrawals;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "withdrawals", list);
    apr_status_t rv = pd_withdrawal_list(&withdrawals, &ctl->portal, NULL, ctl->p);
    for (int i = 0; !rv && i < withdrawals->nelts; i++) {
        rv = tell(ctl, list, &APR_ARRAY_IDX(withdrawals, i, pd_withdrawal_t));
    }
    return rv ? ctl_fail_status(ctl, rv, "the withdrawals can't be read", NULL) : CTL_OK;
}

int ctl_withdrawals_done(ctl_t *ctl)
{
    int done;
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write which: the NUMBER from \"withdrawals list\"");
    }
    const char *number = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    apr_status_t rv = pd_withdrawal_done(&done, &ctl->portal, number, PD_ROLE_BY_PROGRAM, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was noted; look again", NULL);
    }
    if (!done) {
        return ctl_fail(ctl, CTL_FAILED, "there is no open withdrawal %s", number);
    }
    ctl_say(ctl, "Noted: withdrawal %s is done.", number);
    return CTL_OK;
}
