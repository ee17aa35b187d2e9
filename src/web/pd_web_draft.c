/* A draft as it would be seen, and what becomes of it. */
#include <apr_strings.h>
#include "portal/pd_draft.h"
#include "web/pd_changes.h"
#include "web/pd_handlers.h"
#include "web/pd_web_staff.h"

#define VERSION_DIGITS_MAX 9

/* One text at a time, since their clauses have the same anchors: the one asked for, or that in the
 * page's language, or the first. */
static int choose(pd_page_t *page, const apr_array_header_t *previews)
{
    const char *asked = pd_form_get(page->query, "text");
    int chosen = 0;
    for (int i = 0; i < previews->nelts; i++) {
        const char *language = APR_ARRAY_IDX(previews, i, pd_preview_t).language;
        if (asked != NULL && strcmp(language, asked) == 0) {
            return i;
        }
        chosen = strcmp(language, page->language) == 0 ? i : chosen;
    }
    return chosen;
}

static const pd_value_t *preview_value(pd_page_t *page, const pd_preview_t *preview, int shown)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_text(value, "language", preview->language, page->p);
    pd_web_staff_language(page, value, "is_", preview->language);
    pd_value_set_text(value, "doc_title", preview->title, page->p);
    pd_value_set_text(value, "body", shown ? preview->html : "", page->p);
    pd_value_set_text(value, "sha256", preview->html_sha256, page->p);
    pd_value_set_text(value, "changed", preview->changed, page->p);
    pd_value_set_bool(value, "is_new", preview->is_new, page->p);
    return value;
}

static void add_version(pd_page_t *page, const char *name, apr_int64_t version)
{
    pd_value_t *map = pd_value_map(page->p);
    pd_value_set_number(map, "version", version, page->p);
    pd_value_set(page->values, name, map);
}

/* What readers would have to read anew, of the text that is shown: against the version it would
 * follow or, where that is still to come, against the one in force if that was asked for. */
static void add_difference(pd_page_t *page, const pd_draft_t *draft, const pd_preview_t *preview)
{
    const char *asked = pd_form_get(page->query, "against");
    int in_force = preview->in_force != 0 && asked != NULL && strcmp(asked, "in-force") == 0;
    const pd_difference_t *difference =
        in_force ? preview->difference_in_force : preview->difference;
    apr_int64_t against = in_force ? preview->in_force : preview->last;
    pd_page_true(page, "has_coming", preview->in_force != 0);
    pd_page_true(page, "against_in_force", in_force);
    if (preview->in_force != 0) {
        add_version(page, "coming", preview->last);
        add_version(page, "in_force", preview->in_force);
    }
    pd_page_true(page, "is_comparable", difference != NULL);
    if (difference == NULL) {
        return;
    }
    add_version(page, "older", against);
    pd_page_text(page, "doc_lang", preview->language);
    pd_page_true(page, "other_language", strcmp(preview->language, page->language) != 0);
    pd_changes_add(page, difference, pd_web_staff_version_url(page, draft->kind, against), "");
}

/* Whoever approves a draft is told whose text it gives up. */
static apr_status_t add_dropped(pd_page_t *page, const pd_draft_t *draft, apr_int64_t last)
{
    apr_array_header_t *languages;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_draft_dropped(&languages, page->portal, draft, last, page->p);
    for (int i = 0; rv == APR_SUCCESS && i < languages->nelts; i++) {
        pd_value_t *value = pd_value_map(page->p);
        pd_web_staff_language(page, value, "is_", APR_ARRAY_IDX(languages, i, const char *));
        pd_value_add(list, value);
    }
    pd_value_set(page->values, "dropped", list);
    return rv;
}

static apr_status_t add_previews(pd_page_t *page, const pd_draft_t *draft)
{
    apr_array_header_t *previews;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_draft_preview(&previews, page->portal, draft, page->p);
    int chosen = rv == APR_SUCCESS ? choose(page, previews) : 0;
    for (int i = 0; rv == APR_SUCCESS && i < previews->nelts; i++) {
        const pd_preview_t *preview = &APR_ARRAY_IDX(previews, i, pd_preview_t);
        pd_value_add(list, preview_value(page, preview, i == chosen));
        if (i == chosen) {
            pd_page_text(page, "shown_language", preview->language);
            add_difference(page, draft, preview);
        }
    }
    pd_value_set(page->values, "texts", list);
    if (rv == APR_SUCCESS) { /* the form says what this page has compared with */
        apr_int64_t last = APR_ARRAY_IDX(previews, chosen, pd_preview_t).last;
        pd_value_set_number(page->values, "compared_with", last, page->p);
        pd_page_true(page, "is_first", last == 0);
        rv = add_dropped(page, draft, last);
    }
    return rv;
}

static void add_state(pd_page_t *page, const pd_draft_t *draft)
{
    pd_page_true(page, "is_open", draft->state == PD_DRAFT_OPEN);
    pd_page_true(page, "is_published", draft->state == PD_DRAFT_PUBLISHED);
    pd_page_true(page, "is_withdrawn", draft->state == PD_DRAFT_WITHDRAWN);
    pd_page_true(page, "may_publish", pd_draft_may_publish(draft, page->session->person_id));
    if (draft->state != PD_DRAFT_OPEN) {
        pd_page_text(page, "decided_by", pd_web_staff_login(page, draft->decided_by));
        pd_page_date(page, page->values, "decided", draft->decided_at);
    }
    if (draft->version > 0) {
        pd_page_text(page, "url", pd_web_staff_version_url(page, draft->kind, draft->version));
    }
}

static int show(pd_page_t *page, int status)
{
    pd_draft_t draft;
    apr_status_t rv = pd_draft_get(&draft, page->portal, page->number, page->p);
    if (rv == APR_ENOENT) {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    if (rv == APR_SUCCESS) {
        rv = add_previews(page, &draft);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_value_set_number(page->values, "number", draft.number, page->p);
    pd_page_text(page, "kind", draft.kind);
    pd_page_text(page, "author", pd_web_staff_login(page, draft.author));
    pd_page_date(page, page->values, "created", draft.created_at);
    pd_page_true(page, "at_once", draft.effective_at == 0);
    if (draft.effective_at != 0) {
        pd_page_date(page, page->values, "effective", draft.effective_at);
    }
    pd_page_true(page, "is_editorial", *draft.editorial != '\0');
    pd_page_text(page, "reason_value", draft.editorial);
    add_state(page, &draft);
    pd_page_form_token(page, "draft");
    return pd_page_show(page, "staff-draft.html", status);
}

int pd_web_draft(pd_page_t *page)
{
    return show(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

static int decided(pd_page_t *page, pd_draft_e outcome, const pd_refusal_t *refusal,
                   const char *notice)
{
    switch (outcome) {
    case PD_DRAFT_DONE:
        return pd_page_go(page, apr_pstrcat(page->p, pd_page_path(page, "staff/documents?notice="),
                                            notice, NULL));
    case PD_DRAFT_OWN:
        pd_page_true(page, "own", 1);
        return show(page, HTTP_FORBIDDEN);
    case PD_DRAFT_REFUSED:
        pd_web_staff_refusal(page, refusal);
        return show(page, HTTP_UNPROCESSABLE_ENTITY);
    case PD_DRAFT_OVERTAKEN:
        pd_page_true(page, "overtaken", 1);
        return show(page, HTTP_CONFLICT);
    case PD_DRAFT_GONE:
        break;
    }
    pd_page_true(page, "gone", 1);
    return show(page, HTTP_CONFLICT);
}

/* The version that the page compared with; without a number, none that there is: the page is shown
 * anew. */
static apr_int64_t compared_with(const pd_page_t *page)
{
    const char *sent = pd_form_get(page->form, "compared_with");
    apr_size_t length = sent != NULL ? strlen(sent) : 0;
    int is_number =
        length > 0 && length <= VERSION_DIGITS_MAX && strspn(sent, "0123456789") == length;
    return is_number ? apr_atoi64(sent) : -1;
}

int pd_web_draft_decide(pd_page_t *page)
{
    pd_draft_e outcome;
    pd_refusal_t refusal = {0};
    const char *act = pd_form_get(page->form, "act");
    const char *me = page->session->person_id;
    apr_status_t rv;
    if (act != NULL && strcmp(act, "publish") == 0) {
        rv = pd_draft_publish(&outcome, &refusal, page->portal, page->number, compared_with(page),
                              me, page->p);
        act = "published";
    }
    else if (act != NULL && strcmp(act, "withdraw") == 0) {
        rv = pd_draft_withdraw(&outcome, page->portal, page->number, me, page->p);
        act = "withdrawn";
    }
    else {
        return pd_page_error(page, HTTP_BAD_REQUEST);
    }
    if (rv == APR_ENOENT) {
        return pd_page_error(page, HTTP_NOT_FOUND);
    }
    return rv == APR_SUCCESS ? decided(page, outcome, &refusal, act) : pd_page_failure(page, rv);
}
