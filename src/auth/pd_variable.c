/* A variable looks the session up when it is asked for, once for the whole visit. Empty means a
 * guest, and also that it can't be known now: an expression that lets somebody in has to ask for
 * something, never for nothing. */
#include "auth/pd_variable.h"
#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>
#include "auth/pd_visit.h"

static const char *id(const pd_visit_t *visit)
{
    return visit->session.person_id;
}

static const char *login(const pd_visit_t *visit)
{
    return visit->session.login;
}

static const char *roles(const pd_visit_t *visit)
{
    return pd_visit_roles(visit);
}

static const char *consents(const pd_visit_t *visit)
{
    return visit->session.consents;
}

typedef struct variable_t {
    const char *name;
    const char *(*value)(const pd_visit_t *visit);
} variable_t;

static const variable_t variables[] = {{"PDPORTAL_ID", id},
                                       {"PDPORTAL_LOGIN", login},
                                       {"PDPORTAL_ROLES", roles},
                                       {"PDPORTAL_CONSENTS", consents}};

/* What was made for one visitor is not for a cache. */
static void keep_out_of_caches(request_rec *r, const pd_visit_t *visit)
{
    for (; r != NULL; r = r->main) {
        if (!ap_find_token(r->pool, apr_table_get(r->err_headers_out, "Vary"), "Cookie")) {
            apr_table_mergen(r->err_headers_out, "Vary", "Cookie");
        }
        if (visit->token != NULL) {
            apr_table_setn(r->err_headers_out, "Cache-Control", "private, no-store");
        }
    }
}

static const char *value(ap_expr_eval_ctx_t *context, const void *data)
{
    const variable_t *variable = data;
    const pd_session_t *session;
    pd_visit_t *visit = context->r != NULL ? pd_visit_of(context->r) : NULL;
    if (visit == NULL) {
        return "";
    }
    keep_out_of_caches(context->r, visit);
    if (pd_visit_session(&session, visit) != APR_SUCCESS) {
        return "";
    }
    const char *found = variable->value(visit);
    return found != NULL ? found : "";
}

static int look_up(ap_expr_lookup_parms *wanted)
{
    for (apr_size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (wanted->type == AP_EXPR_FUNC_VAR &&
            ap_cstr_casecmp(wanted->name, variables[i].name) == 0) {
            *wanted->func = value;
            *wanted->data = &variables[i];
            return OK;
        }
    }
    return DECLINED;
}

void pd_variable_register(apr_pool_t *p)
{
    (void)p;
    ap_hook_expr_lookup(look_up, NULL, NULL, APR_HOOK_MIDDLE);
}
