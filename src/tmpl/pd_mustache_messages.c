/* Words in templates: puts the catalogue's text in the place of {{#_}} and {{#_n}} while parsing,
 * after checking that the translator kept the names of the id; and lists the ids of a source. */
#include <string.h>
#include <apr_strings.h>
#include "base/pd_status.h"
#include "tmpl/pd_mustache_int.h"

/* Parses `text` as part of the template: into the parser's own nodes. */
static apr_status_t parse_text(apr_array_header_t **names, pd_parser_t *ps, const char *text,
                               const pd_words_t *words)
{
    pd_parser_t *inner = apr_pcalloc(ps->compile->pool, sizeof(*inner));
    inner->compile = ps->compile;
    inner->file = ps->file;
    inner->words = words->id;
    pd_scan_init(&inner->scan, text, ps->compile->pool);
    inner->scan.open = ps->scan.open;
    inner->scan.close = ps->scan.close;
    inner->scan.inside = 1;
    /* Messages name the template's line, so lines of the text are not counted. */
    inner->scan.line = words->line;
    inner->scan.counted = inner->scan.length;
    inner->nodes = ps->nodes;
    inner->bytes = ps->bytes;
    inner->sealed = ps->sealed;
    inner->names = apr_array_make(ps->compile->pool, 4, sizeof(const char *));
    apr_status_t st = pd_parser_run(inner);
    ps->sealed = inner->sealed;
    *names = inner->names;
    return st;
}

/* The names of an id: parsed aside, nothing of it stays. */
static apr_status_t names_of(apr_array_header_t **names, pd_parser_t *ps, const char *id,
                             const pd_words_t *words)
{
    pd_parser_t aside = *ps;
    pd_buf_t bytes;
    pd_buf_init(&bytes, PD_MUSTACHE_SOURCE_MAX, ps->compile->pool);
    aside.bytes = &bytes;
    aside.nodes = apr_array_make(ps->compile->pool, 8, sizeof(pd_node_t));
    return parse_text(names, &aside, id, words);
}

static int has(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; i < names->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return 1;
    return 0;
}

/* The first of `names` that is not in `others`; NULL: all are. */
static const char *first_beyond(const apr_array_header_t *names, const apr_array_header_t *others)
{
    for (int i = 0; i < names->nelts; i++)
        if (!has(others, APR_ARRAY_IDX(names, i, const char *)))
            return APR_ARRAY_IDX(names, i, const char *);
    return NULL;
}

static apr_status_t translate(pd_parser_t *ps, const char *text, const pd_words_t *words,
                              const apr_array_header_t *allowed, const apr_array_header_t *wanted)
{
    apr_array_header_t *used;
    apr_status_t st = parse_text(&used, ps, text, words);
    if (st != APR_SUCCESS)
        return st;
    const char *alien = first_beyond(used, allowed), *missing = first_beyond(wanted, used);
    if (alien)
        return pd_parser_fail(ps, words->line,
                              "the translation of \"%s\" uses \"%s\", which the id does not",
                              words->id, alien);
    if (missing)
        return pd_parser_fail(ps, words->line, "the translation of \"%s\" lacks \"%s\"", words->id,
                              missing);
    return APR_SUCCESS;
}

static apr_status_t fail_lacking(pd_parser_t *ps, const pd_words_t *words)
{
    return pd_parser_fail(ps, words->line, "the catalogue lacks \"%s\"", words->id);
}

static apr_status_t take_message(pd_parser_t *ps, const pd_words_t *words)
{
    const pd_catalogue_t *catalogue = ps->compile->options->catalogue;
    const char *text = catalogue ? pd_catalogue_text(catalogue, words->id) : NULL;
    apr_array_header_t *names;
    if (!text && catalogue && !pd_catalogue_ids_stand(catalogue))
        return fail_lacking(ps, words);
    if (!text)
        return parse_text(&names, ps, words->id, words);
    apr_status_t st = names_of(&names, ps, words->id, words);
    return st ? st : translate(ps, text, words, names, names);
}

/* What a plural's forms may use and must use. */
typedef struct plural_names_t {
    apr_array_header_t *singular, *plural;
    apr_array_header_t *allowed; /* of either, and the number itself */
    apr_array_header_t *common;  /* of both */
} plural_names_t;

static apr_status_t plural_names(plural_names_t *names, pd_parser_t *ps, const pd_words_t *words)
{
    apr_pool_t *p = ps->compile->pool;
    apr_status_t st = names_of(&names->singular, ps, words->id, words);
    if (st == APR_SUCCESS)
        st = names_of(&names->plural, ps, words->plural, words);
    if (st != APR_SUCCESS)
        return st;
    names->allowed = apr_array_append(p, names->singular, names->plural);
    APR_ARRAY_PUSH(names->allowed, const char *) = words->count;
    names->common = apr_array_make(p, 4, sizeof(const char *));
    for (int i = 0; i < names->singular->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names->singular, i, const char *);
        if (has(names->plural, name))
            APR_ARRAY_PUSH(names->common, const char *) = name;
    }
    return APR_SUCCESS;
}

static const char *form_text(pd_parser_t *ps, const pd_words_t *words, int form)
{
    const pd_catalogue_t *catalogue = ps->compile->options->catalogue;
    const char *text = catalogue ? pd_catalogue_plural(catalogue, words->id, form) : NULL;
    if (text || (catalogue && !pd_catalogue_ids_stand(catalogue)))
        return text;
    return form == 0 ? words->id : words->plural;
}

static apr_status_t take_plural(pd_parser_t *ps, const pd_words_t *words)
{
    const pd_catalogue_t *catalogue = ps->compile->options->catalogue;
    int forms = catalogue ? pd_catalogue_forms(catalogue) : 2, plural = ps->nodes->nelts;
    plural_names_t names;
    pd_parser_add(ps, PD_NODE_PLURAL);
    apr_status_t st = pd_parser_name(ps, plural, words->count, strlen(words->count), words->line);
    if (st == APR_SUCCESS)
        st = plural_names(&names, ps, words);
    for (int form = 0; form < forms && st == APR_SUCCESS; form++) {
        const char *text = form_text(ps, words, form);
        if (!text)
            return fail_lacking(ps, words);
        int node = ps->nodes->nelts;
        pd_parser_add(ps, PD_NODE_FORM);
        /* Only where form 0 means 1 and nothing else may it do without the number. */
        st = translate(ps, text, words, names.allowed,
                       forms == 2 && form == 0 ? names.common : names.plural);
        pd_parser_end(ps, node);
    }
    pd_parser_end(ps, plural);
    return st;
}

apr_status_t pd_parser_words(pd_parser_t *ps, const pd_words_t *words)
{
    return words->plural ? take_plural(ps, words) : take_message(ps, words);
}

apr_status_t pd_mustache_messages(apr_array_header_t **messages, const char **why, const char *name,
                                  const char *source, apr_pool_t *p)
{
    pd_scan_t scan;
    pd_tag_t tag;
    const char *fault = NULL;
    pd_scan_e found = PD_SCAN_END;
    *messages = apr_array_make(p, 16, sizeof(pd_message_t));
    pd_scan_init(&scan, source, p);
    while (!fault && (found = pd_scan_next(&scan, &tag, &fault)) == PD_SCAN_TAG) {
        pd_words_t words;
        if (!pd_words_begin(&tag))
            continue;
        fault = pd_words_read(&words, &scan, &tag);
        if (fault)
            break;
        pd_message_t *message = apr_array_push(*messages);
        message->id = words.id;
        message->plural = words.plural;
        message->line = words.line;
    }
    if (fault) {
        *why = apr_psprintf(p, "%s:%d: %s", name, tag.line, fault);
        return PD_ETEMPLATE;
    }
    return APR_SUCCESS;
}
