/* Documents: the page holds only our own tags, properly nested; every clause has its anchor; no
 * script address survives. The first byte chooses the markup. */
#include "pd_fuzz.h"
#include "base/pd_bytes.h"
#include "text/pd_clause.h"
#include <strings.h>
#include <apr_tables.h>

static const char *const tags[] = {"p",    "h2",         "h3", "h4",     "h5",  "h6",
                                   "a",    "ul",         "li", "em",     "pre", "br",
                                   "code", "blockquote", "hr", "strong", NULL};

static int is_ours(const char *name, size_t length)
{
    for (const char *const *tag = tags; *tag != NULL; tag++) {
        if (strlen(*tag) == length && memcmp(*tag, name, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Every "<" begins one of our tags, and tags close in the order they opened. */
static void check_tags(const char *html, apr_pool_t *p)
{
    apr_array_header_t *open = apr_array_make(p, 16, sizeof(const char *));
    while ((html = strchr(html, '<')) != NULL) {
        int is_end = html[1] == '/';
        const char *name = html + 1 + is_end;
        size_t length = strcspn(name, " >");
        MUST(is_ours(name, length) && strchr(name, '>') != NULL);
        if (is_end) {
            const char **last = apr_array_pop(open);
            MUST(last != NULL && strncmp(*last, name, length) == 0);
        }
        else if (strncmp(name, "br>", 3) != 0 && strncmp(name, "hr>", 3) != 0) {
            APR_ARRAY_PUSH(open, const char *) = name;
        }
        html = name;
    }
    MUST(open->nelts == 0);
}

static void check_links(const char *html)
{
    while ((html = strstr(html, "href=\"")) != NULL) {
        html += 6;
        MUST(*html == '#' || (*html == '/' && html[1] != '/') || !strncasecmp(html, "http", 4) ||
             !strncasecmp(html, "mailto:", 7));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    apr_pool_t *p = fuzz_pool();
    pd_article_t article;
    const char *why;
    char *bytes = fuzz_text(data + 1, size - 1);
    pd_markup_e markup = data[0] == 'm' ? PD_MARKUP_MARKDOWN : PD_MARKUP_PLAIN;
    if (pd_clause_render(&article, &why, markup, bytes, size - 1, p) != APR_SUCCESS) {
        MUST(why != NULL);
    }
    else {
        MUST(why == NULL && article.title[0] != '\0');
        MUST(pd_utf8_valid(article.html, strlen(article.html)));
        check_tags(article.html, p);
        check_links(article.html);
        for (int i = 0; i < article.clauses->nelts; i++) {
            const pd_clause_t *clause = &APR_ARRAY_IDX(article.clauses, i, pd_clause_t);
            const char *id = apr_psprintf(p, " id=\"p%s\"", clause->number);
            const char *found = strstr(article.html, id);
            MUST(found != NULL && strstr(found + 1, id) == NULL);
            MUST(strchr(clause->text, '\n') == NULL);
        }
    }
    free(bytes);
    return fuzz_done(p);
}
