/* The one list of what can be seen of a portal from outside; the status page, its lines for
 * programs ("?auto") and the metrics for Prometheus are all made from it, and docs/operations.md is
 * compared with it. Nothing here names or counts out single people. */
#ifndef PD_METRIC_H
#define PD_METRIC_H
#include "base/pd_bytes.h"
#include "portal/pd_state.h"

typedef enum { PD_METRIC_COUNTER, PD_METRIC_GAUGE } pd_metric_e;

typedef enum {
    PD_UNIT_NUMBER,
    PD_UNIT_TRUTH,   /* 0, 1 */
    PD_UNIT_SECONDS, /* a length of time; the value is in microseconds */
    PD_UNIT_INSTANT  /* seconds since 1970; the value is in microseconds, 0: never */
} pd_unit_e;

typedef struct pd_metric_t {
    const char *section; /* heading on the status page */
    const char *label;   /* there */
    const char *key;     /* "SessionsHit": the line "PDPortalSessionsHit: 3" */
    const char *name;    /* "pdportal_session_hits_total" */
    pd_metric_e type;
    pd_unit_e unit;
    const char *help; /* one sentence; no backslash and no line end */
    /* 0: it can't be known yet. */
    int (*value)(apr_int64_t *value, const pd_state_t *state, int which);
    int which;
} pd_metric_t;

/* Ended by name NULL; rows of one section stand together. */
extern const pd_metric_t pd_metrics[];

/* The value for programs, or for people ("2027-01-15T08:00:00Z" in place of seconds since 1970);
 * NULL: it can't be known yet. */
const char *pd_metric_number(const pd_metric_t *row, const pd_state_t *state, apr_pool_t *p);
const char *pd_metric_words(const pd_metric_t *row, const pd_state_t *state, apr_pool_t *p);

/* All of them in Prometheus' text format 0.0.4. What can't be known yet has no sample. */
void pd_metric_expose(pd_buf_t *out, const pd_state_t *state, apr_pool_t *p);

#endif
