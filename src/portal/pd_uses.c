/* Uses by purpose: every chain of the journal is read in pages. What was refused stands in the
 * sealed details; no other row is opened. */
#include "portal/pd_uses.h"
#include <apr_hash.h>
#include <apr_strings.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/pd_status.h"
#include "portal/pd_journal.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"

#define PAGE_ROWS 1000

enum { NEXT_HOST, PAGE };

const pd_sql_t pd_uses_sql[] = {
    [NEXT_HOST] = {"uses_next_host",
                   "SELECT host FROM journal_head WHERE host > %s ORDER BY host LIMIT 1", "s",
                   "walk the chains"},
    [PAGE] = {"uses_page",
              "SELECT sequence, at, event, subject,"
              " CASE event WHEN 'purpose.refused' THEN details ELSE '' END FROM journal"
              " WHERE host = %s AND sequence > %lld ORDER BY sequence LIMIT 1000",
              "iisss", "what was done, in pages"},
    {NULL, NULL, NULL, NULL}};

const pd_event_purpose_t pd_event_purposes[] = {{PD_EVENT_REGISTRATION_BEGUN, "4.1.1"},
                                                {PD_EVENT_REGISTRATION_KNOWN, "4.1.4"},
                                                {PD_EVENT_REGISTRATION_CONFIRMED, "4.1.5"},
                                                {PD_EVENT_REGISTRATION_EXPIRED, "4.1.1"},
                                                {PD_EVENT_ACT, "4.1.2"},
                                                {PD_EVENT_SIGNED_IN, "4.1.1"},
                                                {PD_EVENT_SIGN_IN_FAILED, "4.1.4"},
                                                {PD_EVENT_SIGN_IN_UNUSUAL, "4.1.4"},
                                                {PD_EVENT_SIGN_IN_DISOWNED, "4.1.4"},
                                                {PD_EVENT_SIGNED_OUT, "4.1.2"},
                                                {PD_EVENT_CHANGE_TOLD, "4.1.3"},
                                                {PD_EVENT_STAFF_LOOK, "4.1.1"},
                                                {PD_EVENT_LETTER_FAILED, "4.1.3"},
                                                {PD_EVENT_PASSWORD_REHASHED, "4.1.4"},
                                                {PD_EVENT_PASSWORD_SET, "4.1.2"},
                                                {PD_EVENT_PASSWORD_EXPIRED, "4.1.4"},
                                                {PD_EVENT_LOGIN_CHANGED, "4.1.2"},
                                                {PD_EVENT_EMAIL_ASKED, "4.1.2"},
                                                {PD_EVENT_EMAIL_CHANGED, "4.1.2"},
                                                {PD_EVENT_EMAIL_RESTORED, "4.1.4"},
                                                {PD_EVENT_RECOVERY_ASKED, "4.1.1"},
                                                {PD_EVENT_FACTOR_ON, "4.1.1"},
                                                {PD_EVENT_FACTOR_OFF, "4.1.1"},
                                                {PD_EVENT_FACTOR_CODES, "4.1.1"},
                                                {PD_EVENT_FACTOR_ENTERED, "4.1.1"},
                                                {PD_EVENT_FACTOR_REFUSED, "4.1.4"},
                                                {PD_EVENT_FACTOR_RESET, "4.1.4"},
                                                {PD_EVENT_PERSON_ADDED, "4.1.2"},
                                                {PD_EVENT_ROLE_APPOINTED, "4.1.2"},
                                                {PD_EVENT_ROLE_DISMISSED, "4.1.4"},
                                                {PD_EVENT_LINK_MADE, "4.1.2"},
                                                {PD_EVENT_WITHDRAWAL_DONE, "4.1.3"},
                                                {PD_EVENT_SESSIONS_ENDED, "4.1.4"},
                                                {PD_EVENT_UNUSED_TOLD, "4.1.3"},
                                                {PD_EVENT_REVIEW_TOLD, "4.1.5"},
                                                {PD_EVENT_EXPORT_ASKED, "4.1.2"},
                                                {PD_EVENT_EXPORT_MADE, "4.1.2"},
                                                {PD_EVENT_CLOSING_BEGUN, "4.1.3"},
                                                {PD_EVENT_CLOSING_RECALLED, "4.1.3"},
                                                {PD_EVENT_PERSON_DESTROYED, "4.1.2"},
                                                {PD_EVENT_PERSON_LOOKED_AT, "4.1.4"},
                                                {PD_EVENT_PERSON_BLOCKED, "4.1.4"},
                                                {PD_EVENT_PERSON_UNBLOCKED, "4.1.4"},
                                                {PD_EVENT_NOTICES_WRITTEN, "4.1.3"},
                                                {PD_EVENT_NOTICES_SET, "4.1.3"},
                                                {PD_EVENT_NOTICE_READ, "4.1.3"},
                                                {PD_EVENT_NOTICE_REMOVED, "4.1.3"},
                                                {NULL, NULL}};

typedef struct count_t {
    const pd_portal_t *portal;
    apr_time_t from, until;
    apr_hash_t *uses; /* by purpose, use and why: pd_uses_t */
    apr_pool_t *p;
} count_t;

/* NULL: the event uses nobody's data. */
static const char *purpose_of(const char *event)
{
    for (const pd_event_purpose_t *row = pd_event_purposes; row->event; row++) {
        if (strcmp(row->event, event) == 0)
            return row->purpose;
    }
    return NULL;
}

/* `why` NULL: it was done. */
static void count_use(const count_t *count, const char *purpose, const char *what, const char *why,
                      apr_pool_t *p)
{
    const char *key = apr_pstrcat(p, purpose, "\n", what, why ? "\n" : "", why, NULL);
    pd_uses_t *uses = apr_hash_get(count->uses, key, APR_HASH_KEY_STRING);
    if (!uses) {
        uses = apr_palloc(count->p, sizeof *uses);
        *uses = (pd_uses_t){apr_pstrdup(count->p, purpose), apr_pstrdup(count->p, what),
                            apr_pstrdup(count->p, why), 0};
        apr_hash_set(count->uses, apr_pstrdup(count->p, key), APR_HASH_KEY_STRING, uses);
    }
    uses->times++;
}

/* A refusal is sealed by the key of the person, or by the system's where there was none; of
 * somebody whose data are destroyed it opens no more, and is counted all the same. */
static apr_status_t open_refusal(const char **details, const count_t *count, const char *host,
                                 const pd_cell_t *cell, apr_pool_t *p)
{
    pd_person_t person = {.key = NULL};
    const char *subject = cell[3].text, *sealed = cell[4].text;
    apr_status_t status = *subject ? pd_person_get(&person, count->portal, subject, p) : APR_ENOENT;
    if (status != APR_SUCCESS && status != APR_ENOENT && status != PD_ESEAL)
        return status;
    if (status != APR_SUCCESS)
        person.key = NULL;
    status =
        pd_journal_details(details, count->portal, host, cell[0].number, sealed, person.key, p);
    if (status == PD_ESEAL && person.key)
        status = pd_journal_details(details, count->portal, host, cell[0].number, sealed, NULL, p);
    if (status == PD_ESEAL)
        *details = "{}";
    return status == PD_ESEAL ? APR_SUCCESS : status;
}

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static apr_status_t count_refusal(const count_t *count, const char *host, const pd_cell_t *cell,
                                  apr_pool_t *p)
{
    const char *text;
    apr_status_t status = open_refusal(&text, count, host, cell, p);
    if (status != APR_SUCCESS)
        return status;
    json_t *details = json_loads(text, 0, NULL);
    count_use(count, member(details, "purpose"), member(details, "use"), member(details, "why"), p);
    json_decref(details);
    return APR_SUCCESS;
}

static apr_status_t count_row(const count_t *count, const char *host, const pd_cell_t *cell,
                              apr_pool_t *p)
{
    const char *event = cell[2].text, *purpose = purpose_of(event);
    if (cell[1].number < count->from || cell[1].number >= count->until)
        return APR_SUCCESS;
    if (strcmp(event, PD_EVENT_PURPOSE_REFUSED) == 0)
        return count_refusal(count, host, cell, p);
    if (purpose)
        count_use(count, purpose, event, NULL, p);
    return APR_SUCCESS;
}

static apr_status_t count_chain(const count_t *count, const char *host)
{
    apr_pool_t *page;
    const pd_rows_t *rows;
    apr_int64_t sequence = 0;
    apr_status_t status;
    int n;
    apr_pool_create(&page, count->p);
    do {
        apr_pool_clear(page);
        status = pd_db_read(&rows, count->portal->db, &pd_uses_sql[PAGE],
                            PD_ARGS(PD_T(host), PD_N(sequence)), PAGE_ROWS, page);
        n = status == APR_SUCCESS ? PD_ROW_COUNT(rows) : 0;
        for (int i = 0; status == APR_SUCCESS && i < n; i++)
            status = count_row(count, host, PD_ROW(rows, i), page);
        sequence = n > 0 ? PD_ROW(rows, n - 1)[0].number : sequence;
    } while (status == APR_SUCCESS && n == PAGE_ROWS);
    apr_pool_destroy(page);
    return status;
}

static int in_order(const void *one, const void *other)
{
    const pd_uses_t *a = one, *b = other;
    int purposes = strcmp(a->purpose, b->purpose), whats = strcmp(a->what, b->what);
    int kinds = (a->why != NULL) - (b->why != NULL);
    if (purposes || kinds || whats)
        return purposes ? purposes : kinds ? kinds : whats;
    return a->why ? strcmp(a->why, b->why) : 0;
}

static apr_array_header_t *sorted(const count_t *count)
{
    apr_array_header_t *uses = apr_array_make(count->p, 16, sizeof(pd_uses_t));
    for (apr_hash_index_t *each = apr_hash_first(count->p, count->uses); each;
         each = apr_hash_next(each))
        APR_ARRAY_PUSH(uses, pd_uses_t) = *(pd_uses_t *)apr_hash_this_val(each);
    qsort(uses->elts, (size_t)uses->nelts, sizeof(pd_uses_t), in_order);
    return uses;
}

apr_status_t pd_uses_count(apr_array_header_t **uses, const pd_portal_t *portal, apr_time_t from,
                           apr_time_t until, apr_pool_t *p)
{
    count_t count = {portal, from, until, apr_hash_make(p), p};
    const char *host = "";
    apr_status_t status;
    int n;
    do {
        const pd_rows_t *hosts;
        status = pd_db_read(&hosts, portal->db, &pd_uses_sql[NEXT_HOST], PD_ARGS(PD_T(host)), 1, p);
        n = status == APR_SUCCESS ? PD_ROW_COUNT(hosts) : 0;
        host = n > 0 ? PD_ROW(hosts, 0)[0].text : host;
        if (n > 0)
            status = count_chain(&count, host);
    } while (status == APR_SUCCESS && n > 0);
    *uses = sorted(&count);
    return status;
}
