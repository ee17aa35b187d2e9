/* notices send: a message of the administration to one person, or an optional one to everybody who
 * agreed; notices list and notices stop: what became of those. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_mailing.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

#define BATCH            50
#define LISTED           50
#define REASON_BYTES_MAX 500

/* Line ends as we keep them. */
static void unify_line_ends(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (from[0] != '\r' || from[1] != '\n') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* With the caller's rights. */
int ctl_notices_read(ctl_t *ctl)
{
    apr_file_t *file;
    char reason[120];
    apr_size_t length = PD_MAILING_BYTES_MAX + 2;
    char *text = apr_palloc(ctl->p, length);
    if (!ctl->file) {
        return ctl_fail(ctl, CTL_USAGE, "write the file with the text: --file TEXT");
    }
    apr_status_t rv = apr_file_open(&file, ctl->file, APR_FOPEN_READ, 0, ctl->p);
    if (!rv) {
        rv = apr_file_read_full(file, text, length - 1, &length);
    }
    if (rv && !APR_STATUS_IS_EOF(rv)) {
        return ctl_fail(ctl, CTL_FAILED, "%s: can't be read: %s", ctl->file,
                        apr_strerror(rv, reason, sizeof reason));
    }
    text[length] = '\0';
    const char *why = strlen(text) < length ? "it is no text" : NULL;
    unify_line_ends(text);
    if (!why) {
        why = pd_mailing_check(text);
    }
    ctl->baton = text;
    return why ? ctl_fail(ctl, CTL_FAILED, "%s: %s", ctl->file, why) : CTL_OK;
}

/* The kinds that the administration may write, for the message. */
static const char *kinds_of(ctl_t *ctl)
{
    const char *names = "";
    for (const pd_notice_kind_t *kind = pd_notice_kinds; kind->id; kind++) {
        if (kind->from != PD_NOTICE_OF_EVENT) {
            names = apr_pstrcat(ctl->p, names, *names ? ", " : "", kind->id, NULL);
        }
    }
    return names;
}

static int check_words(ctl_t *ctl, const pd_notice_kind_t *kind)
{
    if (!kind || kind->from == PD_NOTICE_OF_EVENT) {
        return ctl_fail(ctl, CTL_USAGE, "write the kind, --kind: one of %s", kinds_of(ctl));
    }
    if (kind->from == PD_NOTICE_TO_ONE && !ctl->to) {
        return ctl_fail(ctl, CTL_USAGE,
                        "nobody can refuse messages of the kind %s, so they go to one person at a "
                        "time: --to LOGIN",
                        kind->id);
    }
    return CTL_OK;
}

static const char *language_of(ctl_t *ctl)
{
    return ctl->langs->nelts ? APR_ARRAY_IDX(ctl->langs, 0, const char *) : ctl->settings->language;
}

static int check_language(ctl_t *ctl)
{
    for (const char *const *language = pd_languages; *language; language++) {
        if (!strcmp(*language, language_of(ctl)) && ctl->langs->nelts <= 1) {
            return CTL_OK;
        }
    }
    return ctl_fail(ctl, CTL_USAGE, "--lang: write the language of the text, ru or en");
}

static int send_one(ctl_t *ctl, const pd_mailing_text_t *text)
{
    pd_person_t person = {.id = NULL};
    int taken;
    int code = ctl_find_person(ctl, &person, ctl->to);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_mailing_send_one(&taken, &ctl->portal, person.id, text, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "nothing was written", NULL);
    }
    if (!taken) {
        return ctl_fail(ctl, CTL_FAILED,
                        "%s does not want messages of the kind %s, or may not be "
                        "written to now; nothing was written",
                        person.login, text->kind);
    }
    ctl_answer_number(ctl, "written", 1);
    ctl_say(ctl, "Written to %s.", person.login);
    return CTL_OK;
}

static int tell(ctl_t *ctl, const char *id, const char *failure)
{
    pd_mailing_t mailing;
    apr_status_t rv = pd_mailing_look(&mailing, &ctl->portal, id, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, failure, NULL);
    }
    ctl_answer_text(ctl, "mailing", id);
    ctl_answer_number(ctl, "written", mailing.written);
    json_object_set_new(ctl->answer, "done", json_boolean(mailing.is_done && !mailing.is_stopped));
    json_object_set_new(ctl->answer, "stopped", json_boolean(mailing.is_stopped));
    ctl_say(ctl, "Written: %" APR_INT64_T_FMT ". %s", mailing.written,
            mailing.is_stopped ? "It was stopped; nobody else gets it."
            : mailing.is_done
                ? "Everybody who agreed has it."
                : "Many letters wait for delivery, or another mailing comes first: the "
                  "server writes the rest by itself (job \"notices\").");
    return CTL_OK;
}

/* A line now and then, on a terminal or in a log. */
static void show_progress(ctl_t *ctl, apr_int64_t written, apr_int64_t before)
{
    if (written / 1000 != before / 1000) {
        ctl_say(ctl, "Written so far: %" APR_INT64_T_FMT, written);
    }
}

static int send_many(ctl_t *ctl, const pd_mailing_text_t *text)
{
    const char *id;
    apr_pool_t *scratch;
    apr_int64_t written = 0;
    int is_new, n = 0, seen = 1;
    apr_status_t rv = pd_mailing_begin(&id, &is_new, &ctl->portal, text, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "nothing was written", NULL);
    }
    if (!is_new) {
        ctl_say(ctl, "This text is on its way already: going on with it.");
    }
    apr_pool_create(&scratch, ctl->p);
    while (!rv && seen) {
        apr_pool_clear(scratch);
        rv = pd_mailing_write(&n, &seen, &ctl->portal, BATCH, scratch);
        show_progress(ctl, written + n, written);
        written += n;
    }
    apr_pool_destroy(scratch);
    return rv ? ctl_fail_status(ctl, rv,
                                "not all is written; the server goes on, and so does the same "
                                "command",
                                NULL)
              : tell(ctl, id, "the mailing can't be read; the server goes on with it");
}

int ctl_notices_send(ctl_t *ctl)
{
    const pd_notice_kind_t *kind = ctl->kind ? pd_notice_kind_find(ctl->kind) : NULL;
    int code = check_words(ctl, kind);
    if (!code) {
        code = check_language(ctl);
    }
    if (code || !kind) {
        return code;
    }
    const pd_mailing_text_t text = {kind->id, language_of(ctl), ctl->baton};
    return ctl->to ? send_one(ctl, &text) : send_many(ctl, &text);
}

static const char *state_of(const pd_mailing_t *mailing)
{
    return mailing->is_stopped ? "stopped" : mailing->is_done ? "done" : "going on";
}

int ctl_notices_list(ctl_t *ctl)
{
    apr_array_header_t *mailings;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "mailings", list);
    apr_status_t rv = pd_mailing_list(&mailings, &ctl->portal, LISTED, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the mailings can't be read", NULL);
    }
    for (int i = 0; i < mailings->nelts; i++) {
        const pd_mailing_t *mailing = &APR_ARRAY_IDX(mailings, i, pd_mailing_t);
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:s}", "mailing", mailing->id, "kind",
                            mailing->kind, "begun_at", pd_time_rfc3339(mailing->begun_at, ctl->p),
                            "written", (json_int_t)mailing->written, "state", state_of(mailing)));
        ctl_say(ctl, "%s  %s  %s  written %" APR_INT64_T_FMT "  %s", mailing->id,
                ctl_time_text(ctl, mailing->begun_at), mailing->kind, mailing->written,
                state_of(mailing));
    }
    return CTL_OK;
}

int ctl_notices_stop(ctl_t *ctl)
{
    int stopped;
    if (ctl->operands->nelts != 1 || !ctl->reason || !*ctl->reason ||
        strlen(ctl->reason) > REASON_BYTES_MAX) {
        return ctl_fail(ctl, CTL_USAGE,
                        "write which MAILING of \"notices list\", and why, in at most %d bytes: %s",
                        REASON_BYTES_MAX, ctl->command->synopsis);
    }
    const char *id = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    apr_status_t rv = pd_mailing_stop(&stopped, &ctl->portal, id, ctl->reason, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "it is not known whether it was stopped; look again", NULL);
    }
    return stopped ? tell(ctl, id, "it is stopped, but how many have it can't be read")
                   : ctl_fail(ctl, CTL_FAILED, "there is no mailing %s that goes on", id);
}
