/* The person's own page: every stored field with its purpose, and what was agreed to (F22,
 * seed 2.4). */
#include <apr_strings.h>
#include "portal/pd_act.h"
#include "portal/pd_inbox.h"
#include "portal/pd_person.h"
#include "web/pd_act_value.h"
#include "web/pd_field_value.h"
#include "web/pd_handlers.h"
#include "web/pd_origin_value.h"

int pd_web_account_slash(pd_page_t *page)
{
    return pd_page_go(page, pd_page_path(page, "account/"));
}

/* Every field that is stored of anybody, whether or not there is something in it now. */
static const pd_value_t *field_list(pd_page_t *page)
{
    pd_value_t *list = pd_value_list(page->p);
    for (const pd_field_t *field = pd_fields; field->id != NULL; field++) {
        pd_value_add(list, pd_field_value(page, field));
    }
    return list;
}

/* What has just been changed. */
static void show_notice(pd_page_t *page)
{
    const char *notice = pd_form_get(page->query, "notice");
    notice = notice ? notice : "";
    pd_page_true(page, "login_changed", strcmp(notice, "login-changed") == 0);
    pd_page_true(page, "email_changed", strcmp(notice, "email-changed") == 0);
    pd_page_true(page, "password_changed", strcmp(notice, "password-changed") == 0);
}

/* Counted as far as anybody wants to know. */
static void show_unread(pd_page_t *page, int unread)
{
    pd_page_true(page, "many_unread", unread >= PD_INBOX_COUNT_MAX);
    pd_value_set_number(page->values, "unread", unread < PD_INBOX_COUNT_MAX ? unread : 0, page->p);
}

int pd_web_account(pd_page_t *page)
{
    pd_person_t person;
    apr_array_header_t *acts;
    int unread;
    apr_status_t rv = pd_person_get(&person, page->portal, page->session->person_id, page->p);
    if (rv == APR_SUCCESS) {
        rv = pd_act_list(&acts, page->portal, person.id, NULL, page->p);
    }
    if (rv == APR_SUCCESS) {
        rv = pd_inbox_count(&unread, page->portal, person.id, page->p);
    }
    if (rv != APR_SUCCESS) {
        return pd_page_failure(page, rv);
    }
    show_unread(page, unread);
    pd_value_t *list = pd_value_list(page->p);
    for (int i = 0; i < acts->nelts; i++) {
        pd_value_add(list, pd_act_value(page, &APR_ARRAY_IDX(acts, i, pd_act_t)));
    }
    pd_value_set(page->values, "acts", list);
    pd_value_set(page->values, "fields", field_list(page));
    show_notice(page);
    pd_page_text(page, "person_login", person.login);
    pd_page_text(page, "person_email", person.email);
    pd_page_true(page, apr_pstrcat(page->p, "speaks_", person.language, NULL), 1);
    pd_page_text(page, "roles", page->session->roles);
    pd_page_date(page, page->values, "registered", person.confirmed_at);
    pd_origin_set_places(page);
    return pd_page_show(page, "account.html", HTTP_OK);
}
