/* Mustache (spec 1.4: mandatory modules and inheritance), parsed once, rendered often. Output is
 * escaped for HTML (& < > " ') unless the template is of kind TEXT; {{{name}}} and {{&name}} show
 * raw bytes and are allowed only for names the caller lists. Templates are immutable once parsed;
 * any thread may render one.
 *
 * Words: {{#_}}Sign in{{/_}} is a message id, replaced at parse time by the catalogue's text, which
 * is itself a template ({{login}} inside works). {{#_n hours}}{{hours}} hour|{{hours}} hours{{/_n}}
 * is a plural: singular and plural id, form chosen at render time by the number `hours`. White
 * space at the ends and line breaks inside a message id are folded to one space before the look-up.
 * Inside words stand only values, sections and comments; a translation must use the names its id
 * uses.
 *
 * Names are words of letters, digits, "_" and "-", joined by dots; anything else in a tag is a
 * fault. */
#ifndef PD_MUSTACHE_H
#define PD_MUSTACHE_H
#include "base/pd_bytes.h"
#include "tmpl/pd_value.h"
#include "tmpl/pd_catalogue.h"

typedef struct pd_mustache_t pd_mustache_t;

typedef enum { PD_MUSTACHE_HTML, PD_MUSTACHE_TEXT } pd_mustache_e;

/* Gives the source of the partial or parent `name`, or NULL. */
typedef const char *pd_mustache_source_fn(void *baton, const char *name);

typedef struct pd_mustache_options_t {
    pd_mustache_e kind;
    const char *name;                /* for messages: "login.html" */
    const pd_catalogue_t *catalogue; /* NULL: message ids stand as they are */
    pd_mustache_source_fn *source;   /* NULL: no partials */
    void *baton;
    const char *const *known; /* NULL-ended names that may be used (of a dotted name the
                                 first word); NULL: any */
    const char *const *raw;   /* NULL-ended names that may be shown raw (whole names);
                                 NULL: any */
} pd_mustache_options_t;

/* PD_ETEMPLATE with `why` ("login.html:12: unknown name \"logn\""). Lives in `p`; `source` and the
 * options may go afterwards, the catalogue may not. Nested partials are parsed too, under the same
 * options; one that includes itself is parsed once, and rendering stops at depth 64. A partial that
 * has no source shows nothing. */
apr_status_t pd_mustache_parse(const pd_mustache_t **template, const char **why, const char *source,
                               const pd_mustache_options_t *options, apr_pool_t *p);

/* Appends to `out`; nothing fails but the buffer's bound. A template that would run away (partials
 * that include themselves twice, lists in lists) is cut after PD_MUSTACHE_STEPS_MAX sections and
 * sets out->overflow too. `scratch` is not used so far: rendering takes no memory but the buffer's.
 */
#define PD_MUSTACHE_STEPS_MAX 1000000
void pd_mustache_render(const pd_mustache_t *template, const pd_value_t *values, pd_buf_t *out,
                        apr_pool_t *scratch);

/* Every message id of a source, in order, for the catalogue check: list of pd_message_t. */
typedef struct pd_message_t {
    const char *id;
    const char *plural; /* NULL unless a plural */
    int line;
} pd_message_t;
apr_status_t pd_mustache_messages(apr_array_header_t **messages, const char **why, const char *name,
                                  const char *source, apr_pool_t *p);

#endif
