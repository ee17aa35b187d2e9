/* check: looks at one thing after another, tells each, and goes on as far as it can. Changes
 * nothing. */
#include "cli/ctl.h"

#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "db/pd_migrate.h"
#include "portal/pd_document.h"
#include "portal/pd_document_sum.h"
#include "portal/pd_field.h"
#include "portal/pd_invalidation.h"
#include "portal/pd_journal.h"
#include "portal/pd_outbox.h"
#include "portal/pd_state.h"
#include "portal/pd_withdrawal.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* A letter that waits so long is overdue: someone sits before a screen. */
#define LETTER_OVERDUE apr_time_from_sec(15 * 60)

/* Less room than this, or than this part of the disk, and the database soon can't write. */
#define ROOM_MIN_BYTES   ((apr_off_t)100 * 1024 * 1024)
#define ROOM_MIN_PERCENT 5

/* Clocks of several hosts differ a little. */
#define CLOCK_SLACK apr_time_from_sec(60)

typedef struct look_t {
    ctl_t *ctl;
    json_t *findings;
    int unsound;
} look_t;

/* `why` NULL: sound. */
static int tell(look_t *look, const char *thing, const char *why)
{
    json_t *finding =
        json_pack("{s:s, s:b, s:s}", "thing", thing, "sound", why == NULL, "text", why ? why : "");
    json_array_append_new(look->findings, finding);
    ctl_say(look->ctl, "%-9s %s%s%s", why ? "UNSOUND" : "sound", thing, why ? ": " : "",
            why ? why : "");
    look->unsound |= why != NULL;
    return why == NULL;
}

/* Worth a word, and no fault. */
static void notice(look_t *look, const char *thing, const char *text)
{
    json_array_append_new(look->findings, json_pack("{s:s, s:b, s:b, s:s}", "thing", thing, "sound",
                                                    1, "notice", 1, "text", text));
    ctl_say(look->ctl, "%-9s %s: %s", "notice", thing, text);
}

static const char *status_text(ctl_t *ctl, apr_status_t rv)
{
    char *buffer = apr_palloc(ctl->p, 200);
    return rv ? pd_status_text(rv, buffer, 200) : NULL;
}

static const char *schema(ctl_t *ctl)
{
    int version = 0;
    apr_status_t rv = pd_migrate_current(&version, ctl->db, ctl->p);
    if (rv) {
        return status_text(ctl, rv);
    }
    if (version != pd_migrate_wanted()) {
        return apr_psprintf(ctl->p, "it has version %d, this program wants %d; %s", version,
                            pd_migrate_wanted(),
                            version < pd_migrate_wanted() ? "run \"pdportalctl migrate\""
                                                          : "install the newer program");
    }
    return NULL;
}

static const char *key_bond(ctl_t *ctl)
{
    const char *why = NULL;
    return pd_portal_check_key(&why, &ctl->portal, ctl->p) ? why : NULL;
}

/* A kind without any text keeps registration closed; one without a text in some language is read in
 * another, which is worth a word. */
static void document(look_t *look, const char *kind, const char *language)
{
    ctl_t *ctl = look->ctl;
    pd_document_t found;
    const char *why = NULL, *note = "";
    apr_status_t rv = pd_document_current(&found, &ctl->portal, kind, language, ctl->p);
    if (rv == APR_ENOENT) {
        why = apr_psprintf(ctl->p,
                           "none is in force; publish one with \"pdportalctl policy publish FILE "
                           "--lang %s --kind %s\"",
                           language, kind);
    }
    else if (rv) {
        why = status_text(ctl, rv);
    }
    else if (strcmp(found.language, language)) {
        note = apr_psprintf(ctl->p, " (not in this language: readers see it in \"%s\")",
                            found.language);
    }
    tell(look, apr_pstrcat(ctl->p, "document ", kind, " ", language, note, NULL), why);
}

static void documents(look_t *look)
{
    static const char *const kinds[] = {PD_DOCUMENT_POLICY, PD_DOCUMENT_PROCESSING};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (const char *const *language = pd_languages; *language; language++) {
            document(look, kinds[i], *language);
        }
    }
}

/* `thing` gets a note where letters lack. */
static const char *letters(ctl_t *ctl, const char **thing)
{
    pd_outbox_state_t state;
    apr_status_t rv = pd_outbox_look(&state, &ctl->portal, ctl->p);
    *thing = "letters";
    if (rv) {
        return status_text(ctl, rv);
    }
    ctl_answer_number(ctl, "letters_waiting", state.queued);
    ctl_answer_number(ctl, "letters_failed", state.failed);
    ctl_answer_number(ctl, "letters_lacking", state.lacking);
    if (state.lacking) {
        *thing = apr_psprintf(ctl->p,
                              "letters (%ld could not be made by their template; mend it, tell "
                              "these people otherwise: PD0750 in the error log)",
                              (long)state.lacking);
    }
    if (state.oldest && pd_clock_now() - state.oldest > LETTER_OVERDUE) {
        return apr_psprintf(ctl->p,
                            "%ld wait, the oldest since %s; look into the error log for the "
                            "mail relay",
                            (long)state.queued, ctl_time_text(ctl, state.oldest));
    }
    return NULL;
}

static const char *journal(ctl_t *ctl)
{
    pd_journal_report_t report;
    apr_status_t rv = pd_journal_verify(&report, &ctl->portal, NULL, ctl->p);
    if (!rv && report.finding != PD_JOURNAL_SOUND) {
        return "it is not whole; \"pdportalctl verify-journal\" names the row";
    }
    return status_text(ctl, rv);
}

static const char *texts(ctl_t *ctl)
{
    const char *fault;
    apr_status_t rv = pd_document_sum_check(&fault, &ctl->portal, ctl->p);
    if (rv || !fault) {
        return status_text(ctl, rv);
    }
    return apr_pstrcat(ctl->p, fault, "; restore it from a copy of the database", NULL);
}

static const char *figures(pd_state_t *state, ctl_t *ctl)
{
    static const pd_counts_t none;
    pd_state_shared_t shared = {0};
    pd_portal_t portal = ctl->portal;
    portal.state = &shared;
    apr_status_t rv = pd_state_read(&portal, ctl->p);
    pd_state_take(state, &none, &shared);
    return status_text(ctl, rv);
}

static void sessions(look_t *look)
{
    pd_state_t state;
    const char *why = figures(&state, look->ctl);
    apr_int64_t alive = state.figure[PD_FIGURE_SESSIONS];
    ctl_answer_number(look->ctl, "sessions_alive", alive);
    tell(look, apr_psprintf(look->ctl->p, "sessions (%" APR_INT64_T_FMT " alive)", alive), why);
}

static const char *change_feed(ctl_t *ctl)
{
    pd_invalidation_state_t state;
    apr_status_t rv = pd_invalidation_look(&state, &ctl->portal, ctl->p);
    if (rv) {
        return status_text(ctl, rv);
    }
    if (!state.has_head) {
        return "the row of invalidation_head is gone, so that nothing can be changed any more; "
               "restore the database from its copy";
    }
    if (state.newest_at > pd_clock_now() + CLOCK_SLACK) {
        return apr_psprintf(ctl->p,
                            "its newest row is of %s, which is yet to come; set the clocks of all "
                            "hosts of this database right",
                            ctl_time_text(ctl, state.newest_at));
    }
    return NULL;
}

/* What is soon due is worth a word while there is time. */
static void withdrawals(look_t *look)
{
    ctl_t *ctl = look->ctl;
    pd_withdrawal_state_t state;
    const char *note = "", *why = NULL;
    apr_status_t rv = pd_withdrawal_look(&state, &ctl->portal, ctl->p);
    ctl_answer_number(ctl, "withdrawals_open", state.open);
    ctl_answer_number(ctl, "withdrawals_soon", state.soon);
    ctl_answer_number(ctl, "withdrawals_overdue", state.overdue);
    if (rv) {
        why = status_text(ctl, rv);
    }
    else if (state.overdue) {
        why = apr_psprintf(ctl->p,
                           "%ld overdue, the first since %s; see \"pdportalctl withdrawals list\"",
                           (long)state.overdue, ctl_time_text(ctl, state.next_at));
    }
    else if (state.soon) {
        note = apr_psprintf(ctl->p, " (SOON: %ld due within 5 days, the first by %s)",
                            (long)state.soon, ctl_time_text(ctl, state.next_at));
    }
    tell(look, apr_pstrcat(ctl->p, "withdrawals", note, NULL), why);
}

/* A version that waits for its day is worth a word. */
static void announced(look_t *look)
{
    ctl_t *ctl = look->ctl;
    apr_array_header_t *all;
    const pd_document_t *next = NULL;
    apr_time_t now = pd_clock_now();
    apr_status_t rv =
        pd_document_list(&all, &ctl->portal, PD_DOCUMENT_POLICY, ctl->settings->language, ctl->p);
    for (int i = 0; !rv && i < all->nelts; i++) { /* newest first */
        const pd_document_t *document = &APR_ARRAY_IDX(all, i, pd_document_t);
        next = document->effective_at > now ? document : next;
    }
    if (next) {
        ctl_answer_number(ctl, "policy_announced", next->version);
        tell(look,
             apr_psprintf(ctl->p, "policy announced (version %" APR_INT64_T_FMT " from %s on)",
                          next->version, ctl_time_text(ctl, next->effective_at)),
             NULL);
    }
}

/* Beyond what pd_keyring_load asks of the file itself: who may write its folder can put another
 * file there. */
static const char *key_rights(ctl_t *ctl)
{
    struct stat info;
    const char *folder = ctl_folder_of(ctl->settings->key_file, ctl->p);
    if (stat(folder, &info) || !(info.st_mode & 022) || (info.st_mode & S_ISVTX)) {
        return NULL; /* a file that isn't there is told of by the next look */
    }
    return apr_psprintf(ctl->p,
                        "others may write %s, and so put another key file there; do "
                        "\"chmod go-w %s\"",
                        folder, folder);
}

static const char *room(ctl_t *ctl)
{
    struct statvfs disk;
    char left[5], whole[5];
    const char *folder = ctl_folder_of(ctl_database_file(ctl), ctl->p);
    if (statvfs(folder, &disk)) {
        return apr_psprintf(ctl->p, "%s can't be examined: %s", folder, strerror(errno));
    }
    apr_off_t size = (apr_off_t)disk.f_frsize;
    apr_off_t total = (apr_off_t)disk.f_blocks * size, free_bytes = (apr_off_t)disk.f_bavail * size;
    if (free_bytes >= ROOM_MIN_BYTES && free_bytes >= total / 100 * ROOM_MIN_PERCENT) {
        return NULL;
    }
    return apr_psprintf(ctl->p,
                        "%s has %s left of %s; make room, or the portal soon answers 503 to all "
                        "that writes",
                        folder, apr_strfsize(free_bytes, left), apr_strfsize(total, whole));
}

/* `late`: of those that are over, for too long. */
static void outlived(look_t *look, const char *thing, const pd_field_t *field, int due, int late)
{
    ctl_t *ctl = look->ctl;
    int told = late ? late : due;
    const char *text = apr_psprintf(ctl->p, "%d%s outlived the %s of %s%s", told,
                                    told == PD_DUE_MAX ? " or more" : "",
                                    pd_settings_term_text(field->term(ctl->settings), ctl->p),
                                    field->directive, late ? " by more than a day" : "");
    const char *todo =
        field->destroy ? "; the job \"expire\" removes them" : "; decide what becomes of them";
    if (late) {
        tell(look, thing, apr_pstrcat(ctl->p, text, todo, NULL));
    }
    else if (due) {
        notice(look, thing, apr_pstrcat(ctl->p, text, todo, NULL));
    }
}

static void term(look_t *look, const pd_field_t *field)
{
    ctl_t *ctl = look->ctl;
    const char *thing = apr_pstrcat(ctl->p, "term of ", field->id, NULL);
    apr_int64_t value = field->term(ctl->settings);
    int due = 0, late = 0;
    apr_status_t rv = pd_field_due(&due, &ctl->portal, field, 0, ctl->p);
    if (!rv && due) {
        rv = pd_field_due(&late, &ctl->portal, field, PD_FIELD_OVERDUE, ctl->p);
    }
    if (rv) {
        tell(look, thing, status_text(ctl, rv));
    }
    else if (value == PD_TERM_UNLIMITED) {
        notice(look, thing, apr_pstrcat(ctl->p, "kept without limit, by ", field->directive, NULL));
    }
    else if (value == PD_UNSET) {
        notice(look, thing,
               apr_psprintf(ctl->p,
                            "not set; decide and write %s \"3 years\", or \"without limit\"",
                            field->directive));
    }
    else {
        outlived(look, thing, field, due, late);
    }
}

/* Where a job removes what is over, only a term without limit is worth a word. */
static void terms(look_t *look)
{
    for (const pd_field_t *field = pd_fields; field->id; field++) {
        if (field->directive && (field->due || field->destroy)) {
            term(look, field);
        }
    }
}

/* What needs a database that answers. */
static void look_inside(look_t *look)
{
    ctl_t *ctl = look->ctl;
    if (!tell(look, "key bond", key_bond(ctl))) {
        return;
    }
    documents(look);
    tell(look, "texts", texts(ctl));
    announced(look);
    sessions(look);
    tell(look, "change feed", change_feed(ctl));
    const char *thing;
    const char *why = letters(ctl, &thing);
    tell(look, thing, why);
    terms(look);
    withdrawals(look);
    tell(look, "journal", journal(ctl));
}

static void look_at_all(look_t *look)
{
    ctl_t *ctl = look->ctl;
    if (!tell(look, "configuration", ctl_read_settings(ctl))) {
        return;
    }
    tell(look, "file owners", ctl_check_owners(ctl)); /* as the caller: root sees every file */
    tell(look, "key folder", key_rights(ctl));
    if (!tell(look, "key file", ctl_read_keys(ctl)) ||
        !tell(look, "database owner", ctl_drop_rights(ctl))) {
        return;
    }
    if (ctl_database_file(ctl)) {
        tell(look, "disk space", room(ctl));
    }
    if (!tell(look, "database", ctl_open_database(ctl, 1)) || !tell(look, "schema", schema(ctl))) {
        return;
    }
    look_inside(look);
}

int ctl_check(ctl_t *ctl)
{
    look_t look = {ctl, json_array(), 0};
    json_object_set_new(ctl->answer, "findings", look.findings);
    look_at_all(&look);
    json_object_set_new(ctl->answer, "sound", json_boolean(!look.unsound));
    return look.unsound ? CTL_UNSOUND : CTL_OK;
}
