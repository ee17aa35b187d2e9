/* JSON text in a pool. */
#ifndef PD_JSON_INT_H
#define PD_JSON_INT_H
#include <apr_pools.h>
#include <jansson.h>

/* The compact text of `object`, whose reference is taken; NULL for NULL or when memory ran out. */
const char *pd_json_text(json_t *object, apr_pool_t *p);

#endif
