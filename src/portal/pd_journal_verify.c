/* Verifying the journal: every chain is walked (pd_journal_walk.c); then it is looked for what
 * stands beside the chains, rows and starts of a host without a head, and of none. */
#include <apr_strings.h>
#include <string.h>
#include "portal/pd_journal_int.h"
#include "portal/pd_tables_int.h"

enum { NEXT_HEAD, NEXT_ROWS, NEXT_START, HAS_HEAD, ROWS, STARTS };

const pd_sql_t pd_journal_verify_sql[] = {
    [NEXT_HEAD] = {"journal_next_head",
                   "SELECT host FROM journal_head WHERE host > %s ORDER BY host LIMIT 1", "s",
                   "walk the heads"},
    [NEXT_ROWS] = {"journal_next_rows",
                   "SELECT host FROM journal WHERE host > %s ORDER BY host LIMIT 1", "s",
                   "walk the hosts that have rows"},
    [NEXT_START] = {"journal_next_start",
                    "SELECT host FROM journal_start WHERE host > %s ORDER BY host LIMIT 1", "s",
                    "walk the hosts whose first rows were removed"},
    [HAS_HEAD] = {"journal_has_head", "SELECT sequence FROM journal_head WHERE host = %s", "i",
                  "has the host a head?"},
    [ROWS] = {"journal_has_rows",
              "SELECT sequence FROM journal WHERE host = %s ORDER BY sequence LIMIT 1", "i",
              "has it rows?"},
    [STARTS] = {"journal_has_start", "SELECT sequence FROM journal_start WHERE host = %s", "i",
                "were rows of it removed?"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_journal_anchor_read(const char **host, apr_int64_t *sequence, const char **head,
                                    const char *anchor, apr_pool_t *p)
{
    char *line = apr_pstrdup(p, anchor);
    char *last = strrchr(line, ' ');
    if (!last)
        return APR_EINVAL;
    *last = '\0';
    char *middle = strrchr(line, ' ');
    if (!middle)
        return APR_EINVAL;
    *middle = '\0';
    /* A line without a host would be compared with no chain; a number too long with none that is.
     */
    apr_size_t digits = strspn(middle + 1, "0123456789");
    if (middle == line || digits == 0 || digits > 18 || middle[1 + digits] || !last[1])
        return APR_EINVAL;
    *sequence = apr_strtoi64(middle + 1, NULL, 10);
    *host = line;
    *head = last + 1;
    return APR_SUCCESS;
}

/* The next name behind `host` of a statement that walks names; NULL at the end. */
static apr_status_t next_name(const char **host, const pd_portal_t *portal, int statement,
                              apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, portal->db, &pd_journal_verify_sql[statement],
                                     PD_ARGS(PD_T(*host)), 1, p);
    if (status == APR_SUCCESS)
        *host = PD_ROW_COUNT(found) ? PD_ROW(found, 0)[0].text : NULL;
    return status;
}

apr_status_t pd_journal_next_chain(const char **host, const pd_portal_t *portal, apr_pool_t *p)
{
    return next_name(host, portal, NEXT_HEAD, p);
}

/* Rows, or the start, of a host without a head: the head was taken away. */
static apr_status_t check_headless(pd_journal_report_t *report, const pd_portal_t *portal,
                                   int names, apr_pool_t *p)
{
    const char *host = "";
    apr_status_t status;
    while ((status = next_name(&host, portal, names, p)) == APR_SUCCESS && host) {
        const pd_rows_t *head;
        status = pd_db_read(&head, portal->db, &pd_journal_verify_sql[HAS_HEAD],
                            PD_ARGS(PD_T(host)), 1, p);
        if (status != APR_SUCCESS)
            return status;
        if (PD_ROW_COUNT(head) == 0) {
            report->finding = PD_JOURNAL_HEAD;
            report->host = host;
            return APR_SUCCESS;
        }
    }
    return status;
}

/* No host is called "": the walks above begin behind that name, so what stands under it was read by
 * none of them. */
static apr_status_t check_nameless(pd_journal_report_t *report, const pd_portal_t *portal,
                                   apr_pool_t *p)
{
    static const int statements[] = {ROWS, HAS_HEAD, STARTS};
    for (int i = 0; i < 3; i++) {
        const pd_rows_t *found;
        apr_status_t status = pd_db_read(&found, portal->db, &pd_journal_verify_sql[statements[i]],
                                         PD_ARGS(PD_T("")), 1, p);
        if (status != APR_SUCCESS)
            return status;
        if (PD_ROW_COUNT(found) > 0) {
            report->finding = PD_JOURNAL_INSERTED;
            report->host = "";
            report->sequence = PD_ROW(found, 0)[0].number;
            return APR_SUCCESS;
        }
    }
    return APR_SUCCESS;
}

/* Of a journal that is whole otherwise: what became of the head that was kept. */
static void check_anchor(pd_journal_report_t *report, const pd_journal_anchor_t *kept)
{
    if (!*kept->host || (kept->seen && kept->cut_upto == 0))
        return;
    report->finding = kept->seen ? PD_JOURNAL_UNCOMPARED : PD_JOURNAL_MISSING;
    report->host = kept->host;
    report->sequence = kept->seen ? kept->cut_upto : 1;
}

apr_status_t pd_journal_verify(pd_journal_report_t *report, const pd_portal_t *portal,
                               const char *anchor, apr_pool_t *p)
{
    pd_journal_anchor_t kept = {.host = ""};
    memset(report, 0, sizeof(*report));
    report->host = "";
    report->heads = apr_array_make(p, 1, sizeof(const char *));
    apr_status_t status = APR_SUCCESS;
    if (anchor)
        status = pd_journal_anchor_read(&kept.host, &kept.sequence, &kept.head, anchor, p);
    const char *host = "";
    while (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND &&
           (status = pd_journal_next_chain(&host, portal, p)) == APR_SUCCESS && host)
        status = pd_journal_walk(report, portal, host, &kept, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        status = check_headless(report, portal, NEXT_ROWS, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        status = check_headless(report, portal, NEXT_START, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        status = check_nameless(report, portal, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        check_anchor(report, &kept);
    return status;
}
