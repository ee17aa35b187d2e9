/* Country and region of a network address (F20; seed 4.1.4), from a file on this machine: nobody
 * else learns who signs in. Never a city and never coordinates, whatever the file holds. Without a
 * file, or with one that can't be used, nobody has a place and all else works as before. */
#ifndef PD_PLACE_H
#define PD_PLACE_H
#include <apr_pools.h>

/* All members are "" where not known. Without a country there is no region. */
typedef struct pd_place_t {
    const char *country; /* "RU" */
    const char *country_ru, *country_en, *region_ru, *region_en;
} pd_place_t;

extern const pd_place_t pd_place_none;

/* One file (.mmdb) in one process: with MaxMind's keys (country.iso_code, subdivisions), or flat
 * ones (country_code or country, region). */
typedef struct pd_places_t pd_places_t;

/* For a path, or NULL. It is opened when first asked, and anew when it was changed. `said` tells
 * the processes of a host apart from those that have to tell of a file's trouble: shared, 0 at
 * first; NULL: each tells. The result lives as long as the pool. */
pd_places_t *pd_places_new(const char *path, volatile apr_uint32_t *said, apr_pool_t *p);

/* Are there places to show? `places` may be NULL. Any thread. */
int pd_places_ready(pd_places_t *places);

/* The place of an address as text; pd_place_none where it isn't known, for whatever reason. Texts
 * are in the pool. `places` and `address` may be NULL. Any thread. */
void pd_place_find(pd_place_t *place, pd_places_t *places, const char *address, apr_pool_t *p);

/* What it is called in a language: in the other where it has no name in this, else its code. */
const char *pd_place_country_name(const pd_place_t *place, const char *language);
const char *pd_place_region_name(const pd_place_t *place, const char *language);

#endif
