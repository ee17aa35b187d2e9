/* Where the person is signed in (F06): the list, and ending one or all others. The very next
 * request of an ended session is refused, in every process. */
#include <string.h>
#include "portal/pd_person.h"
#include "portal/pd_session.h"
#include "web/pd_handlers.h"
#include "web/pd_origin_value.h"

static apr_status_t add_session(pd_page_t *page, pd_value_t *list, const pd_session_t *session,
                                const pd_datakey_t *key)
{
    pd_origin_t origin;
    pd_value_t *value = pd_value_map(page->p);
    apr_status_t rv = pd_origin_open(&origin, key, "session.origin", session->id,
                                     session->sealed_origin, page->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    pd_value_set_text(value, "id", session->id, page->p);
    pd_value_set_bool(value, "is_this", strcmp(session->id, page->session->id) == 0, page->p);
    pd_page_date(page, value, "begun", session->created_at);
    pd_page_date(page, value, "used", session->used_at);
    pd_origin_set(page, value, &origin);
    pd_value_add(list, value);
    return APR_SUCCESS;
}

static apr_status_t add_sessions(pd_page_t *page)
{
    pd_person_t person;
    apr_array_header_t *sessions;
    pd_value_t *list = pd_value_list(page->p);
    apr_status_t rv = pd_person_get(&person, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) {
        rv = pd_session_list(&sessions, page->portal, person.id, page->p);
    }
    for (int i = 0; rv == APR_SUCCESS && i < sessions->nelts; i++) {
        rv = add_session(page, list, &APR_ARRAY_IDX(sessions, i, pd_session_t), person.key);
    }
    if (rv == APR_SUCCESS) {
        pd_value_set(page->values, "sessions", list);
        pd_page_true(page, "others", sessions->nelts > 1);
    }
    return rv;
}

static int show_list(pd_page_t *page, int status)
{
    const char *notice = pd_form_get(page->query, "notice");
    apr_status_t rv = add_sessions(page);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    pd_page_true(page, "ended", notice != NULL && strcmp(notice, "ended") == 0);
    pd_page_true(page, "others_ended", notice != NULL && strcmp(notice, "others-ended") == 0);
    pd_page_text(page, "zone", page->site->settings->time_zone);
    pd_origin_set_places(page);
    pd_page_form_token(page, "sessions");
    return pd_page_show(page, "sessions.html", status);
}

int pd_web_sessions(pd_page_t *page)
{
    return show_list(page, page->stale ? HTTP_FORBIDDEN : HTTP_OK);
}

/* One that has gone meanwhile is as ended as it was meant to be. */
int pd_web_sessions_end(pd_page_t *page)
{
    int ended;
    const char *id = pd_form_get(page->form, "session");
    const char *person_id = page->session->person_id;
    apr_status_t rv = id != NULL ? pd_session_end_one(&ended, page->portal, person_id, id, page->p)
                                 : pd_session_end_others(&ended, page->portal, person_id,
                                                         page->session->id, page->p);
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    return pd_page_go(page,
                      pd_page_path(page, id != NULL ? "account/sessions?notice=ended"
                                                    : "account/sessions?notice=others-ended"));
}
