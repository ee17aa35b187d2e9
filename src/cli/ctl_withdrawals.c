/* consents withdraw, withdrawals list and withdrawals done. A person who is gone has no login any
 * more, and no data that could be used. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_consent.h"
#include "portal/pd_look.h"
#include "portal/pd_role.h"
#include "portal/pd_withdrawal.h"

#include <string.h>

#define REASON_BYTES_MAX 500

static const char *operand(ctl_t *ctl, int i)
{
    return APR_ARRAY_IDX(ctl->operands, i, const char *);
}

static int check_words(ctl_t *ctl)
{
    if (ctl->operands->nelts != 2 || !ctl->reason || !*ctl->reason) {
        return ctl_fail(ctl, CTL_USAGE, "write whose consent, which, and why: %s",
                        ctl->command->synopsis);
    }
    return strlen(ctl->reason) <= REASON_BYTES_MAX
               ? CTL_OK
               : ctl_fail(ctl, CTL_USAGE, "--reason: at most %d bytes", REASON_BYTES_MAX);
}

int ctl_consents_withdraw(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    pd_consent_e outcome;
    int code = check_words(ctl);
    if (!code) {
        code = ctl_find_person(ctl, &person, operand(ctl, 0));
    }
    if (code) {
        return code;
    }
    const pd_consent_form_t form = {
        .kind = operand(ctl, 1), .wording = "", .by = PD_ROLE_BY_PROGRAM, .reason = ctl->reason};
    apr_status_t rv = pd_consent_withdraw(&outcome, &ctl->portal, person.id, &form, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was taken back; do it again",
                               NULL);
    }
    if (outcome == PD_CONSENT_ALREADY) {
        return ctl_fail(ctl, CTL_FAILED, "no consent \"%s\" of %s stands", form.kind, person.login);
    }
    ctl_answer_text(ctl, "person", person.id);
    ctl_answer_text(ctl, "consent", form.kind);
    ctl_say(ctl, "Taken back: the consent \"%s\" of %s.", form.kind, person.login);
    return CTL_OK;
}

static json_t *as_json(const pd_withdrawal_t *withdrawal, const char *login, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number", withdrawal->act, "consent",
                     withdrawal->kind, "task", withdrawal->task, "person", withdrawal->person_id,
                     "login", login, "withdrawn_at", pd_time_rfc3339(withdrawal->started_at, p),
                     "due_at", pd_time_rfc3339(withdrawal->due_at, p));
}

/* The person a withdrawal is of, if still there (else no id); asks whether the data may be used. */
static int find_owner(ctl_t *ctl, pd_person_t *person, const pd_withdrawal_t *withdrawal)
{
    *person = (pd_person_t){.id = NULL, .login = ""};
    apr_status_t rv = pd_person_get(person, &ctl->portal, withdrawal->person_id, ctl->p);
    if (rv == APR_ENOENT) {
        *person = (pd_person_t){.id = NULL, .login = ""};
        return CTL_OK;
    }
    return rv ? ctl_fail_status(ctl, rv, "people can't be read", NULL)
              : ctl_use_person(ctl, person->id);
}

static int tell(ctl_t *ctl, json_t *list, const pd_withdrawal_t *withdrawal)
{
    pd_person_t person = {.id = NULL};
    int code = find_owner(ctl, &person, withdrawal);
    if (code) {
        return code;
    }
    json_array_append_new(list, as_json(withdrawal, person.login, ctl->p));
    ctl_say(ctl, "%s  by %s  %s  %s  %s", withdrawal->act, ctl_time_text(ctl, withdrawal->due_at),
            withdrawal->task, withdrawal->kind, person.login);
    return CTL_OK;
}

static int read_open(ctl_t *ctl, apr_array_header_t **withdrawals)
{
    apr_status_t rv = pd_withdrawal_list(withdrawals, &ctl->portal, NULL, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "the withdrawals can't be read", NULL) : CTL_OK;
}

int ctl_withdrawals_list(ctl_t *ctl)
{
    apr_array_header_t *withdrawals;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "withdrawals", list);
    int code = read_open(ctl, &withdrawals);
    if (!code && withdrawals->nelts > 0) {
        code = ctl_note_list(ctl, PD_LOOK_WITHDRAWALS);
    }
    for (int i = 0; !code && i < withdrawals->nelts; i++) {
        code = tell(ctl, list, &APR_ARRAY_IDX(withdrawals, i, pd_withdrawal_t));
    }
    return code;
}

/* Said to be done, it would never be done. */
static int refuse_closing(ctl_t *ctl, const pd_withdrawal_t *withdrawal)
{
    return ctl_fail(ctl, CTL_FAILED,
                    "withdrawal %s closes the account: the portal destroys its data by itself, by "
                    "%s (at once: \"people destroy\")",
                    withdrawal->act, ctl_time_text(ctl, withdrawal->due_at));
}

/* The row of the journal names the person. One beyond those that are listed is noted all the same.
 */
static int may_note(ctl_t *ctl, const char *number)
{
    pd_person_t person = {.id = NULL};
    apr_array_header_t *withdrawals;
    int code = read_open(ctl, &withdrawals);
    for (int i = 0; !code && i < withdrawals->nelts; i++) {
        const pd_withdrawal_t *withdrawal = &APR_ARRAY_IDX(withdrawals, i, pd_withdrawal_t);
        if (!strcmp(withdrawal->act, number)) {
            code = !strcmp(withdrawal->task, PD_WITHDRAWAL_CLOSE)
                       ? refuse_closing(ctl, withdrawal)
                       : find_owner(ctl, &person, withdrawal);
        }
    }
    return code;
}

int ctl_withdrawals_done(ctl_t *ctl)
{
    int done;
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write which: the NUMBER from \"withdrawals list\"");
    }
    const char *number = operand(ctl, 0);
    int code = may_note(ctl, number);
    if (code) {
        return code;
    }
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
