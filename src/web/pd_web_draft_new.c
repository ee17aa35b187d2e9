/* Making a draft: texts pasted or uploaded, one for each language. */
#include <apr_strings.h>
#include "base/pd_bytes.h"
#include "portal/pd_draft.h"
#include "web/pd_handlers.h"
#include "web/pd_web_staff.h"

static const char *const refusal_names[] = {
    [PD_REFUSED_NOT] = "",
    [PD_REFUSED_KIND] = "r_kind",
    [PD_REFUSED_REASON] = "r_reason",
    [PD_REFUSED_EMPTY] = "r_empty",
    [PD_REFUSED_LANGUAGE] = "r_language",
    [PD_REFUSED_TWICE] = "r_twice",
    [PD_REFUSED_TEXT] = "r_text",
    [PD_REFUSED_PAST] = "r_past",
    [PD_REFUSED_EARLIER] = "r_earlier",
    [PD_REFUSED_CLOCK] = "r_clock",
    [PD_REFUSED_SAME] = "r_same",
    [PD_REFUSED_DROPPED] = "r_dropped",
    [PD_REFUSED_FIRST] = "r_first",
    [PD_REFUSED_MATERIAL] = "r_material",
    [PD_REFUSED_CLAUSES] = "r_clauses",
    [PD_REFUSED_REWRITTEN] = "r_rewritten",
    [PD_REFUSED_OPENING] = "r_opening",
    [PD_REFUSED_LANGUAGE_LESS] = "r_language_less",
    [PD_REFUSED_LANGUAGE_MORE] = "r_language_more",
    [PD_REFUSED_OVERTAKEN] = "",
    [PD_REFUSED_WITH] = "",
};

void pd_web_staff_language(pd_page_t *page, pd_value_t *map, const char *prefix,
                           const char *language)
{
    for (int i = 0; pd_languages[i] != NULL; i++) {
        pd_value_set_bool(map, apr_pstrcat(page->p, prefix, pd_languages[i], NULL),
                          strcmp(pd_languages[i], language) == 0, page->p);
    }
}

void pd_web_staff_mistake(pd_page_t *page, const char *name)
{
    pd_value_t *map = pd_value_map(page->p);
    pd_value_set_bool(map, name, 1, page->p);
    pd_value_set(page->values, "refusal", map);
}

void pd_web_staff_refusal(pd_page_t *page, const pd_refusal_t *refusal)
{
    pd_web_staff_mistake(page, refusal_names[refusal->code]);
    pd_value_t *map = (pd_value_t *)pd_value_get(page->values, "refusal");
    pd_web_staff_language(page, map, "in_", refusal->language);
    pd_value_set_text(map, "detail", refusal->detail, page->p);
}

/* What was sent in a language: the file, if one was chosen, else what was pasted. */
static const char *sent_text(apr_size_t *length, const pd_page_t *page, const char *language)
{
    const char *bytes =
        pd_form_file(length, page->form, apr_pstrcat(page->p, "file_", language, NULL));
    if (bytes == NULL) {
        bytes = pd_form_get(page->form, apr_pstrcat(page->p, "text_", language, NULL));
        *length = bytes ? strlen(bytes) : 0;
    }
    return *length > 0 ? bytes : NULL;
}

static int is_ticked(const pd_page_t *page, const char *name, const char *value)
{
    const char *sent = pd_form_get(page->form, name);
    return sent != NULL && strcmp(sent, value) == 0;
}

/* The form as it was sent; a file's text stands in the box for pasting. */
static void show_texts(pd_page_t *page)
{
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; pd_languages[i] != NULL; i++) {
        pd_value_t *value = pd_value_map(page->p);
        apr_size_t length;
        const char *text = sent_text(&length, page, pd_languages[i]);
        int readable = text != NULL && pd_utf8_valid(text, length);
        pd_value_set_text(value, "language", pd_languages[i], page->p);
        pd_web_staff_language(page, value, "is_", pd_languages[i]);
        pd_value_set_text(value, "text", readable ? apr_pstrmemdup(page->p, text, length) : "",
                          page->p);
        pd_value_add(list, value);
    }
    pd_value_set(page->values, "texts", list);
}

static int show_form(pd_page_t *page, int status)
{
    const char *kind = pd_form_get(page->form, "kind");
    pd_page_text(page, "kind_value", kind != NULL ? kind : PD_DOCUMENT_POLICY);
    pd_page_text(page, "effective_value", pd_form_get(page->form, "effective"));
    pd_page_text(page, "reason_value", pd_form_get(page->form, "reason"));
    pd_page_true(page, "is_editorial", is_ticked(page, "change", "editorial"));
    pd_page_true(page, "is_plain", is_ticked(page, "markup", "plain"));
    pd_page_true(page, "drops", is_ticked(page, "drop", "1"));
    pd_page_text(page, "zone", page->site->settings->time_zone);
    show_texts(page);
    pd_page_form_token(page, "draft-new");
    return pd_page_show(page, "staff-draft-new.html", status);
}

int pd_web_draft_form(pd_page_t *page)
{
    return show_form(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

/* When it is to take force, by the wall clock of the portal's zone. NULL, or the mistake. */
static const char *read_instant(apr_time_t *instant, const pd_page_t *page)
{
    pd_wall_e wall;
    const char *typed = pd_form_get_trimmed(page->form, "effective", page->p);
    *instant = 0;
    if (*typed == '\0') {
        return NULL;
    }
    if (pd_zone_parse_wall(instant, &wall, page->site->zone, typed) != APR_SUCCESS) {
        return "r_time";
    }
    return wall == PD_WALL_TWICE ? "r_time_twice" : wall == PD_WALL_NEVER ? "r_time_never" : NULL;
}

/* NULL, or the mistake. */
static const char *read_form(pd_publication_t *publication, pd_page_t *page)
{
    apr_array_header_t *texts = apr_array_make(page->p, 2, sizeof(pd_document_source_t));
    pd_markup_e markup = is_ticked(page, "markup", "plain") ? PD_MARKUP_PLAIN : PD_MARKUP_MARKDOWN;
    int editorial = is_ticked(page, "change", "editorial");
    for (int i = 0; pd_languages[i] != NULL; i++) {
        apr_size_t length;
        const char *bytes = sent_text(&length, page, pd_languages[i]);
        if (bytes != NULL) {
            APR_ARRAY_PUSH(texts, pd_document_source_t) =
                (pd_document_source_t){pd_languages[i], markup, bytes, length, pd_languages[i]};
        }
    }
    publication->kind = pd_form_get_trimmed(page->form, "kind", page->p);
    publication->texts = texts;
    publication->editorial = editorial ? pd_form_get_trimmed(page->form, "reason", page->p) : "";
    publication->drops_languages = is_ticked(page, "drop", "1");
    publication->author = page->session->person_id;
    if (editorial && *publication->editorial == '\0') {
        return "r_no_reason";
    }
    return read_instant(&publication->effective_at, page);
}

int pd_web_draft_make(pd_page_t *page)
{
    pd_refusal_t refusal = {0};
    pd_publication_t publication = {.refusal = &refusal};
    apr_int64_t number;
    const char *mistake = read_form(&publication, page);
    if (mistake != NULL) {
        pd_web_staff_mistake(page, mistake);
        return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
    }
    apr_status_t rv = pd_draft_make(&number, page->portal, &publication, page->p);
    if (rv == APR_EINVAL) {
        pd_web_staff_refusal(page, &refusal);
        return show_form(page, HTTP_UNPROCESSABLE_ENTITY);
    }
    return rv == APR_SUCCESS ? pd_page_go(page, pd_web_staff_draft_url(page, number))
                             : pd_page_failure(page, rv);
}
