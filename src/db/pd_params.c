/* PostgreSQL's parameter string. Session settings stand in the string and not in SET statements, so
 * that they hold from the first statement of every connection and can't be lost by a reset. What
 * the administrator wrote himself is left as he wrote it. */
#include "db/pd_db_int.h"
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

static const char *skip_spaces(const char *text)
{
    while (apr_isspace(*text)) {
        text++;
    }
    return text;
}

/* Past a value, quoted or not; NULL when a quote isn't closed. */
static const char *skip_value(const char *text)
{
    int quoted = *text == '\'';
    text += quoted;
    while (*text && (quoted ? *text != '\'' : !apr_isspace(*text))) {
        text += text[0] == '\\' && text[1] ? 2 : 1;
    }
    if (quoted) {
        return *text ? text + 1 : NULL;
    }
    return text;
}

/* All keywords of `params` into `words`; 0 when it isn't a list of keyword=value. */
static int read_words(apr_table_t *words, const char *params)
{
    const char *text = skip_spaces(params);
    while (*text) {
        apr_size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
        const char *word = apr_pstrmemdup(apr_table_elts(words)->pool, text, length);
        text = skip_spaces(text + length);
        if (!length || *text != '=') {
            return 0;
        }
        apr_table_setn(words, word, "");
        text = skip_value(skip_spaces(text + 1));
        if (!text) {
            return 0;
        }
        text = skip_spaces(text);
    }
    return 1;
}

/* A server that vanished without a word is noticed by keepalives in about 25 s, or after 10 s of
 * unacknowledged sending; a child that hangs in a transaction loses its locks after 30 s. */
static const char *const defaults[][2] = {
    {"application_name", "mod_pdportal"},
    {"client_encoding", "UTF8"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"},
};

apr_status_t pd_params_pgsql(const char **full, const char **why, const char *params,
                             apr_interval_time_t wait, apr_pool_t *p)
{
    apr_table_t *words = apr_table_make(p, 8);
    if (!read_words(words, params)) {
        *why = "the parameters of pgsql have to be keyword=value pairs";
        return PD_ESQL;
    }
    const char *ours = "";
    for (apr_size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (!apr_table_get(words, defaults[i][0])) {
            ours = apr_pstrcat(p, ours, defaults[i][0], "=", defaults[i][1], " ", NULL);
        }
    }
    apr_int64_t seconds = apr_time_sec(wait) + 1;
    if (!apr_table_get(words, "connect_timeout")) {
        ours = apr_psprintf(p, "%sconnect_timeout=%d ", ours,
                            seconds < 2 ? 2 : (seconds > 10 ? 10 : (int)seconds));
    }
    if (!apr_table_get(words, "options")) {
        apr_int64_t lock_ms = apr_time_as_msec(wait);
        ours = apr_psprintf(p,
                            "%soptions='-c statement_timeout=5000 -c lock_timeout=%" APR_INT64_T_FMT
                            " -c idle_in_transaction_session_timeout=30000"
                            " -c synchronous_commit=on"
                            " -c default_transaction_isolation=read\\\\ committed' ",
                            ours, lock_ms < 1 ? 1 : (lock_ms > 60000 ? 60000 : lock_ms));
    }
    /* Ours first: behind a value that is empty or ends in a backslash, libpq would read what
     * follows as part of it. */
    *full = apr_pstrcat(p, ours, params, NULL);
    return APR_SUCCESS;
}
