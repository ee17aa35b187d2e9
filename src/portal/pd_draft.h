/* Drafts (seed 9.1; DESIGN 4): a version that somebody of the staff made and that waits for its
 * publication. A draft is never changed: who approves it approves just what was made. An editorial
 * one may be published by its author; a material one needs a second person. */
#ifndef PD_DRAFT_H
#define PD_DRAFT_H
#include "portal/pd_document.h"
#include "text/pd_difference.h"

typedef enum { PD_DRAFT_OPEN, PD_DRAFT_PUBLISHED, PD_DRAFT_WITHDRAWN } pd_draft_state_e;

typedef struct pd_draft_t {
    apr_int64_t number;
    const char *kind;
    apr_time_t effective_at; /* 0: at once */
    const char *editorial;   /* reason, or "" */
    int drops_languages;
    const char *author; /* person id */
    apr_time_t created_at;
    pd_draft_state_e state;
    apr_int64_t version;    /* PUBLISHED */
    const char *decided_by; /* person id; "" while open */
    apr_time_t decided_at;
    apr_array_header_t *texts; /* of pd_document_source_t; NULL in a list */
} pd_draft_t;

/* Keeps a publication as a draft of publication->author. APR_EINVAL, with publication->refusal:
 * it could not be published as it is. */
apr_status_t pd_draft_make(apr_int64_t *number, const pd_portal_t *portal,
                           const pd_publication_t *publication, apr_pool_t *p);

/* With its texts. APR_ENOENT: there is none of this number. */
apr_status_t pd_draft_get(pd_draft_t *draft, const pd_portal_t *portal, apr_int64_t number,
                          apr_pool_t *p);

/* Those that are open, oldest first. */
apr_status_t pd_draft_list(apr_array_header_t **drafts, const pd_portal_t *portal, apr_pool_t *p);

/* May this person publish it? A person who wrote a material draft may not. */
int pd_draft_may_publish(const pd_draft_t *draft, const char *person_id);

typedef enum {
    PD_DRAFT_DONE = 0,
    PD_DRAFT_OWN,       /* a second person is needed */
    PD_DRAFT_GONE,      /* it is not open any more: somebody was faster */
    PD_DRAFT_OVERTAKEN, /* it would follow another version than it was compared with */
    PD_DRAFT_REFUSED    /* it can't be published as it is any more: see the refusal */
} pd_draft_e;

/* Publishes it, and says so in the draft, in one transaction. `compared_with`: the version that
 * the person has seen it against (0: there was none), as pd_preview_t has it. APR_ENOENT: no such
 * draft. */
apr_status_t pd_draft_publish(pd_draft_e *outcome, pd_refusal_t *refusal, const pd_portal_t *portal,
                              apr_int64_t number, apr_int64_t compared_with, const char *person_id,
                              apr_pool_t *p);

/* Takes it back: any editor may. */
apr_status_t pd_draft_withdraw(pd_draft_e *outcome, const pd_portal_t *portal, apr_int64_t number,
                               const char *person_id, apr_pool_t *p);

/* A text of a draft as it would be seen. */
typedef struct pd_preview_t {
    const char *language, *title, *html, *html_sha256;
    const char *changed; /* numbers of clauses that differ from the last version's; "": none */
    int is_new;          /* the last version has no text in this language */
    apr_int64_t last;    /* the version that it would follow, and is compared with; 0: none */
    const pd_difference_t *difference; /* against that; NULL: is_new */
    /* While a version is announced, what readers have before them is an older one; else 0. */
    apr_int64_t in_force;
    const pd_difference_t *difference_in_force; /* NULL: it has no text in this language */
    const char *changed_in_force;               /* as `changed`; NULL likewise */
} pd_preview_t;

/* Of each text of a draft, in its order (of pd_preview_t). */
apr_status_t pd_draft_preview(apr_array_header_t **previews, const pd_portal_t *portal,
                              const pd_draft_t *draft, apr_pool_t *p);

/* The languages (const char *) of version `last` that the draft has no text in: its readers lose
 * theirs. */
apr_status_t pd_draft_dropped(apr_array_header_t **languages, const pd_portal_t *portal,
                              const pd_draft_t *draft, apr_int64_t last, apr_pool_t *p);

#endif
