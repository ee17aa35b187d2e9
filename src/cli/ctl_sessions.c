/* sessions list and sessions end. */
#include "cli/ctl.h"

#include "base/pd_random.h"
#include "base/pd_zone.h"
#include "portal/pd_person.h"
#include "portal/pd_session.h"

#include <string.h>

static json_t *as_json(const pd_session_t *session, apr_pool_t *p)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "session", session->id, "begun_at",
                     pd_time_rfc3339(session->created_at, p), "authenticated_at",
                     pd_time_rfc3339(session->authenticated_at, p), "used_at",
                     pd_time_rfc3339(session->used_at, p), "expires_at",
                     pd_time_rfc3339(session->expires_at, p));
}

int ctl_sessions_list(ctl_t *ctl)
{
    pd_person_t person = {.id = NULL};
    apr_array_header_t *sessions;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "sessions", list);
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write whose sessions: LOGIN");
    }
    int code = ctl_find_person(ctl, &person, APR_ARRAY_IDX(ctl->operands, 0, const char *));
    code = code ? code : ctl_note_look(ctl, &person);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_session_list(&sessions, &ctl->portal, person.id, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the sessions can't be read", NULL);
    }
    for (int i = 0; i < sessions->nelts; i++) {
        const pd_session_t *session = &APR_ARRAY_IDX(sessions, i, pd_session_t);
        json_array_append_new(list, as_json(session, ctl->p));
        ctl_say(ctl, "%s  begun %s  used %s", session->id, ctl_time_text(ctl, session->created_at),
                ctl_time_text(ctl, session->used_at));
    }
    return CTL_OK;
}

static int not_ended(ctl_t *ctl, apr_status_t rv)
{
    return ctl_fail_status(ctl, rv, "it is not known whether anything was ended; do it again",
                           NULL);
}

static int end_all(ctl_t *ctl)
{
    int removed;
    apr_status_t rv = pd_session_end_all(&removed, &ctl->portal, ctl->p);
    if (rv) {
        return not_ended(ctl, rv);
    }
    ctl_answer_number(ctl, "ended", removed);
    ctl_say(ctl, "Everybody is signed out (sessions: %d).", removed);
    return CTL_OK;
}

/* What a list of names came to. */
typedef struct ended_t {
    int ended, unknown;
} ended_t;

static int end_one(ctl_t *ctl, ended_t *sum, const char *id)
{
    int ended;
    apr_status_t rv = pd_session_end_one(&ended, &ctl->portal, NULL, id, ctl->p);
    if (rv) {
        return not_ended(ctl, rv);
    }
    sum->ended += ended;
    if (!ended) {
        sum->unknown++;
        return ctl_fail(ctl, CTL_FAILED, "there is no session %s", id);
    }
    ctl_say(ctl, "Ended: session %s.", id);
    return CTL_OK;
}

static int end_of_person(ctl_t *ctl, ended_t *sum, const char *name)
{
    pd_person_t person = {.id = NULL};
    int ended;
    int code = ctl_find_person(ctl, &person, name);
    if (code) {
        sum->unknown += person.id == NULL;
        return code;
    }
    apr_status_t rv = pd_session_end_others(&ended, &ctl->portal, person.id, NULL, ctl->p);
    if (rv) {
        return not_ended(ctl, rv);
    }
    sum->ended += ended;
    ctl_say(ctl, "%s is signed out everywhere (sessions: %d).", person.login, ended);
    return CTL_OK;
}

/* A trouble with one doesn't hold up the others; the exit code tells of the first. No login is as
 * long as the id of a session, and an e-mail has an "@". */
static int end_listed(ctl_t *ctl, const apr_array_header_t *names)
{
    ended_t sum = {0, 0};
    int code = CTL_OK;
    for (int i = 0; i < names->nelts; i++) {
        const char *what = APR_ARRAY_IDX(names, i, const char *);
        int one = strlen(what) == PD_UUID_CHARS && !strchr(what, '@')
                      ? end_one(ctl, &sum, what)
                      : end_of_person(ctl, &sum, what);
        code = code ? code : one;
    }
    ctl_answer_number(ctl, "ended", sum.ended);
    ctl_answer_number(ctl, "unknown", sum.unknown);
    return code;
}

int ctl_sessions_end(ctl_t *ctl)
{
    const apr_array_header_t *names = ctl->baton;
    int all = (ctl->given & CTL_ALL) != 0;
    if (all == (names->nelts > 0) || (all && ctl->file)) {
        return ctl_fail(ctl, CTL_USAGE, "write one of --all, --file LIST, LOGIN and SESSION-ID");
    }
    return all ? end_all(ctl) : end_listed(ctl, names);
}
