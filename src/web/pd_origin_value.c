/* Makes the values of an origin. What isn't known is set to "", not left out: an absent member
 * would be looked up in the page around. */
#include "web/pd_origin_value.h"

void pd_origin_set(const pd_page_t *page, pd_value_t *value, const pd_origin_t *origin)
{
    const pd_place_t *place =
        pd_places_ready(page->portal->places) ? &origin->place : &pd_place_none;
    pd_value_set_text(value, "browser", origin->agent.browser, page->p);
    pd_value_set_text(value, "system", origin->agent.system, page->p);
    pd_value_set_text(value, "network", origin->network, page->p);
    pd_value_set_text(value, "country", pd_place_country_name(place, page->language), page->p);
    pd_value_set_text(value, "region", pd_place_region_name(place, page->language), page->p);
}

void pd_origin_set_places(pd_page_t *page)
{
    pd_page_true(page, "places", pd_places_ready(page->portal->places));
}
