/* E-mail addresses. Local part compared exactly as written; domain as IDNA2008 A-label, lower case
 * (F16). No quoted local parts, no comments, no address literals. Any thread. */
#ifndef PD_EMAIL_H
#define PD_EMAIL_H
#include <apr_pools.h>

#define PD_EMAIL_BYTES_MAX 254

typedef struct pd_email_t {
    const char *address; /* what is stored and sent to: local part @ A-label domain */
    const char *shown;   /* the same with the domain in Unicode */
    int needs_smtputf8;  /* the local part has characters beyond ASCII */
} pd_email_t;

/* PD_ETEXT: not an address we can send to; PD_ELIMIT: too long. White space around is ignored. */
apr_status_t pd_email_parse(pd_email_t *email, const char *raw, apr_pool_t *p);

#endif
