/* The table of all pages. Adding a page is adding a row. */
#include "web/pd_handlers.h"
#include "web/pd_route.h"

const pd_route_t pd_routes[] = {
    {"GET", "", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_OPEN, pd_web_home, NULL},
    {"GET", "style.css", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_PUBLIC, pd_web_style, NULL},
    {"GET", "cookies", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_OPEN, pd_web_cookies, NULL},

    {"GET", "register", PD_NEED_DATABASE, NULL, "4.1.1", PD_SHOW_PERSONAL, pd_web_register_form,
     NULL},
    {"POST", "register", PD_NEED_DATABASE, "register", "4.1.1", PD_SHOW_PERSONAL, pd_web_register,
     pd_web_register_form},
    {"GET", "confirm", PD_NEED_DATABASE, NULL, "4.1.5", PD_SHOW_PERSONAL, pd_web_confirm_form,
     NULL},
    {"POST", "confirm", PD_NEED_DATABASE, "confirm", "4.1.5", PD_SHOW_PERSONAL, pd_web_confirm,
     pd_web_confirm_form},
    {"GET", "login", PD_NEED_NOTHING, NULL, "4.1.1", PD_SHOW_PERSONAL, pd_web_login_form, NULL},
    {"POST", "login", PD_NEED_DATABASE, "login", "4.1.1", PD_SHOW_PERSONAL, pd_web_login,
     pd_web_login_form},
    {"GET", "reset", PD_NEED_DATABASE, NULL, "4.1.1", PD_SHOW_PERSONAL, pd_web_reset_form, NULL},
    {"POST", "reset", PD_NEED_DATABASE, "reset", "4.1.1", PD_SHOW_PERSONAL, pd_web_reset,
     pd_web_reset_form},
    {"POST", "logout", PD_NEED_DATABASE, "logout", "4.1.2", PD_SHOW_PERSONAL, pd_web_logout,
     pd_web_logout_again},

    {"GET", "acknowledge", PD_NEED_SESSION, NULL, "4.1.2", PD_SHOW_PERSONAL,
     pd_web_acknowledge_form, NULL},
    {"POST", "acknowledge", PD_NEED_SESSION, "acknowledge", "4.1.2", PD_SHOW_PERSONAL,
     pd_web_acknowledge, pd_web_acknowledge_form},

    {"GET", "coming", PD_NEED_SESSION, NULL, "4.1.3", PD_SHOW_PERSONAL, pd_web_coming_form, NULL},
    {"POST", "coming", PD_NEED_SESSION, "coming", "4.1.3", PD_SHOW_PERSONAL, pd_web_coming,
     pd_web_coming_form},

    {"GET", "policy", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC, pd_web_policy, NULL},
    {"GET", "policy/#", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC, pd_web_policy_version,
     NULL},
    {"GET", "documents/*/#", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC,
     pd_web_document_version, NULL},

    {"GET", "account", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_account_slash,
     NULL},
    {"GET", "account/", PD_NEED_SESSION, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_account, NULL},

    {"GET", "staff/documents", PD_NEED_EDITOR, NULL, "4.1.3", PD_SHOW_PERSONAL, pd_web_documents,
     NULL},
    {"GET", "staff/documents/new", PD_NEED_EDITOR, NULL, "4.1.3", PD_SHOW_PERSONAL,
     pd_web_draft_form, NULL},
    {"POST", "staff/documents/new", PD_NEED_EDITOR, "draft-new", "4.1.3", PD_SHOW_PERSONAL,
     pd_web_draft_make, pd_web_draft_form},
    {"GET", "staff/drafts/#", PD_NEED_EDITOR, NULL, "4.1.3", PD_SHOW_PERSONAL, pd_web_draft, NULL},
    {"POST", "staff/drafts/#", PD_NEED_EDITOR, "draft", "4.1.3", PD_SHOW_PERSONAL,
     pd_web_draft_decide, pd_web_draft},
    {"GET", "staff/documents/*/#", PD_NEED_EDITOR, NULL, "4.1.3", PD_SHOW_PERSONAL,
     pd_web_people_counts, NULL},
    {"POST", "staff/documents/*/#", PD_NEED_ADMINISTRATOR, "people", "4.1.1", PD_SHOW_PERSONAL,
     pd_web_people, pd_web_people_counts},
    {"POST", "staff/documents/*/#/csv", PD_NEED_ADMINISTRATOR, "people", "4.1.1", PD_SHOW_PERSONAL,
     pd_web_people_csv, pd_web_people_counts},

    {"GET", "metrics", PD_NEED_ADDRESS, NULL, "4.1.2", PD_SHOW_PROGRAM, pd_web_metrics, NULL},

    {"GET", "denied", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_denied, NULL},
    {"GET", "required", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_required, NULL},
    {"GET", "unavailable", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_unavailable,
     NULL},
    {NULL, NULL, PD_NEED_NOTHING, NULL, NULL, PD_SHOW_OPEN, NULL, NULL}};
