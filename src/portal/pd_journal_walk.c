/* Walking one chain: it is read in pages, in constant memory, while the portal may go on writing
 * and removing. In each round the head is read before the page: rows of earlier pages were then
 * already there, so the head can't be behind them, and an empty page means that nothing stands
 * beyond it. Where a row is missing, the chain may begin later by now: only then it is a fault.
 *
 * At the first row that doesn't fit, a look ahead tells what happened: whether the row that belongs
 * there still exists further on (exchanged, or pushed away by an inserted one) or not. */
#include <apr_strings.h>
#include <string.h>
#include "crypt/pd_hash.h"
#include "portal/pd_journal_int.h"
#include "portal/pd_tables_int.h"

#define PAGE_ROWS 1000

enum { HEAD, PAGE, ONE_ROW, FIRST_ROW, LAST_ROW };

const pd_sql_t pd_journal_walk_sql[] = {
    [HEAD] = {"journal_walk_head", "SELECT sequence, chain FROM journal_head WHERE host = %s", "is",
              "the head of a chain"},
    [PAGE] = {"journal_page",
              "SELECT " PD_JOURNAL_COLUMNS " FROM journal WHERE host = %s AND sequence > %lld"
              " ORDER BY sequence LIMIT 1000",
              PD_JOURNAL_TYPES, "read a chain in pages"},
    [ONE_ROW] = {"journal_one_row",
                 "SELECT " PD_JOURNAL_COLUMNS " FROM journal WHERE host = %s AND sequence = %lld",
                 PD_JOURNAL_TYPES, "one row of a chain"},
    [FIRST_ROW] = {"journal_first_row",
                   "SELECT " PD_JOURNAL_COLUMNS " FROM journal WHERE host = %s"
                   " ORDER BY sequence LIMIT 1",
                   PD_JOURNAL_TYPES, "the first row of a chain"},
    [LAST_ROW] = {"journal_last_row",
                  "SELECT " PD_JOURNAL_COLUMNS " FROM journal WHERE host = %s"
                  " ORDER BY sequence DESC LIMIT 1",
                  PD_JOURNAL_TYPES, "the last row of a chain"},
    {NULL, NULL, NULL, NULL}};

/* One chain being walked. */
typedef struct walk_t {
    const pd_portal_t *portal;
    pd_journal_report_t *report;
    const char *host;
    apr_int64_t head_sequence;
    const char *head;  /* as stored; in `scratch` */
    apr_int64_t start; /* number of the last row that was removed */
    apr_int64_t at;    /* number of the last good row */
    char *link;        /* head value behind that row; PD_HASH_CHARS, in the report's pool */
    pd_journal_anchor_t *anchor; /* NULL: none for this host */
    int compared;                /* with it, and found to be the same */
    apr_pool_t *scratch;         /* cleared after each page */
} walk_t;

pd_journal_row_t pd_journal_row(const pd_cell_t *cell)
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
    return pd_db_read(result, walk->portal->db, &pd_journal_walk_sql[ONE_ROW],
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
        status = pd_db_read(&page, walk->portal->db, &pd_journal_walk_sql[PAGE],
                            PD_ARGS(PD_T(walk->host), PD_N(after)), PAGE_ROWS, page_pool);
        count = status == APR_SUCCESS ? PD_ROW_COUNT(page) : 0;
        for (int i = 0; i < count && *place == 0; i++) {
            pd_journal_row_t row = pd_journal_row(PD_ROW(page, i));
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
    pd_journal_row_t row = pd_journal_row(PD_ROW(before, 0));
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
        status = pd_db_read(&found, walk->portal->db, &pd_journal_walk_sql[LAST_ROW],
                            PD_ARGS(PD_T(walk->host)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(found) == 0)
        return found_fault(walk, PD_JOURNAL_MISSING, wrong->sequence);
    pd_journal_row_t last = pd_journal_row(PD_ROW(found, 0));
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
static apr_status_t compare_anchor(walk_t *walk)
{
    if (!walk->anchor || walk->at != walk->anchor->sequence)
        return APR_SUCCESS;
    walk->compared = strcmp(walk->link, walk->anchor->head) == 0;
    return walk->compared ? APR_SUCCESS : found_fault(walk, PD_JOURNAL_CHANGED, walk->at);
}

/* Goes on behind the rows that were removed, if it is not there yet. */
static apr_status_t skip_removed(walk_t *walk, apr_pool_t *p)
{
    pd_journal_start_t start;
    apr_status_t status = pd_journal_start_read(&start, walk->portal, walk->host, p);
    if (status != APR_SUCCESS)
        return status;
    if (!start.genuine)
        return found_fault(walk, PD_JOURNAL_START, start.sequence);
    walk->start = start.sequence;
    if (start.sequence <= walk->at)
        return APR_SUCCESS;
    walk->at = start.sequence;
    keep_link(walk, start.link);
    return compare_anchor(walk);
}

/* The row behind the last good one isn't there. `ended` 0: it was removed meanwhile. */
static apr_status_t check_missing(int *ended, walk_t *walk, apr_pool_t *p)
{
    apr_int64_t at = walk->at;
    apr_status_t status = skip_removed(walk, p);
    if (status == APR_SUCCESS && walk->report->finding == PD_JOURNAL_SOUND && walk->at == at)
        return found_fault(walk, PD_JOURNAL_MISSING, at + 1);
    *ended = walk->report->finding != PD_JOURNAL_SOUND;
    return status;
}

static apr_status_t check_row(walk_t *walk, const pd_journal_row_t *row)
{
    apr_int64_t wanted = walk->at + 1;
    if (!fits(walk, wanted, row, walk->link, walk->scratch))
        return judge(walk, row, walk->scratch);
    keep_link(walk,
              pd_journal_link(walk->portal->keys, walk->host, wanted, row->chain, walk->scratch));
    walk->at = wanted;
    walk->report->rows++;
    return compare_anchor(walk);
}

/* No row stands behind the last good one: is that the end the head tells of? */
static apr_status_t check_end(int *ended, walk_t *walk, apr_pool_t *p)
{
    if (walk->at < walk->head_sequence)
        return check_missing(ended, walk, walk->scratch);
    if (walk->at > walk->head_sequence)
        return found_fault(walk, PD_JOURNAL_INSERTED, walk->head_sequence + 1);
    if (strcmp(walk->link, walk->head) != 0)
        return found_fault(walk, PD_JOURNAL_HEAD, walk->at);
    if (walk->anchor && walk->at < walk->anchor->sequence)
        return found_fault(walk, PD_JOURNAL_MISSING, walk->at + 1);
    if (walk->anchor && walk->anchor->sequence && !walk->compared)
        walk->anchor->cut_upto = walk->start;
    APR_ARRAY_PUSH(walk->report->heads, const char *) =
        apr_psprintf(p, "%s %" APR_INT64_T_FMT " %s", walk->host, walk->at, walk->link);
    return APR_SUCCESS;
}

/* Reads the head into the walk. It was read after the start, and so can't be behind it. */
static apr_status_t read_head(walk_t *walk)
{
    const pd_rows_t *head;
    apr_status_t status = pd_db_read(&head, walk->portal->db, &pd_journal_walk_sql[HEAD],
                                     PD_ARGS(PD_T(walk->host)), 1, walk->scratch);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(head) == 0)
        return found_fault(walk, PD_JOURNAL_HEAD, walk->at);
    walk->head_sequence = PD_ROW(head, 0)[0].number;
    walk->head = PD_ROW(head, 0)[1].text;
    if (walk->head_sequence < walk->start)
        return found_fault(walk, PD_JOURNAL_HEAD, walk->head_sequence);
    return APR_SUCCESS;
}

/* Reads the head, then a page behind the last good row. `ended`: the chain is through, or at fault.
 */
static apr_status_t check_page(int *ended, walk_t *walk, apr_pool_t *p)
{
    const pd_rows_t *page;
    *ended = 1;
    apr_pool_clear(walk->scratch);
    apr_status_t status = read_head(walk);
    if (status != APR_SUCCESS || walk->report->finding != PD_JOURNAL_SOUND)
        return status;
    status = pd_db_read(&page, walk->portal->db, &pd_journal_walk_sql[PAGE],
                        PD_ARGS(PD_T(walk->host), PD_N(walk->at)), PAGE_ROWS, walk->scratch);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(page) == 0)
        return check_end(ended, walk, p);
    for (int i = 0; i < PD_ROW_COUNT(page); i++) {
        pd_journal_row_t row = pd_journal_row(PD_ROW(page, i));
        if (row.sequence > walk->at + 1)
            return check_missing(ended, walk, walk->scratch);
        status = check_row(walk, &row);
        if (status != APR_SUCCESS || walk->report->finding != PD_JOURNAL_SOUND)
            return status;
    }
    *ended = 0;
    return APR_SUCCESS;
}

/* A row before the first one is on no page. */
static apr_status_t check_before(walk_t *walk, apr_pool_t *p)
{
    const pd_rows_t *found;
    apr_status_t status = pd_db_read(&found, walk->portal->db, &pd_journal_walk_sql[FIRST_ROW],
                                     PD_ARGS(PD_T(walk->host)), 1, p);
    if (status != APR_SUCCESS || PD_ROW_COUNT(found) == 0 ||
        PD_ROW(found, 0)[0].number > walk->start)
        return status;
    return found_fault(walk, PD_JOURNAL_INSERTED, PD_ROW(found, 0)[0].number);
}

apr_status_t pd_journal_walk(pd_journal_report_t *report, const pd_portal_t *portal,
                             const char *host, pd_journal_anchor_t *anchor, apr_pool_t *p)
{
    walk_t walk = {.portal = portal, .report = report, .host = host};
    walk.link = apr_pcalloc(p, PD_HASH_CHARS + 1);
    apr_pool_create(&walk.scratch, p);
    keep_link(&walk, pd_journal_link(portal->keys, host, 0, "", p));
    if (strcmp(anchor->host, host) == 0) {
        anchor->seen = 1;
        walk.anchor = anchor;
    }
    report->chains++;
    apr_status_t status = skip_removed(&walk, walk.scratch);
    if (status == APR_SUCCESS && report->finding == PD_JOURNAL_SOUND)
        status = check_before(&walk, walk.scratch);
    int ended = report->finding != PD_JOURNAL_SOUND;
    while (status == APR_SUCCESS && !ended)
        status = check_page(&ended, &walk, p);
    apr_pool_destroy(walk.scratch);
    return status;
}
