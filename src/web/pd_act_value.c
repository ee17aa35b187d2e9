/* What every list of acts shows of each. */
#include "web/pd_act_value.h"
#include <apr_strings.h>

const char *pd_act_text_url(const pd_page_t *page, const pd_act_t *act)
{
    return pd_page_path(page, apr_psprintf(page->p, "documents/%s/%" APR_INT64_T_FMT "?lang=%s",
                                           act->kind, act->version, act->language));
}

/* All of the names are set: one that is absent would be looked up around the map. */
pd_value_t *pd_act_value(pd_page_t *page, const pd_act_t *act)
{
    static const char *const verbs[] = {PD_ACT_ACKNOWLEDGED, PD_ACT_CONSENTED, PD_ACT_WITHDREW};
    pd_value_t *value = pd_value_map(page->p);
    for (int i = 0; i < 3; i++) {
        pd_value_set_bool(value, verbs[i], strcmp(act->verb, verbs[i]) == 0, page->p);
    }
    pd_value_set_text(value, "title", act->title, page->p);
    pd_value_set_number(value, "version", act->version, page->p);
    pd_value_set_text(value, "text_url", pd_act_text_url(page, act), page->p);
    pd_page_date(page, value, "at", act->at);
    return value;
}
