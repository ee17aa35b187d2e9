/* Values that templates show: text, number, truth, list, map. Built per request in its pool; a text
 * is borrowed, so it must live as long. False are: an empty text, the number 0, an empty list, a
 * false truth, an absent name. A truth, a list and a map show as nothing. */
#ifndef PD_VALUE_H
#define PD_VALUE_H
#include <apr_pools.h>
#include <apr_tables.h>

typedef enum {
    PD_VALUE_TEXT,
    PD_VALUE_NUMBER,
    PD_VALUE_BOOL,
    PD_VALUE_LIST,
    PD_VALUE_MAP
} pd_value_e;

typedef struct pd_value_t {
    pd_value_e kind;
    const char *text;          /* TEXT; also the text of a NUMBER */
    apr_int64_t number;        /* NUMBER, BOOL */
    apr_array_header_t *items; /* LIST: of const pd_value_t *; MAP: of its members */
    int *places;               /* MAP: where members with such a tag begin; NULL: none yet */
    apr_pool_t *pool;          /* MAP */
} pd_value_t;

/* A name as it is looked up: a template makes its names once, and a page asks for some fifty. */
typedef struct pd_name_t {
    const char *text; /* borrowed; need not end in a zero */
    apr_size_t length;
    unsigned int tag; /* made of these bytes; tells most names apart */
} pd_name_t;

pd_name_t pd_name(const char *text, apr_size_t length);

pd_value_t *pd_value_map(apr_pool_t *p);
pd_value_t *pd_value_list(apr_pool_t *p);
const pd_value_t *pd_value_text(const char *text, apr_pool_t *p);
const pd_value_t *pd_value_number(apr_int64_t number, apr_pool_t *p);

void pd_value_set(pd_value_t *map, const char *name, const pd_value_t *value);
void pd_value_set_text(pd_value_t *map, const char *name, const char *text, apr_pool_t *p);
void pd_value_set_number(pd_value_t *map, const char *name, apr_int64_t number, apr_pool_t *p);
void pd_value_set_bool(pd_value_t *map, const char *name, int truth, apr_pool_t *p);
void pd_value_add(pd_value_t *list, const pd_value_t *item);

/* The member, or NULL; NULL too where `map` is none. */
const pd_value_t *pd_value_get(const pd_value_t *map, const char *name);
const pd_value_t *pd_value_member(const pd_value_t *map, const pd_name_t *name);

#endif
