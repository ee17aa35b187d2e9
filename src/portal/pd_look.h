/* Looks at the data of one person (F35): who, by what and for which purpose. The row stands in the
 * person's own journal, sealed under the person's key, and so in the copy of the data that the
 * person can ask for. Looks at lists of many: pd_report_look. */
#ifndef PD_LOOK_H
#define PD_LOOK_H
#include "portal/pd_person.h"

/* Before anything is shown: what can't be noted must not be. `by` a person's id or
 * PD_ROLE_BY_PROGRAM; `what` names the command or page. */
apr_status_t pd_look_note(const pd_portal_t *portal, const pd_person_t *person, const char *by,
                          const char *what, const char *purpose, apr_pool_t *p);

#endif
