/* passwords expire: an emergency measure (F44). */
#include "cli/ctl.h"

#include "base/pd_random.h"
#include "portal/pd_password_expire.h"

#include <string.h>

/* Nobody has a login as long as an id, and an e-mail address has an "@". */
static apr_status_t find_id(const char **id, ctl_t *ctl, const char *name)
{
    pd_person_t person = {.id = NULL};
    if (strlen(name) != PD_UUID_CHARS || strchr(name, '@')) {
        return pd_person_named(id, &ctl->portal, name, ctl->p);
    }
    *id = name;
    return pd_person_get(&person, &ctl->portal, name, ctl->p);
}

/* The ids of all names; a name that is nobody's is told, and doesn't hold up the others. */
static int find_ids(ctl_t *ctl, apr_array_header_t *ids, json_t *unknown)
{
    const apr_array_header_t *names = ctl->baton;
    for (int i = 0; i < names->nelts; i++) {
        const char *id, *name = APR_ARRAY_IDX(names, i, const char *);
        apr_status_t rv = find_id(&id, ctl, name);
        if (rv == APR_ENOENT) {
            json_array_append_new(unknown, json_string(name));
            continue;
        }
        if (rv) {
            return ctl_fail_status(ctl, rv, "people can't be read; nothing was done", NULL);
        }
        int code = ctl_use_person(ctl, id);
        if (code) {
            return code;
        }
        APR_ARRAY_PUSH(ids, const char *) = id;
    }
    return CTL_OK;
}

static void tell_result(ctl_t *ctl, const pd_expired_t *result)
{
    ctl_answer_number(ctl, "expired", result->expired);
    ctl_answer_number(ctl, "already", result->already);
    ctl_say(ctl,
            "Signed out, and asked for a new password at the next sign-in: %" APR_INT64_T_FMT
            ". Were so before, or have no password: %" APR_INT64_T_FMT ".",
            result->expired, result->already);
}

static int not_done(ctl_t *ctl, apr_status_t rv)
{
    return ctl_fail_status(ctl, rv, "not all is done; the same command does the rest", NULL);
}

static int expire_all(ctl_t *ctl)
{
    pd_expired_t result;
    apr_status_t rv = pd_password_expire_all(&result, &ctl->portal, ctl->reason, ctl->p);
    tell_result(ctl, &result);
    return rv ? not_done(ctl, rv) : CTL_OK;
}

static int tell_unknown(ctl_t *ctl, const json_t *unknown)
{
    size_t n = json_array_size(unknown);
    for (size_t i = 0; i < n; i++) {
        ctl_say(ctl, "Nobody is called \"%s\".", json_string_value(json_array_get(unknown, i)));
    }
    return n == 0 ? CTL_OK
                  : ctl_fail(ctl, CTL_FAILED, "names that are nobody's: %d; the others are done",
                             (int)n);
}

static int expire_listed(ctl_t *ctl)
{
    pd_expired_t result;
    apr_array_header_t *ids = apr_array_make(ctl->p, 16, sizeof(const char *));
    json_t *unknown = json_array();
    json_object_set_new(ctl->answer, "unknown", unknown);
    int code = find_ids(ctl, ids, unknown);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_password_expire(&result, &ctl->portal, ids, ctl->reason, ctl->p);
    tell_result(ctl, &result);
    return rv ? not_done(ctl, rv) : tell_unknown(ctl, unknown);
}

int ctl_passwords_expire(ctl_t *ctl)
{
    const apr_array_header_t *names = ctl->baton;
    int all = (ctl->given & CTL_ALL) != 0;
    if (all == (names->nelts > 0) || (all && ctl->file)) {
        return ctl_fail(ctl, CTL_USAGE, "write one of --all, --file LIST and LOGIN...");
    }
    if (!ctl->reason || !*ctl->reason) {
        return ctl_fail(ctl, CTL_USAGE, "write why with --reason: the journal keeps it");
    }
    return all ? expire_all(ctl) : expire_listed(ctl);
}
