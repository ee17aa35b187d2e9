/* staff add, staff remove, staff list. */
#include "cli/ctl.h"

#include "base/pd_status.h"
#include "base/pd_zone.h"
#include "portal/pd_look.h"
#include "portal/pd_person.h"
#include "portal/pd_role.h"
#include "portal/pd_staff.h"
#include "text/pd_language.h"

#include <apr_strings.h>
#include <string.h>

static const char *operand(ctl_t *ctl, int i)
{
    return APR_ARRAY_IDX(ctl->operands, i, const char *);
}

static int check_words(ctl_t *ctl, int wanted)
{
    if (ctl->operands->nelts != wanted || !ctl->role) {
        return ctl_fail(ctl, CTL_USAGE, "write %s; \"pdportalctl %s --help\" tells more",
                        ctl->command->synopsis, ctl->command->name);
    }
    if (!pd_role_wellformed(ctl->role)) {
        return ctl_fail(ctl, CTL_USAGE,
                        "--role: \"%s\" is no role; write a word of 2 to 32 small letters, digits "
                        "and hyphens that begins with a letter",
                        ctl->role);
    }
    return CTL_OK;
}

static int read_language(ctl_t *ctl, const char **language)
{
    *language =
        ctl->langs->nelts ? APR_ARRAY_IDX(ctl->langs, 0, const char *) : ctl->settings->language;
    if (ctl->langs->nelts > 1) {
        return ctl_fail(ctl, CTL_USAGE, "--lang may be given only once");
    }
    return pd_language_offered(*language, pd_languages)
               ? CTL_OK
               : ctl_fail(ctl, CTL_USAGE, "--lang: \"%s\" is not known; write ru or en", *language);
}

static int tell_mistake(ctl_t *ctl, const char *code)
{
    static const struct {
        const char *code, *text;
    } mistakes[] = {{"login_missing", "the login is empty"},
                    {"login_short", "the login must have at least 3 characters"},
                    {"login_long", "the login must have at most 32 characters"},
                    {"login_characters", "the login may hold only letters, digits, a full stop, a "
                                         "hyphen and an underscore"},
                    {"login_mixed", "the login holds letters of different alphabets"},
                    {"email_missing", "the e-mail address is empty"},
                    {"email_bad", "the e-mail address should look like name@example.org"}};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        if (!strcmp(mistakes[i].code, code)) {
            return ctl_fail(ctl, CTL_USAGE, "%s", mistakes[i].text);
        }
    }
    return ctl_fail(ctl, CTL_USAGE, "%s", code);
}

static void tell_link(ctl_t *ctl, const pd_staff_result_t *result)
{
    if (!result->link) {
        return;
    }
    ctl_answer_text(ctl, "link", result->link);
    ctl_answer_text(ctl, "link_until", pd_time_rfc3339(result->link_until, ctl->p));
    ctl_say(ctl, "By this link the person sets a password, once, until %s:\n%s",
            ctl_time_text(ctl, result->link_until), result->link);
}

static int tell_added(ctl_t *ctl, const pd_staff_result_t *result)
{
    ctl_answer_text(ctl, "person", result->person_id);
    ctl_answer_text(ctl, "login", result->login);
    ctl_answer_text(ctl, "role", ctl->role);
    json_object_set_new(ctl->answer, "added", json_boolean(result->added));
    json_object_set_new(ctl->answer, "appointed", json_boolean(result->appointed));
    if (result->added) {
        ctl_say(ctl, "Added: %s, role %s.", result->login, ctl->role);
    }
    else {
        ctl_say(ctl, "%s is registered already and %s the role %s.", result->login,
                result->appointed ? "now has" : "had", ctl->role);
    }
    tell_link(ctl, result);
    return CTL_OK;
}

static int tell_result(ctl_t *ctl, const pd_staff_result_t *result)
{
    switch (result->outcome) {
    case PD_STAFF_DONE:
        return tell_added(ctl, result);
    case PD_STAFF_MISTAKE:
        return tell_mistake(ctl, result->mistake);
    case PD_STAFF_LOGIN_TAKEN:
        return ctl_fail(ctl, CTL_FAILED,
                        "the login %s is taken by somebody with another e-mail address",
                        operand(ctl, 0));
    case PD_STAFF_EMAIL_TAKEN:
        return ctl_fail(ctl, CTL_FAILED,
                        "the e-mail address %s is taken by somebody with another login",
                        operand(ctl, 1));
    case PD_STAFF_BARRED:
        break;
    }
    return ctl_fail(ctl, CTL_FAILED, "%s is registered, but blocked or about to leave",
                    operand(ctl, 0));
}

/* PD_EAWAY: the answer to COMMIT may be what was lost. */
static int failed(ctl_t *ctl, apr_status_t rv, const char *what)
{
    return ctl_fail_status(ctl, rv,
                           rv == PD_EAWAY ? "it is not known whether it was done; look with "
                                            "\"pdportalctl staff list\" before trying again"
                                          : what,
                           NULL);
}

int ctl_staff_add(ctl_t *ctl)
{
    pd_staff_result_t result;
    pd_staff_order_t order = {.by = PD_ROLE_BY_PROGRAM, .link = ctl->given & CTL_LINK};
    int code = check_words(ctl, 2);
    if (!code) {
        code = read_language(ctl, &order.language);
    }
    if (code) {
        return code;
    }
    order.login = operand(ctl, 0);
    order.email = operand(ctl, 1);
    order.role = ctl->role;
    apr_status_t rv = pd_staff_add(&result, &ctl->portal, &order, ctl->p);
    return rv ? failed(ctl, rv, "nobody was added") : tell_result(ctl, &result);
}

int ctl_find_person(ctl_t *ctl, pd_person_t *person, const char *name)
{
    const char *id;
    *person = (pd_person_t){.id = NULL};
    apr_status_t rv = pd_person_named(&id, &ctl->portal, name, ctl->p);
    if (!rv) {
        rv = pd_person_get(person, &ctl->portal, id, ctl->p);
    }
    if (rv == APR_ENOENT) {
        return ctl_fail(ctl, CTL_FAILED, "nobody has the login or e-mail address \"%s\"", name);
    }
    return rv ? ctl_fail_status(ctl, rv, "people can't be read", NULL)
              : ctl_use_person(ctl, person->id);
}

int ctl_staff_remove(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    int changed;
    int code = check_words(ctl, 1);
    if (!code) {
        code = ctl_find_person(ctl, &person, operand(ctl, 0));
    }
    if (code) {
        return code;
    }
    const pd_appointment_t appointment = {person.id, person.key, ctl->role, PD_ROLE_BY_PROGRAM};
    apr_status_t rv = pd_role_dismiss(&changed, &ctl->portal, &appointment, ctl->p);
    if (rv) {
        return failed(ctl, rv, "no role was taken");
    }
    if (!changed) {
        return ctl_fail(ctl, CTL_FAILED, "%s doesn't have the role %s", person.login, ctl->role);
    }
    ctl_answer_text(ctl, "person", person.id);
    ctl_answer_text(ctl, "login", person.login);
    ctl_answer_text(ctl, "role", ctl->role);
    ctl_say(ctl, "%s no longer has the role %s.", person.login, ctl->role);
    return CTL_OK;
}

static json_t *as_json(const pd_staff_t *staff, apr_pool_t *p)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "person", staff->person_id, "login",
                  staff->login, "state", staff->state, "role", staff->role, "since",
                  pd_time_rfc3339(staff->since, p), "appointed_by", staff->appointed_by);
    if (staff->until) {
        json_object_set_new(object, "until", json_string(pd_time_rfc3339(staff->until, p)));
    }
    return object;
}

int ctl_staff_list(ctl_t *ctl)
{
    apr_array_header_t *all;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "staff", list);
    apr_status_t rv = pd_staff_list(&all, &ctl->portal, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the staff can't be read", NULL);
    }
    int code = all->nelts > 0 ? ctl_note_list(ctl, PD_LOOK_STAFF) : CTL_OK;
    if (code) {
        return code;
    }
    for (int i = 0; i < all->nelts; i++) {
        const pd_staff_t *staff = &APR_ARRAY_IDX(all, i, pd_staff_t);
        json_array_append_new(list, as_json(staff, ctl->p));
        ctl_say(ctl, "%s  %s  since %s  by %s%s%s", staff->login, staff->role,
                ctl_time_text(ctl, staff->since), staff->appointed_by,
                strcmp(staff->state, "active") ? "  " : "",
                strcmp(staff->state, "active") ? staff->state : "");
    }
    return CTL_OK;
}
