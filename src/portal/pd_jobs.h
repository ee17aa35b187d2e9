/* Work that needs no visitor: mail, what is over, figures for the status page. Any process may run
 * a job at any time, also two at once: each job claims what it works on. */
#ifndef PD_JOBS_H
#define PD_JOBS_H
#include "portal/pd_portal.h"

typedef struct pd_job_t {
    const char *name;     /* "recovery", "mail", "coming", "expire", "unused", "review",
                              "destroy", "state" */
    const char *purposes; /* of the register, parted by spaces */
    apr_interval_time_t (*every)(const pd_settings_t *settings);
    /* `done` counts what was worked on. */
    apr_status_t (*run)(int *done, const pd_portal_t *portal, apr_pool_t *p);
    int only_httpd; /* nothing that pdportalctl could do */
} pd_job_t;

/* Ended by name NULL. */
extern const pd_job_t pd_jobs[];

#endif
