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
    [PD_JOURNAL_REORDERED] = "reordered", [PD_JOURNAL_HEAD] = "head forged or missing"};

/* Against every head given, up to the first fault. */
static apr_status_t verify(pd_journal_report_t *report, ctl_t *ctl)
{
    apr_status_t rv = APR_SUCCESS;
    int i = 0;
    do {
        const char *head =
            i < ctl->heads->nelts ? APR_ARRAY_IDX(ctl->heads, i, const char *) : NULL;
        rv = pd_journal_verify(report, &ctl->portal, head, ctl->p);
    } while (!rv && report->finding == PD_JOURNAL_SOUND && ++i < ctl->heads->nelts);
    return rv;
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
    if (report.finding != PD_JOURNAL_SOUND) {
        ctl_answer_text(ctl, "host", report.host ? report.host : "");
        ctl_answer_number(ctl, "sequence", report.sequence);
        ctl_say(ctl, "The journal is not whole: host %s, row %ld: %s.",
                report.host ? report.host : "", (long)report.sequence, findings[report.finding]);
        return CTL_UNSOUND;
    }
    ctl_say(ctl, "The journal is whole: %ld rows in %ld chains. Heads:", (long)report.rows,
            (long)report.chains);
    for (int i = 0; report.heads && i < report.heads->nelts; i++) {
        const char *head = APR_ARRAY_IDX(report.heads, i, const char *);
        json_array_append_new(heads, json_string(head));
        ctl_say(ctl, "%s", head);
    }
    return CTL_OK;
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
