/* drafts list, show, publish and withdraw, and policy publish --draft: the rule of two people holds
 * as on the portal's pages. Who acts is named by --as and has to hold the role. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_draft.h"
#include "portal/pd_role.h"

#include <apr_strings.h>
#include <string.h>

#define DIGITS_MAX 9

static const char *const state_names[] = {[PD_DRAFT_OPEN] = "open",
                                          [PD_DRAFT_PUBLISHED] = "published",
                                          [PD_DRAFT_WITHDRAWN] = "withdrawn"};

static int find_editor(ctl_t *ctl, pd_person_t *person)
{
    apr_array_header_t *roles;
    int held = 0;
    if (!ctl->as) {
        return ctl_fail(ctl, CTL_USAGE, "--as: write the login of the editor who does it");
    }
    int code = ctl_find_person(ctl, person, ctl->as);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_role_list(&roles, &ctl->portal, person->id, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "roles can't be read", NULL);
    }
    for (int i = 0; i < roles->nelts; i++) {
        const char *role = APR_ARRAY_IDX(roles, i, pd_role_t).role;
        held |= !strcmp(role, PD_ROLE_EDITOR) || !strcmp(role, PD_ROLE_ADMINISTRATOR);
    }
    return held
               ? CTL_OK
               : ctl_fail(ctl, CTL_FAILED, "%s is neither editor nor administrator", person->login);
}

static int is_number(const char *typed)
{
    apr_size_t length = strlen(typed);
    return length > 0 && length <= DIGITS_MAX && strspn(typed, "0123456789") == length;
}

static int read_number(ctl_t *ctl, apr_int64_t *number)
{
    const char *typed =
        ctl->operands->nelts == 1 ? APR_ARRAY_IDX(ctl->operands, 0, const char *) : "";
    if (!is_number(typed)) {
        return ctl_fail(ctl, CTL_USAGE, "write the number of the draft, as \"drafts list\" prints");
    }
    *number = apr_atoi64(typed);
    return CTL_OK;
}

/* What was seen and what is published are two commands; a version may come between them. */
static int read_against(ctl_t *ctl, apr_int64_t *version)
{
    if (!ctl->against || !is_number(ctl->against)) {
        return ctl_fail(ctl, CTL_USAGE,
                        "--against: write the version that the draft was compared with, as "
                        "\"drafts show\" prints it");
    }
    *version = apr_atoi64(ctl->against);
    return CTL_OK;
}

/* A login, or the number of a person who is no more. */
static const char *login_of(ctl_t *ctl, const char *person_id)
{
    pd_person_t person = {.id = NULL};
    return pd_person_get(&person, &ctl->portal, person_id, ctl->p) ? person_id : person.login;
}

static json_t *as_json(ctl_t *ctl, const pd_draft_t *draft)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "number",
                     (json_int_t)draft->number, "kind", draft->kind, "state",
                     state_names[draft->state], "author", login_of(ctl, draft->author),
                     "created_at", pd_time_rfc3339(draft->created_at, ctl->p), "effective_at",
                     draft->effective_at ? pd_time_rfc3339(draft->effective_at, ctl->p) : "",
                     "editorial", draft->editorial, "drops_languages", draft->drops_languages);
}

static void say_draft(ctl_t *ctl, const pd_draft_t *draft)
{
    ctl_say(ctl, "%ld  %s  %s, by %s, to be in force %s%s%s", (long)draft->number, draft->kind,
            ctl_time_text(ctl, draft->created_at), login_of(ctl, draft->author),
            draft->effective_at ? "from " : "at once",
            draft->effective_at ? ctl_time_text(ctl, draft->effective_at) : "",
            *draft->editorial ? "; editorial" : "");
}

int ctl_drafts_list(ctl_t *ctl)
{
    apr_array_header_t *drafts;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "drafts", list);
    apr_status_t rv = pd_draft_list(&drafts, &ctl->portal, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the drafts can't be read", NULL);
    }
    for (int i = 0; i < drafts->nelts; i++) {
        const pd_draft_t *draft = &APR_ARRAY_IDX(drafts, i, pd_draft_t);
        json_array_append_new(list, as_json(ctl, draft));
        say_draft(ctl, draft);
    }
    return CTL_OK;
}

/* In words: which clauses differ from a version's; `changed` NULL: it has no text in the language.
 */
static const char *clauses_text(ctl_t *ctl, const char *version, const char *changed)
{
    return !changed   ? apr_psprintf(ctl->p, "%s has no text in this language", version)
           : *changed ? apr_psprintf(ctl->p, "clauses that differ from %s: %s", version, changed)
                      : apr_psprintf(ctl->p, "no clause differs from %s", version);
}

static void show_text(ctl_t *ctl, json_t *texts, const pd_preview_t *preview,
                      const pd_document_source_t *source)
{
    json_t *text =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "language", preview->language, "title",
                  preview->title, "html_sha256", preview->html_sha256, "changed", preview->changed,
                  "is_new", preview->is_new, "html", preview->html, "source", source->bytes);
    json_array_append_new(texts, text);
    ctl_say(ctl, "\n%s: %s\n%s", preview->language, preview->title,
            clauses_text(ctl, "the last version", preview->is_new ? NULL : preview->changed));
    if (preview->in_force) {
        if (preview->changed_in_force) {
            json_object_set_new(text, "changed_in_force", json_string(preview->changed_in_force));
        }
        ctl_say(ctl, "%s", clauses_text(ctl, "the version in force", preview->changed_in_force));
    }
    ctl_say(ctl, "\n%s", source->bytes);
}

static int get_draft(ctl_t *ctl, pd_draft_t *draft)
{
    apr_int64_t number = 0;
    int code = read_number(ctl, &number);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_draft_get(draft, &ctl->portal, number, ctl->p);
    if (rv == APR_ENOENT) {
        return ctl_fail(ctl, CTL_FAILED, "there is no draft %ld", (long)number);
    }
    return rv ? ctl_fail_status(ctl, rv, "the draft can't be read", NULL) : CTL_OK;
}

/* Its readers lose their text: whoever approves has to know. */
static int tell_dropped(ctl_t *ctl, const pd_draft_t *draft, apr_int64_t last)
{
    apr_array_header_t *languages;
    json_t *list = json_array();
    json_object_set_new(ctl->answer, "dropped", list);
    apr_status_t rv = pd_draft_dropped(&languages, &ctl->portal, draft, last, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the last version can't be read", NULL);
    }
    for (int i = 0; i < languages->nelts; i++) {
        const char *language = APR_ARRAY_IDX(languages, i, const char *);
        json_array_append_new(list, json_string(language));
        ctl_say(ctl, "given up: the text in \"%s\", which the last version has", language);
    }
    return CTL_OK;
}

static int tell_against(ctl_t *ctl, const pd_draft_t *draft, const pd_preview_t *preview)
{
    apr_int64_t last = preview->last;
    ctl_answer_number(ctl, "against", last);
    if (preview->in_force) {
        ctl_answer_number(ctl, "in_force", preview->in_force);
        ctl_say(ctl, "version %ld is announced; in force is version %ld", (long)last,
                (long)preview->in_force);
    }
    if (draft->state == PD_DRAFT_OPEN) {
        ctl_say(ctl,
                "to publish what is shown here: \"drafts publish %ld --against %ld --as LOGIN\"",
                (long)draft->number, (long)last);
    }
    return tell_dropped(ctl, draft, last);
}

int ctl_drafts_show(ctl_t *ctl)
{
    pd_draft_t draft;
    apr_array_header_t *previews;
    int code = get_draft(ctl, &draft);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_draft_preview(&previews, &ctl->portal, &draft, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the texts can't be read again", NULL);
    }
    json_t *texts = json_array();
    json_object_set_new(ctl->answer, "draft", as_json(ctl, &draft));
    json_object_set_new(ctl->answer, "texts", texts);
    say_draft(ctl, &draft);
    ctl_say(ctl, "%s%s%s", state_names[draft.state], *draft.editorial ? "; mends only: " : "",
            draft.editorial);
    code = tell_against(ctl, &draft, &APR_ARRAY_IDX(previews, 0, pd_preview_t));
    if (code) {
        return code;
    }
    for (int i = 0; i < previews->nelts; i++) {
        show_text(ctl, texts, &APR_ARRAY_IDX(previews, i, pd_preview_t),
                  &APR_ARRAY_IDX(draft.texts, i, pd_document_source_t));
    }
    return CTL_OK;
}

static int decided(ctl_t *ctl, apr_status_t rv, pd_draft_e outcome, const pd_refusal_t *refusal,
                   const char *done)
{
    if (rv) {
        return ctl_fail_status(
            ctl, rv, "it is not known what became of the draft; look with \"drafts show\"", NULL);
    }
    switch (outcome) {
    case PD_DRAFT_OWN:
        return ctl_fail(ctl, CTL_FAILED,
                        "a material version is published by another person than who made it");
    case PD_DRAFT_GONE:
        return ctl_fail(ctl, CTL_FAILED, "the draft is not open any more");
    case PD_DRAFT_OVERTAKEN:
        return ctl_fail(ctl, CTL_FAILED, "%s, with \"drafts show\"", refusal->why);
    case PD_DRAFT_REFUSED:
        return ctl_fail(ctl, CTL_FAILED, "it can't be published as it is any more: %s",
                        refusal->why);
    case PD_DRAFT_DONE:
        break;
    }
    ctl_say(ctl, "%s: draft %s.", done, APR_ARRAY_IDX(ctl->operands, 0, const char *));
    return CTL_OK;
}

int ctl_drafts_publish(ctl_t *ctl)
{
    pd_draft_t draft;
    pd_person_t person = {.id = NULL};
    pd_draft_e outcome;
    pd_refusal_t refusal = {.why = ""};
    apr_int64_t against = 0;
    int code = get_draft(ctl, &draft);
    if (!code) {
        code = read_against(ctl, &against);
    }
    if (!code) {
        code = find_editor(ctl, &person);
    }
    if (code) {
        return code;
    }
    apr_status_t rv = pd_draft_publish(&outcome, &refusal, &ctl->portal, draft.number, against,
                                       person.id, ctl->p);
    return decided(ctl, rv, outcome, &refusal, "Published");
}

int ctl_drafts_withdraw(ctl_t *ctl)
{
    pd_draft_t draft;
    pd_person_t person = {.id = NULL};
    pd_draft_e outcome;
    const pd_refusal_t none = {.why = ""};
    int code = get_draft(ctl, &draft);
    if (!code) {
        code = find_editor(ctl, &person);
    }
    if (code) {
        return code;
    }
    apr_status_t rv = pd_draft_withdraw(&outcome, &ctl->portal, draft.number, person.id, ctl->p);
    return decided(ctl, rv, outcome, &none, "Withdrawn");
}

int ctl_draft_make(ctl_t *ctl, pd_publication_t *publication)
{
    pd_person_t person = {.id = NULL};
    pd_refusal_t *refusal = apr_pcalloc(ctl->p, sizeof *refusal);
    apr_int64_t number;
    int code = find_editor(ctl, &person);
    if (code) {
        return code;
    }
    publication->author = person.id;
    publication->refusal = refusal;
    apr_status_t rv = pd_draft_make(&number, &ctl->portal, publication, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "no draft was made", refusal->why);
    }
    ctl_answer_number(ctl, "draft", number);
    ctl_say(ctl, "Draft %ld waits%s: \"pdportalctl drafts show %ld\".", (long)number,
            *publication->editorial ? "" : " for another person", (long)number);
    return CTL_OK;
}
