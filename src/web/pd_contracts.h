/* What every page's template may use: the agreement between handlers and templates. */
#ifndef PD_CONTRACTS_H
#define PD_CONTRACTS_H
#include "tmpl/pd_templates.h"

/* Names of the layout, usable on every page. */
extern const char *const pd_common_names[];

/* One row per page, ended by file NULL. */
extern const pd_contract_t pd_page_contracts[];

#endif
