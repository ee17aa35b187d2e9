/* Shared by the fuzz targets: a pool for one input, the input as text or pieces, and the one way to
 * say that a promise is broken. */
#ifndef PD_FUZZ_H
#define PD_FUZZ_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(promise)                                                                              \
    do {                                                                                           \
        if (!(promise)) {                                                                          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline apr_pool_t *fuzz_pool(void)
{
    apr_pool_t *p;
    apr_initialize();
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    return p;
}

static inline int fuzz_done(apr_pool_t *p)
{
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}

/* Takes the input up to the next LF (or its end) as text; a zero byte ends the text earlier. The
 * copy is malloc'ed at its exact size, so that a sanitizer sees one byte too far. */
static inline char *fuzz_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
    size_t length = end != NULL ? (size_t)(end - *data) : *size;
    char *text = malloc(length + 1);
    MUST(text != NULL);
    if (length > 0) {
        memcpy(text, *data, length);
    }
    text[length] = '\0';
    *data += length + (end != NULL);
    *size -= length + (end != NULL);
    return text;
}

/* The whole input as text. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

#endif
