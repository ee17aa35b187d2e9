/* The set of templates of a portal: every page and letter in every language, parsed at start. A
 * file in the site's own folder stands before the one that came with the module. Immutable once
 * loaded; any thread. */
#ifndef PD_TEMPLATES_H
#define PD_TEMPLATES_H
#include "tmpl/pd_mustache.h"

/* What a template may use: its file name and the names its caller provides. Names of the layout
 * (pd_templates_load's `common`) may be used everywhere. */
typedef struct pd_contract_t {
    const char *file;         /* "login.html", "mail/confirm.txt" */
    const char *const *names; /* NULL-ended */
    const char *const *raw;   /* NULL-ended names that may be shown raw, or NULL for none */
} pd_contract_t;

typedef struct pd_templates_t pd_templates_t;

typedef struct pd_templates_source_t {
    const char *share;            /* folder that came with the module */
    const char *site;             /* the site's own folder, or NULL */
    const char *const *languages; /* NULL-ended: "ru", "en"; catalogues are LANG.mo in `share` or
                                     `site` below "po/" */
    const char *const *common;    /* names every template may use */
    const pd_contract_t *const *contracts; /* NULL-ended list of lists, each ended by file NULL */
} pd_templates_source_t;

/* Reads and parses everything. A file that ends in ".txt" is text, any other HTML; its partials and
 * parents get the same ending ("layout" -> "layout.html") and are looked for in the same folders.
 * A site's po/LANG.mo stands before ours message by message; of the two one must exist, but for
 * "en", the language of the ids, where ids without an entry stand as they are when we bring no
 * en.mo. PD_ETEMPLATE with `why` (file, line): a missing file, an unknown name, a message that a
 * catalogue lacks, a damaged catalogue. Lives in `p`. */
apr_status_t pd_templates_load(const pd_templates_t **templates, const char **why,
                               const pd_templates_source_t *source, apr_pool_t *p);

/* A parsed template; NULL only for a file or language that was never declared. */
const pd_mustache_t *pd_templates_get(const pd_templates_t *templates, const char *file,
                                      const char *language);

/* Bytes of a plain file of the set ("style.css"), the site's before ours. */
apr_status_t pd_templates_file(const char **bytes, apr_size_t *length,
                               const pd_templates_source_t *source, const char *file,
                               apr_pool_t *p);

#endif
