/* Values that templates show. Truths are shared constants and numbers carry their text, so that
 * rendering needs neither memory nor formatting. A map is a small chained hash of its own: APR's
 * reads every byte of every name that is asked for, and a page asks fifty times. */
#include <string.h>
#include "tmpl/pd_value.h"

/* "-9223372036854775808" and the ending zero. */
#define NUMBER_CHARS 21

#define MEMBERS_FIRST 8
#define PLACES        32

typedef struct member_t {
    pd_name_t name;
    int next; /* of the same place, counted from 1; 0: none */
    const pd_value_t *value;
} member_t;

static const pd_value_t truth_yes = {.kind = PD_VALUE_BOOL, .number = 1};
static const pd_value_t truth_no = {.kind = PD_VALUE_BOOL, .number = 0};

static pd_value_t *make(pd_value_e kind, apr_pool_t *p)
{
    pd_value_t *value = apr_palloc(p, sizeof(*value));
    *value = (pd_value_t){.kind = kind};
    return value;
}

/* Names are short and differ in their ends and lengths. */
pd_name_t pd_name(const char *text, apr_size_t length)
{
    pd_name_t name = {text, length, 0};
    if (length > 0) {
        name.tag = (unsigned int)length * 31 + (unsigned char)text[0] * 7 +
                   (unsigned char)text[length / 2] * 131 + (unsigned char)text[length - 1] * 1021;
    }
    return name;
}

static inline member_t *find(const pd_value_t *map, const pd_name_t *name)
{
    if (!map->places)
        return NULL;
    member_t *members = (member_t *)map->items->elts;
    for (int at = map->places[name->tag % PLACES]; at > 0; at = members[at - 1].next) {
        member_t *member = &members[at - 1];
        if (member->name.tag == name->tag && member->name.length == name->length &&
            memcmp(member->name.text, name->text, name->length) == 0)
            return member;
    }
    return NULL;
}

pd_value_t *pd_value_map(apr_pool_t *p)
{
    pd_value_t *value = make(PD_VALUE_MAP, p);
    value->pool = p;
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

/* A page that is ready never asks for its map's members. */
static void make_room(pd_value_t *map)
{
    map->items = apr_array_make(map->pool, MEMBERS_FIRST, sizeof(member_t));
    map->places = apr_pcalloc(map->pool, PLACES * sizeof(*map->places));
}

static member_t *add(pd_value_t *map, const pd_name_t *name)
{
    if (!map->places)
        make_room(map);
    int *place = &map->places[name->tag % PLACES];
    member_t *member = apr_array_push(map->items);
    member->name = *name;
    member->next = *place;
    *place = map->items->nelts;
    return member;
}

void pd_value_set(pd_value_t *map, const char *name, const pd_value_t *value)
{
    const pd_name_t wanted = pd_name(name, strlen(name));
    member_t *member = find(map, &wanted);
    if (!member)
        member = add(map, &wanted);
    member->value = value;
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
    const pd_name_t wanted = pd_name(name, strlen(name));
    return map ? pd_value_member(map, &wanted) : NULL;
}

const pd_value_t *pd_value_member(const pd_value_t *map, const pd_name_t *name)
{
    const member_t *member = map->kind == PD_VALUE_MAP ? find(map, name) : NULL;
    return member ? member->value : NULL;
}
