/* One request to a page of the portal: what handlers get, and the ways to answer. A handler parses
 * with text/, calls one function of portal/, and renders one template. */
#ifndef PD_PAGE_H
#define PD_PAGE_H
#include <httpd.h>
#include "auth/pd_form_cookie.h"
#include "auth/pd_visit.h"
#include "portal/pd_ready.h"
#include "text/pd_form.h"
#include "tmpl/pd_value.h"

struct pd_route_t;

typedef struct pd_page_t {
    request_rec *r;
    apr_pool_t *p;
    pd_site_t *site;
    const pd_portal_t *portal; /* NULL on routes that need no database */
    pd_visit_t *visit;
    const struct pd_route_t *route;
    const char *rest;   /* path below PDPortalPath, without the leading slash */
    apr_int64_t number; /* the N of "policy/N" */
    const char *kind;   /* the KIND of "documents/KIND/N"; may be "" */
    const char *language;
    const char *type; /* media type of the answer; NULL: it is HTML */
    const pd_form_t *query;
    const pd_form_t *form;       /* of a POST; an empty one otherwise */
    pd_form_cookie_t kept;       /* the form cookie, as the browser now has it */
    int cookie_came;             /* the browser brought it */
    int explains_cookies;        /* the answer says why cookies are needed */
    const pd_session_t *session; /* NULL: nobody is signed in */
    const pd_session_t *pending; /* waits for its second factor; NULL, or session is NULL */
    pd_ready_turn_t turn;        /* to make a page that is kept ready */
    const char *kept_query;      /* "&to=...", for the switch to the other language; or NULL */
    int leads_away;          /* shows an address of another site: not to be told where from. Such a
                                page has no form of ours, whose Origin would be null */
    const char *box;         /* field that the visitor himself must tick, or NULL */
    int stale;               /* the form came with an old or foreign token: show it again */
    int text_changed;        /* it is stale since the text it is about is another by now */
    pd_value_t *values;      /* for the template */
    const char *form_cookie; /* Set-Cookie lines to send, or NULL */
    const char *session_cookie;
} pd_page_t;

/* "https://.../portal/PATH" without scheme and host. */
const char *pd_page_path(const pd_page_t *page, const char *path);

/* The same with the page that is to come afterwards in its query; `target` NULL: none. */
const char *pd_page_path_back(const pd_page_t *page, const char *path, const char *target);

/* Short cuts to the template's values. */
void pd_page_text(pd_page_t *page, const char *name, const char *text);
void pd_page_true(pd_page_t *page, const char *name, int truth);
void pd_page_date(pd_page_t *page, pd_value_t *map, const char *name, apr_time_t instant);

/* Adds a mistake of a field; `code` is a name of the MISTAKES list. */
void pd_page_mistake(pd_page_t *page, const char *field, const char *code);
int pd_page_has_mistakes(const pd_page_t *page);

/* The words of a tick box about a version, in the page's language: shown, and recorded as shown. */
const char *pd_page_wording(const pd_page_t *page, const char *file, apr_int64_t version);

/* The same of a consent, named by its title. */
const char *pd_page_consent_wording(const pd_page_t *page, const char *kind, const char *title,
                                    apr_int64_t version);

/* Gives the page its form token `csrf` for a purpose, and the browser a form cookie to go with it.
 */
void pd_page_form_token(pd_page_t *page, const char *purpose);

/* What tokens of this page's forms are bound to: the session on pages that need one, since two
 * people may use one browser after each other; else the browser, which may be NULL. */
const char *pd_page_token_binding(const pd_page_t *page);

/* Who asks, for the limits: the address of the connection or what mod_remoteip made of it. */
pd_client_t pd_page_client(const pd_page_t *page);

/* Too many attempts: Retry-After, and the values of the partial "limited". The form follows, with
 * status 429. */
void pd_page_limited(pd_page_t *page, int retry_after);

/* The session cookie; NULL removes it. */
void pd_page_set_session(pd_page_t *page, const char *token);

/* Renders a template in the page's language with a status, and sends it. Where it comes out with
 * page->box filled in already, its form carries a token that no route takes. Public pages carry a
 * strong ETag and answer 304; all others are never stored. Returns a handler's result. */
int pd_page_show(pd_page_t *page, const char *file, int status);

/* Sends bytes with status 200; likewise. They live as long as the request. */
int pd_page_send(pd_page_t *page, const char *bytes, apr_size_t length);

/* Sends a public page that is ready; likewise. */
int pd_page_show_ready(pd_page_t *page, const pd_encoded_t *ready);

/* Headers of an answer that is no page, for a handler that writes it by itself. */
void pd_page_begin(pd_page_t *page, const char *type);

/* 303 to a path of this site. */
int pd_page_go(pd_page_t *page, const char *location);

/* The error page of a status, with a way out. */
int pd_page_error(pd_page_t *page, int status);

/* What a failed core call means for the visitor: 503 with Retry-After, or 500; logged here. */
int pd_page_failure(pd_page_t *page, apr_status_t rv);

#endif
