/* policy report. */
#include "cli/ctl.h"

#include "base/pd_zone.h"
#include "portal/pd_document.h"
#include "portal/pd_report.h"
#include "portal/pd_role.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define ROWS_BYTES_MAX (1024 * 1024)

static json_t *as_json(const pd_report_person_t *person, apr_pool_t *p)
{
    json_t *object = json_pack("{s:s, s:s}", "login", person->login, "act",
                               *person->verb ? person->verb : "none");
    if (person->at) {
        json_object_set_new(object, "at", json_string(pd_time_rfc3339(person->at, p)));
        json_object_set_new(object, "language", json_string(person->language));
        json_object_set_new(object, "form", json_string(person->form));
    }
    return object;
}

static void print_page(ctl_t *ctl, json_t *list, const apr_array_header_t *people, int head,
                       apr_pool_t *p)
{
    pd_buf_t rows;
    if (ctl->given & CTL_CSV) {
        pd_buf_init(&rows, ROWS_BYTES_MAX, p);
        pd_report_csv(&rows, people, head, p);
        fwrite(rows.bytes, 1, rows.length, stdout);
        return;
    }
    for (int i = 0; i < people->nelts; i++) {
        const pd_report_person_t *person = &APR_ARRAY_IDX(people, i, pd_report_person_t);
        if (ctl->given & CTL_JSON) {
            json_array_append_new(list, as_json(person, p));
        }
        ctl_say(ctl, "%-32s %s%s%s", person->login, *person->verb ? person->verb : "none",
                person->at ? "  " : "", person->at ? ctl_time_text(ctl, person->at) : "");
    }
}

static int print_all(ctl_t *ctl, pd_report_t *report)
{
    apr_pool_t *pools[2]; /* where the report stands is kept by the page before */
    json_t *list = json_array();
    apr_status_t rv = APR_SUCCESS;
    json_object_set_new(ctl->answer, "people", list);
    apr_pool_create(&pools[0], ctl->p);
    apr_pool_create(&pools[1], ctl->p);
    for (int turn = 0; !rv && report->after; turn++) {
        apr_array_header_t *people;
        apr_pool_t *p = pools[turn % 2];
        apr_pool_clear(p);
        rv = pd_report_page(&people, report, &ctl->portal, p);
        if (!rv) {
            print_page(ctl, list, people, turn == 0, p);
        }
    }
    return rv ? ctl_fail_status(ctl, rv, "the list is not whole", NULL) : CTL_OK;
}

int ctl_policy_report(ctl_t *ctl)
{
    pd_document_t document;
    ctl->kind = ctl->kind ? ctl->kind : PD_DOCUMENT_POLICY;
    if ((ctl->given & CTL_CSV) && (ctl->given & CTL_JSON)) {
        return ctl_fail(ctl, CTL_USAGE, "give either --csv or --json");
    }
    if (!ctl->version || !*ctl->version || strlen(ctl->version) > 9 ||
        strspn(ctl->version, "0123456789") != strlen(ctl->version)) {
        return ctl_fail(ctl, CTL_USAGE, "--version: write the number of the version");
    }
    pd_report_t report = {ctl->kind, apr_atoi64(ctl->version), PD_REPORT_ALL, ""};
    apr_status_t rv = pd_document_get(&document, &ctl->portal, report.kind, report.version,
                                      ctl->settings->language, ctl->p);
    if (rv == APR_ENOENT) {
        return ctl_fail(ctl, CTL_FAILED, "there is no version %s of \"%s\"", ctl->version,
                        ctl->kind);
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the document can't be read", NULL);
    }
    rv = pd_report_look(&ctl->portal, PD_ROLE_BY_PROGRAM, &report, "4.1.3", ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "the look can't be written into the journal", NULL)
              : print_all(ctl, &report);
}
