/* Fuzz function of the template engine. The input is a template, and behind zero bytes a partial
 * and a translation. Whatever they hold: a value must never reach an HTML page unescaped, rendering
 * ends, and twice the same gives twice the same. */
#include "pd_fuzz.h"
#include "../unit/tmpl/mo_build.h"
#include "tmpl/pd_mustache.h"

#define OUT_MAX 65536
/* A value's own bytes: they come from nowhere else, since such inputs are passed over. */
#define MARK "<\x01"

typedef struct input_t {
    const char *template, *partial, *translation;
} input_t;

static const char *partial_source(void *baton, const char *name)
{
    const input_t *input = baton;
    return strcmp(name, "p") == 0 ? input->partial : strcmp(name, "q") == 0 ? "[{{x}}]" : NULL;
}

static const pd_value_t *make_values(apr_pool_t *p)
{
    pd_value_t *map = pd_value_map(p), *inner = pd_value_map(p), *list = pd_value_list(p);
    pd_value_set_text(map, "x", MARK, p);
    pd_value_set_number(map, "n", -3, p);
    pd_value_set_bool(map, "t", 1, p);
    pd_value_set_text(inner, "x", MARK "in", p);
    pd_value_add(list, inner);
    pd_value_add(list, pd_value_text(MARK, p));
    pd_value_set(map, "l", list);
    pd_value_set(map, "m", inner);
    return map;
}

static const pd_catalogue_t *make_catalogue(const char *translation, apr_pool_t *p)
{
    mo_entry_t entries[] = {MO_ENTRY("", MO_RUSSIAN), MO_ENTRY("Hi {{x}}", ""),
                            MO_ENTRY("{{n}} day\0{{n}} days", "{{n}} a\0{{n}} b\0{{n}} c")};
    const pd_catalogue_t *catalogue = NULL;
    const char *why;
    pd_buf_t bytes;
    entries[1].text.bytes = translation;
    entries[1].text.length = strlen(translation);
    mo_build(&bytes, entries, 3, 0, p);
    pd_catalogue_parse(&catalogue, &why, bytes.bytes, bytes.length, p);
    return catalogue;
}

static void render_twice(const pd_mustache_t *template, apr_pool_t *p)
{
    const pd_value_t *values = make_values(p);
    pd_buf_t one, two;
    pd_buf_init(&one, OUT_MAX, p);
    pd_buf_init(&two, OUT_MAX, p);
    pd_mustache_render(template, values, &one, p);
    pd_mustache_render(template, values, &two, p);
    MUST(one.length == two.length && memcmp(one.bytes, two.bytes, one.length) == 0);
    MUST(!memmem(one.bytes, one.length, MARK, sizeof(MARK) - 1));
}

static void try_input(const input_t *input, const pd_catalogue_t *catalogue, apr_pool_t *p)
{
    static const char *const known[] = {"x", "n", "t", "l", "m", NULL};
    static const char *const none[] = {NULL};
    pd_mustache_options_t options = {
        .kind = PD_MUSTACHE_HTML,
        .name = "f.html",
        .catalogue = catalogue,
        .source = partial_source,
        .baton = (void *)(uintptr_t)input,
        .known = known,
        .raw = none,
    };
    const pd_mustache_t *template = NULL;
    const char *why = NULL;
    if (pd_mustache_parse(&template, &why, input->template, &options, p) == APR_SUCCESS)
        render_twice(template, p);
    else
        MUST(!template && why && *why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_array_header_t *messages;
    const char *why;
    if (size == 0 || memchr(data, 1, size))
        return 0;
    apr_pool_t *p = fuzz_pool();
    char *text = apr_pcalloc(p, size + 3);
    memcpy(text, data, size);
    input_t input = {text, text + strlen(text) + 1, NULL};
    if (input.partial > text + size)
        input.partial = text + size;
    input.translation = input.partial + strlen(input.partial) + 1;
    if (input.translation > text + size)
        input.translation = text + size;
    try_input(&input, NULL, p);
    try_input(&input, make_catalogue(input.translation, p), p);
    pd_mustache_messages(&messages, &why, "f.html", text, p);
    return fuzz_done(p);
}
