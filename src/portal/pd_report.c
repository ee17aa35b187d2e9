/* Reports about acts. The ledger names people by pseudonyms that only the key leads to, so people
 * are walked in the order of their ids, and each one's last act is asked for: both by index, a
 * page at a time. */
#include "portal/pd_report.h"
#include "base/pd_log.h"
#include "base/pd_zone.h"
#include "portal/pd_look.h"
#include "portal/pd_person.h"
#include "portal/pd_purpose.h"
#include "portal/pd_tables_int.h"
#include "text/pd_csv.h"

#define SLICE     2000
#define STEPS_MAX 20 /* of PD_REPORT_PAGE people, in search of those that a page is for */

enum { ACTED, PEOPLE, LAST };

const pd_sql_t pd_report_sql[] = {
    [ACTED] = {"report_acted",
               "SELECT pseudonym FROM act WHERE kind = %s AND version = %lld AND verb = %s"
               " AND pseudonym > %s ORDER BY pseudonym LIMIT 2000",
               "s", "a slice of the people who acted on a version"},
    [PEOPLE] = {"report_people",
                "SELECT id, state, data_key, login FROM person WHERE id > %s ORDER BY id LIMIT 100",
                "ssss", "the people who come next"},
    [LAST] = {"report_last",
              "SELECT verb, at, language, form FROM act WHERE pseudonym = %s AND kind = %s"
              " AND version = %lld ORDER BY sequence DESC LIMIT 1",
              "siss", "a person's last act on a version"},
    {NULL, NULL, NULL, NULL}};

/* Who acted more than once counts once: a slice goes on behind the last name of the one before. */
static apr_status_t count_acted(apr_int64_t *count, const pd_portal_t *portal, const char *kind,
                                apr_int64_t version, const char *verb, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status;
    const char *last = "";
    *count = 0;
    do {
        status = pd_db_read(&rows, portal->db, &pd_report_sql[ACTED],
                            PD_ARGS(PD_T(kind), PD_N(version), PD_T(verb), PD_T(last)), SLICE, p);
        for (int i = 0; status == APR_SUCCESS && i < PD_ROW_COUNT(rows); i++) {
            const char *pseudonym = PD_ROW(rows, i)[0].text;
            *count += strcmp(pseudonym, last) != 0;
            last = pseudonym;
        }
    } while (status == APR_SUCCESS && PD_ROW_COUNT(rows) == SLICE && *count < PD_REPORT_COUNT_MAX);
    return status;
}

apr_status_t pd_report_counts(pd_report_counts_t *counts, const pd_portal_t *portal,
                              const char *kind, apr_int64_t version, apr_pool_t *p)
{
    apr_status_t status =
        count_acted(&counts->acknowledged, portal, kind, version, "acknowledged", p);
    if (status == APR_SUCCESS)
        status = count_acted(&counts->consented, portal, kind, version, "consented", p);
    if (status == APR_SUCCESS)
        status = count_acted(&counts->withdrew, portal, kind, version, "withdrew", p);
    return status;
}

/* A name that can't be opened doesn't hold up the others: the id stands for it. */
static const char *read_login(const pd_portal_t *portal, const pd_cell_t *cell, apr_pool_t *p)
{
    const pd_datakey_t *key;
    const char *login;
    apr_status_t status = pd_datakey_unwrap(&key, portal->keys, cell[2].text, cell[0].text, p);
    if (status == APR_SUCCESS)
        status = pd_open(&login, key, "person.login", cell[0].text, cell[3].text, p);
    if (status == APR_SUCCESS)
        return login;
    pd_log(PD_LOG_ERR, status, "PD0732: the login of person %s can't be opened", cell[0].text);
    return cell[0].text;
}

/* Does the report list somebody in this state who has, or has not, acted? */
static int is_listed(const pd_report_t *report, const char *state, int acted)
{
    if (acted)
        return report->which != PD_REPORT_NOT &&
               (strcmp(state, "active") == 0 || strcmp(state, "blocked") == 0);
    return report->which != PD_REPORT_ACTED && strcmp(state, "active") == 0;
}

/* What the person did; `shown` 0: no row of this report. */
static apr_status_t read_person(pd_report_person_t *person, int *shown, const pd_report_t *report,
                                const pd_portal_t *portal, const pd_cell_t *cell, apr_pool_t *p)
{
    /* Who has not acted is named so that they can be told; of acts the site must have proof. */
    static const pd_use_t telling = {
        .what = "report of a document", .purpose = "4.1.3", .basis = PD_BASIS_PURPOSE};
    const pd_rows_t *rows;
    pd_use_e outcome;
    *person = (pd_report_person_t){"", "", 0, "", ""};
    *shown = 0;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_report_sql[LAST],
                                     PD_ARGS(PD_T(pd_person_pseudonym(portal, cell[0].text, p)),
                                             PD_T(report->kind), PD_N(report->version)),
                                     1, p);
    if (status != APR_SUCCESS || !is_listed(report, cell[1].text, PD_ROW_COUNT(rows)))
        return status;
    if (PD_ROW_COUNT(rows) == 0) {
        status = pd_purpose_ask(&outcome, portal, &telling, cell[0].text, p);
        if (status != APR_SUCCESS || outcome != PD_USE_LAWFUL)
            return status;
    }
    else {
        const pd_cell_t *act = PD_ROW(rows, 0);
        *person = (pd_report_person_t){"", act[0].text, act[1].number, act[2].text, act[3].text};
    }
    person->login = read_login(portal, cell, p);
    *shown = 1;
    return APR_SUCCESS;
}

/* Up to the one that fills the page. */
static apr_status_t read_step(apr_array_header_t *people, pd_report_t *report,
                              const pd_portal_t *portal, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, portal->db, &pd_report_sql[PEOPLE],
                                     PD_ARGS(PD_T(report->after)), PD_REPORT_PAGE, p);
    int i = 0;
    for (; status == APR_SUCCESS && i < PD_ROW_COUNT(rows) && people->nelts < PD_REPORT_PAGE; i++) {
        pd_report_person_t person;
        int shown;
        const pd_cell_t *cell = PD_ROW(rows, i);
        status = read_person(&person, &shown, report, portal, cell, p);
        if (shown)
            APR_ARRAY_PUSH(people, pd_report_person_t) = person;
        report->after = cell[0].text;
    }
    if (status == APR_SUCCESS && i == PD_ROW_COUNT(rows) && i < PD_REPORT_PAGE)
        report->after = NULL;
    return status;
}

apr_status_t pd_report_page(apr_array_header_t **people, pd_report_t *report,
                            const pd_portal_t *portal, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    *people = apr_array_make(p, PD_REPORT_PAGE, sizeof(pd_report_person_t));
    for (int i = 0; status == APR_SUCCESS && report->after && i < STEPS_MAX &&
                    (*people)->nelts < PD_REPORT_PAGE;
         i++)
        status = read_step(*people, report, portal, p);
    return status;
}

apr_status_t pd_report_look(const pd_portal_t *portal, const char *by, const pd_report_t *report,
                            const char *purpose, apr_pool_t *p)
{
    static const char *const which[] = {
        [PD_REPORT_ALL] = "all", [PD_REPORT_ACTED] = "acted", [PD_REPORT_NOT] = "not"};
    const pd_look_list_t look = {.list = PD_LOOK_DOCUMENTS,
                                 .purpose = purpose,
                                 .kind = report->kind,
                                 .which = which[report->which],
                                 .version = report->version};
    return pd_look_note_list(portal, by, &look, p);
}

void pd_report_csv(pd_buf_t *to, const apr_array_header_t *people, int head, apr_pool_t *p)
{
    static const char *const columns[] = {"login", "act", "at", "language", "form", NULL};
    if (head) {
        pd_buf_puts(to, PD_CSV_BOM);
        pd_csv_row(to, columns);
    }
    for (int i = 0; i < people->nelts; i++) {
        const pd_report_person_t *person = &APR_ARRAY_IDX(people, i, pd_report_person_t);
        const char *cells[] = {person->login,
                               *person->verb ? person->verb : "none",
                               person->at ? pd_time_rfc3339(person->at, p) : "",
                               person->language,
                               person->form,
                               NULL};
        pd_csv_row(to, cells);
    }
}
