/* The tag only tells what the request itself asked for: where nobody looked for the session, as on
 * an open page, it is "-", and no log line ever costs a look-up. */
#include "auth/pd_log_tag.h"
#include <httpd.h>
#include <http_config.h>
#include <mod_log_config.h>
#include "auth/pd_visit.h"

static const char *person(const pd_visit_t *visit)
{
    return visit->session.person_id;
}

static const char *session(const pd_visit_t *visit)
{
    return visit->session.id;
}

static const char *cache(const pd_visit_t *visit)
{
    return visit->session.from_memory ? "hit" : "miss";
}

static const struct {
    const char *word;
    const char *(*tell)(const pd_visit_t *visit);
} parts[] = {{"person", person}, {"session", session}, {"cache", cache}};

static const char *tell(request_rec *r, char *word)
{
    const pd_visit_t *visit = pd_visit_of(r);
    if (visit == NULL || !visit->sought || visit->status != APR_SUCCESS) {
        return "-";
    }
    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(word, parts[i].word) == 0) {
            return parts[i].tell(visit);
        }
    }
    return "-";
}

static int announce(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    APR_OPTIONAL_FN_TYPE(ap_register_log_handler) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_register_log_handler);
    (void)plog;
    (void)ptemp;
    if (add != NULL) {
        add(pconf, "^pd", tell, 0);
    }
    return OK;
}

void pd_log_tag_register(apr_pool_t *p)
{
    (void)p;
    ap_hook_pre_config(announce, NULL, NULL, APR_HOOK_MIDDLE);
}
