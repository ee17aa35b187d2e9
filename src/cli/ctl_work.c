/* jobs run, verify-journal, directives. */
#include "cli/ctl.h"

#include "base/pd_status.h"
#include "portal/pd_jobs.h"
#include "portal/pd_journal.h"

#include <stdio.h>
#include <string.h>

static int is_job(const char *name)
{
    for (const pd_job_t *job = pd_jobs; job->name; job++) {
        if (!strcmp(job->name, name)) {
            return !job->only_httpd;
        }
    }
    return 0;
}

int ctl_jobs_run(ctl_t *ctl)
{
    const char *name = ctl->operands->nelts ? APR_ARRAY_IDX(ctl->operands, 0, const char *) : NULL;
    int code = CTL_OK;
    if (name && !is_job(name)) {
        return ctl_fail(ctl, CTL_USAGE,
                        "there is no job \"%s\"; write recovery, mail, coming, notices, "
                        "expire, unused or destroy",
                        name);
    }
    for (const pd_job_t *job = pd_jobs; job->name; job++) {
        int done = 0;
        if (job->only_httpd || (name && strcmp(job->name, name))) {
            continue;
        }
        apr_status_t rv = job->run(&done, &ctl->portal, ctl->p);
        ctl_answer_number(ctl, job->name, done);
        ctl_say(ctl, "%s: %d", job->name, done);
        if (rv) {
            code = ctl_fail_status(ctl, rv, job->name, NULL);
        }
    }
    return code;
}

static const char *const findings[] = {
    [PD_JOURNAL_SOUND] = "sound",         [PD_JOURNAL_CHANGED] = "changed",
    [PD_JOURNAL_MISSING] = "missing",     [PD_JOURNAL_INSERTED] = "inserted",
    [PD_JOURNAL_REORDERED] = "reordered", [PD_JOURNAL_HEAD] = "head forged or missing",
    [PD_JOURNAL_START] = "start forged",  [PD_JOURNAL_UNCOMPARED] = "not compared"};

/* Against every head given, up to the first fault. One that is too old doesn't hold up the others.
 */
static apr_status_t verify(pd_journal_report_t *report, ctl_t *ctl)
{
    pd_journal_report_t uncompared = {.finding = PD_JOURNAL_SOUND};
    apr_status_t rv = APR_SUCCESS;
    int i = 0;
    do {
        const char *head =
            i < ctl->heads->nelts ? APR_ARRAY_IDX(ctl->heads, i, const char *) : NULL;
        rv = pd_journal_verify(report, &ctl->portal, head, ctl->p);
        if (!rv && report->finding == PD_JOURNAL_UNCOMPARED) {
            uncompared = *report;
            report->finding = PD_JOURNAL_SOUND;
        }
    } while (!rv && report->finding == PD_JOURNAL_SOUND && ++i < ctl->heads->nelts);
    if (!rv && report->finding == PD_JOURNAL_SOUND && uncompared.finding) {
        *report = uncompared;
    }
    return rv;
}

static void say_fault(ctl_t *ctl, const pd_journal_report_t *report)
{
    ctl_answer_text(ctl, "host", report->host);
    ctl_answer_number(ctl, "sequence", report->sequence);
    if (report->finding == PD_JOURNAL_UNCOMPARED) {
        ctl_say(ctl,
                "The head given of host %s can't be compared: rows up to %ld are gone, since their "
                "term is over. Keep a newer one from now on.",
                report->host, (long)report->sequence);
    }
    else {
        ctl_say(ctl, "The journal is not whole: host %s, row %ld: %s.", report->host,
                (long)report->sequence, findings[report->finding]);
    }
}

static void say_heads(ctl_t *ctl, const pd_journal_report_t *report, json_t *heads)
{
    ctl_say(ctl, "The journal is whole: %ld rows in %ld chains. Heads:", (long)report->rows,
            (long)report->chains);
    for (int i = 0; i < report->heads->nelts; i++) {
        const char *head = APR_ARRAY_IDX(report->heads, i, const char *);
        json_array_append_new(heads, json_string(head));
        ctl_say(ctl, "%s", head);
    }
}

int ctl_verify_journal(ctl_t *ctl)
{
    pd_journal_report_t report;
    json_t *heads = json_array();
    apr_status_t rv = verify(&report, ctl);
    json_object_set_new(ctl->answer, "heads", heads);
    if (rv == APR_EINVAL || rv == PD_ETEXT) {
        return ctl_fail(ctl, CTL_USAGE,
                        "--head: write it as it was printed: \"HOST SEQUENCE CHAIN\"");
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the journal can't be read", NULL);
    }
    ctl_answer_text(ctl, "finding", findings[report.finding]);
    ctl_answer_number(ctl, "rows", report.rows);
    ctl_answer_number(ctl, "chains", report.chains);
    int whole = report.finding == PD_JOURNAL_SOUND || report.finding == PD_JOURNAL_UNCOMPARED;
    if (report.finding != PD_JOURNAL_SOUND) {
        say_fault(ctl, &report);
    }
    if (whole) {
        say_heads(ctl, &report, heads);
    }
    return report.finding == PD_JOURNAL_SOUND ? CTL_OK : CTL_UNSOUND;
}

int ctl_directives(ctl_t *ctl)
{
    const char *manual = pd_directives_manual(ctl->p);
    ctl_answer_text(ctl, "manual", manual);
    if (!(ctl->given & CTL_JSON)) {
        fputs(manual, stdout);
    }
    return CTL_OK;
}
