/* Values that templates show. Truths are shared constants and numbers carry their text, so that
 * rendering needs neither memory nor formatting. */
#include <string.h>
#include "tmpl/pd_value.h"

/* "-9223372036854775808" and the ending zero. */
#define NUMBER_CHARS 21

static const pd_value_t truth_yes = {.kind = PD_VALUE_BOOL, .number = 1};
static const pd_value_t truth_no = {.kind = PD_VALUE_BOOL, .number = 0};

static pd_value_t *make(pd_value_e kind, apr_pool_t *p)
{
    pd_value_t *value = apr_pcalloc(p, sizeof(*value));
    value->kind = kind;
    return value;
}

/* Names are short, differ in their ends and lengths, and are our own: APR's hash reads every byte
 * of every name that a page shows. */
static unsigned int hash_name(const char *name, apr_ssize_t *length)
{
    if (*length == APR_HASH_KEY_STRING)
        *length = (apr_ssize_t)strlen(name);
    unsigned int n = (unsigned int)*length;
    if (n == 0)
        return 0;
    return n * 31 + (unsigned char)name[0] * 7 + (unsigned char)name[n / 2] * 131 +
           (unsigned char)name[n - 1] * 1021;
}

pd_value_t *pd_value_map(apr_pool_t *p)
{
    pd_value_t *value = make(PD_VALUE_MAP, p);
    value->members = apr_hash_make_custom(p, hash_name);
    return value;
}

pd_value_t *pd_value_list(apr_pool_t *p)
{
    pd_value_t *value = make(PD_VALUE_LIST, p);
    value->items = apr_array_make(p, 8, sizeof(const pd_value_t *));
    return value;
}

const pd_value_t *pd_value_text(const char *text, apr_pool_t *p)
{
    pd_value_t *value = make(PD_VALUE_TEXT, p);
    value->text = text ? text : "";
    return value;
}

static const char *digits(apr_int64_t number, apr_pool_t *p)
{
    char *at = (char *)apr_palloc(p, NUMBER_CHARS) + NUMBER_CHARS;
    /* Unsigned, since the smallest number has no positive counterpart. */
    apr_uint64_t rest = number < 0 ? 0 - (apr_uint64_t)number : (apr_uint64_t)number;
    *--at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        *--at = '-';
    return at;
}

const pd_value_t *pd_value_number(apr_int64_t number, apr_pool_t *p)
{
    pd_value_t *value = make(PD_VALUE_NUMBER, p);
    value->number = number;
    value->text = digits(number, p);
    return value;
}

void pd_value_set(pd_value_t *map, const char *name, const pd_value_t *value)
{
    apr_hash_set(map->members, name, APR_HASH_KEY_STRING, value);
}

void pd_value_set_text(pd_value_t *map, const char *name, const char *text, apr_pool_t *p)
{
    pd_value_set(map, name, pd_value_text(text, p));
}

void pd_value_set_number(pd_value_t *map, const char *name, apr_int64_t number, apr_pool_t *p)
{
    pd_value_set(map, name, pd_value_number(number, p));
}

void pd_value_set_bool(pd_value_t *map, const char *name, int truth, apr_pool_t *p)
{
    (void)p;
    pd_value_set(map, name, truth ? &truth_yes : &truth_no);
}

void pd_value_add(pd_value_t *list, const pd_value_t *item)
{
    APR_ARRAY_PUSH(list->items, const pd_value_t *) = item;
}

const pd_value_t *pd_value_get(const pd_value_t *map, const char *name)
{
    if (!map || map->kind != PD_VALUE_MAP)
        return NULL;
    return apr_hash_get(map->members, name, APR_HASH_KEY_STRING);
}
