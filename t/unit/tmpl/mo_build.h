/* Builds .mo files in memory for tests, in either byte order. */
#ifndef MO_BUILD_H
#define MO_BUILD_H
#include <string.h>
#include <apr_pools.h>
#include "base/pd_bytes.h"

#define MO_ENGLISH                                                                                 \
    "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
#define MO_RUSSIAN                                                                                 \
    "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=3; plural=(n%10==1 && "       \
    "n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

/* A text with its length, since plurals hold zeros. */
typedef struct mo_text_t {
    const char *bytes;
    apr_size_t length;
} mo_text_t;

typedef struct mo_entry_t {
    mo_text_t id, text;
} mo_entry_t;

#define MO_TEXT(literal)                                                                           \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define MO_ENTRY(id, text)                                                                         \
    {                                                                                              \
        MO_TEXT(id), MO_TEXT(text)                                                                 \
    }

static inline void mo_word(pd_buf_t *out, apr_uint32_t word, int big)
{
    for (int i = 0; i < 4; i++)
        pd_buf_putc(out, (char)(word >> (big ? 24 - 8 * i : 8 * i)));
}

static inline apr_uint32_t mo_table(pd_buf_t *out, const mo_entry_t *entries, int n, int texts,
                                    apr_uint32_t offset, int big)
{
    for (int i = 0; i < n; i++) {
        apr_size_t length = texts ? entries[i].text.length : entries[i].id.length;
        mo_word(out, (apr_uint32_t)length, big);
        mo_word(out, offset, big);
        offset += (apr_uint32_t)length + 1;
    }
    return offset;
}

/* The first entry must be the header, with an empty id. */
static inline void mo_build(pd_buf_t *out, const mo_entry_t *entries, int n, int big, apr_pool_t *p)
{
    pd_buf_init(out, 1024 * 1024, p);
    apr_uint32_t table = 8 * (apr_uint32_t)n, offset = 28 + 2 * table;
    const apr_uint32_t head[] = {0x950412de, 0, (apr_uint32_t)n, 28, 28 + table, 0, 28 + 2 * table};
    for (int i = 0; i < 7; i++)
        mo_word(out, head[i], big);
    offset = mo_table(out, entries, n, 0, offset, big);
    mo_table(out, entries, n, 1, offset, big);
    for (int i = 0; i < n; i++)
        pd_buf_add(out, entries[i].id.bytes, entries[i].id.length + 1);
    for (int i = 0; i < n; i++)
        pd_buf_add(out, entries[i].text.bytes, entries[i].text.length + 1);
}

#endif
