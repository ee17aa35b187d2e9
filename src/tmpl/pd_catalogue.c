/* Reads gettext's .mo files (GNU gettext manual, "The Format of GNU MO Files") in either byte
 * order. Nothing in the file is believed: every offset is checked, every text must end in a zero
 * within the file and be UTF-8, and only plural rules that stand in our own table are taken. */
#include <string.h>
#include <strings.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "tmpl/pd_catalogue.h"
#include "tmpl/pd_file_int.h"

#define CATALOGUE_BYTES_MAX (4 * 1024 * 1024)
#define MAGIC               0x950412deu
#define MAGIC_SWAPPED       0xde120495u
#define HEADER_BYTES        20

typedef int form_fn(apr_uint64_t number);

typedef struct rule_t {
    const char *text; /* Plural-Forms without white space, brackets, and the last semicolon */
    int forms;
    form_fn *form;
} rule_t;

typedef struct entry_t {
    int is_plural;
    const char *forms[PD_PLURAL_FORMS_MAX];
} entry_t;

struct pd_catalogue_t {
    apr_hash_t *entries; /* id (singular) -> entry_t */
    const rule_t *rule;
    const pd_catalogue_t *next;
    int ids_stand;
};

/* The file being read. */
typedef struct file_t {
    const unsigned char *bytes;
    apr_size_t length;
    int swapped;
    apr_uint32_t n, ids, texts; /* entries; offsets of the two tables */
} file_t;

static int english_form(apr_uint64_t number)
{
    return number != 1;
}

static int russian_form(apr_uint64_t number)
{
    apr_uint64_t ones = number % 10, hundredth = number % 100;
    if (ones == 1 && hundredth != 11)
        return 0;
    return ones >= 2 && ones <= 4 && (hundredth < 12 || hundredth > 14) ? 1 : 2;
}

/* The Russian rule as the usual tools write it. */
static const rule_t rules[] = {
    {"nplurals=2;plural=n!=1", 2, english_form},
    {"nplurals=3;plural=n%10==1&&n%100!=11?0:n%10>=2&&n%10<=4&&n%100<10||n%100>=20?1:2", 3,
     russian_form},
    {"nplurals=3;plural=n%10==1&&n%100!=11?0:n%10>=2&&n%10<=4&&n%100<12||n%100>14?1:2", 3,
     russian_form},
};

static apr_status_t refuse(const char **why, const char *phrase)
{
    *why = phrase;
    return PD_ETEMPLATE;
}

/* --- the file --- */

/* The caller has checked that four bytes are there. */
static apr_uint32_t word(const file_t *file, apr_size_t at)
{
    const unsigned char *b = file->bytes + at;
    if (file->swapped)
        return (apr_uint32_t)b[0] << 24 | (apr_uint32_t)b[1] << 16 | (apr_uint32_t)b[2] << 8 | b[3];
    return (apr_uint32_t)b[3] << 24 | (apr_uint32_t)b[2] << 16 | (apr_uint32_t)b[1] << 8 | b[0];
}

static apr_status_t open_file(file_t *file, const char **why)
{
    if (file->length < HEADER_BYTES)
        return refuse(why, "not a .mo file: too short");
    apr_uint32_t magic = word(file, 0);
    if (magic != MAGIC && magic != MAGIC_SWAPPED)
        return refuse(why, "not a .mo file");
    file->swapped = magic == MAGIC_SWAPPED;
    if (word(file, 4) >> 16 > 1)
        return refuse(why, "a .mo file of an unknown revision");
    file->n = word(file, 8);
    file->ids = word(file, 12);
    file->texts = word(file, 16);
    apr_uint64_t table = (apr_uint64_t)file->n * 8;
    if (file->ids + table > file->length || file->texts + table > file->length)
        return refuse(why, "damaged: a table reaches beyond the end");
    return APR_SUCCESS;
}

/* Each of the texts between zeros must be UTF-8. */
static int texts_valid(const char *text, apr_size_t length)
{
    const char *end = text + length;
    for (;;) {
        apr_size_t n = strlen(text);
        if (!pd_utf8_valid(text, n))
            return 0;
        if (text + n >= end)
            return 1;
        text += n + 1;
    }
}

static apr_status_t read_text(const char **text, apr_size_t *length, const char **why,
                              const file_t *file, apr_uint32_t table, apr_uint32_t i)
{
    apr_size_t at = (apr_size_t)table + (apr_size_t)i * 8;
    apr_uint64_t n = word(file, at), offset = word(file, at + 4);
    if (offset + n >= file->length || file->bytes[offset + n] != '\0')
        return refuse(why, "damaged: a text reaches beyond the end");
    *text = (const char *)file->bytes + offset;
    *length = (apr_size_t)n;
    if (!texts_valid(*text, *length))
        return refuse(why, "a text is not valid UTF-8");
    return APR_SUCCESS;
}

/* --- the header entry --- */

/* The value of a header line, up to its end; "" when there is no such line. */
static const char *header_field(const char *header, const char *name, apr_pool_t *p)
{
    apr_size_t n = strlen(name);
    for (const char *line = header; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, n) == 0)
            return apr_pstrmemdup(p, line + n, strcspn(line + n, "\n"));
    }
    return "";
}

static const rule_t *find_rule(const char *field, apr_pool_t *p)
{
    char *bare = apr_pstrdup(p, field), *to = bare;
    for (; *field; field++)
        if (!strchr(" \t\r()", *field))
            *to++ = *field;
    if (to > bare && to[-1] == ';')
        to--;
    *to = '\0';
    for (apr_size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(bare, rules[i].text) == 0)
            return &rules[i];
    return NULL;
}

static apr_status_t read_header(pd_catalogue_t *catalogue, const char **why, const char *header,
                                apr_pool_t *p)
{
    const char *type = header_field(header, "Content-Type:", p);
    const char *plurals = header_field(header, "Plural-Forms:", p);
    const char *charset = strstr(type, "charset=");
    if (!charset || strncasecmp(charset + 8, "UTF-8", 5) != 0)
        return refuse(why, "its header does not say charset=UTF-8");
    catalogue->rule = find_rule(plurals, p);
    if (!catalogue->rule)
        return refuse(why, apr_psprintf(p, "unknown Plural-Forms:%s", plurals));
    return APR_SUCCESS;
}

/* --- entries --- */

static apr_status_t add_entry(pd_catalogue_t *catalogue, const char **why, const file_t *file,
                              apr_uint32_t i, apr_pool_t *p)
{
    const char *id = NULL, *text = NULL;
    apr_size_t id_length = 0, text_length = 0;
    apr_status_t st = read_text(&id, &id_length, why, file, file->ids, i);
    if (st == APR_SUCCESS)
        st = read_text(&text, &text_length, why, file, file->texts, i);
    if (st != APR_SUCCESS)
        return st;
    if (apr_hash_get(catalogue->entries, id, APR_HASH_KEY_STRING))
        return refuse(why, "damaged: an id stands twice");
    entry_t *entry = apr_pcalloc(p, sizeof(*entry));
    entry->is_plural = strlen(id) < id_length;
    const char *end = text + text_length;
    int n = 0;
    for (; text <= end && n < PD_PLURAL_FORMS_MAX; text += strlen(text) + 1)
        entry->forms[n++] = text;
    if (text <= end || n != (entry->is_plural ? catalogue->rule->forms : 1))
        return refuse(why, apr_psprintf(p, "wrong number of plural forms of \"%s\"", id));
    apr_hash_set(catalogue->entries, id, APR_HASH_KEY_STRING, entry);
    return APR_SUCCESS;
}

/* The header is the entry of the empty id; tables are sorted, so it must be the first. */
static apr_status_t read_file(pd_catalogue_t *catalogue, const char **why, const file_t *file,
                              apr_pool_t *p)
{
    const char *id = "x", *header = NULL;
    apr_size_t id_length, header_length;
    apr_status_t st = APR_SUCCESS;
    if (file->n > 0)
        st = read_text(&id, &id_length, why, file, file->ids, 0);
    if (st == APR_SUCCESS && *id != '\0')
        return refuse(why, "it has no header entry");
    if (st == APR_SUCCESS)
        st = read_text(&header, &header_length, why, file, file->texts, 0);
    if (st == APR_SUCCESS)
        st = read_header(catalogue, why, header, p);
    for (apr_uint32_t i = 1; i < file->n && st == APR_SUCCESS; i++)
        st = add_entry(catalogue, why, file, i, p);
    return st;
}

apr_status_t pd_catalogue_parse(const pd_catalogue_t **catalogue, const char **why,
                                const char *bytes, apr_size_t length, apr_pool_t *p)
{
    *catalogue = NULL;
    if (length > CATALOGUE_BYTES_MAX)
        return refuse(why, "too large");
    file_t file = {
        (const unsigned char *)apr_pmemdup(p, bytes, length + (length == 0)), length, 0, 0, 0, 0};
    pd_catalogue_t *made = apr_pcalloc(p, sizeof(*made));
    made->entries = apr_hash_make(p);
    apr_status_t st = open_file(&file, why);
    if (st == APR_SUCCESS)
        st = read_file(made, why, &file, p);
    if (st == APR_SUCCESS)
        *catalogue = made;
    return st;
}

apr_status_t pd_catalogue_load(const pd_catalogue_t **catalogue, const char **why, const char *path,
                               apr_pool_t *p)
{
    const char *bytes;
    apr_size_t length;
    *catalogue = NULL;
    apr_status_t st = pd_file_read(&bytes, &length, path, CATALOGUE_BYTES_MAX, p);
    if (st == APR_SUCCESS)
        st = pd_catalogue_parse(catalogue, why, bytes, length, p);
    else
        *why = "it can't be read";
    if (st != APR_SUCCESS)
        *why = apr_psprintf(p, "%s: %s", path, *why);
    return st;
}

apr_status_t pd_catalogue_chain(const pd_catalogue_t **catalogue, const char **why,
                                const pd_catalogue_t *first, const pd_catalogue_t *next,
                                apr_pool_t *p)
{
    const rule_t *last = next ? next->rule : &rules[0];
    *catalogue = NULL;
    if (first->rule->form != last->form)
        return refuse(why, "its Plural-Forms is not that of the catalogue it stands before");
    pd_catalogue_t *made = apr_pmemdup(p, first, sizeof(*first));
    made->next = next;
    made->ids_stand = next == NULL;
    *catalogue = made;
    return APR_SUCCESS;
}

/* --- looking up --- */

static const entry_t *find(const pd_catalogue_t *catalogue, const char *id, int plural)
{
    for (; catalogue; catalogue = catalogue->next) {
        const entry_t *entry = apr_hash_get(catalogue->entries, id, APR_HASH_KEY_STRING);
        if (entry && (!plural || entry->is_plural))
            return entry;
    }
    return NULL;
}

const char *pd_catalogue_text(const pd_catalogue_t *catalogue, const char *id)
{
    const entry_t *entry = find(catalogue, id, 0);
    return entry ? entry->forms[0] : NULL;
}

const char *pd_catalogue_plural(const pd_catalogue_t *catalogue, const char *id, int form)
{
    const entry_t *entry = find(catalogue, id, 1);
    return entry && form >= 0 && form < PD_PLURAL_FORMS_MAX ? entry->forms[form] : NULL;
}

int pd_catalogue_ids_stand(const pd_catalogue_t *catalogue)
{
    while (catalogue->next)
        catalogue = catalogue->next;
    return catalogue->ids_stand;
}

int pd_catalogue_forms(const pd_catalogue_t *catalogue)
{
    return catalogue->rule->forms;
}

int pd_catalogue_form(const pd_catalogue_t *catalogue, apr_int64_t number)
{
    /* Unsigned, since the smallest number has no positive counterpart. */
    return catalogue->rule->form(number < 0 ? 0 - (apr_uint64_t)number : (apr_uint64_t)number);
}
