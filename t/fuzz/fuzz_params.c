/* PostgreSQL's parameters, read again here as libpq reads them (fe-connect.c, conninfo_parse):
 * every word of the administrator's keeps its value, every one he left out gets ours; his options
 * stand behind ours. */
#include <apr_lib.h>
#include <apr_tables.h>
#include "pd_fuzz.h"
#include "base/pd_status.h"
#include "db/pd_db_int.h"

/* libpq's reading of a value. NULL: a quote isn't closed. */
static char *read_value(char **at, apr_pool_t *p)
{
    char *value = apr_pcalloc(p, strlen(*at) + 1), *to = value, *from = *at;
    int quoted = *from == '\'';
    for (from += quoted; *from && (quoted ? *from != '\'' : !apr_isspace(*from)); from++) {
        if (*from == '\\' && !*++from) {
            break;
        }
        *to++ = *from;
    }
    if (quoted && *from != '\'') {
        return NULL;
    }
    *at = from + quoted;
    return value;
}

static char *skip(char *at)
{
    while (apr_isspace(*at)) {
        at++;
    }
    return at;
}

/* NULL: libpq would refuse it, or find no such keyword. Of two the last counts. */
static apr_table_t *read_all(const char *params, apr_pool_t *p)
{
    apr_table_t *words = apr_table_make(p, 8);
    char *at = skip(apr_pstrdup(p, params));
    while (*at) {
        size_t length = strcspn(at, "= \t\r\n\f\v");
        char *word = apr_pstrmemdup(p, at, length);
        at = skip(at + length);
        if (*at != '=' || !length || strspn(word, "abcdefghijklmnopqrstuvwxyz_") != length) {
            return NULL;
        }
        at = skip(at + 1);
        char *value = read_value(&at, p);
        if (!value) {
            return NULL;
        }
        apr_table_setn(words, word, value);
        at = skip(at);
    }
    return words;
}

static void check(const char *full, const apr_table_t *asked, apr_pool_t *p)
{
    static const char *const ours[] = {
        "application_name", "client_encoding",  "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "connect_timeout", "options"};
    const apr_table_t *got = read_all(full, p);
    MUST(got);
    const apr_array_header_t *entries = apr_table_elts(asked);
    int n_ours = 0;
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        const char *value = apr_table_get(got, entry->key);
        size_t more = value && strcmp(entry->key, "options") == 0 ? strlen(value) : 0;
        MUST(!more || more > strlen(entry->val));
        MUST(value && strcmp(more ? value + more - strlen(entry->val) : value, entry->val) == 0);
    }
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        const char *value = apr_table_get(got, ours[i]);
        int is_ours = !apr_table_get(asked, ours[i]);
        MUST(value && (!is_ours || *value));
        MUST(strcmp(ours[i], "options") != 0 ||
             (strncmp(value, "-c statement_timeout=5000 -c lock_timeout=", 42) == 0 &&
              strstr(value, "isolation=read\\ committed")));
        n_ours += is_ours;
    }
    MUST(apr_table_elts(got)->nelts == entries->nelts + n_ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *wait = fuzz_line(&data, &size);
    char *params = fuzz_text(data, size);
    const char *full = NULL, *why = NULL;
    const apr_table_t *asked = read_all(params, p);
    apr_status_t status = pd_params_pgsql(&full, &why, params, apr_strtoi64(wait, NULL, 10), p);
    MUST((status == APR_SUCCESS) == (asked != NULL));
    if (asked) {
        check(full, asked, p);
    }
    else {
        MUST(status == PD_ESQL && why && !full);
    }
    MUST(strcmp(pd_db_file("sqlite3", params, p), params) == 0);
    MUST(!pd_db_file("pgsql", params, p));
    free(wait);
    free(params);
    return fuzz_done(p);
}
