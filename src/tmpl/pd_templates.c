/* The set of templates: reads every file of the contracts once, the site's before ours, and parses
 * it for every language. Whatever is wrong is found here, at start, and named with file and line.
 */
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include "base/pd_log.h"
#include "base/pd_status.h"
#include "tmpl/pd_file_int.h"
#include "tmpl/pd_templates.h"

#define FILE_BYTES_MAX (1024 * 1024)

struct pd_templates_t {
    apr_hash_t *languages; /* "ru" -> apr_hash_t: file -> const pd_mustache_t */
};

typedef struct loader_t {
    const pd_templates_source_t *source;
    apr_hash_t *files;   /* name -> text, read once for all languages */
    const char *suffix;  /* of the template being parsed */
    const char *why;     /* what went wrong with a partial */
    apr_pool_t *pool;    /* results */
    apr_pool_t *scratch; /* sources */
} loader_t;

/* Only below the folder: names come from templates too. */
static int name_inside(const char *name)
{
    return *name != '\0' && *name != '/' && !strstr(name, "..");
}

apr_status_t pd_templates_file(const char **bytes, apr_size_t *length,
                               const pd_templates_source_t *source, const char *file, apr_pool_t *p)
{
    *bytes = NULL;
    *length = 0;
    if (!name_inside(file))
        return APR_EINVAL;
    if (source->site) {
        const char *path = apr_pstrcat(p, source->site, "/", file, NULL);
        apr_status_t st = pd_file_read(bytes, length, path, FILE_BYTES_MAX, p);
        /* A file of the site that can't be read must not quietly give way to ours. */
        if (!APR_STATUS_IS_ENOENT(st) && !APR_STATUS_IS_ENOTDIR(st))
            return st;
    }
    return pd_file_read(bytes, length, apr_pstrcat(p, source->share, "/", file, NULL),
                        FILE_BYTES_MAX, p);
}

/* The text of a template file, or NULL and `why`. */
static const char *read_source(loader_t *loader, const char *file)
{
    const char *text = apr_hash_get(loader->files, file, APR_HASH_KEY_STRING);
    apr_size_t length;
    char reason[120];
    if (text)
        return text;
    apr_status_t st = pd_templates_file(&text, &length, loader->source, file, loader->scratch);
    if (st == APR_SUCCESS && strlen(text) == length) {
        apr_hash_set(loader->files, apr_pstrdup(loader->scratch, file), APR_HASH_KEY_STRING, text);
        return text;
    }
    loader->why = apr_psprintf(loader->pool, "%s: %s", file,
                               st == APR_SUCCESS ? "holds a zero byte"
                                                 : pd_status_text(st, reason, sizeof(reason)));
    return NULL;
}

static const char *partial_source(void *baton, const char *name)
{
    loader_t *loader = baton;
    return read_source(loader, apr_pstrcat(loader->scratch, name, loader->suffix, NULL));
}

static void append(apr_array_header_t *names, const char *const *more)
{
    for (; more && *more; more++)
        APR_ARRAY_PUSH(names, const char *) = *more;
}

static const char *const *list_of(apr_array_header_t *names)
{
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)(const void *)names->elts;
}

static apr_status_t parse(const pd_mustache_t **template, loader_t *loader,
                          const pd_contract_t *contract, const pd_catalogue_t *catalogue)
{
    static const char *const none[] = {NULL};
    apr_array_header_t *names = apr_array_make(loader->scratch, 32, sizeof(const char *));
    const char *dot = strrchr(contract->file, '.'), *text = read_source(loader, contract->file);
    if (!text)
        return PD_ETEMPLATE;
    append(names, loader->source->common);
    append(names, contract->names);
    loader->suffix = dot ? dot : "";
    loader->why = NULL;
    pd_mustache_options_t options = {
        .kind = strcmp(loader->suffix, ".txt") == 0 ? PD_MUSTACHE_TEXT : PD_MUSTACHE_HTML,
        .name = contract->file,
        .catalogue = catalogue,
        .source = partial_source,
        .baton = loader,
        .known = list_of(names),
        .raw = contract->raw ? contract->raw : none,
    };
    const char *why = NULL;
    apr_status_t st = pd_mustache_parse(template, &why, text, &options, loader->pool);
    /* To the engine a missing partial is nothing; to us it is a slip in the template's name. */
    if (st == APR_SUCCESS && !loader->why)
        return APR_SUCCESS;
    loader->why = loader->why
                      ? apr_psprintf(loader->pool, "%s: partial %s", contract->file, loader->why)
                      : why;
    return PD_ETEMPLATE;
}

/* A catalogue that may be missing: NULL then. */
static apr_status_t load_po(const pd_catalogue_t **catalogue, loader_t *loader, const char *folder,
                            const char *language)
{
    *catalogue = NULL;
    if (!folder)
        return APR_SUCCESS;
    const char *path = apr_pstrcat(loader->scratch, folder, "/po/", language, ".mo", NULL);
    apr_status_t st = pd_catalogue_load(catalogue, &loader->why, path, loader->pool);
    return APR_STATUS_IS_ENOENT(st) || APR_STATUS_IS_ENOTDIR(st) ? APR_SUCCESS : st;
}

static apr_status_t load_catalogue(const pd_catalogue_t **catalogue, loader_t *loader,
                                   const char *language)
{
    const pd_catalogue_t *site = NULL, *ours = NULL;
    int english = strcmp(language, "en") == 0;
    *catalogue = NULL;
    apr_status_t st = load_po(&site, loader, loader->source->site, language);
    if (st == APR_SUCCESS)
        st = load_po(&ours, loader, loader->source->share, language);
    if (st != APR_SUCCESS)
        return st;
    *catalogue = site ? site : ours;
    if (site && (ours || english)) {
        st = pd_catalogue_chain(catalogue, &loader->why, site, ours, loader->pool);
        if (st != APR_SUCCESS)
            loader->why = apr_psprintf(loader->pool, "%s/po/%s.mo: %s", loader->source->site,
                                       language, loader->why);
    }
    else if (!*catalogue && !english) {
        loader->why = apr_psprintf(loader->pool, "po/%s.mo: there is no such catalogue", language);
        st = PD_ETEMPLATE;
    }
    return st;
}

static apr_status_t load_language(apr_hash_t *files, loader_t *loader, const char *language)
{
    const pd_catalogue_t *catalogue;
    apr_status_t st = load_catalogue(&catalogue, loader, language);
    const pd_contract_t *const *list = loader->source->contracts;
    for (; *list && st == APR_SUCCESS; list++)
        for (const pd_contract_t *c = *list; c->file && st == APR_SUCCESS; c++) {
            const pd_mustache_t *template = NULL;
            st = parse(&template, loader, c, catalogue);
            apr_hash_set(files, apr_pstrdup(loader->pool, c->file), APR_HASH_KEY_STRING, template);
        }
    return st;
}

static apr_status_t load_all(pd_templates_t *templates, loader_t *loader)
{
    for (const char *const *language = loader->source->languages; *language; language++) {
        if (!name_inside(*language) || strchr(*language, '/')) {
            loader->why = apr_psprintf(loader->pool, "\"%s\" is no language", *language);
            return PD_ETEMPLATE;
        }
        apr_hash_t *files = apr_hash_make(loader->pool);
        apr_status_t st = load_language(files, loader, *language);
        if (st != APR_SUCCESS) {
            loader->why = apr_psprintf(loader->pool, "[%s] %s", *language, loader->why);
            return PD_ETEMPLATE;
        }
        apr_hash_set(templates->languages, apr_pstrdup(loader->pool, *language),
                     APR_HASH_KEY_STRING, files);
        pd_log(PD_LOG_DEBUG, 0, "PD0250: %u templates read in language %s", apr_hash_count(files),
               *language);
    }
    return APR_SUCCESS;
}

apr_status_t pd_templates_load(const pd_templates_t **templates, const char **why,
                               const pd_templates_source_t *source, apr_pool_t *p)
{
    loader_t loader = {.source = source, .pool = p};
    pd_templates_t *made = apr_pcalloc(p, sizeof(*made));
    *templates = NULL;
    apr_status_t st = apr_pool_create(&loader.scratch, p);
    if (st != APR_SUCCESS) {
        *why = "out of memory";
        return st;
    }
    loader.files = apr_hash_make(loader.scratch);
    made->languages = apr_hash_make(p);
    st = load_all(made, &loader);
    apr_pool_destroy(loader.scratch);
    if (st == APR_SUCCESS)
        *templates = made;
    else
        *why = loader.why;
    return st;
}

const pd_mustache_t *pd_templates_get(const pd_templates_t *templates, const char *file,
                                      const char *language)
{
    apr_hash_t *files = apr_hash_get(templates->languages, language, APR_HASH_KEY_STRING);
    return files ? apr_hash_get(files, file, APR_HASH_KEY_STRING) : NULL;
}
