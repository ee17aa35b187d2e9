/* Another login, chosen by its owner (F14). The account keeps its number, and with it all that
 * belongs to it; every process shows the new name at its next request. The former one stays
 * reserved for its owner (pd_former_name.h). */
#ifndef PD_LOGIN_CHANGE_H
#define PD_LOGIN_CHANGE_H
#include "portal/pd_guess.h"

typedef enum {
    PD_LOGIN_CHANGED = 0,
    PD_LOGIN_CHANGE_MISTAKE, /* `mistake`: "login_short", "login_taken", "login_often", ... */
    PD_LOGIN_CHANGE_LIMITED  /* `retry_after` in seconds: names are tried out */
} pd_login_change_e;

/* `typed` as it came from the form. A letter tells the owner. APR_ENOENT: no such person, or not
 * active. PD_EAWAY, PD_EBUSY, PD_ESQL: nothing was changed. */
apr_status_t pd_login_change(pd_login_change_e *outcome, const char **mistake, int *retry_after,
                             const pd_portal_t *portal, const pd_client_t *client,
                             const char *person_id, const char *typed, apr_pool_t *p);

#endif
