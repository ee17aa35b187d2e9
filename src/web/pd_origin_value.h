/* What pages show of an origin: partial "origin". */
#ifndef PD_ORIGIN_VALUE_H
#define PD_ORIGIN_VALUE_H
#include "portal/pd_origin.h"
#include "web/pd_page.h"

/* Sets the partial's names in a map. Places are left out while there is no file of them. */
void pd_origin_set(const pd_page_t *page, pd_value_t *value, const pd_origin_t *origin);

/* Does the site know places now? Sets "places". */
void pd_origin_set_places(pd_page_t *page);

#endif
