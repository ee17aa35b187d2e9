/* The Require providers (F08). A line is parsed once, while the configuration is read; a decision
 * is taken from what came with the session, so that it asks nothing. Who is not signed in is not
 * refused but not known yet: mod_authz_core then runs check_authn. */
#include "auth/pd_authz.h"
#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>
#include <mod_auth.h>
#include "auth/pd_visit.h"
#include "base/pd_clock.h"

#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define MINUTES_MAX     (30 * 24 * 60)

/* The session that lets somebody into this section; NULL: none, or another module let him in. */
static const pd_session_t *session_of(request_rec *r, pd_visit_t **visit)
{
    const pd_session_t *session;
    *visit = pd_visit_of(r);
    if (*visit == NULL || r->ap_auth_type == NULL || strcmp(r->ap_auth_type, PD_AUTH_TYPE) != 0 ||
        pd_visit_session(&session, *visit) != APR_SUCCESS) {
        return NULL;
    }
    return session;
}

static authz_status decide(pd_visit_t *visit, int granted, pd_lacks_e lack)
{
    if (!granted && visit != NULL) {
        visit->lacks |= lack;
    }
    return granted ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

/* A list of words, NULL-ended, lower case as they are stored. */
static const char *parse_words(cmd_parms *cmd, const char *line, const void **parsed)
{
    apr_array_header_t *words = apr_array_make(cmd->pool, 4, sizeof(const char *));
    const char *at = line;
    char *word;
    while (*(word = ap_getword_conf(cmd->pool, &at)) != '\0') {
        if (strspn(word, WORD_CHARACTERS) != strlen(word) || !apr_islower(*word)) {
            return apr_psprintf(cmd->pool,
                                "\"%s\" is no name; write small letters, digits and hyphens", word);
        }
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    if (words->nelts == 0) {
        return "a name is missing; write one or more, parted by spaces";
    }
    APR_ARRAY_PUSH(words, const char *) = NULL;
    *parsed = words->elts;
    return NULL;
}

static int has_any(const char *held, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (pd_session_has_word(held, *words)) {
            return 1;
        }
    }
    return 0;
}

static int has_all(const char *held, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (!pd_session_has_word(held, *words)) {
            return 0;
        }
    }
    return 1;
}

/* What `Require pd-role` was given, and whether the line keeps out who holds the role. */
typedef struct role_line_t {
    const char *const *words;
    int negated;
} role_line_t;

/* Behind "not", or in a section whose lines are all of that kind. */
static int is_negated(const ap_directive_t *line)
{
    int negated = ap_cstr_casecmpn(line->args, "not", 3) == 0 && apr_isspace(line->args[3]);
    for (const ap_directive_t *section = line->parent; section != NULL; section = section->parent) {
        negated ^= ap_cstr_casecmp(section->directive, "<RequireNone") == 0;
    }
    return negated;
}

static const char *parse_roles(cmd_parms *cmd, const char *line, const void **parsed)
{
    const void *words;
    role_line_t *made = apr_palloc(cmd->pool, sizeof(*made));
    if (ap_cstr_casecmp(cmd->directive->directive, "<AuthzProviderAlias") == 0) {
        return "it can't have another name, which might be used behind \"not\"; write Require "
               "pd-role where it is meant";
    }
    const char *fault = parse_words(cmd, line, &words);
    if (fault == NULL) {
        *made = (role_line_t){words, is_negated(cmd->directive)};
        *parsed = made;
    }
    return fault;
}

/* One of the roles is enough, with the second factor that staff needs (F15). A line that keeps a
 * role out keeps it out without one, too. */
static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    pd_visit_t *visit;
    const role_line_t *wanted = parsed;
    (void)line;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    const pd_session_t *session = session_of(r, &visit);
    int held = session != NULL && has_any(session->roles, wanted->words);
    if (wanted->negated) {
        return held ? AUTHZ_GRANTED : AUTHZ_DENIED;
    }
    if (held) {
        return decide(visit, !pd_visit_lacks_staff_factor(visit), PD_LACKS_MFA);
    }
    return decide(visit, 0, PD_LACKS_ROLE);
}

/* Each of the consents is needed: one does not stand for another. */
static authz_status check_consent(request_rec *r, const char *line, const void *parsed)
{
    pd_visit_t *visit;
    (void)line;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    const pd_session_t *session = session_of(r, &visit);
    return decide(visit, session != NULL && has_all(session->consents, parsed), PD_LACKS_CONSENT);
}

static const char *parse_nothing(cmd_parms *cmd, const char *line, const void **parsed)
{
    (void)cmd;
    *parsed = NULL;
    return *line != '\0' ? "it takes no words; write Require pd-mfa" : NULL;
}

static authz_status check_mfa(request_rec *r, const char *line, const void *parsed)
{
    pd_visit_t *visit;
    (void)line;
    (void)parsed;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    const pd_session_t *session = session_of(r, &visit);
    return decide(visit, session != NULL && session->mfa_at > 0, PD_LACKS_MFA);
}

static const char *parse_minutes(cmd_parms *cmd, const char *line, const void **parsed)
{
    char *end;
    apr_interval_time_t *age = apr_palloc(cmd->pool, sizeof(*age));
    apr_int64_t minutes = apr_isdigit(*line) ? apr_strtoi64(line, &end, 10) : 0;
    if (minutes < 1 || minutes > MINUTES_MAX || *end != '\0') {
        return apr_psprintf(cmd->pool, "\"%s\" is no number of minutes; write one between 1 and %d",
                            line, MINUTES_MAX);
    }
    *age = apr_time_from_sec(minutes * 60);
    *parsed = age;
    return NULL;
}

/* A clock that stepped back makes nothing fresher than it is. */
static authz_status check_fresh(request_rec *r, const char *line, const void *parsed)
{
    pd_visit_t *visit;
    const apr_interval_time_t *most = parsed;
    (void)line;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    const pd_session_t *session = session_of(r, &visit);
    apr_interval_time_t age = session != NULL ? pd_clock_now() - session->authenticated_at : -1;
    return decide(visit, age >= 0 && age < *most, PD_LACKS_FRESH);
}

void pd_authz_register(apr_pool_t *p)
{
    static const authz_provider role = {check_role, parse_roles};
    static const authz_provider consent = {check_consent, parse_words};
    static const authz_provider mfa = {check_mfa, parse_nothing};
    static const authz_provider fresh = {check_fresh, parse_minutes};
    static const struct {
        const char *name;
        const authz_provider *provider;
    } rows[] = {
        {"pd-role", &role}, {"pd-consent", &consent}, {"pd-mfa", &mfa}, {"pd-fresh", &fresh}};
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, rows[i].name, AUTHZ_PROVIDER_VERSION,
                                  rows[i].provider, AP_AUTH_INTERNAL_PER_CONF);
    }
}
