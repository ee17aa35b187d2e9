/* Values that templates show: text, number, truth, list, map. Built per request in its pool; a text
 * is borrowed, so it must live as long. False are: an empty text, the number 0, an empty list, a
 * false truth, an absent name. A truth, a list and a map show as nothing. */
#ifndef PD_VALUE_H
#define PD_VALUE_H
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_hash.h>

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
    apr_array_header_t *items; /* LIST of const pd_value_t * */
    apr_hash_t *members;       /* MAP: name -> const pd_value_t * */
} pd_value_t;

pd_value_t *pd_value_map(apr_pool_t *p);
pd_value_t *pd_value_list(apr_pool_t *p);
const pd_value_t *pd_value_text(const char *text, apr_pool_t *p);
const pd_value_t *pd_value_number(apr_int64_t number, apr_pool_t *p);

void pd_value_set(pd_value_t *map, const char *name, const pd_value_t *value);
void pd_value_set_text(pd_value_t *map, const char *name, const char *text, apr_pool_t *p);
void pd_value_set_number(pd_value_t *map, const char *name, apr_int64_t number, apr_pool_t *p);
void pd_value_set_bool(pd_value_t *map, const char *name, int truth, apr_pool_t *p);
void pd_value_add(pd_value_t *list, const pd_value_t *item);

/* The member, or NULL. */
const pd_value_t *pd_value_get(const pd_value_t *map, const char *name);

#endif
