/* Makes values of notices. */
#include "web/pd_notice_value.h"
#include <apr_strings.h>
#include <string.h>

const char *pd_notice_flag(const pd_notice_kind_t *kind, apr_pool_t *p)
{
    char *flag = apr_pstrcat(p, "kind_", kind != NULL ? kind->id : "other", NULL);
    for (char *at = flag; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    return flag;
}

/* What somebody wrote: paragraphs are parted by empty lines. */
static const pd_value_t *paragraphs(const char *text, apr_pool_t *p)
{
    pd_value_t *list = pd_value_list(p);
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        apr_size_t length = end != NULL ? (apr_size_t)(end - text) : strlen(text);
        pd_value_t *item = pd_value_map(p);
        pd_value_set_text(item, "words", apr_pstrmemdup(p, text, length), p);
        pd_value_add(list, item);
        text += length;
        text += strspn(text, "\n");
    }
    return list;
}

/* The text of this language, where a name has one for each. */
static void set_in_language(pd_page_t *page, pd_value_t *value, const char *name, const char *text)
{
    const char *end = strrchr(name, '_');
    if (end != NULL && strcmp(end + 1, page->language) == 0) {
        pd_value_set_text(value, apr_pstrmemdup(page->p, name, (apr_size_t)(end - name)), text,
                          page->p);
    }
}

static void set_values(pd_page_t *page, pd_value_t *value, const apr_table_t *values)
{
    const apr_array_header_t *all = apr_table_elts(values);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)all->elts;
    for (int i = 0; i < all->nelts; i++) {
        pd_value_set_text(value, entry[i].key, entry[i].val, page->p);
        set_in_language(page, value, entry[i].key, entry[i].val);
    }
}

void pd_notice_set(pd_page_t *page, pd_value_t *value, const pd_inbox_notice_t *notice)
{
    const char *text = apr_table_get(notice->values, "text");
    set_values(page, value, notice->values);
    pd_value_set_text(value, "id", notice->id, page->p);
    pd_value_set_bool(value, "is_unread", !notice->is_read, page->p);
    pd_value_set_bool(value, pd_notice_flag(notice->kind, page->p), 1, page->p);
    pd_page_date(page, value, "at", notice->at);
    if (text != NULL) {
        pd_value_set(value, "paragraphs", paragraphs(text, page->p));
    }
}
