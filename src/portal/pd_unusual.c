/* Which country is new to whom. Countries stand as keyed hashes, another for each person: the list
 * says nothing to who only has the database. */
#include "portal/pd_unusual.h"
#include <apr_strings.h>
#include <string.h>
#include "base/pd_clock.h"
#include "base/pd_zone.h"
#include "crypt/pd_hash.h"
#include "portal/pd_notice.h"
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

#define KIND            "new-place"
#define HOUR            apr_time_from_sec(3600)
#define TOO_SOON        (2 * HOUR)
#define LETTERS_AN_HOUR 3
#define COUNTRIES_MAX   300

enum { LIST, NOTE, EXPIRE, RECENT };

const pd_sql_t pd_unusual_sql[] = {
    [LIST] = {"country_list",
              "SELECT country, seen_at FROM sign_in_country WHERE person_id = %s"
              " ORDER BY seen_at DESC LIMIT 300",
              "si", "countries that a person has signed in from, the last one first"},
    [NOTE] = {"country_note",
              "INSERT INTO sign_in_country (person_id, country, seen_at) VALUES (%s, %s, %lld)"
              " ON CONFLICT (person_id, country) DO UPDATE SET seen_at = excluded.seen_at",
              "", "a sign-in from a country"},
    [EXPIRE] = {"country_expire",
                "DELETE FROM sign_in_country WHERE (person_id, country) IN"
                " (SELECT x.person_id, x.country FROM sign_in_country x WHERE x.seen_at < %lld"
                " ORDER BY x.seen_at LIMIT %lld)",
                "", "countries not signed in from for long"},
    [RECENT] = {"unusual_recent",
                "SELECT COUNT(*) FROM letter WHERE person_id = %s AND kind = '" KIND "'"
                " AND created_at > %lld",
                "i", "how many letters of this kind a person had lately"},
    {NULL, NULL, NULL, NULL}};

static pd_unusual_e judge(const pd_rows_t *rows, const char *country, apr_time_t now)
{
    int n = PD_ROW_COUNT(rows), known = 0;
    if (n == 0)
        return PD_UNUSUAL_NOT;
    for (int i = 0; i < n && !known; i++)
        known = strcmp(PD_ROW(rows, i)[0].text, country) == 0;
    if (!known)
        return PD_UNUSUAL_COUNTRY;
    const pd_cell_t *last = PD_ROW(rows, 0);
    int elsewhere = strcmp(last[0].text, country) != 0 && last[1].number > now - TOO_SOON;
    return elsewhere ? PD_UNUSUAL_TRAVEL : PD_UNUSUAL_NOT;
}

/* What the letter says. */
static apr_status_t add_values(pd_letter_t *letter, const pd_portal_t *portal,
                               const pd_origin_t *origin, pd_unusual_e unusual, const char *token,
                               apr_pool_t *p)
{
    const pd_settings_t *settings = portal->settings;
    const pd_zone_t *zone;
    pd_value_t *values = letter->values;
    const char *language = letter->language;
    apr_status_t status = pd_zone_load(&zone, settings->time_zone, p);
    if (status != APR_SUCCESS)
        return status;
    pd_value_set_bool(values, "travel", unusual == PD_UNUSUAL_TRAVEL, p);
    pd_value_set_text(values, "country", pd_place_country_name(&origin->place, language), p);
    pd_value_set_text(values, "region", pd_place_region_name(&origin->place, language), p);
    pd_value_set_text(values, "browser", origin->agent.browser, p);
    pd_value_set_text(values, "system", origin->agent.system, p);
    pd_value_set_date(values, "at", zone, pd_clock_now(), p);
    pd_value_set_text(values, "zone", settings->time_zone, p);
    pd_value_set_text(values, "not_me_url",
                      apr_pstrcat(p, settings->base_url, settings->path, "/not-me?t=", token, NULL),
                      p);
    return APR_SUCCESS;
}

/* The names of the place in every language: which one it is read in is not known yet. */
static apr_status_t add_notice(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                               const pd_origin_t *origin, pd_unusual_e unusual, apr_pool_t *p)
{
    apr_table_t *values = apr_table_make(p, 8);
    const pd_place_t *place = &origin->place;
    for (const char *const *language = pd_languages; *language; language++) {
        apr_table_set(values, apr_pstrcat(p, "country_", *language, NULL),
                      pd_place_country_name(place, *language));
        apr_table_set(values, apr_pstrcat(p, "region_", *language, NULL),
                      pd_place_region_name(place, *language));
    }
    apr_table_set(values, "browser", origin->agent.browser);
    apr_table_set(values, "system", origin->agent.system);
    apr_table_set(values, "travel", unusual == PD_UNUSUAL_TRAVEL ? "1" : "");
    return pd_notice_add(conn, portal, person_id, KIND, values, p);
}

static apr_status_t write_letter(pd_conn_t *conn, const pd_portal_t *portal, pd_letter_t *letter,
                                 const pd_origin_t *origin, pd_unusual_e unusual, apr_pool_t *p)
{
    const char *token;
    int written;
    apr_status_t status = pd_outbox_address(letter, conn, portal, p);
    if (status == APR_SUCCESS)
        status = pd_link_add(&token, conn, letter->person_id, PD_LINK_NOT_ME,
                             pd_clock_now() + PD_NOT_ME_LIFETIME, p);
    if (status == APR_SUCCESS)
        status = add_values(letter, portal, origin, unusual, token, p);
    return status == APR_SUCCESS ? pd_outbox_add(&written, conn, portal, letter, p) : status;
}

/* Of many countries within an hour the first letters tell enough. All their links stay good side by
 * side: what the first sign-in prepared can be taken back whatever sign-ins follow. No other letter
 * takes their place: who knows the password must not be able to hold back the one that tells. The
 * inbox has each. */
static apr_status_t tell(pd_conn_t *conn, const pd_portal_t *portal, pd_letter_t *letter,
                         const pd_origin_t *origin, pd_unusual_e unusual, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status =
        pd_conn_read(&rows, conn, &pd_unusual_sql[RECENT],
                     PD_ARGS(PD_T(letter->person_id), PD_N(pd_clock_now() - HOUR)), 1, p);
    if (status == APR_SUCCESS && PD_ROW(rows, 0)[0].number < LETTERS_AN_HOUR)
        status = write_letter(conn, portal, letter, origin, unusual, p);
    return status == APR_SUCCESS ? add_notice(conn, portal, letter->person_id, origin, unusual, p)
                                 : status;
}

apr_status_t pd_unusual_note(pd_unusual_e *unusual, pd_conn_t *conn, const pd_portal_t *portal,
                             const char *person_id, const pd_datakey_t *key,
                             const pd_origin_t *origin, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_time_t now = pd_clock_now();
    pd_letter_t letter = {
        .kind = KIND, .person_id = person_id, .key = key, .values = pd_value_map(p), .always = 1};
    *unusual = PD_UNUSUAL_NOT;
    if (*origin->place.country == '\0')
        return APR_SUCCESS;
    const char *country = pd_hash_lookup(
        portal->keys, "country", apr_pstrcat(p, person_id, " ", origin->place.country, NULL), p);
    apr_status_t status = pd_conn_read(&rows, conn, &pd_unusual_sql[LIST], PD_ARGS(PD_T(person_id)),
                                       COUNTRIES_MAX, p);
    if (status != APR_SUCCESS)
        return status;
    *unusual = judge(rows, country, now);
    status = pd_conn_exec(NULL, conn, &pd_unusual_sql[NOTE],
                          PD_ARGS(PD_T(person_id), PD_T(country), PD_N(now)), p);
    if (status == APR_SUCCESS && *unusual != PD_UNUSUAL_NOT)
        status = tell(conn, portal, &letter, origin, *unusual, p);
    return status;
}

apr_status_t pd_unusual_expire(int *removed, const pd_portal_t *portal, apr_interval_time_t age,
                               int limit, apr_pool_t *p)
{
    return pd_db_expire(removed, portal->db, &pd_unusual_sql[EXPIRE], pd_clock_now() - age, limit,
                        p);
}
