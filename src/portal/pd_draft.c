/* Drafts: made once, decided once. What decides is one UPDATE of the row that is still open. */
#include "portal/pd_draft.h"
#include <apr_strings.h>
#include "base/pd_clock.h"
#include "portal/pd_document_int.h"
#include "portal/pd_document_sum.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_person.h"
#include "portal/pd_tables_int.h"
#include "text/pd_material.h"

#define DRAFTS_MAX    1000
#define LANGUAGES_MAX 20

#define COLUMNS                                                                                    \
    "SELECT number, kind, effective_at, editorial, drops_languages, author, created_at, state,"    \
    " version, decided_by, decided_at FROM draft"
#define TYPES "isisisisisi"

enum { NUMBER, INSERT, INSERT_TEXT, GET, TEXTS, LIST, DECIDE };

const pd_sql_t pd_draft_sql[] = {
    [NUMBER] = {"draft_number", "SELECT COALESCE(MAX(number), 0) + 1 FROM draft", "i",
                "the next draft's number"},
    [INSERT] = {"draft_insert",
                "INSERT INTO draft (number, kind, effective_at, editorial, drops_languages, author,"
                " created_at, state, version, decided_by, decided_at)"
                " VALUES (%lld, %s, %lld, %s, %lld, %s, %lld, 'open', 0, '', 0)",
                "", "a new draft"},
    [INSERT_TEXT] = {"draft_text_insert",
                     "INSERT INTO draft_text (number, language, markup, source)"
                     " VALUES (%lld, %s, %s, %s)",
                     "", "its text in one language"},
    [GET] = {"draft_get", COLUMNS " WHERE number = %lld", TYPES, "one draft"},
    [TEXTS] = {"draft_texts",
               "SELECT language, markup, source FROM draft_text WHERE number = %lld"
               " ORDER BY language DESC LIMIT 20",
               "sss", "a draft's texts"},
    [LIST] = {"draft_list", COLUMNS " WHERE state = 'open' ORDER BY number LIMIT 1000", TYPES,
              "drafts that wait"},
    [DECIDE] = {"draft_decide",
                "UPDATE draft SET state = %s, version = %lld, decided_by = %s, decided_at = %lld"
                " WHERE number = %lld AND state = 'open'",
                "", "the end of a draft, if it is open"},
    {NULL, NULL, NULL, NULL}};

static const char *const state_names[] = {[PD_DRAFT_OPEN] = "open",
                                          [PD_DRAFT_PUBLISHED] = "published",
                                          [PD_DRAFT_WITHDRAWN] = "withdrawn"};

/* A word nobody wrote counts as withdrawn: nothing can be done with it. */
static pd_draft_state_e state_of(const char *name)
{
    for (int i = 0; i < PD_DRAFT_WITHDRAWN; i++) {
        if (strcmp(name, state_names[i]) == 0)
            return (pd_draft_state_e)i;
    }
    return PD_DRAFT_WITHDRAWN;
}

/* Journal rows of drafts belong to whoever acted. */
static apr_status_t tell(pd_conn_t *conn, const pd_portal_t *portal, const char *event,
                         const pd_person_t *person, const char *kind, apr_int64_t number,
                         apr_pool_t *p)
{
    const char *details =
        pd_json_text(json_pack("{s:I, s:s}", "draft", (json_int_t)number, "kind", kind), p);
    return pd_journal_add(conn, portal, event, person->id, details, person->key, p);
}

typedef struct make_t {
    pd_publish_t publish;
    pd_person_t author;
    apr_int64_t number;
} make_t;

static apr_status_t insert(make_t *make, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_publication_t *publication = make->publish.publication;
    apr_status_t status = pd_conn_exec(
        NULL, conn, &pd_draft_sql[INSERT],
        PD_ARGS(PD_N(make->number), PD_T(publication->kind), PD_N(publication->effective_at),
                PD_T(publication->editorial), PD_N(publication->drops_languages),
                PD_T(publication->author), PD_N(pd_clock_now())),
        p);
    for (int i = 0; status == APR_SUCCESS && i < make->publish.ready->nelts; i++) {
        const pd_ready_text_t *text = &APR_ARRAY_IDX(make->publish.ready, i, pd_ready_text_t);
        status =
            pd_conn_exec(NULL, conn, &pd_draft_sql[INSERT_TEXT],
                         PD_ARGS(PD_N(make->number), PD_T(text->source->language),
                                 PD_T(pd_markup_name(text->source->markup)), PD_T(text->bytes)),
                         p);
    }
    return status;
}

/* The check holds a lock that makes the number its own as well. */
static apr_status_t make_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    make_t *make = baton;
    const pd_rows_t *rows;
    apr_status_t status = pd_publish_check(&make->publish, conn, p);
    if (status == APR_SUCCESS)
        status = pd_conn_read(&rows, conn, &pd_draft_sql[NUMBER], PD_NO_ARGS, 1, p);
    if (status != APR_SUCCESS)
        return status;
    make->number = PD_ROW(rows, 0)[0].number;
    status = insert(make, conn, p);
    if (status != APR_SUCCESS)
        return status;
    return tell(conn, make->publish.portal, PD_EVENT_DRAFT_MADE, &make->author,
                make->publish.publication->kind, make->number, p);
}

apr_status_t pd_draft_make(apr_int64_t *number, const pd_portal_t *portal,
                           const pd_publication_t *publication, apr_pool_t *p)
{
    make_t make = {.number = 0};
    apr_status_t status = pd_publish_prepare(&make.publish, portal, publication, p);
    if (status == APR_SUCCESS)
        status = pd_person_get(&make.author, portal, publication->author, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, make_step, &make, p);
    *number = status == APR_SUCCESS ? make.number : 0;
    *publication->refusal = make.publish.refusal;
    return status;
}

static void fill(pd_draft_t *draft, const pd_cell_t *cell)
{
    *draft = (pd_draft_t){.number = cell[0].number,
                          .kind = cell[1].text,
                          .effective_at = cell[2].number,
                          .editorial = cell[3].text,
                          .drops_languages = cell[4].number != 0,
                          .author = cell[5].text,
                          .created_at = cell[6].number,
                          .state = state_of(cell[7].text),
                          .version = cell[8].number,
                          .decided_by = cell[9].text,
                          .decided_at = cell[10].number};
}

apr_status_t pd_draft_get(pd_draft_t *draft, const pd_portal_t *portal, apr_int64_t number,
                          apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_draft_sql[GET], PD_ARGS(PD_N(number)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    fill(draft, PD_ROW(rows, 0));
    draft->texts = apr_array_make(p, 2, sizeof(pd_document_source_t));
    status = pd_db_read(&rows, portal->db, &pd_draft_sql[TEXTS], PD_ARGS(PD_N(number)),
                        LANGUAGES_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++) {
        const pd_cell_t *cell = PD_ROW(rows, i);
        APR_ARRAY_PUSH(draft->texts, pd_document_source_t) =
            (pd_document_source_t){cell[0].text, pd_markup_parse(cell[1].text), cell[2].text,
                                   strlen(cell[2].text), cell[0].text};
    }
    return status;
}

apr_status_t pd_draft_list(apr_array_header_t **drafts, const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    *drafts = apr_array_make(p, 4, sizeof(pd_draft_t));
    apr_status_t status =
        pd_db_read(&rows, portal->db, &pd_draft_sql[LIST], PD_NO_ARGS, DRAFTS_MAX, p);
    for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++)
        fill(&APR_ARRAY_PUSH(*drafts, pd_draft_t), PD_ROW(rows, i));
    return status;
}

int pd_draft_may_publish(const pd_draft_t *draft, const char *person_id)
{
    return *draft->editorial != '\0' || strcmp(draft->author, person_id) != 0;
}

typedef struct decide_t {
    const pd_portal_t *portal;
    const pd_draft_t *draft;
    pd_person_t person;
    int gone; /* output */
} decide_t;

static apr_status_t decide(decide_t *work, pd_conn_t *conn, pd_draft_state_e state,
                           apr_int64_t version, apr_pool_t *p)
{
    int decided;
    apr_status_t status =
        pd_conn_exec(&decided, conn, &pd_draft_sql[DECIDE],
                     PD_ARGS(PD_T(state_names[state]), PD_N(version), PD_T(work->person.id),
                             PD_N(pd_clock_now()), PD_N(work->draft->number)),
                     p);
    work->gone = status == APR_SUCCESS && !decided;
    return work->gone ? APR_EINVAL : status;
}

static apr_status_t publish_with(pd_conn_t *conn, void *baton, apr_int64_t version, apr_pool_t *p)
{
    return decide(baton, conn, PD_DRAFT_PUBLISHED, version, p);
}

/* What both decisions begin with. */
static apr_status_t look(decide_t *work, pd_draft_t *draft, apr_int64_t number,
                         const char *person_id, apr_pool_t *p)
{
    apr_status_t status = pd_draft_get(draft, work->portal, number, p);
    work->draft = draft;
    return status == APR_SUCCESS ? pd_person_get(&work->person, work->portal, person_id, p)
                                 : status;
}

/* Of two who approve at once, the second one finds that what was published is this draft. */
static apr_status_t why_not(pd_draft_e *outcome, const decide_t *work, const pd_refusal_t *refusal,
                            apr_pool_t *p)
{
    pd_draft_t now = {.state = PD_DRAFT_OPEN};
    int overtaken = refusal->code == PD_REFUSED_OVERTAKEN;
    apr_status_t status =
        overtaken ? pd_draft_get(&now, work->portal, work->draft->number, p) : APR_SUCCESS;
    *outcome = work->gone || now.state != PD_DRAFT_OPEN ? PD_DRAFT_GONE
               : overtaken                              ? PD_DRAFT_OVERTAKEN
                                                        : PD_DRAFT_REFUSED;
    return status;
}

apr_status_t pd_draft_publish(pd_draft_e *outcome, pd_refusal_t *refusal, const pd_portal_t *portal,
                              apr_int64_t number, apr_int64_t compared_with, const char *person_id,
                              apr_pool_t *p)
{
    pd_draft_t draft;
    decide_t work = {.portal = portal};
    apr_int64_t version;
    const char *why;
    *outcome = PD_DRAFT_GONE;
    apr_status_t status = look(&work, &draft, number, person_id, p);
    if (status != APR_SUCCESS || draft.state != PD_DRAFT_OPEN)
        return status;
    *outcome = PD_DRAFT_OWN;
    if (!pd_draft_may_publish(&draft, person_id))
        return APR_SUCCESS;
    const pd_publication_t publication = {.kind = draft.kind,
                                          .texts = draft.texts,
                                          .effective_at = draft.effective_at,
                                          .editorial = draft.editorial,
                                          .drops_languages = draft.drops_languages,
                                          .author = draft.author,
                                          .approver = person_id,
                                          .with = publish_with,
                                          .with_baton = &work,
                                          .compared_with = &compared_with,
                                          .refusal = refusal};
    status = pd_document_publish(&version, &why, portal, &publication, p);
    if (status != APR_EINVAL) {
        *outcome = PD_DRAFT_DONE;
        return status;
    }
    return why_not(outcome, &work, refusal, p);
}

static apr_status_t withdraw_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    decide_t *work = baton;
    apr_status_t status = decide(work, conn, PD_DRAFT_WITHDRAWN, 0, p);
    if (status != APR_SUCCESS)
        return status;
    return tell(conn, work->portal, PD_EVENT_DRAFT_WITHDRAWN, &work->person, work->draft->kind,
                work->draft->number, p);
}

apr_status_t pd_draft_withdraw(pd_draft_e *outcome, const pd_portal_t *portal, apr_int64_t number,
                               const char *person_id, apr_pool_t *p)
{
    pd_draft_t draft;
    decide_t work = {.portal = portal};
    apr_status_t status = look(&work, &draft, number, person_id, p);
    if (status == APR_SUCCESS)
        status = pd_db_transact(portal->db, withdraw_step, &work, p);
    *outcome = work.gone ? PD_DRAFT_GONE : PD_DRAFT_DONE;
    return work.gone ? APR_SUCCESS : status;
}
