/* The settings of a portal and the one table that describes every directive: name, member, type,
 * default, bounds, scope, help. httpd's configuration (cfg/), pdportalctl --config and
 * docs/directives.md are all made from it. A settings value is written while the configuration is
 * read and never afterwards. */
#ifndef PD_SETTINGS_H
#define PD_SETTINGS_H
#include <apr_pools.h>
#include <apr_time.h>
#include "crypt/pd_password.h"

typedef enum { PD_MAIL_TLS_AUTO = 0, PD_MAIL_TLS_REQUIRE = 1, PD_MAIL_TLS_OFF = 2 } pd_mail_tls_e;

/* "Unset" is a value no administrator can write: NULL for text, PD_UNSET for the rest. */
#define PD_UNSET ((apr_int64_t)-4242424242)

/* A term that was written in words: without limit (seed 5.1). Not the same as an unset one, about
 * which nobody has decided. */
#define PD_TERM_UNLIMITED ((apr_int64_t)-1)

/* A year of a term: as long as the longest, so that nothing goes too early. */
#define PD_TERM_YEAR ((apr_int64_t)366 * 24 * 3600 * 1000000)

typedef struct pd_settings_t {
    /* server config or virtual host */
    const char *database_driver, *database_params; /* PDPortalDatabase DRIVER PARAMS */
    const char *key_file;
    const char *path;     /* "/portal", no trailing slash */
    const char *base_url; /* "https://www.example.org" */
    const char *site_name;
    const char *operator;  /* of personal data: name and address, or unset */
    const char *site_home; /* path of the site's front page */
    const char *mail_from, *mail_relay, *mail_user, *mail_password_file, *mail_ca_file;
    apr_int64_t mail_tls;  /* pd_mail_tls_e */
    const char *templates; /* the site's own folder, or unset */
    const char *share;     /* what came with the module */
    const char *language;  /* default: ru */
    const char *time_zone;
    const char *material_sections; /* of the policy: "3 4 5.2"; text/pd_material.h */
    const char *host_name;         /* names this host's journal chain */
    apr_int64_t insecure_cookies;
    apr_int64_t database_connections; /* per process */
    apr_int64_t database_wait;        /* microseconds, as all times here */
    apr_int64_t password_memory;      /* KiB */
    apr_int64_t password_passes;
    apr_int64_t password_min;  /* characters */
    apr_int64_t hashing_slots; /* 0: processors */
    apr_int64_t hashing_queue;
    apr_int64_t hashing_wait;
    apr_int64_t session_idle;
    apr_int64_t session_lifetime;
    apr_int64_t session_cache;       /* bytes of shared memory; 0: none */
    apr_int64_t session_recheck;     /* how long other hosts' changes may stay unnoticed */
    apr_int64_t staff_second_factor; /* whoever has a role needs one */
    apr_int64_t confirmation_lifetime;
    apr_int64_t form_lifetime;
    apr_int64_t letters_per_hour; /* to one mailbox */
    apr_int64_t mail_interval;    /* between looks at the queue */
    apr_int64_t mail_timeout;
    apr_int64_t letter_lifetime; /* a letter that could not be delivered for so long has failed */
    apr_int64_t term_account;    /* terms: microseconds, -1 for "without limit"; unset: undecided */
    apr_int64_t term_acts;
    apr_int64_t term_journal;
    apr_int64_t term_letters;
    apr_int64_t term_sign_ins;
    apr_int64_t term_notices;
    const char *place_file;       /* countries of addresses, .mmdb; or unset */
    const char *security_contact; /* URI for security.txt; NULL: there is no such file */
    const char *metrics_from;     /* addresses and networks: text/pd_network.h */
} pd_settings_t;

/* Per directory. */
typedef struct pd_dir_settings_t {
    apr_int64_t identity_headers; /* hand the identity to back ends as request headers too */
} pd_dir_settings_t;

typedef enum {
    PD_TYPE_TEXT,     /* any text, quoted if it has spaces */
    PD_TYPE_FILE,     /* an absolute path, or one below ServerRoot */
    PD_TYPE_URL_PATH, /* "/portal" */
    PD_TYPE_BASE_URL,
    PD_TYPE_RELAY,   /* smtp://host[:port], smtps://host[:port], maildir:/path */
    PD_TYPE_MAILBOX, /* an address */
    PD_TYPE_FLAG,    /* On, Off */
    PD_TYPE_NUMBER,
    PD_TYPE_BYTES,   /* 64M, 512K; a bare number is bytes; 0 is always good: none */
    PD_TYPE_TERM,    /* 30d, "3 years", "without limit" */
    PD_TYPE_TIME,    /* 90s, 15min, 8h, 30d; a bare number is seconds */
    PD_TYPE_CHOICE,  /* one of the words of `words` */
    PD_TYPE_ZONE,    /* a tz database name */
    PD_TYPE_HOST,    /* letters, digits, dots, hyphens, underscores */
    PD_TYPE_CLAUSES, /* numbers of clauses parted by spaces */
    PD_TYPE_CONTACT, /* mailto:address or an https URL */
    PD_TYPE_NETWORK, /* addresses and networks parted by spaces, or "none" */
    PD_TYPE_DATABASE /* two words: driver, parameters */
} pd_type_e;

typedef enum { PD_SCOPE_SERVER, PD_SCOPE_DIRECTORY } pd_scope_e;

typedef struct pd_directive_t {
    const char *name; /* "PDPortalPath" */
    pd_type_e type;
    pd_scope_e scope;
    apr_size_t offset;    /* of the member in pd_settings_t or pd_dir_settings_t */
    const char *fallback; /* default as an administrator would write it; NULL: none */
    apr_int64_t min, max; /* of numbers, of bytes, and of times in microseconds */
    const char *words;    /* of a choice, separated by '|', numbered from 0 */
    const char *help;     /* one or two sentences for configtest and the manual */
} pd_directive_t;

/* The table, ended by name NULL. */
extern const pd_directive_t pd_directives[];

/* Name -> row, letter case ignored; NULL when unknown. */
const pd_directive_t *pd_directive_find(const char *name);

/* Is the member a number (or a text)? */
int pd_directive_is_number(const pd_directive_t *row);

/* Everything unset. */
pd_settings_t *pd_settings_new(apr_pool_t *p);
pd_dir_settings_t *pd_dir_settings_new(apr_pool_t *p);

/* Reads a value as written into the member. `second` is the second word of PD_TYPE_DATABASE, else
 * NULL. Result NULL, or a sentence for the administrator: what is wrong and what to write instead.
 * `structure` is a pd_settings_t or pd_dir_settings_t by the row's scope. */
const char *pd_directive_set(void *structure, const pd_directive_t *row, const char *value,
                             const char *second, apr_pool_t *p);

/* Inner wins where set. */
pd_settings_t *pd_settings_merge(const pd_settings_t *outer, const pd_settings_t *inner,
                                 apr_pool_t *p);
pd_dir_settings_t *pd_dir_settings_merge(const pd_dir_settings_t *outer,
                                         const pd_dir_settings_t *inner, apr_pool_t *p);

/* Puts defaults in where unset. */
void pd_settings_complete(pd_settings_t *settings, apr_pool_t *p);
void pd_dir_settings_complete(pd_dir_settings_t *settings, apr_pool_t *p);

/* What the whole must obey (needed directives, http base URL only with insecure cookies, ...): NULL
 * or a sentence that names the directive. */
const char *pd_settings_check(const pd_settings_t *settings, apr_pool_t *p);

/* A term as it is written: "30d", "3 years", "without limit"; "not set". */
const char *pd_settings_term_text(apr_int64_t term, apr_pool_t *p);

/* Host of the base URL, without the port: "www.example.org"; IPv6 in brackets. */
const char *pd_settings_base_host(const pd_settings_t *settings, apr_pool_t *p);

/* Does the name stand for this machine (localhost, *.localhost, 127.0.0.0/8, ::1)? No look-up. */
int pd_host_is_loopback(const char *host);

/* Reads the PDPortal directives of an httpd configuration file or a plain one (other lines are
 * ignored), for pdportalctl. NULL or a sentence with file and line. */
const char *pd_settings_read_file(pd_settings_t *settings, const char *path, apr_pool_t *p);

/* The manual page docs/directives.md. */
const char *pd_directives_manual(apr_pool_t *p);

#endif
