/* The table of all pages. Adding a page is adding a row. */
#include "web/pd_handlers.h"
#include "web/pd_route.h"

const pd_route_t pd_routes[] = {
    {"GET", "", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_OPEN, pd_web_home, NULL},
    {"GET", "style.css", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_PUBLIC, pd_web_style, NULL},
    {"GET", "cookies", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_OPEN, pd_web_cookies, NULL},

    {"GET", "processing", PD_NEED_NOTHING, NULL, "4.1.3", PD_SHOW_OPEN, pd_web_processing, NULL},
    {"GET", "leave", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_PUBLIC, pd_web_leave, NULL},

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

    {"GET", "policy", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC, pd_web_policy, NULL},
    {"GET", "policy.atom", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_FILE, pd_web_feed, NULL},
    {"GET", "policy/#", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC, pd_web_document_version,
     NULL},
    {"GET", "policy/#/diff", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC, pd_web_difference,
     NULL},
    {"GET", "policy/#.txt", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_FILE, pd_web_source_text,
     NULL},
    {"GET", "policy/#.md", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_FILE, pd_web_source_markdown,
     NULL},
    {"GET", "documents/*/#", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC,
     pd_web_document_version, NULL},
    {"GET", "documents/*/#/diff", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_PUBLIC,
     pd_web_difference, NULL},
    {"GET", "documents/*/#.txt", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_FILE, pd_web_source_text,
     NULL},
    {"GET", "documents/*/#.md", PD_NEED_DATABASE, NULL, "4.1.3", PD_SHOW_FILE,
     pd_web_source_markdown, NULL},

    {"GET", "account", PD_NEED_NOTHING, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_account_slash,
     NULL},
    {"GET", "account/", PD_NEED_SESSION, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_account, NULL},

    {"GET", "metrics", PD_NEED_ADDRESS, NULL, "4.1.2", PD_SHOW_PROGRAM, pd_web_metrics, NULL},

    {"GET", "denied", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_denied, NULL},
    {"GET", "required", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_required, NULL},
    {"GET", "unavailable", PD_NEED_REDIRECT, NULL, "4.1.2", PD_SHOW_PERSONAL, pd_web_unavailable,
     NULL},
    {NULL, NULL, PD_NEED_NOTHING, NULL, NULL, PD_SHOW_OPEN, NULL, NULL}};
