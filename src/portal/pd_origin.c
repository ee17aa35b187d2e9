/* An origin is stored as one sealed JSON object, so that neither its members nor their lengths tell
 * anything. */
#include "portal/pd_origin.h"
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>
#include "base/pd_status.h"
#include "portal/pd_json_int.h"

static const pd_origin_t unknown = {{"", ""}, "", {"", "", "", "", ""}};

/* The half that many share: who reads it later can tell a provider, not a person. */
static const char *network_of(const char *address, apr_pool_t *p)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    const char *bare = apr_pstrmemdup(p, address, strcspn(address, "%")); /* without a zone */
    if (inet_pton(AF_INET, bare, bytes) == 1) {
        bytes[3] = 0;
        return apr_pstrcat(p, inet_ntop(AF_INET, bytes, text, sizeof(text)), "/24", NULL);
    }
    if (inet_pton(AF_INET6, bare, bytes) != 1)
        return "";
    if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)bytes)) {
        bytes[15] = 0;
        return apr_pstrcat(p, inet_ntop(AF_INET, bytes + 12, text, sizeof(text)), "/24", NULL);
    }
    memset(bytes + 6, 0, 10);
    return apr_pstrcat(p, inet_ntop(AF_INET6, bytes, text, sizeof(text)), "/48", NULL);
}

void pd_origin_of(pd_origin_t *origin, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p)
{
    pd_agent_read(&origin->agent, client->agent);
    origin->network = network_of(client->address != NULL ? client->address : "", p);
    pd_place_find(&origin->place, portal->places, client->address, p);
}

apr_status_t pd_origin_seal(const char **sealed, const pd_origin_t *origin, const pd_datakey_t *key,
                            const char *column, const char *row, apr_pool_t *p)
{
    const pd_place_t *place = &origin->place;
    const char *text = pd_json_text(
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "browser", origin->agent.browser,
                  "system", origin->agent.system, "network", origin->network, "country",
                  place->country, "country_ru", place->country_ru, "country_en", place->country_en,
                  "region_ru", place->region_ru, "region_en", place->region_en),
        p);
    return text != NULL ? pd_seal(sealed, key, column, row, text, p) : APR_ENOMEM;
}

static const char *member(const json_t *object, const char *name, apr_pool_t *p)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? apr_pstrdup(p, text) : "";
}

static apr_status_t read_text(pd_origin_t *origin, const char *text, apr_pool_t *p)
{
    json_t *object = json_loads(text, 0, NULL);
    if (object == NULL)
        return PD_ESEAL;
    origin->agent.browser = member(object, "browser", p);
    origin->agent.system = member(object, "system", p);
    origin->network = member(object, "network", p);
    origin->place.country = member(object, "country", p);
    origin->place.country_ru = member(object, "country_ru", p);
    origin->place.country_en = member(object, "country_en", p);
    origin->place.region_ru = member(object, "region_ru", p);
    origin->place.region_en = member(object, "region_en", p);
    json_decref(object);
    return APR_SUCCESS;
}

apr_status_t pd_origin_open(pd_origin_t *origin, const pd_datakey_t *key, const char *column,
                            const char *row, const char *sealed, apr_pool_t *p)
{
    const char *text;
    *origin = unknown;
    if (*sealed == '\0')
        return APR_SUCCESS;
    apr_status_t status = pd_open(&text, key, column, row, sealed, p);
    return status == APR_SUCCESS ? read_text(origin, text, p) : status;
}
