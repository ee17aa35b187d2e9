/* Verifying the journal: every chain is read in pages, in constant memory, while the portal may go
 * on writing. In each round the head is read before the page: rows of earlier pages were then
 * already there, so the head can't be behind them, and an empty page means that nothing stands
 * beyond it.
 *
 * At the first row that doesn't fit, a look ahead tells what happened: whether the row that belongs
 * there still exists further on (exchanged, or pushed away by an inserted one) or not. */
#include "portal/pd_journal.h"
#include <apr_strings.h>
#include "crypt/pd_hash.h"
#include "portal/pd_journal_int.h"
#include "portal/pd_tables_int.h"

#define PAGE_ROWS 1000

enum { NEXT_HEAD, ONE_HEAD, NEXT_HOST, PAGE, ONE_ROW, FIRST_ROW, LAST_ROW };

#define ROW_COLUMNS "sequence, at, event, subject, details, chain"
const pd_sql_t pd_journal_verify_sql[] = {
    [NEXT_HEAD] = {"journal_next_head",
                   "SELECT host FROM journal_head WHERE host > %s ORDER BY host LIMIT 1", "s",
                   "walk the heads"},
    [ONE_HEAD] = {"journal_one_head", "SELECT sequence, chain FROM journal_head WHERE host = %s",
                  "is", "the head of a chain"},
    [NEXT_HOST] = {"journal_next_host",
                   "SELECT host FROM journal WHERE host > %s ORDER BY host LIMIT 1", "s",
                   "walk the hosts that have rows"},
    [PAGE] = {"journal_page",
              "SELECT " ROW_COLUMNS " FROM journal WHERE host = %s AND sequence > %lld"
              " ORDER BY sequence LIMIT 1000",
              "iissss", "read a chain in pages"},
    [ONE_ROW] = {"journal_one_row",
                 "SELECT " ROW_COLUMNS " FROM journal WHERE host = %s AND sequence = %lld",
                 "iissss", "one row of a chain"},
    [FIRST_ROW] = {"journal_first_row",
                   "SELECT " ROW_COLUMNS " FROM journal WHERE host = %s"
                   " ORDER BY sequence LIMIT 1",
                   "iissss", "the first row of a chain"},
    [LAST_ROW] = {"journal_last_row",
                  "SELECT " ROW_COLUMNS " FROM journal WHERE host = %s"
                  " ORDER BY sequence DESC LIMIT 1",
                  "iissss", "the last row of a chain"},
    {NULL, NULL, NULL, NULL}};

/* One chain being walked. */
typedef struct walk_t {
    const pd_portal_t *portal;
    pd_journal_report_t *report;
    const char *host;
    apr_int64_t head_sequence;
    const char *head; /* as stored; in `scratch` */
    apr_int64_t at;   /* number of the last good row */
    char *link;       /* head value behind that row; PD_HASH_CHARS, in the report's pool */
    apr_int64_t anchor_sequence; /* 0: none for this host */
    const char *anchor;
    apr_pool_t *scratch; /* cleared after each page */
} walk_t;

static pd_journal_row_t row_of(const pd_cell_t *cell)
{
    return (pd_journal_row_t){cell[0].number, cell[1].number, cell[2].text,
                              cell[3].text,   cell[4].text,   cell[5].text};
}

static void keep_link(walk_t *walk, const char *link)
{
    apr_cpystrn(walk->link, link, PD_HASH_CHARS + 1);
}

static apr_status_t found_fault(walk_t *walk, pd_journal_e finding, apr_int64_t sequence)
{
    walk->report->finding = finding;
    walk->report->host = walk->host;
    walk->report->sequence = sequence;
    return APR_SUCCESS;
}

/* Would `row` fit at `sequence` behind `before`? */
static int fits(const walk_t *walk, apr_int64_t sequence, const pd_journal_row_t *row,
                const char *before, apr_pool_t *p)
{
    return strcmp(row->chain,
                  pd_journal_chain(walk->portal->keys, walk->host, sequence, row, before, p)) == 0;
}

static apr_status_t one_row(const pd_rows_t **result, const walk_t *walk, apr_int64_t sequence,
                            apr_pool_t *p)
{
    return pd_db_read(result, walk->portal->db, &pd_journal_verify_sql[ONE_ROW],
                      PD_ARGS(PD_T(walk->host), PD_N(sequence)), 1, p);
}

/* Where does the row stand that belongs behind the last good one? `place` 0: nowhere. */
static apr_status_t look_ahead(apr_int64_t *place, const walk_t *walk, apr_pool_t *p)
{
    apr_int64_t after = walk->at + 1;
    apr_pool_t *page_pool;
    apr_pool_create(&page_pool, p);
    apr_status_t status;
    int count;
    *place = 0;
    do {
        const pd_rows_t *page;
        status = pd_db_read(&page, walk->portal->db, &pd_journal_verify_sql[PAGE],
                            PD_ARGS(PD_T(walk->host), PD_N(after)), PAGE_ROWS, page_pool);
        count = status == APR_SUCCESS ? PD_ROW_COUNT(page) : 0;
        for (int i = 0; i < count && *place == 0; i++) {
            pd_journal_row_t row = row_of(PD_ROW(page, i));
            after = row.sequence;
            if (fits(walk, walk->at + 1, &row, walk->link, page_pool))
                *place = row.sequence;
        }
        apr_pool_clear(page_pool);
    } while (count == PAGE_ROWS && *place == 0);
    apr_pool_destroy(page_pool);
    return status;
}

/* Does `wrong`, which stands behind the last good row, belong at `place`, where the row stands that
 * should be here? */
static apr_status_t exchanged(int *is_so, const walk_t *walk, const pd_journal_row_t *wrong,
                              apr_int64_t place, apr_pool_t *p)
{
    const pd_rows_t *before;
    *is_so = 0;
    /* Of neighbours, the row before `place` is the one that stands at `place` now. */
    apr_int64_t neighbour = place - 1 == wrong->sequence ? place : place - 1;
    apr_status_t status = one_row(&before, walk, neighbour, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(before) == 0)
        return status;
    pd_journal_row_t row = row_of(PD_ROW(before, 0));
    const char *link = pd_journal_link(walk->portal->keys, walk->host, place - 1, row.chain, p);
    *is_so = fits(walk, place, wrong, link, p);
    return APR_SUCCESS;
}

/* `wrong` doesn't fit behind the last good row: says what happened. */
static apr_status_t judge(walk_t *walk, const pd_journal_row_t *wrong, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_int64_t place;
    int swapped = 0;
    apr_status_t status = look_ahead(&place, walk, p);
    if (status == APR_SUCCESS && place)
        status = exchanged(&swapped, walk, wrong, place, p);
    if (status == APR_SUCCESS)
        status = pd_db_read(&found, walk->portal->db, &pd_journal_verify_sql[LAST_ROW],
                            PD_ARGS(PD_T(walk->host)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return found_fault(walk, PD_JOURNAL_MISSING, wrong->sequence);
    pd_journal_row_t last = row_of(PD_ROW(found, 0));
    const char *link =
        pd_journal_link(walk->portal->keys, walk->host, last.sequence, last.chain, p);
    int whole = last.sequence == walk->head_sequence && strcmp(link, walk->head) == 0;
    pd_journal_e finding = PD_JOURNAL_CHANGED;
    if (place)
        finding = swapped || whole ? PD_JOURNAL_REORDERED : PD_JOURNAL_INSERTED;
    else if (last.sequence < walk->head_sequence)
        finding = PD_JOURNAL_MISSING;
    else if (wrong->sequence > walk->head_sequence)
        finding = PD_JOURNAL_INSERTED;
    return found_fault(walk, finding, wrong->sequence);
}

/* The head kept elsewhere must be the one that the chain had at that number. */
static int anchor_differs(const walk_t *walk)
{
    return walk->anchor_sequence && walk->at == walk->anchor_sequence &&
           strcmp(walk->link, walk->anchor) != 0;
}

static apr_status_t check_row(walk_t *walk, const pd_journal_row_t *row)
{
    apr_int64_t wanted = walk->at + 1;
    if (row->sequence != wanted)
        return found_fault(walk, row->sequence > wanted ? PD_JOURNAL_MISSING : PD_JOURNAL_INSERTED,
                           row->sequence > wanted ? wanted : row->sequence);
    if (!fits(walk, wanted, row, walk->link, walk->scratch))
        return judge(walk, row, walk->scratch);
    keep_link(walk,
              pd_journal_link(walk->portal->keys, walk->host, wanted, row->chain, walk->scratch));
    walk->at = wanted;
    walk->report->rows++;
    if (anchor_differs(walk))
        return found_fault(walk, PD_JOURNAL_CHANGED, wanted);
    return APR_SUCCESS;
}

/* No row stands behind the last good one: is that the end the head tells of? */
static apr_status_t check_end(walk_t *walk, apr_pool_t *p)
{
    if (walk->at < walk->head_sequence)
        return found_fault(walk, PD_JOURNAL_MISSING, walk->at + 1);
    if (walk->at > walk->head_sequence)
        return found_fault(walk, PD_JOURNAL_INSERTED, walk->head_sequence + 1);
    if (strcmp(walk->link, walk->head) != 0)
        return found_fault(walk, PD_JOURNAL_HEAD, walk->at);
    if (walk->at < walk->anchor_sequence)
        return found_fault(walk, PD_JOURNAL_MISSING, walk->at + 1);
    APR_ARRAY_PUSH(walk->report->heads, const char *) =
        apr_psprintf(p, "%s %" APR_INT64_T_FMT " %s", walk->host, walk->at, walk->link);
    return APR_SUCCESS;
}

/* Reads the head, then a page behind the last good row. `ended`: the chain is through, or at fault.
 */
static apr_status_t check_page(int *ended, walk_t *walk, apr_pool_t *p)
{
    const pd_rows_t *head, *page;
    *ended = 1;
    apr_pool_clear(walk->scratch);
    pd_db_t *db = walk->portal->db;
    apr_status_t status = pd_db_read(&head, db, &pd_journal_verify_sql[ONE_HEAD],
                                     PD_ARGS(PD_T(walk->host)), 1, walk->scratch);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(head) == 0)
        return found_fault(walk, PD_JOURNAL_HEAD, walk->at);
    walk->head_sequence = PD_ROW(head, 0)[0].number;
    walk->head = PD_ROW(head, 0)[1].text;
    status = pd_db_read(&page, db, &pd_journal_verify_sql[PAGE],
                        PD_ARGS(PD_T(walk->host), PD_N(walk->at)), PAGE_ROWS, walk->scratch);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(page) == 0)
        return check_end(walk, p);
    for (int i = 0; i < PD_ROW_COUNT(page); i++) {
        pd_journal_row_t row = row_of(PD_ROW(page, i));
        status = check_row(walk, &row);
        if (status != APR_SUCCESS || walk->report->finding != PD_JOURNAL_SOUND)
            return status;
    }
    *ended = 0;
    return APR_SUCCESS;
}

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

/* Numbers begin with 1; a row before that is on no page. */
static apr_status_t check_start(walk_t *walk, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, walk->portal->db, &pd_journal_verify_sql[FIRST_ROW],
                                     PD_ARGS(PD_T(walk->host)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0 || PD_ROW(found, 0)[0].number > 0)
        return status;
    return found_fault(walk, PD_JOURNAL_INSERTED, PD_ROW(found, 0)[0].number);
}

typedef struct anchor_t {
    const char *host; /* "" when there is none */
    apr_int64_t sequence;
    const char *head;
    int seen;
} anchor_t;

static apr_status_t check_chain(pd_journal_report_t *report, const pd_portal_t *portal,
                                const char *host, anchor_t *anchor, apr_pool_t *p)
{
    walk_t walk = {.portal = portal, .report = report, .host = host};
    walk.link = apr_pcalloc(p, PD_HASH_CHARS + 1);
    apr_pool_create(&walk.scratch, p);
    keep_link(&walk, pd_journal_link(portal->keys, host, 0, "", p));
    if (strcmp(anchor->host, host) == 0) {
        anchor->seen = 1;
        walk.anchor_sequence = anchor->sequence;
        walk.anchor = anchor->head;
    }
    report->chains++;
    apr_status_t status = check_start(&walk, walk.scratch);
    int ended = report->finding != PD_JOURNAL_SOUND;
    while (status == APR_SUCCESS && !ended)
        status = check_page(&ended, &walk, p);
    apr_pool_destroy(walk.scratch);
    return status;
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

/* Rows of a host without a head: the head was taken away. */
static apr_status_t check_headless(pd_journal_report_t *report, const pd_portal_t *portal,
                                   apr_pool_t *p)
{
    const char *host = "";
    apr_status_t status;
    while ((status = next_name(&host, portal, NEXT_HOST, p)) == APR_SUCCESS && host) {
        const pd_rows_t *head;
        status = pd_db_read(&head, portal->db, &pd_journal_verify_sql[ONE_HEAD],
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
    static const int statements[] = {FIRST_ROW, ONE_HEAD}; /* each begins with the number */
    for (int i = 0; i < 2; i++) {
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

apr_status_t pd_journal_verify(pd_journal_report_t *report, const pd_portal_t *portal,
                               const char *anchor, apr_pool_t *p)
{
    anchor_t kept = {.host = ""};
    memset(report, 0, sizeof(*report));
    report->host = "";
    report->heads = apr_array_make(p, 1, sizeof(const char *));
    apr_status_t status = APR_SUCCESS;
    if (anchor)
        status = pd_journal_anchor_read(&kept.host, &kept.sequence, &kept.head, anchor, p);
    const char *host = "";
    while (status == APR_SUCCESS &&
           (status = next_name(&host, portal, NEXT_HEAD, p)) == APR_SUCCESS && host) {
        status = check_chain(report, portal, host, &kept, p);
        if (status != APR_SUCCESS || report->finding != PD_JOURNAL_SOUND)
            return status;
    }
    if (status == APR_SUCCESS)
        status = check_headless(report, portal, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        status = check_nameless(report, portal, p);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND && anchor && !kept.seen) {
        report->finding = PD_JOURNAL_MISSING;
        report->host = kept.host;
        report->sequence = 1;
    }
    return status;
}
