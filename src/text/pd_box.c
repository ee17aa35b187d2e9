/* Looks for elements of one name. A tag is read attribute by attribute (HTML 13.2.5), since
 * "checked" may stand in a value, and ">" too. */
#include "text/pd_box.h"
#include <string.h>
#include <strings.h>

#define SPACE     " \t\r\n\f"
#define NAME_ENDS SPACE "/>="

/* A part of the page. */
typedef struct part_t {
    const char *at;
    size_t length;
} part_t;

static int is_word(const part_t *part, const char *word)
{
    return part->length == strlen(word) && strncasecmp(part->at, word, part->length) == 0;
}

static const char *skip(const char *at, const char *characters)
{
    return at + strspn(at, characters);
}

/* The value behind "=", quoted or not. Returns where the tag goes on. */
static const char *read_value(part_t *value, const char *at)
{
    char quote[2] = {*at, '\0'};
    if (*at == '"' || *at == '\'') {
        *value = (part_t){at + 1, strcspn(at + 1, quote)};
        at = value->at + value->length;
        return *at ? at + 1 : at;
    }
    *value = (part_t){at, strcspn(at, SPACE ">")};
    return at + value->length;
}

/* The next attribute. Returns where the tag goes on; NULL at its end. */
static const char *read_attribute(part_t *name, part_t *value, const char *at)
{
    at = skip(at, SPACE "/");
    *value = (part_t){"", 0};
    if (*at == '\0' || *at == '>')
        return NULL;
    /* An equals sign in front belongs to the name. */
    *name = (part_t){at, 1 + strcspn(at + 1, NAME_ENDS)};
    const char *next = skip(at + name->length, SPACE);
    return *next == '=' ? read_value(value, skip(next + 1, SPACE)) : at + name->length;
}

/* One tag, from behind its "<" on. Sets `filled` when it is of this name and no unticked box.
 * Returns its end. */
static const char *read_tag(int *filled, const char *at, const char *box)
{
    part_t element = {at, strcspn(at, NAME_ENDS)}, name, value;
    const char *next = at + element.length;
    int is_named = 0, is_checkbox = 0, is_ticked = 0;
    while ((next = read_attribute(&name, &value, next)) != NULL) {
        is_named |= is_word(&name, "name") && value.length == strlen(box) &&
                    memcmp(value.at, box, value.length) == 0;
        is_checkbox |= is_word(&name, "type") && is_word(&value, "checkbox");
        is_ticked |= is_word(&name, "checked");
        at = next;
    }
    *filled |= is_named && !(is_word(&element, "input") && is_checkbox && !is_ticked);
    return at;
}

int pd_box_is_filled(const char *html, const char *name)
{
    int filled = 0;
    while (!filled && (html = strchr(html, '<')) != NULL)
        html = read_tag(&filled, html + 1, name);
    return filled;
}
