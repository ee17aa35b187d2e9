/* An act as pages show it: partial "act". */
#ifndef PD_ACT_VALUE_H
#define PD_ACT_VALUE_H
#include "portal/pd_act.h"
#include "web/pd_page.h"

/* A map: acknowledged, consented, withdrew (one of them true), title, version, text_url, at. */
pd_value_t *pd_act_value(pd_page_t *page, const pd_act_t *act);

/* The address of the exact text of an act, in the language in which it was read. */
const char *pd_act_text_url(const pd_page_t *page, const pd_act_t *act);

#endif
