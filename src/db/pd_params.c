/* PostgreSQL's parameter string. Session settings stand in the string and not in SET statements, so
 * that they hold from the first statement of every connection and can't be lost by a reset. What
 * the administrator wrote himself is left as he wrote it; only his options are joined to ours,
 * which they would replace as a whole. */
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

/* A value as libpq takes it: without quotes and backslashes. `from` to `to` is what skip_value
 * passed. */
static const char *bare_value(const char *from, const char *to, apr_pool_t *p)
{
    char *value = apr_palloc(p, (apr_size_t)(to - from) + 1), *at = value;
    if (*from == '\'') {
        from++;
        to--;
    }
    for (; from < to; from++) {
        if (*from == '\\' && ++from == to) {
            break;
        }
        *at++ = *from;
    }
    *at = '\0';
    return value;
}

/* The way back, to stand between quotes. */
static const char *quoted_value(const char *value, apr_pool_t *p)
{
    char *quoted = apr_palloc(p, 2 * strlen(value) + 1), *at = quoted;
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\') {
            *at++ = '\\';
        }
        *at++ = *value;
    }
    *at = '\0';
    return quoted;
}

/* What the administrator wrote. */
typedef struct written_t {
    apr_table_t *words;  /* his keywords */
    const char *rest;    /* his text without `options` */
    const char *options; /* their value, the last one as with libpq; "" when there is none */
} written_t;

/* 0 when it isn't a list of keyword=value. */
static int read_words(written_t *written, const char *params, apr_pool_t *p)
{
    const char *text = skip_spaces(params);
    *written = (written_t){apr_table_make(p, 8), "", ""};
    while (*text) {
        const char *begin = text;
        apr_size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
        const char *word = apr_pstrmemdup(p, text, length);
        text = skip_spaces(text + length);
        if (!length || *text != '=') {
            return 0;
        }
        const char *value = skip_spaces(text + 1);
        text = skip_value(value);
        if (!text) {
            return 0;
        }
        apr_table_setn(written->words, word, "");
        const char *end = text;
        text = skip_spaces(text);
        if (!strcmp(word, "options")) {
            written->options = bare_value(value, end, p);
        }
        else {
            written->rest = apr_pstrcat(p, written->rest,
                                        apr_pstrmemdup(p, begin, (apr_size_t)(text - begin)), NULL);
        }
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

/* Ours before his: of two -c that set the same the server takes the last. */
static const char *all_options(const char *his, apr_interval_time_t wait, apr_pool_t *p)
{
    apr_int64_t lock_ms = apr_time_as_msec(wait);
    const char *ours =
        apr_psprintf(p,
                     "-c statement_timeout=5000 -c lock_timeout=%" APR_INT64_T_FMT
                     " -c idle_in_transaction_session_timeout=30000 -c synchronous_commit=on"
                     " -c default_transaction_isolation=read\\ committed",
                     lock_ms < 1 ? 1 : (lock_ms > 60000 ? 60000 : lock_ms));
    return quoted_value(*his ? apr_pstrcat(p, ours, " ", his, NULL) : ours, p);
}

apr_status_t pd_params_pgsql(const char **full, const char **why, const char *params,
                             apr_interval_time_t wait, apr_pool_t *p)
{
    written_t his;
    if (!read_words(&his, params, p)) {
        *why = "the parameters of pgsql have to be keyword=value pairs";
        return PD_ESQL;
    }
    const char *ours = "";
    for (apr_size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (!apr_table_get(his.words, defaults[i][0])) {
            ours = apr_pstrcat(p, ours, defaults[i][0], "=", defaults[i][1], " ", NULL);
        }
    }
    apr_int64_t seconds = apr_time_sec(wait) + 1;
    if (!apr_table_get(his.words, "connect_timeout")) {
        ours = apr_psprintf(p, "%sconnect_timeout=%d ", ours,
                            seconds < 2 ? 2 : (seconds > 10 ? 10 : (int)seconds));
    }
    ours = apr_pstrcat(p, ours, "options='", all_options(his.options, wait, p), "' ", NULL);
    /* Ours first: behind a value that is empty or ends in a backslash, libpq would read what
     * follows as part of it. */
    *full = apr_pstrcat(p, ours, his.rest, NULL);
    return APR_SUCCESS;
}
