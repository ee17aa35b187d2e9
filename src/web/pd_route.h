/* The route table: what a page needs is data, checked in one place. */
#ifndef PD_ROUTE_H
#define PD_ROUTE_H
#include "web/pd_page.h"

typedef enum {
    PD_NEED_NOTHING,       /* anyone; no database */
    PD_NEED_DATABASE,      /* anyone */
    PD_NEED_PENDING,       /* the password was right, the second factor is due; others are led on */
    PD_NEED_SESSION,       /* signed in; others are led to sign-in */
    PD_NEED_FRESH,         /* signed in, and proved it lately; others do it once more and return */
    PD_NEED_EDITOR,        /* signed in, with a role: editor or administrator; others get 403 */
    PD_NEED_ADMINISTRATOR, /* likewise: administrator */
    PD_NEED_REDIRECT,      /* only by internal redirect from auth/; else 404 */
    PD_NEED_ADDRESS        /* only from PDPortalMetricsFrom; else 404; no database */
} pd_need_e;

/* How long a sign-in is fresh. Own decision: long enough to read a page and think. */
#define PD_FRESH_WITHIN apr_time_from_sec(600)

typedef enum {
    PD_SHOW_PERSONAL, /* never stored, never indexed */
    PD_SHOW_OPEN,     /* never stored (it shows who is signed in), may be indexed */
    PD_SHOW_PUBLIC,   /* the same for everybody: strong ETag, may be stored and indexed */
    PD_SHOW_FILE,     /* likewise, but never kept ready: few ask for it */
    PD_SHOW_PROGRAM   /* for programs: nobody's session is looked for; never stored */
} pd_show_e;

typedef int pd_handler_fn(pd_page_t *page);

typedef struct pd_route_t {
    const char *method; /* "GET" (HEAD too) or "POST" */
    const char *path;   /* "policy/#": # is a number, * a kind */
    pd_need_e need;
    const char *token;   /* purpose of the form token a POST must bring; NULL: it needs none */
    const char *purpose; /* purpose of use, seed 4.1.1-4.1.8 */
    pd_show_e show;
    pd_handler_fn *handle;
    pd_handler_fn *again; /* POST: shows the form once more, filled, when its token is stale */
} pd_route_t;

/* Ended by path NULL. */
extern const pd_route_t pd_routes[];

/* Does the row need somebody who is signed in? */
int pd_route_needs_session(const pd_route_t *route);

/* Does it need a role? Only those who have one may send files. */
int pd_route_needs_role(const pd_route_t *route);

/* Is there a page to GET at this route's path? */
int pd_route_can_be_read(const pd_route_t *route);

/* Hooks. */
int pd_route_translate(request_rec *r);
int pd_route_map(request_rec *r);
int pd_route_fixup(request_rec *r);
int pd_route_handle(request_rec *r);

#endif
