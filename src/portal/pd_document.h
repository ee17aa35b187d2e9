/* Documents (F23; seed 2.1, 9.1, 9.2, 9.4): kind -> numbered version -> one text per language.
 * Published text is immutable and hashed as the reader sees it; which version is in force is
 * decided by the clock at the moment of reading. */
#ifndef PD_DOCUMENT_H
#define PD_DOCUMENT_H
#include "portal/pd_portal.h"
#include "text/pd_clause.h"

#define PD_DOCUMENT_POLICY     "policy"
#define PD_DOCUMENT_PROCESSING "processing" /* consent to processing */

typedef struct pd_document_source_t {
    const char *language;
    pd_markup_e markup;
    const char *bytes;
    apr_size_t length;
    const char *name; /* file name, for messages */
} pd_document_source_t;

/* Of a kind's name: [a-z][a-z0-9-]* */
#define PD_KIND_BYTES_MAX 40
int pd_document_kind_good(const char *kind);

/* Why a version is not published; pages have words of their own for each. */
typedef enum {
    PD_REFUSED_NOT = 0,
    PD_REFUSED_KIND,     /* the kind's name is not good */
    PD_REFUSED_REASON,   /* the editorial reason is too long, or not one plain line */
    PD_REFUSED_EMPTY,    /* there is no text */
    PD_REFUSED_LANGUAGE, /* the portal doesn't have `language` */
    PD_REFUSED_TWICE,    /* `language` comes twice */
    PD_REFUSED_TEXT,     /* the text in `language` is malformed or too big: `detail` */
    PD_REFUSED_PAST,     /* the effective instant is over */
    PD_REFUSED_EARLIER,  /* a version published earlier takes force later */
    PD_REFUSED_CLOCK,    /* this host's clock stands before the last publication */
    PD_REFUSED_SAME,     /* nothing differs from the last version */
    PD_REFUSED_DROPPED,  /* the last version has `language`, this one has not */
    PD_REFUSED_FIRST,    /* a first version can't be editorial */
    PD_REFUSED_MATERIAL, /* editorial, but what may not change has: clauses `detail` ("": others),
                            in `language` */
    PD_REFUSED_CLAUSES,  /* editorial, but clauses `detail` came or went, in `language` */
    PD_REFUSED_REWRITTEN, /* editorial, but clauses `detail` are said anew, in `language` */
    PD_REFUSED_OPENING,  /* editorial, but title or opening is another, in `language` */
    PD_REFUSED_LANGUAGE_LESS, /* editorial, and without the last version's `language` */
    PD_REFUSED_LANGUAGE_MORE, /* editorial, and in a `language` that the last version has not */
    PD_REFUSED_OVERTAKEN,     /* another version is the last by now than it was compared with */
    PD_REFUSED_WITH           /* by the caller's own step */
} pd_refused_e;

typedef struct pd_refusal_t {
    pd_refused_e code;
    const char *language, *detail; /* or "" */
    const char *why;               /* a sentence for administrators */
} pd_refusal_t;

/* A step of the caller's inside the transaction of a publication, after the version's rows and
 * before the journal. APR_EINVAL: the version is not published (PD_REFUSED_WITH). */
typedef apr_status_t pd_document_with_fn(pd_conn_t *conn, void *baton, apr_int64_t version,
                                         apr_pool_t *p);

typedef struct pd_publication_t {
    const char *kind;
    const apr_array_header_t *texts; /* of pd_document_source_t, one per language */
    apr_time_t effective_at;         /* 0: at once */
    const char *editorial;           /* reason, or "" for a material version */
    int drops_languages;             /* may lack languages that the last version has */
    const char *author, *approver;   /* person ids for the journal, or NULL */
    pd_document_with_fn *with;       /* or NULL */
    void *with_baton;
    const apr_int64_t *compared_with; /* NULL, or the version (0: none) that whoever approves has
                                         seen it against: it has to be the last one still */
    pd_refusal_t *refusal;            /* NULL, or where to tell in full why not */
} pd_publication_t;

/* Publishes a new version. APR_EINVAL with `why`: see pd_refused_e. Neither effective_at nor
 * published_at ever goes back: hosts whose clocks differ by a few seconds publish at the later of
 * their instants, a clock that is further behind is refused. An editorial version has the languages
 * of the last one, its clauses, title and opening, and may change no clause of
 * PDPortalMaterialSections (pd_material.h); in a consent, and in a policy that has none of these
 * sections, every word counts. */
apr_status_t pd_document_publish(apr_int64_t *version, const char **why, const pd_portal_t *portal,
                                 const pd_publication_t *publication, apr_pool_t *p);

typedef struct pd_document_t {
    const char *kind;
    apr_int64_t version;
    const char *language; /* of the text given: the one asked for, else the first there is */
    const char *title;
    const char *html;
    const char *source;
    pd_markup_e markup;
    const char *source_sha256, *html_sha256;
    const char *sum_covers; /* what html_sha256 is of: pd_document_sum.h */
    apr_time_t published_at, effective_at;
    const char *editorial;
} pd_document_t;

/* The version in force now. APR_ENOENT: none. */
apr_status_t pd_document_current(pd_document_t *document, const pd_portal_t *portal,
                                 const char *kind, const char *language, apr_pool_t *p);

/* Names the text that a form is about, in the language of its page, and the words of its box. It
 * comes back with the form, so that nobody agrees to what was not before his eyes: a catalogue may
 * change in between as well as a document, and another window may have switched the language. */
const char *pd_document_shown(const pd_document_t *document, const char *language,
                              const char *wording, apr_pool_t *p);

/* Any published version. */
apr_status_t pd_document_get(pd_document_t *document, const pd_portal_t *portal, const char *kind,
                             apr_int64_t version, const char *language, apr_pool_t *p);

/* All versions of a kind, newest first (of pd_document_t without html, source and markup). */
apr_status_t pd_document_list(apr_array_header_t **documents, const pd_portal_t *portal,
                              const char *kind, const char *language, apr_pool_t *p);

/* The kinds of which something was published (of const char *), by name. */
apr_status_t pd_document_kinds(apr_array_header_t **kinds, const pd_portal_t *portal,
                               apr_pool_t *p);

#endif
