/* The staff's list of documents: drafts that wait, and every kind with its versions. */
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_draft.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"
#include "web/pd_handlers.h"
#include "web/pd_web_staff.h"

const char *pd_web_staff_login(pd_page_t *page, const char *person_id)
{
    pd_person_t person;
    return pd_person_get(&person, page->portal, person_id, page->p) == APR_SUCCESS ? person.login
                                                                                   : "";
}

const char *pd_web_staff_version_url(pd_page_t *page, const char *kind, apr_int64_t version)
{
    return pd_page_path(
        page, apr_psprintf(page->p, "staff/documents/%s/%" APR_INT64_T_FMT, kind, version));
}

const char *pd_web_staff_draft_url(pd_page_t *page, apr_int64_t number)
{
    return pd_page_path(page, apr_psprintf(page->p, "staff/drafts/%" APR_INT64_T_FMT, number));
}

static const pd_value_t *draft_value(pd_page_t *page, const pd_draft_t *draft)
{
    pd_value_t *value = pd_value_map(page->p);
    pd_value_set_number(value, "number", draft->number, page->p);
    pd_value_set_text(value, "url", pd_web_staff_draft_url(page, draft->number), page->p);
    pd_value_set_text(value, "kind", draft->kind, page->p);
    pd_value_set_text(value, "author", pd_web_staff_login(page, draft->author), page->p);
    pd_value_set_bool(value, "is_editorial", *draft->editorial != '\0', page->p);
    pd_value_set_bool(value, "own", strcmp(draft->author, page->session->person_id) == 0, page->p);
    pd_page_date(page, value, "created", draft->created_at);
    return value;
}

static apr_status_t add_drafts(pd_page_t *page)
{
    apr_array_header_t *drafts;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_draft_list(&drafts, page->portal, page->p);
    for (int i = 0; rv == APR_SUCCESS && i < drafts->nelts; i++) {
        pd_value_add(list, draft_value(page, &APR_ARRAY_IDX(drafts, i, pd_draft_t)));
    }
    pd_value_set(page->values, "drafts", list);
    return rv;
}

static const pd_value_t *version_value(pd_page_t *page, const pd_document_t *document,
                                       apr_int64_t current)
{
    pd_value_t *value = pd_value_map(page->p);
    int upcoming = document->effective_at > pd_clock_now();
    pd_value_set_number(value, "version", document->version, page->p);
    pd_value_set_text(value, "url",
                      pd_web_staff_version_url(page, document->kind, document->version), page->p);
    pd_value_set_bool(value, "is_editorial", *document->editorial != '\0', page->p);
    pd_value_set_bool(value, "is_current", document->version == current, page->p);
    pd_value_set_bool(value, "is_upcoming", upcoming, page->p);
    pd_value_set_bool(value, "is_past", !upcoming && document->version != current, page->p);
    pd_page_date(page, value, "effective", document->effective_at);
    return value;
}

static apr_status_t add_kind(pd_page_t *page, pd_value_t *kinds, const char *kind)
{
    pd_document_t current = {0};
    apr_array_header_t *documents;
    pd_value_t *value = pd_value_map(page->p), *versions = pd_value_list(page->p);
    apr_status_t rv = pd_document_current(&current, page->portal, kind, page->language, page->p);
    if (rv == APR_SUCCESS || rv == APR_ENOENT) {
        rv = pd_document_list(&documents, page->portal, kind, page->language, page->p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < documents->nelts; i++) {
        pd_value_add(versions, version_value(page, &APR_ARRAY_IDX(documents, i, pd_document_t),
                                             current.version));
    }
    pd_value_set_text(value, "kind", kind, page->p);
    pd_value_set_text(
        value, "doc_title",
        current.title ? current.title : APR_ARRAY_IDX(documents, 0, pd_document_t).title, page->p);
    pd_value_set(value, "versions", versions);
    pd_value_add(kinds, value);
    return APR_SUCCESS;
}

static apr_status_t add_kinds(pd_page_t *page)
{
    apr_array_header_t *kinds;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_document_kinds(&kinds, page->portal, page->p);
    for (int i = 0; rv == APR_SUCCESS && i < kinds->nelts; i++) {
        rv = add_kind(page, list, APR_ARRAY_IDX(kinds, i, const char *));
    }
    pd_value_set(page->values, "kinds", list);
    return rv;
}

int pd_web_documents(pd_page_t *page)
{
    const char *notice = pd_form_get(page->query, "notice");
    apr_status_t rv = add_drafts(page);
    if (rv == APR_SUCCESS) {
        rv = add_kinds(page);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "published", notice != NULL && strcmp(notice, "published") == 0);
    pd_page_true(page, "withdrawn", notice != NULL && strcmp(notice, "withdrawn") == 0);
    pd_page_true(page, "administrator",
                 pd_session_has_word(page->session->roles, PD_ROLE_ADMINISTRATOR));
    return pd_page_show(page, "staff-documents.html", HTTP_OK);
}
