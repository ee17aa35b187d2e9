/* Accounts that nobody uses (F45): who has not signed in for PDPortalTermAccount gets a letter 30
 * days before, and then the account is closed, which can still be recalled (pd_closing.h). A
 * sign-in meanwhile ends it. Of those who hold a role, who are blocked, or where the term is
 * without limit or undecided, nobody. Source: seed 5.1, L6. */
#ifndef PD_UNUSED_H
#define PD_UNUSED_H
#include "portal/pd_portal.h"

#define PD_UNUSED_WARNED_DAYS 30

/* Writes letters and closes accounts, at most `limit` of each; `done` counts both. */
apr_status_t pd_unused_run(int *done, const pd_portal_t *portal, int limit, apr_pool_t *p);

#endif
