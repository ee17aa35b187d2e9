/* A site: one portal as this httpd serves it. Virtual hosts with equal settings share one. Made by
 * the parent in post_config (key read, templates parsed, gate mapped), completed in each child. */
#ifndef PD_SITE_H
#define PD_SITE_H
#include <httpd.h>
#include "base/pd_zone.h"
#include "portal/pd_portal.h"
#include "text/pd_encoding.h"

typedef struct pd_site_t {
    const pd_settings_t *settings;
    pd_keyring_t *keys;
    const pd_templates_t *templates;
    const pd_zone_t *zone;
    pd_gate_t *hashing;
    void *sessions;                   /* shared memory: pd_session_table.h; NULL: none */
    void *coherence;                  /* likewise: pd_coherence.h */
    void *guesses;                    /* likewise: the block of pd_limiter_over */
    pd_counts_t *counts;              /* likewise */
    pd_state_shared_t *state;         /* likewise: pd_state.h */
    apr_array_header_t *metrics_from; /* text/pd_network.h */
    int secure;                       /* the base URL is https */
    const char *denied_page;          /* paths of pages that only internal redirects reach */
    const char *required_page;
    const char *unavailable_page;
    pd_encoded_t style;         /* style.css */
    const char *style_hash;     /* a short hash of it, for its URL */
    const apr_table_t *headers; /* pd_headers.h */
    pd_portal_t *portal;        /* in children; NULL: could not be opened, every request is a 503 */
    apr_uint32_t key_checked;   /* atomic: the database is known to belong to the key file */
    /* when a lasting trouble was last told: pd_log_due */
    apr_uint32_t said_key, said_job, said_unavailable, said_ticked;
    struct pd_site_t *next;
} pd_site_t;

/* Names of those pages below PDPortalPath: the answers of auth/, drawn by web/. */
#define PD_SITE_DENIED      "denied"      /* 403: signed in, but not for you */
#define PD_SITE_REQUIRED    "required"    /* 401 with a small body, for programs */
#define PD_SITE_UNAVAILABLE "unavailable" /* 503: it can't be known now */

/* What web/ needs of the templates; called while hooks are registered. */
void pd_site_declare_pages(const char *const *common, const pd_contract_t *pages);

/* Makes the sites of all servers; OK, or an error that was logged. */
int pd_site_post_config(apr_pool_t *pconf, server_rec *base);

/* The same as a trial: keys are read, templates parsed, the bond of key and database looked at
 * where that can be done now; nothing is made on disk and nothing kept beyond `ptemp`. */
int pd_site_check(apr_pool_t *ptemp, server_rec *base);

/* Opens every portal in this child. */
void pd_site_child_init(apr_pool_t *pchild, server_rec *base);

/* The site of a server, or NULL. */
pd_site_t *pd_site_of(const server_rec *s);

/* The part of a path below PDPortalPath, without its slash; NULL: it is not below it. */
const char *pd_site_below(const pd_site_t *site, const char *uri);

/* Paths at the host's root that the portal answers. */
typedef enum {
    PD_WELL_KNOWN_NONE = 0, /* the site's own affair */
    PD_WELL_KNOWN_PASSWORD, /* /.well-known/change-password */
    PD_WELL_KNOWN_SECURITY  /* /.well-known/security.txt, where there is a contact */
} pd_well_known_e;
pd_well_known_e pd_site_well_known(const pd_site_t *site, const char *uri);

/* The list of this process. */
pd_site_t *pd_site_first(void);

/* The portal ready for work: opened, and its database proved to be the key file's. PD_EAWAY and the
 * like when that can't be known now. */
apr_status_t pd_site_portal(const pd_portal_t **portal, pd_site_t *site, apr_pool_t *p);

#endif
